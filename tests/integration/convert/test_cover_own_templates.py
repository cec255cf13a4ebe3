"""Covers of own templates through the converter: HTML, Word, OpenDocument, and what becomes of bad ones."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
import pytest_asyncio
from drawn_pages import full_cover, texts_of
from own_templates import HTML, cover_faxes, saved_by_libreoffice, write_docx
from PIL import Image

from archive.document import as_archived
from config.fax import Paper
from convert import own_cover
from convert.converter import Converter
from convert.cover_facts import CoverFacts
from convert.request import ConvertedFax

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "\n\n".join(
    f"Paragraph {number}. " + "Some words that fill a line or two. " * 12 for number in range(24)
)
MakeCover = Callable[..., Coroutine[Any, Any, ConvertedFax]]


@pytest_asyncio.fixture(loop_scope="session")
async def make_covers(converter: Converter, tmp_path: Path) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def make_covers(*facts: CoverFacts, resolution: str = "fine") -> tuple[ConvertedFax, ...]:
        return await cover_faxes(converter, tmp_path, *facts, resolution=resolution)

    return make_covers


@pytest_asyncio.fixture(loop_scope="session")
async def make_cover(make_covers: Callable[..., Coroutine[Any, Any, Any]]) -> MakeCover:
    async def make_cover(facts: CoverFacts, **options: str) -> ConvertedFax:
        (fax,) = await make_covers(facts, **options)
        assert isinstance(fax, ConvertedFax)
        return fax

    return make_cover


@pytest.fixture(scope="module")
def word_templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("word")
    made = write_docx(folder / "letter.docx")
    odt = saved_by_libreoffice(made, "odt")
    return {"python-docx": made, "odt": odt, "LibreOffice": saved_by_libreoffice(odt, "docx")}


def own(path: Path, **changes: Any) -> CoverFacts:
    return full_cover(template="letter", own_file=str(path), **changes)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def texts_drawn(fax: ConvertedFax, kind: str) -> list[str]:
    """What the PDF said that the pages were drawn from."""
    name = "cover.pdf" if kind == "html" else "office.pdf"
    folders = sorted(fax.path.parent.glob("own-cover-*"))
    return texts_of((folders[-1] / name).read_bytes())


FACTS = (
    "Dr. Jonathan Doe", "Head of Surgery", "Lakeside Clinic", "General Hospital", "Radiology", "REF-4711",
    "B-99", "R-17", "11/23/2026 09:14 am PST", "1200 Harbor Avenue", "4 pages in all",
    "Please call back before noon.",
)  # fmt: skip


@pytest.mark.parametrize("paper", [Paper.A4, Paper.LETTER])
async def test_a_template_in_html_says_every_fact(
    make_cover: MakeCover, tmp_path: Path, paper: Paper
) -> None:
    fax = await make_cover(own(written(tmp_path / "letter.html", HTML), paper=paper))

    assert fax.cover_trouble == ""
    assert [page.origin for page in fax.made] == ["cover"]
    (text,) = texts_drawn(fax, "html")
    for fact in (*FACTS, "+1 206 555 1234", "+1 206 555 0101", "Ana Ruiz", "K7Q2-M9", "3 after this"):
        assert fact in text


@pytest.mark.parametrize("saved_by", ["python-docx", "odt", "LibreOffice"])
async def test_a_template_of_a_word_processor_says_every_fact(
    make_cover: MakeCover, word_templates: dict[str, Path], saved_by: str
) -> None:
    fax = await make_cover(own(word_templates[saved_by]))

    assert fax.cover_trouble == ""
    (text,) = texts_drawn(fax, "office")
    for fact in FACTS:
        assert fact in text
    assert "~" not in text
    assert "{" not in text


@pytest.mark.parametrize("kind", ["html", "python-docx", "odt"])
async def test_a_long_message_flows_on_and_the_total_counts_its_pages(
    make_cover: MakeCover, word_templates: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    path = word_templates[kind] if kind != "html" else written(tmp_path / "letter.html", HTML)

    fax = await make_cover(own(path, body_text=LONG))

    texts = texts_drawn(fax, kind)
    assert fax.cover_trouble == ""
    assert len(texts) == len(fax.made) > 2
    assert f"{len(texts) + 3} pages in all" in texts[0]
    for number in range(24):
        assert sum(f"Paragraph {number}." in text for text in texts) == 1


async def test_what_has_nothing_to_say_leaves_no_line(
    make_cover: MakeCover, word_templates: dict[str, Path]
) -> None:
    fax = await make_cover(own(word_templates["odt"], reference="", billing="", body_text=""))

    (text,) = texts_drawn(fax, "office")
    assert "Reference" not in text
    assert "Billing" not in text
    assert "Address" in text


async def test_pictures_beside_a_template_are_seen(make_cover: MakeCover, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("L", (200, 200), 0).save(tmp_path / "pictures" / "the logo.png")
    with_picture = HTML.replace("<h1>", '<img src="pictures/the%20logo.png" style="height: 1in"><h1>')

    without, shown = [
        await make_cover(own(written(tmp_path / f"{name}.html", text)))
        for name, text in (("without", HTML), ("with", with_picture))
    ]

    assert shown.cover_trouble == ""
    black_square_inch = 204 * 196
    assert black_pixels(shown) - black_pixels(without) > 0.95 * black_square_inch


def black_pixels(fax: ConvertedFax) -> int:
    with Image.open(fax.path) as pages:
        return int(np.count_nonzero(~np.asarray(pages.convert("1"))))


async def test_a_picture_that_is_not_there_is_told_and_the_cover_is_made(
    make_cover: MakeCover, tmp_path: Path
) -> None:
    path = written(tmp_path / "letter.html", HTML.replace("<h1>", '<img src="gone.png"><h1>'))

    fax = await make_cover(own(path))

    assert fax.cover_trouble == (
        f"The cover template letter ({path}) asks for what it cannot have: gone.png is not there, "
        "or is no picture beside the template. The page was made without."
    )
    assert "Dr. Jonathan Doe" in texts_drawn(fax, "html")[0]


@pytest.mark.parametrize(
    ("source", "trouble"),
    [
        (
            "<p>\n{{ recipient.nmae }}",
            "line 2: there is no token recipient.nmae; did you mean recipient.name?",
        ),
        ("<p>~RecipientNmae~", "line 1: there is no token ~RecipientNmae~; did you mean ~RecipientName~?"),
        ("<p>{% if subject %}", "line 1: unexpected end of template"),
        ("   ", "nothing of it can be seen on a fax"),
    ],
)
async def test_a_template_that_is_no_good_gives_way_to_the_built_in_one(
    make_cover: MakeCover, tmp_path: Path, source: str, trouble: str
) -> None:
    path = written(tmp_path / "letter.html", source)
    (reference,) = [await make_cover(full_cover())]

    fax = await make_cover(own(path))

    assert fax.cover_trouble.startswith(f"The cover template letter ({path}) cannot be used: {trouble}")
    assert fax.cover_trouble.endswith("The built-in default has taken its place.")
    assert fax.sha256 == reference.sha256


async def test_a_template_that_is_gone_gives_way_too(make_cover: MakeCover, tmp_path: Path) -> None:
    fax = await make_cover(own(tmp_path / "gone.docx"))

    assert "cannot be used: the file is not there." in fax.cover_trouble
    assert [page.origin for page in fax.made] == ["cover"]


async def test_the_bytes_say_what_a_document_is_not_its_name(
    make_cover: MakeCover, word_templates: dict[str, Path], tmp_path: Path
) -> None:
    misnamed = tmp_path / "letter.docx"
    misnamed.write_bytes(word_templates["odt"].read_bytes())

    fax = await make_cover(own(misnamed))

    assert fax.cover_trouble == ""
    assert "Dr. Jonathan Doe" in texts_drawn(fax, "office")[0]


async def test_each_fax_of_a_mail_has_its_own_cover_and_a_bad_template_is_tried_once(
    make_covers: Callable[..., Coroutine[Any, Any, tuple[ConvertedFax, ...]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = written(tmp_path / "good.html", HTML)
    bad = written(tmp_path / "bad.html", "{{ nothing }}")
    tried: list[int] = []
    draw = own_cover.draw

    async def counted(request: Any, runner: Any, facts: dict[str, Any], **options: Any) -> Any:
        tried.append(len(facts))
        return await draw(request, runner, facts, **options)

    monkeypatch.setattr(own_cover, "draw", counted)

    faxes = await make_covers(
        *(own(good, subject=f"Subject {number}") for number in range(3)), full_cover(),
        *(own(bad, subject=f"Subject {number}") for number in range(3)),
    )  # fmt: skip

    assert [bool(fax.cover_trouble) for fax in faxes] == [False] * 4 + [True] * 3
    assert len({fax.sha256 for fax in faxes}) == 7
    assert tried == [1, 2, 1]


async def test_a_message_that_the_template_leaves_out_follows_on_pages_of_its_own(
    make_cover: MakeCover, tmp_path: Path
) -> None:
    path = written(tmp_path / "letter.html", HTML.replace("~CoverText~", ""))

    fax = await make_cover(own(path, pages_following=0))

    assert [page.origin for page in fax.made] == ["cover", "body"]
    assert "2 pages in all, 1 after this" in texts_drawn(fax, "html")[0]
    without = await make_cover(own(path, body_text=""))
    assert [page.origin for page in without.made] == ["cover"]


async def test_a_message_that_the_template_cuts_short_is_told_whole_after_it(
    make_cover: MakeCover, tmp_path: Path
) -> None:
    path = written(tmp_path / "letter.html", HTML.replace("~CoverText~", "{{ body_text | truncate(20) }}"))

    fax = await make_cover(own(path, body_text=LONG))

    assert [page.origin for page in fax.made][:2] == ["cover", "body"]


async def test_any_script_has_its_glyphs(make_cover: MakeCover, word_templates: dict[str, Path]) -> None:
    words = "Ελληνικά Привет 中文测试 日本語かな 한국어 ไทย ქართული"
    facts = own(word_templates["python-docx"], body_text=words)

    texts = texts_drawn(await make_cover(facts), "office")

    assert all(word in texts[0].replace(" ", "") for word in words.split())


async def test_html_mails_keep_their_paragraphs_in_a_word_template(
    make_cover: MakeCover, word_templates: dict[str, Path]
) -> None:
    html = (
        "<p>Dear <b>Dr. Doe</b></p><ul><li>one</li><li>two</li></ul>"
        "<table><tr><td>a</td><td>b</td></tr></table>"
    )
    fax = await make_cover(own(word_templates["odt"], body_text="", body_html=html))

    assert fax.cover_trouble == ""
    assert "Dear Dr. Doe • one • two a b" in texts_drawn(fax, "office")[0]


async def test_the_archived_pdf_has_the_cover(make_cover: MakeCover, tmp_path: Path) -> None:
    fax = await make_cover(replace(own(written(tmp_path / "letter.html", HTML)), body_text=LONG))
    with pypdfium2.PdfDocument(as_archived(fax.path, "pdf")) as document:
        assert len(document) == len(fax.made)
