"""`postfax cover` as an administrator uses it: from a built-in template to an own one."""

import json
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner
from commands_site import SETTINGS, CommandsSite
from own_templates import write_docx
from PIL import Image
from scene import run_postfax

from postfax.command import postfax

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """\
company: General Hospital
settings:
  fax: {default_region: US, sender_number: "+12065550100"}
  coverpage: {template: letter, templates: {letter: letter.html}}
  custom_fields: {cost_center: R-17}
departments:
  Radiology:
    settings: {coverpage: {template: x-ray report, templates: {x-ray report: report.docx}}}
    users:
      - {name: Ana Ruiz, email: ana@hospital.example, contact: {phone: "+1 206 555 0101"}}
      - name: Cy Park
        email: cy@hospital.example
        settings: {coverpage: {template: healthcare, restrict_to_assigned: true}}
users:
  - name: Ben Ode
    email: ben@hospital.example
    settings: {coverpage: {templates: {mine: mine.html}}}
"""
MISTAKEN = """\
<h1>~SenderCompany~</h1>
<p>To {{ recipient.nmae }}
<p>~RecipientNmae~ {% include '/etc/passwd' %}
<b>~CoverText~
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> CommandsSite:
    folder = tmp_path_factory.mktemp("cover")
    (folder / "postfax.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    for name in ("letter.html", "mine.html"):
        (folder / name).write_text("<h1>~SenderCompany~</h1>~CoverText~", encoding="utf-8")
    write_docx(folder / "report.docx")
    (folder / "bad.html").write_text(MISTAKEN, encoding="utf-8")
    return CommandsSite(folder)


def in_process(*arguments: str | Path) -> str:
    """What a command prints that neither forks nor fails."""
    ran = CliRunner().invoke(
        postfax, list(map(str, arguments)), catch_exceptions=False, standalone_mode=False
    )
    return ran.stdout


@pytest.mark.parametrize("name", ["list", "tokens", "export", "preview", "check"])
async def test_help_fits_a_screen(name: str) -> None:
    assert len(in_process("cover", name, "--help").splitlines()) <= 30


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["default", "healthcare", "letter", "x-ray report", "mine"]),
        (("--own",), ["letter", "x-ray report", "mine"]),
        (("--level", "company"), ["letter"]),
        (("--level", "DEPARTMENT"), ["x-ray report"]),
        (("--level", "user"), ["mine"]),
        (("--user", "ana@hospital.example"), ["default", "healthcare", "letter", "x-ray report"]),
        (("--user", "ben@hospital.example", "--own"), ["letter", "mine"]),
        (("--user", "cy@hospital.example"), ["healthcare"]),
    ],
)
async def test_list_tells_the_templates(
    site: CommandsSite, options: tuple[str, ...], names: list[str]
) -> None:
    said = in_process("--config", site.folder / "postfax.yaml", "cover", "list", *options, "--json")

    assert [each["name"] for each in json.loads(said)] == names


async def test_list_tells_level_file_and_users(site: CommandsSite) -> None:
    ran = await site.postfax("cover", "list")
    plain = await site.postfax("cover", "list", "--json")

    heading, default, healthcare, letter, report, mine = (line.split() for line in ran.out.splitlines())
    assert heading == ["NAME", "LEVEL", "FILE", "NAMED", "IN", "USED", "BY"]
    assert letter == ["letter", "company", str(site.folder / "letter.html"), "policy.yaml:4", "1", "user"]
    assert report[2:] == ["Radiology", str(site.folder / "report.docx"), "policy.yaml:8", "1", "user"]
    assert mine[1] == "ben@hospital.example"
    assert (default[:2], default[-1]) == (["default", "built-in"], "nobody")
    assert healthcare[-2:] == ["1", "user"]
    assert [each["users"] for each in plain.json] == [
        [], ["cy@hospital.example"], ["ben@hospital.example"], ["ana@hospital.example"], [],
    ]  # fmt: skip


async def test_tokens_are_told_in_both_styles() -> None:
    said, plain = in_process("cover", "tokens"), json.loads(in_process("cover", "tokens", "--json"))

    assert "{{ recipient.name }}         ~RecipientName~       whom the fax is for" in said
    assert {"name": "job_id", "field": "JobId"}.items() <= plain[23].items()


async def test_check_names_every_mistake_with_its_place(site: CommandsSite) -> None:
    bad = site.folder / "bad.html"

    ran = await site.postfax("cover", "check", bad)

    assert ran.status == 4
    assert ran.out.splitlines() == [
        f"{bad}:2  there is no token recipient.nmae  did you mean recipient.name?",
        f"{bad}:3  a template stands alone: it can neither include, import nor extend another file",
        f"{bad}:3  there is no token ~RecipientNmae~  did you mean ~RecipientName~?",
        f"{bad}:4  <b> does not end",
        "3 mistakes; faxes get the built-in default instead until mended",
    ]


async def test_check_looks_at_all_templates_of_the_policy(site: CommandsSite) -> None:
    ran = await site.postfax("cover", "check", "--json")

    assert ran.status == 0
    assert [each["file"] for each in ran.json] == [
        str(site.folder / name) for name in ("letter.html", "report.docx", "mine.html")
    ]
    assert [(each["good"], each["mistakes"], each["remarks"]) for each in ran.json] == [(True, [], [])] * 3
    assert all(each["pages"] > 2 for each in ran.json)


async def test_check_remarks_what_may_not_be_meant(site: CommandsSite, tmp_path: Path) -> None:
    odd = tmp_path / "odd.html"
    odd.write_text("<style>p { colr: red }</style><p>~Subject~<img src=x.png>~Custom:Cost Centre~")

    ran = await site.postfax("cover", "check", odd)

    assert ran.status == 0
    for told in (
        "x.png is not there, or is no picture beside the template",
        "Ignored `colr: red ` at 1:5, unknown property.",
        "it is blank for a fax without subject and text, which gets the built-in default instead",
        "it does not say the mail's text, which follows on pages of its own  ~CoverText~ says it here",
        "nobody in the policy has a custom field Cost Centre",
    ):
        assert f"{odd}  {told}" in ran.out


async def test_what_is_not_there_is_said(site: CommandsSite, tmp_path: Path) -> None:
    unknown = await site.postfax("cover", "check", "X-Ray_Reports")
    gone = await site.postfax("cover", "check", tmp_path / "gone.odt")
    built_in = await site.postfax("cover", "export", "letter")
    nobody = await site.postfax("cover", "list", "--user", "nobody@hospital.example")

    assert (unknown.status, unknown.err) == (
        3,
        "postfax: there is no cover page X-Ray_Reports in the policy; did you mean x-ray report?\n",
    )
    assert (gone.status, gone.out.splitlines()[0]) == (4, f"{tmp_path / 'gone.odt'}  the file is not there")
    assert (built_in.status, built_in.err) == (
        3, "postfax: there is no built-in template letter; there are default, healthcare.\n",
    )  # fmt: skip
    assert nobody.status == 3


async def test_an_exported_template_is_good_and_is_not_overwritten(tmp_path: Path) -> None:
    own = tmp_path / "own.html"

    exported = await run_postfax("cover", "export", "healthcare", "-o", own)
    again = await run_postfax("cover", "export", "healthcare", "-o", own)
    checked = await run_postfax("--config", "/nowhere", "cover", "check", own)

    assert (exported.status, again.status) == (0, 4)
    assert "--force" in again.err
    assert (checked.status, checked.out) == (0, "no mistakes in 1 template\n")


@pytest.mark.parametrize(
    ("resolution", "paper", "rows"), [("standard", "Letter", 1075), ("fine", "A4", 2286)]
)
async def test_a_preview_has_the_pixels_of_the_fax_and_the_right_proportions(
    site: CommandsSite, tmp_path: Path, resolution: str, paper: str, rows: int
) -> None:
    options = ("--resolution", resolution, "--paper", paper)

    ran = await site.postfax("cover", "preview", "default", "-o", tmp_path / "cover.png", *options)

    assert ran.status == 0
    with Image.open(tmp_path / "cover.png") as picture:
        assert picture.mode == "1"
        assert picture.width == 1728
        millimetres = {"Letter": 279.4, "A4": 297.0}[paper]
        assert picture.height == pytest.approx(millimetres * 1728 / 215, abs=3)
        assert (
            len({bytes(picture.crop((0, y, 1728, y + 1)).tobytes()) for y in range(picture.height)}) <= rows
        )
        header_line = picture.crop((0, 0, 1728, 24)).getcolors()
        assert header_line is not None
        assert {value: number for number, value in header_line}[0] > 200


async def test_a_long_preview_has_further_pages_beside_it(site: CommandsSite, tmp_path: Path) -> None:
    ran = await site.postfax(
        "cover", "preview", "letter", "--user", "ben@hospital.example", "--long", "--json",
        "-o", tmp_path / "cover.png",
    )  # fmt: skip

    files = ran.json["files"]
    assert files[:2] == [str(tmp_path / "cover.png"), str(tmp_path / "cover-2.png")]
    assert ran.json["trouble"] is None
    assert all(Path(file).exists() for file in files)


async def test_a_preview_of_a_bad_template_shows_what_goes_out_and_says_why(
    site: CommandsSite, tmp_path: Path
) -> None:
    ran = await site.postfax("cover", "preview", site.folder / "bad.html", "-o", tmp_path / "cover.pdf")

    assert ran.status == 1
    assert "line 2: there is no token recipient.nmae" in ran.err
    assert (tmp_path / "cover.pdf").read_bytes().startswith(b"%PDF")
