"""Documents with photographs in them, drawn and taken apart by the real parts."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from convert import fax_tiff, t6
from convert.layout import Box, SheetGeometry
from convert.page_task import make_pages
from convert.pdf_pages import PdfDocument

FACE = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"
GEOMETRY = SheetGeometry(resolution="fine")

Grey = npt.NDArray[np.uint8]


def scenery(width: int, height: int) -> Image.Image:
    """Shades at every scale, as a photograph has them."""
    chance = np.random.default_rng(11)
    picture = np.zeros((height, width))
    for size in (3, 6, 12, 25, 50):
        noise = Image.fromarray(chance.integers(0, 256, (size, size), np.uint8))
        picture += np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC), float) / size**0.5
    picture -= picture.min()
    return Image.fromarray(np.asarray(picture / picture.max() * 235 + 10, np.uint8))


def pdf_with(
    path: Path, picture: Image.Image, content: bytes, *, in_form: bool = False, turned: int = 0
) -> Path:
    """A letter page that draws the picture `/P`, maybe within the form `/F`."""
    octets = io.BytesIO()
    picture.save(octets, "JPEG", quality=90)
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(612, 792))
    image = document.make_stream(
        octets.getvalue(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=picture.width,
        Height=picture.height, ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )  # fmt: skip
    objects = pikepdf.Dictionary(P=image)
    if in_form:
        form = document.make_stream(
            b"q 200 0 0 100 10 20 cm /P Do Q", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form,
            BBox=[0, 0, 400, 400], Resources=pikepdf.Dictionary(XObject=objects),
        )  # fmt: skip
        objects = pikepdf.Dictionary(F=form)
    page.Resources = pikepdf.Dictionary(XObject=objects)
    page.Contents = document.make_stream(content)
    page.Rotate = turned
    document.save(path)
    return path


def boxes_of(path: Path) -> tuple[Box, ...]:
    with PdfDocument(path) as document:
        pages = document.pages(range(1))
        page = next(pages)
        return page.pictures(next(iter(page.placements(GEOMETRY))))


def dark_part(path: Path) -> Box:
    """Where the page is not white as drawn."""
    with PdfDocument(path) as document:
        pages = document.pages(range(1))
        page = next(pages)
        sheet = page.draw(next(iter(page.placements(GEOMETRY))))
    rows, columns = (np.flatnonzero((sheet < 128).any(axis=axis)) for axis in (1, 0))
    return Box(left=int(columns[0]), top=int(rows[0]), right=int(columns[-1]) + 1, bottom=int(rows[-1]) + 1)


@pytest.mark.parametrize(
    ("content", "in_form", "turned"),
    [
        (b"q 300 0 0 200 100 400 cm /P Do Q", False, 0),
        (b"q 300 0 0 200 100 400 cm /P Do Q", False, 90),
        (b"q 0 200 -300 0 400 300 cm /P Do Q", False, 0),
        (b"q 2 0 0 1.5 50 300 cm /F Do Q", True, 0),
        (b"q .5 0 0 .5 20 20 cm q 300 0 0 200 100 400 cm /P Do Q Q", False, 180),
    ],
)
def test_a_picture_is_where_it_is_drawn(
    content: bytes, *, in_form: bool, turned: int, tmp_path: Path
) -> None:
    path = pdf_with(tmp_path / "a.pdf", Image.new("L", (60, 40), 0), content, in_form=in_form, turned=turned)
    (box,) = boxes_of(path)
    seen = dark_part(path)
    for side in ("left", "top", "right", "bottom"):
        assert abs(getattr(box, side) - getattr(seen, side)) <= 2, side


def test_a_form_within_itself_ends(tmp_path: Path) -> None:
    path = pdf_with(tmp_path / "a.pdf", Image.new("L", (60, 40), 0), b"/F Do", in_form=True)
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        form = document.pages[0].Resources.XObject.F
        form.Resources.XObject.F = form
        form.write(b"/F Do q 200 0 0 100 10 20 cm /P Do Q")
        document.save(path)
    assert len(boxes_of(path)) < 10


def rows_of(path: Path, folder: Path, resolution: str) -> Grey:
    target = folder / "pages.tif"
    make_pages(
        {
            "source": str(path), "target": str(target), "name": path.name, "resolution": resolution,
            "paper": None, "most_pages": 1, "pages_at_once": 1,
        }
    )  # fmt: skip
    (page,) = fax_tiff.read(target).pages
    return np.unpackbits(t6.decode(page.strip, page.rows), axis=1)


def tone_error(drawn: Grey, rows: Grey) -> float:
    """Mean difference of squares of eight pixels."""
    seen = np.where(rows > 0, 0, 255).astype(np.uint8)
    difference = by_eight(drawn).astype(float) - by_eight(seen)
    return float(np.abs(difference).mean())


def by_eight(tones: Grey) -> Grey:
    rows, columns = (length // 8 * 8 for length in tones.shape)
    small = Image.fromarray(tones[:rows, :columns]).resize((columns // 8, rows // 8), Image.Resampling.BOX)
    return np.asarray(small, np.uint8)


@pytest.mark.parametrize("resolution", ["standard", "fine"])
def test_a_photograph_in_a_letter_keeps_its_tones(resolution: str, tmp_path: Path) -> None:
    picture = scenery(600, 400)
    path = pdf_with(tmp_path / "a.pdf", picture, b"q 300 0 0 200 100 400 cm /P Do Q")
    (box,) = boxes_of(path)
    joined = 2 if resolution == "standard" else 1
    rows = rows_of(path, tmp_path, resolution)
    part = rows[box.top // joined : -(-box.bottom // joined), box.left : box.right]
    assert np.count_nonzero(rows) == np.count_nonzero(part)
    drawn = np.asarray(picture.resize((part.shape[1], part.shape[0])), np.uint8)
    assert tone_error(drawn, part) < 25


@pytest.mark.parametrize("suffix", ["jpg", "pdf"])
def test_a_picture_file_that_is_a_photograph_keeps_its_tones(suffix: str, tmp_path: Path) -> None:
    picture = scenery(1728, 2200)
    path = tmp_path / f"a.{suffix}"
    picture.save(path, resolution=204, dpi=(204, 204), quality=90)
    rows = rows_of(path, tmp_path, "fine")
    inked = np.flatnonzero(rows.any(axis=1))
    part = rows[inked[0] : inked[-1] + 1]
    columns = np.flatnonzero(part.any(axis=0))
    part = part[:, columns[0] : columns[-1] + 1]
    drawn = np.asarray(picture.resize((part.shape[1], part.shape[0])), np.uint8)
    assert tone_error(drawn, part) < 25


def test_a_scanned_letter_stays_letters(tmp_path: Path) -> None:
    scan = Image.new("L", (1700, 2200), 235)
    face = ImageFont.truetype(FACE, 32)
    for row in range(120, 2100, 48):
        ImageDraw.Draw(scan).text((100, row), "Please call back before noon if you need more. " * 2, 40, face)
    grain = np.random.default_rng(5).normal(0, 5, (2200, 1700))
    Image.fromarray((np.asarray(scan) + grain).clip(0, 255).astype(np.uint8)).save(
        tmp_path / "scan.pdf", resolution=200, quality=60
    )
    rows = rows_of(tmp_path / "scan.pdf", tmp_path, "fine")
    assert not rows[:100].any()
    assert 0.05 < rows[150:2000].mean() < 0.2
    lines = rows.any(axis=1).astype(np.int8)
    assert np.count_nonzero(np.diff(lines)) >= 2 * 40
