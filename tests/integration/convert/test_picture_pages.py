import struct
from pathlib import Path

import documents_made as made
import numpy as np
import pytest
from converter_fixtures import Convert
from PIL import Image, TiffImagePlugin

from convert import fax_tiff, t6
from convert.request import ConvertedFax

pytestmark = pytest.mark.asyncio(loop_scope="session")

_NEW_SUBFILE_TYPE, _REDUCED = 254, 1
_OLD_SUBFILE_TYPE, _PHOTOMETRIC, _ORIENTATION = 255, 262, 274
Transpose = Image.Transpose


def rows_of(fax: ConvertedFax) -> list[t6.Packed]:
    return [t6.decode(page.strip, page.rows) for page in fax_tiff.read(fax.path).pages]


def tiff_page(shade: int, *, size: tuple[int, int] = (600, 800), reduced: bool = False) -> Image.Image:
    page = Image.new("L", size, 255)
    page.paste(shade, (100, 100, 300, 300))
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if reduced:
        tags[_NEW_SUBFILE_TYPE] = _REDUCED
    page.encoderinfo = {"tiffinfo": tags}
    return page


@pytest.mark.parametrize(("reduced", "pages"), [([False, True], 1), ([True, False, False], 2), ([True], 1)])
async def test_smaller_versions_of_a_page_are_no_pages(
    convert: Convert, tmp_path: Path, reduced: list[bool], pages: int
) -> None:
    first, *others = [tiff_page(0, reduced=each) for each in reduced]
    path = tmp_path / "pages.tif"
    first.save(path, save_all=True, append_images=others, **first.encoderinfo)
    assert len((await convert(path)).pages) == pages


@pytest.mark.parametrize(
    "compression",
    ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "zstd", "lzma", "jpeg"],
)
async def test_a_tiff_may_be_compressed_as_it_likes(
    convert: Convert, tmp_path: Path, compression: str
) -> None:
    path = tmp_path / "page.tif"
    tiff_page(0).convert("RGB").save(path, compression=compression)
    (page,) = rows_of(await convert(path))
    share = np.count_nonzero(np.unpackbits(page)) / (page.size * 8)
    assert 0.03 < share < 0.07


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt", "packbits", "raw"])
async def test_a_black_and_white_tiff_too(convert: Convert, tmp_path: Path, compression: str) -> None:
    path = tmp_path / "page.tif"
    tiff_page(0).convert("1").save(path, compression=compression)
    (page,) = rows_of(await convert(path))
    share = np.count_nonzero(np.unpackbits(page)) / (page.size * 8)
    assert 0.03 < share < 0.07


async def test_a_tiff_in_lab_colours(convert: Convert, tmp_path: Path) -> None:
    path = tmp_path / "lab.tif"
    Image.merge("LAB", [tiff_page(0), *[Image.new("L", (600, 800), 128)] * 2]).save(path)
    (page,) = rows_of(await convert(path))
    assert page.any()


async def test_of_an_animation_the_first_picture_is_printed(convert: Convert, tmp_path: Path) -> None:
    first, second = tiff_page(0), Image.new("L", (600, 800), 0)
    alone = tmp_path / "alone.gif"
    first.save(alone)
    (expected,) = rows_of(await convert(alone))
    for name in ("a.gif", "b.png", "c.webp"):
        path = tmp_path / name
        first.save(path, save_all=True, append_images=[second], lossless=True)
        (page,) = rows_of(await convert(path))
        assert np.array_equal(page, expected), name


async def test_a_long_receipt_goes_over_several_pages(convert: Convert, tmp_path: Path) -> None:
    path = tmp_path / "receipt.png"
    receipt = Image.new("L", (640, 5000), 255)
    for row in range(20, 4980, 40):
        receipt.paste(0, (40, row, 600, row + 16))
    receipt.save(path, dpi=(203, 203))
    fax = await convert(path)
    assert [page.steps for page in fax.made] == [("picture", "cut")] * 3
    assert {page.height for page in fax.pages} == {2151}


async def test_a_telephones_screen_stays_on_one_page(convert: Convert, tmp_path: Path) -> None:
    path = made.picture(tmp_path / "screen.png", size=(1080, 2400))
    assert len((await convert(path)).pages) == 1


async def test_nor_those_that_are_marked_as_old_programs_do(convert: Convert, tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[_OLD_SUBFILE_TYPE] = 2
    thumbnail = tiff_page(0, size=(60, 80))
    thumbnail.encoderinfo = {"tiffinfo": tags}
    tiff_page(0).save(tmp_path / "pages.tif", save_all=True, append_images=[thumbnail])
    assert len((await convert(tmp_path / "pages.tif")).pages) == 1


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_tiff_that_is_stored_on_its_side_or_mirrored(
    convert: Convert, tmp_path: Path, compression: str | None, orientation: int
) -> None:
    upright = made.picture(tmp_path / "upright.tif", mode="L", size=(600, 800))
    (expected,) = rows_of(await convert(upright))
    stored = (  # TIFF 6.0, Orientation: what brings the upright picture to how it is stored
        None, Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM,
        Transpose.TRANSPOSE, Transpose.ROTATE_90, Transpose.TRANSVERSE, Transpose.ROTATE_270,
    )[orientation - 1]  # fmt: skip
    with Image.open(upright) as picture:
        turned = picture.transpose(stored) if stored is not None else picture.copy()
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[_ORIENTATION] = orientation
    turned.save(tmp_path / "turned.tif", compression=compression, tiffinfo=tags)
    (page,) = rows_of(await convert(tmp_path / "turned.tif"))
    assert np.array_equal(page, expected)


async def test_white_may_be_zero_in_a_deep_tiff(convert: Convert, tmp_path: Path) -> None:
    with Image.open(made.picture(tmp_path / "page.png", mode="L")) as picture:
        tones = np.asarray(picture)
    Image.fromarray(tones.astype(np.uint16) * 257).save(tmp_path / "black.tif")
    Image.fromarray(65535 - tones.astype(np.uint16) * 257).save(tmp_path / "white.tif")
    octets = (tmp_path / "white.tif").read_bytes()
    black_is_zero, white_is_zero = (struct.pack("<HHIHH", _PHOTOMETRIC, 3, 1, value, 0) for value in (1, 0))
    assert octets.count(black_is_zero) == 1
    (tmp_path / "white.tif").write_bytes(octets.replace(black_is_zero, white_is_zero))
    pages = [rows_of(await convert(tmp_path / name))[0] for name in ("black.tif", "white.tif")]
    assert np.array_equal(pages[0], pages[1])


async def test_a_bitmap_of_windows_whose_fourth_octet_is_zero_is_seen(
    convert: Convert, tmp_path: Path
) -> None:
    made.picture(tmp_path / "seen.bmp", mode="RGB")
    with Image.open(tmp_path / "seen.bmp") as picture:
        colours = np.dstack([np.asarray(picture)[::-1, :, ::-1], np.zeros(picture.size[::-1], np.uint8)])
        width, height = picture.size
    masks = struct.pack("<IIII4s", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")
    header = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 32, 3, 0, 0, 0, 0, 0) + masks
    head = struct.pack("<2sIHHI", b"BM", 138 + colours.nbytes, 0, 0, 138)
    (tmp_path / "unseen.bmp").write_bytes(head + header.ljust(124, b"\0") + colours.tobytes())
    pages = [rows_of(await convert(tmp_path / name))[0] for name in ("seen.bmp", "unseen.bmp")]
    assert np.array_equal(pages[0], pages[1])
