from pathlib import Path

import documents_made as made
import pytest

from config.fax import Paper
from convert import fax_tiff, t6
from convert.body_facts import BodyFacts
from convert.converter import Converter
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.layout import BAND_ROWS
from convert.request import ConversionLimits, ConversionRequest, ConvertedFax, InvalidDocument, Sheet, Source

pytestmark = pytest.mark.asyncio(loop_scope="session")


def cover(number: str, text: str = "Please call back.") -> CoverFacts:
    return CoverFacts(
        template="default",
        paper=Paper.LETTER,
        recipient=CoverRecipient(number=number),
        sender=CoverSender(name="Ana Ruiz"),
        body_text=text,
    )


async def faxes(
    converter: Converter, folder: Path, *sheets: Sheet, sources: tuple[Path, ...] = (), pages: int = 50
) -> tuple[ConvertedFax, ...]:
    work = folder / "work"
    work.mkdir()
    request = ConversionRequest(
        sources=tuple(Source(name=path.name, path=path) for path in sources),
        sheets=sheets,
        resolution="fine",
        paper=Paper.LETTER,
        limits=ConversionLimits(pages=pages),
        folder=work,
    )
    return await converter.convert(request)


async def test_each_fax_has_its_own_cover_before_the_shared_pages(
    converter: Converter, tmp_path: Path
) -> None:
    document = made.pdf(tmp_path / "a.pdf", ["One", "Two"])
    sheets = [
        Sheet(key=f"job-{number}", cover=cover(f"+1206555010{number}").to_json()) for number in range(3)
    ]
    made_faxes = await faxes(converter, tmp_path, *sheets, sources=(document,))
    assert [fax.key for fax in made_faxes] == ["job-0", "job-1", "job-2"]
    assert len({fax.sha256 for fax in made_faxes}) == 3
    for fax in made_faxes:
        assert [page.origin for page in fax.pages] == ["cover", "a.pdf", "a.pdf"]
        pages = fax_tiff.read(fax.path).pages
        assert pages[1:] == fax_tiff.read(made_faxes[0].path).pages[1:]
        band = t6.decode(pages[0].strip, pages[0].rows)[: BAND_ROWS["fine"]]
        assert not band.any()


async def test_a_cover_says_how_many_pages_follow(converter: Converter, tmp_path: Path) -> None:
    sheet = Sheet(key="job", cover=cover("+12065550100").to_json())
    covers = []
    for count in (1, 2):
        folder = tmp_path / str(count)
        folder.mkdir()
        document = made.pdf(folder / "a.pdf", ["page"] * count)
        (fax,) = await faxes(converter, folder, sheet, sources=(document,))
        covers.append(fax_tiff.read(fax.path).pages[0])
    assert covers[0] != covers[1]


async def test_a_mails_body_may_be_all_there_is(converter: Converter, tmp_path: Path) -> None:
    body = BodyFacts(paper=Paper.LETTER, subject="Hello", body_text="A line\n\n" * 200)
    (fax,) = await faxes(converter, tmp_path, Sheet(key="job", body=body.to_json()))
    assert len(fax.pages) > 1
    assert {page.origin for page in fax.pages} == {"body"}


async def test_a_fax_without_pages_is_none(converter: Converter, tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="it has no pages"):
        await faxes(converter, tmp_path, Sheet(key="job"))


async def test_the_cover_counts_among_the_pages_allowed(converter: Converter, tmp_path: Path) -> None:
    document = made.pdf(tmp_path / "a.pdf", ["1", "2"])
    sheet = Sheet(key="job", cover=cover("+12065550100").to_json())
    with pytest.raises(InvalidDocument, match="it has 3 pages; 2 are allowed"):
        await faxes(converter, tmp_path, sheet, sources=(document,), pages=2)
