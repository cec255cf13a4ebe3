"""Pictures as pages: one for each frame of a TIFF, one for any other picture.

Untrusted input: runs in a confined task. A picture keeps its physical size where it tells one and the sheet
has room, and is never enlarged; what is transparent is white; EXIF says which side is up.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, ImageOps

from convert.formats import Kind
from convert.layout import WIDTH, Box, Placement, SheetGeometry, Size
from convert.page_account import Step
from sandbox.failures import Refused

_PLUGINS = {
    Kind.TIFF: ("TIFF",), Kind.PNG: ("PNG",), Kind.JPEG: ("JPEG",), Kind.GIF: ("GIF",),
    Kind.WEBP: ("WEBP",), Kind.BMP: ("BMP",), Kind.HEIC: ("HEIF", "AVIF"),
}  # fmt: skip
_MOST_PIXELS = 200_000_000
"""A sheet of A3 at 600 dpi has 70 million."""
_SCREEN_DPI = 96.0
_HIGHEST_DPI = 2400.0
_ENOUGH = 2
"""How many times finer than the fax a JPEG is decoded at least."""
_DEEP_MODES = {"I", "I;16", "I;16B", "I;16L", "I;16N", "F"}
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
"""TIFF 6.0, PhotometricInterpretation; Pillow heeds it in pictures of up to 8 bits only."""
DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, TypeError, RuntimeError,
)  # fmt: skip
"""What the decoders raise; Pillow has errors of every kind for files that are not as they should be."""

Grey = npt.NDArray[np.uint8]


class PicturePage:
    """One picture, upright, in 8-bit grey on white."""

    step = Step.PICTURE

    def __init__(self, picture: Image.Image, size: Size) -> None:
        self._picture = picture
        self._size = size
        low, high = picture.getextrema()
        self.has_content = low != high
        """Whether it is more than one even tone."""

    def placements(self, geometry: SheetGeometry) -> Iterator[Placement]:
        """One, below the band."""
        yield geometry.place_picture(self._size)

    def draw(self, placement: Placement) -> Grey:
        """The whole sheet with the picture on it, rows × 1728."""
        picture = self._picture.transpose(Image.Transpose.ROTATE_270) if placement.turned else self._picture
        scaled = picture.resize((placement.width, placement.height), Image.Resampling.HAMMING, reducing_gap=3)
        sheet = np.full((placement.rows, WIDTH), 255, np.uint8)
        right, bottom = placement.left + placement.width, placement.top + placement.height
        sheet[placement.top : bottom, placement.left : right] = np.asarray(scaled)
        return sheet

    def pictures(self, placement: Placement) -> tuple[Box, ...]:
        """Where on the sheet it is."""
        right, bottom = placement.left + placement.width, placement.top + placement.height
        return (Box(left=placement.left, top=placement.top, right=right, bottom=bottom),)


def open_picture(path: Path, kind: Kind) -> Image.Image:
    """The picture file, read by the decoder of its kind and no other.

    Raises:
        Refused: It is damaged or too large; said for a person.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own limit below tells more than Pillow's warning
    ImageFile.LOAD_TRUNCATED_IMAGES = (
        False  # which WeasyPrint, in the same process, sets: no fax of half a picture
    )
    if kind is Kind.HEIC:
        from convert import heif  # noqa: F401, PLC0415 - 6 MB of decoder, for those who need it
    try:
        picture = Image.open(path, formats=_PLUGINS[kind])
    except DAMAGE as problem:
        raise Refused("the picture is damaged and cannot be opened") from problem
    if kind is Kind.TIFF:
        # Without the name Pillow does not map the file, where it takes width for height in a TIFF that is
        # stored on its side: no row would begin where it does.
        picture.filename = ""
    refuse_if_too_large(picture)
    return picture


def refuse_if_too_large(picture: Image.Image) -> None:
    """Raise `Refused` for a picture that would take too much memory; cheap, before anything is decoded."""
    width, height = picture.size
    if width * height > _MOST_PIXELS:
        most = _MOST_PIXELS // 1_000_000
        raise Refused(f"the picture has {width} × {height} pixels; {most} million are the most")
    if min(width, height) < 1:
        raise Refused("the picture is empty")


def picture_page(picture: Image.Image) -> PicturePage:
    """The current frame as a page.

    Raises:
        Refused: It is damaged; said for a person.
    """
    original = picture.size
    if picture.format == "JPEG":
        # The decoder itself scales down by up to 8, for a fraction of the time.
        picture.draft(
            "L" if picture.mode in {"L", "YCbCr", "RGB"} else None, (WIDTH * _ENOUGH, WIDTH * _ENOUGH)
        )
    try:
        picture.load()
        resolution = picture.info.get("dpi")
        upright = _as_meant(picture, ImageOps.exif_transpose(picture))
    except DAMAGE as problem:
        raise Refused("the picture is damaged") from problem
    turned = (upright.width > upright.height) != (picture.width > picture.height)
    size = _physical_size(original, resolution)
    return PicturePage(_on_white(upright), size.turned if turned else size)


def _as_meant(picture: Image.Image, upright: Image.Image) -> Image.Image:
    """The picture in grey on white or with alpha, where Pillow reads what the file does not mean."""
    if upright.mode in _DEEP_MODES:
        grey = _eight_bits(upright)
        tags = getattr(picture, "tag_v2", {})
        return ImageOps.invert(grey) if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else grey
    if picture.format == "BMP" and upright.mode == "RGBA" and upright.getchannel("A").getextrema() == (0, 0):
        return upright.convert("RGB")  # Windows leaves its fourth octet 0, and means nothing by it
    return upright


def _physical_size(pixels: tuple[int, int], resolution: object) -> Size:
    across = down = _SCREEN_DPI
    if isinstance(resolution, tuple) and len(resolution) == 2:  # noqa: PLR2004 - across and down
        across, down = (
            float(dots) if _SCREEN_DPI < float(dots) <= _HIGHEST_DPI else _SCREEN_DPI for dots in resolution
        )
    return Size(width=pixels[0] / across * 25.4, height=pixels[1] / down * 25.4)


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "LAB":
        return picture.getchannel("L")
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        with_alpha = picture.convert("RGBA")
        paper = Image.new("RGBA", with_alpha.size, "white")
        return Image.alpha_composite(paper, with_alpha).convert("L")
    return picture.convert("L")


def _eight_bits(picture: Image.Image) -> Image.Image:
    # Pillow's own conversion cuts at 255, so a 16-bit scan would come out white.
    values = np.asarray(picture, dtype=np.float32)
    brightest = float(values.max(initial=1.0))
    scales = (4095.0, 65535.0) if picture.mode.startswith("I;16") else (1.0, 255.0, 65535.0)
    white = next((limit for limit in scales if brightest <= limit), brightest)
    return Image.fromarray(np.clip(values * (255.0 / white), 0, 255).astype(np.uint8))
