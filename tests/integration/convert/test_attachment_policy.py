"""What a policy allows of documents is held where their bytes are read."""

from collections.abc import Collection
from pathlib import Path

import documents_made as made
import pillow_heif
import pytest
from PIL import Image

from config.fax_values import DOCUMENT_TYPES
from convert.converter import Converter
from convert.formats import FORMATS, Route
from convert.request import (
    ConversionLimits,
    ConversionRequest,
    ConvertedFax,
    InvalidDocument,
    Sheet,
    Source,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def converted(
    converter: Converter,
    path: Path,
    *,
    allowed: Collection[str] | None = None,
    limits: ConversionLimits | None = None,
    message: bool = False,
) -> ConvertedFax:
    folder = path.parent / f"work-{len(list(path.parent.iterdir()))}"
    folder.mkdir()
    request = ConversionRequest(
        sources=(Source(name=path.name, path=path, message=message),),
        sheets=(Sheet(key="fax"),),
        resolution="standard",
        paper="Letter",
        limits=limits or ConversionLimits(),
        folder=folder,
        allowed=allowed,
    )
    (fax,) = await converter.convert(request)
    return fax


async def test_the_types_of_the_policy_are_those_that_can_be_drawn() -> None:
    drawn = {kind.value for kind, form in FORMATS.items() if form.route is not Route.REFUSED}
    assert set(DOCUMENT_TYPES) == drawn


async def test_a_type_that_is_not_allowed_is_named(converter: Converter, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "really-a-pdf.tiff", ["One"])
    assert (await converted(converter, path, allowed={"pdf"})).pages
    with pytest.raises(InvalidDocument) as caught:
        await converted(converter, path, allowed=("tiff", "png"))
    assert caught.value.name == path.name
    assert caught.value.reason == "its type is PDF (pdf), and your policy allows only tiff, png"


async def test_an_office_document_is_judged_by_its_own_type(converter: Converter, tmp_path: Path) -> None:
    path = made.docx_letter(tmp_path / "letter.docx")
    assert (await converted(converter, path, allowed=("docx",))).pages
    with pytest.raises(InvalidDocument, match=r"Word document \(docx\), and your policy allows only pdf"):
        await converted(converter, path, allowed=("pdf",))


async def test_sizes_by_type(converter: Converter, tmp_path: Path) -> None:
    path = made.docx_letter(tmp_path / "letter.docx")
    size = path.stat().st_size
    smaller = ConversionLimits(largest=size - 1)
    with pytest.raises(InvalidDocument, match=r"your policy allows .* for this type \(Word document\)"):
        await converted(converter, path, limits=smaller)
    exempt = ConversionLimits(largest=size - 1, largest_of={"docx": size})
    assert (await converted(converter, path, limits=exempt)).pages
    narrower = ConversionLimits(largest=size, largest_of={"docx": size - 1})
    with pytest.raises(InvalidDocument, match="your policy allows"):
        await converted(converter, path, limits=narrower)


async def test_the_page_of_a_forwarded_mail_is_text_of_the_mail(converter: Converter, tmp_path: Path) -> None:
    path = tmp_path / "Referral.eml"
    path.write_text("<!DOCTYPE html><html><body><p>See below</p></body></html>")
    assert (await converted(converter, path, allowed=("pdf",), message=True)).pages
    with pytest.raises(InvalidDocument, match="web page"):
        await converted(converter, path, allowed=("pdf",))


async def test_a_picture_of_a_telephone(converter: Converter, tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    picture = Image.linear_gradient("L").resize((1200, 900)).convert("RGB")
    pillow_heif.from_pillow(picture).save(path)
    assert [page.origin for page in (await converted(converter, path)).pages] == [path.name]


async def test_a_cut_off_picture_of_a_telephone(converter: Converter, tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.effect_noise((1200, 900), 60).convert("RGB")).save(path)
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(InvalidDocument, match="the picture is damaged"):
        await converted(converter, path)


async def test_a_picture_of_a_telephone_with_more_pixels_than_memory(
    converter: Converter, tmp_path: Path
) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.new("RGB", (64, 48))).save(path)
    octets = path.read_bytes()
    place = octets.index(b"ispe") + 8  # ISO/IEC 23008-12 §6.5.3: width and height of the picture
    path.write_bytes(octets[:place] + (60_000).to_bytes(4) * 2 + octets[place + 8 :])
    with pytest.raises(InvalidDocument, match="the picture is damaged"):
        await converted(converter, path)
