import asyncio
import os
import zipfile
from pathlib import Path

import documents_made as made
import pikepdf
import pytest
from converter_fixtures import Convert
from PIL import Image

from config.fax import Paper
from convert.converter import Converter
from convert.cover_facts import CoverFacts, CoverRecipient
from convert.request import (
    ConversionLimits,
    ConversionRequest,
    ConverterUnavailable,
    InvalidDocument,
    Sheet,
    Source,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

DATA = Path(__file__).parents[2] / "data" / "documents"


async def refusal(convert: Convert, *paths: Path, limits: ConversionLimits | None = None) -> str:
    with pytest.raises(InvalidDocument) as caught:
        await convert(*paths, limits=limits)
    assert caught.value.name in {path.name for path in paths}
    return caught.value.reason


async def test_a_protected_pdf(convert: Convert, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", ["Secret"], password="word")
    assert await refusal(convert, path) == "the PDF is protected with a password"


async def test_a_protected_word_document(convert: Convert) -> None:
    reason = await refusal(convert, DATA / "encrypted.docx")
    assert reason == "the document is protected with a password"


async def test_a_cut_off_pdf(convert: Convert, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", ["One"] * 3)
    path.write_bytes(path.read_bytes()[:200])
    assert "damaged" in await refusal(convert, path)


async def test_a_pdf_without_pages(convert: Convert, tmp_path: Path) -> None:
    reason = await refusal(convert, made.empty_pdf(tmp_path / "a.pdf"))
    assert reason in {"the PDF has no pages", "the PDF is damaged and cannot be opened"}


async def test_of_a_portfolio_not_only_the_page_around_it_is_sent(convert: Convert, tmp_path: Path) -> None:
    path = made.pdf_with_file(tmp_path / "a.pdf", collection={"/View": pikepdf.Name.D})
    assert "portfolio" in await refusal(convert, path)
    invoice = made.pdf_with_file(tmp_path / "invoice.pdf", collection=None)
    hidden = made.pdf_with_file(tmp_path / "hidden.pdf", collection={"/View": pikepdf.Name.H})
    assert len((await convert(invoice, hidden)).pages) == 2


async def test_rubbish_named_as_a_document(convert: Convert, tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    path.write_bytes(os.urandom(5000))
    assert "no kind of document that is known" in await refusal(convert, path)


async def test_a_word_document_without_its_content(convert: Convert, tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "no XML at all")
    assert await refusal(convert, path)


async def test_a_blank_word_document_says_so(convert: Convert, tmp_path: Path) -> None:
    reason = await refusal(convert, made.docx_letter(tmp_path / "blank.docx", text=""))
    assert "blank" in reason


async def test_a_picture_of_more_pixels_than_memory(convert: Convert, tmp_path: Path) -> None:
    reason = await refusal(convert, made.png_bomb(tmp_path / "bomb.png"))
    assert reason == "the picture has 60000 × 60000 pixels; 200 million are the most"


async def test_a_cut_off_picture(convert: Convert, tmp_path: Path) -> None:
    path = made.picture(tmp_path / "a.jpg")
    path.write_bytes(path.read_bytes()[:3000])
    assert await refusal(convert, path) == "the picture is damaged"


async def test_too_many_pages_are_counted(convert: Convert, tmp_path: Path) -> None:
    limits = ConversionLimits(pages=3)
    many = made.pdf(tmp_path / "many.pdf", ["page"] * 12)
    assert await refusal(convert, many, limits=limits) == "it has 12 pages; 3 are allowed"
    table = made.xlsx(tmp_path / "table.xlsx", rows=2000)
    assert await refusal(convert, table, limits=limits) == "it has more than 3 pages; 3 are allowed"
    frames = [Image.new("1", (1728, 100), 1) for _ in range(5)]
    frames[0].save(tmp_path / "fax.tif", save_all=True, append_images=frames[1:], compression="group4")
    assert await refusal(convert, tmp_path / "fax.tif", limits=limits) == "it has 5 pages; 3 are allowed"


async def test_all_documents_together_may_be_too_many(convert: Convert, tmp_path: Path) -> None:
    paths = [made.pdf(tmp_path / f"{name}.pdf", ["1", "2"]) for name in "ab"]
    with pytest.raises(InvalidDocument) as caught:
        await convert(*paths, limits=ConversionLimits(pages=3))
    assert (caught.value.name, caught.value.reason) == ("", "it has 4 pages; 3 are allowed")


async def test_a_document_that_takes_too_long(convert: Convert, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "slow.pdf", ["page"] * 400)
    assert "takes longer than 0.05 seconds" in await refusal(
        convert, path, limits=ConversionLimits(seconds=0.05)
    )


async def test_a_document_that_takes_too_much_memory(convert: Convert, tmp_path: Path) -> None:
    path = made.png_bomb(tmp_path / "large.png", side=14_000)
    limits = ConversionLimits(memory=1 << 29)
    assert "memory" in await refusal(convert, path, limits=limits)


async def test_one_bad_document_does_not_harm_others_at_the_same_time(
    converter: Converter, convert: Convert, tmp_path: Path
) -> None:
    bad = made.png_bomb(tmp_path / "bomb.png")
    good = made.pdf(tmp_path / "good.pdf", ["One"])

    async def one(path: Path) -> int:
        folder = tmp_path / f"folder-{path.stem}"
        folder.mkdir()
        request = ConversionRequest(
            sources=(Source(name=path.name, path=path),),
            sheets=(Sheet(key="a"),),
            resolution="fine",
            paper="A4",
            limits=ConversionLimits(),
            folder=folder,
        )
        return len((await converter.convert(request))[0].pages)

    results = await asyncio.gather(one(bad), one(good), return_exceptions=True)
    assert isinstance(results[0], InvalidDocument)
    assert results[1] == 1


async def test_the_end_of_the_tasks_parent_is_not_the_documents_fault(
    converter: Converter, convert: Convert, tmp_path: Path
) -> None:
    documents = [made.pdf(tmp_path / f"{number}.pdf", ["page"] * 5) for number in range(4)]
    parent = converter._nursery._process
    assert parent is not None
    conversion = asyncio.create_task(convert(*documents))
    await asyncio.sleep(0.02)
    parent.kill()
    assert len((await conversion).pages) == 20


async def test_a_cover_that_cannot_be_made_is_not_the_senders_fault(
    converter: Converter, tmp_path: Path
) -> None:
    facts = CoverFacts(template="missing", paper=Paper.A4, recipient=CoverRecipient(number="+12065550100"))
    request = ConversionRequest(
        sources=(),
        sheets=(Sheet(key="a", cover=facts.to_json()),),
        resolution="fine",
        paper="A4",
        limits=ConversionLimits(),
        folder=tmp_path,
    )
    with pytest.raises(ConverterUnavailable, match="the cover page could not be made"):
        await converter.convert(request)
