"""The commands that people type, and their twins for programs."""

from pathlib import Path

import pytest
import sample_documents
from scene import Scene, run_postfax

from postfax.command import COMMANDS
from postfax.demonstration.identity import pages_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_help_fits_a_screen() -> None:
    ran = await run_postfax("--help")
    assert ran.status == 0
    assert len(ran.out.splitlines()) <= 30


async def test_help_has_a_line_for_each_command_and_tells_of_one() -> None:
    ran = await run_postfax("help")
    assert all(f"\n  {name} " in ran.out for name in COMMANDS)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert (await run_postfax("help", "line")).out.startswith("Usage: postfax line")
    missing = await run_postfax("help", "lien")
    assert (missing.status, missing.err) == (3, "postfax: there is no command lien; did you mean line?\n")


@pytest.mark.parametrize(
    "name",
    [
        *("serve", "check", "policy", "send", "convert", "list", "show", "cancel", "refused", "quarantine"),
        *("user", "station", "demo"),
    ],
)
async def test_every_command_has_help(name: str) -> None:
    ran = await run_postfax(name, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"Usage: postfax {name}")


async def test_list_and_show_tell_the_same_in_words_and_in_json(scene: Scene) -> None:
    job_id = await scene.mail("+12065551234", text="", attachments=[("page.pdf", sample_documents.pdf())])
    job = await scene.finished(job_id)
    listed = await scene.postfax("list")
    assert listed.out.splitlines()[0].split() == [
        "JOB",
        "SENT",
        "BY",
        "TO",
        "PAGES",
        "STATUS",
        "TRIES",
        "AGE",
        "NEXT",
    ]
    assert any(job_id in line and "1/1" in line and "Success" in line for line in listed.out.splitlines())
    shown = await scene.postfax("show", job_id.lower().replace("-", ""))
    assert shown.status == 0
    for fact in (
        job_id,
        "Success",
        "proven by SPF",
        "T.38",
        "POSTFAX STATION",
        "page.pdf",
        job["document"]["sha256"],
    ):
        assert fact in shown.out
    assert (await scene.postfax("list", "--failed", "--json")).json == []


async def test_a_job_that_is_not_there(scene: Scene) -> None:
    ran = await scene.postfax("show", "ZZZZ-ZZ")
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.startswith("postfax: there is no job ZZZZ-ZZ.")


async def test_policy_explain_names_the_place_of_each_value(scene: Scene) -> None:
    ran = await scene.postfax("policy", "explain", "ana@hospital.example", "coverpage")
    rows = [line.split() for line in ran.out.splitlines()[1:]]
    assert ["coverpage.template", "healthcare", "company", "policy.yaml:4"] in rows
    assert ["coverpage.restrict_to_assigned", "false", "built-in"] in rows


async def test_settings_that_are_not_there() -> None:
    ran = await run_postfax("--config", "/nowhere/postfax.yaml", "list")
    assert ran.status == 4
    assert "/nowhere/postfax.yaml" in ran.err
    assert "Traceback" not in ran.err


async def test_convert_makes_a_fax_tiff_and_a_pdf(tmp_path: Path) -> None:
    source = tmp_path / "two.pdf"
    source.write_bytes(sample_documents.pdf(2))
    for target in (tmp_path / "fax.tif", tmp_path / "fax.pdf"):
        ran = await run_postfax("convert", source, "-o", target)
        assert (ran.status, ran.err) == (0, "")
    pages = pages_of(tmp_path / "fax.tif")
    assert [page.width for page in pages] == [1728, 1728]
    assert (tmp_path / "fax.pdf").read_bytes().startswith(b"%PDF")


async def test_convert_names_what_it_cannot_use(tmp_path: Path) -> None:
    source = tmp_path / "locked.pdf"
    source.write_bytes(sample_documents.pdf(password="secret"))
    ran = await run_postfax("convert", source, "-o", tmp_path / "fax.tif")
    assert ran.status == 4
    assert "locked.pdf" in ran.err
    assert "password" in ran.err
    assert not (tmp_path / "fax.tif").exists()
