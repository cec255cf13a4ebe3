"""Fax pages as a person sees them on a screen: the very pixels of the fax, made square."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from convert import fax_tiff
from convert.layout import LINES_PER_MM, PIXELS_PER_MM

_DPI = round(PIXELS_PER_MM * 25.4)


def screen_pictures(fax: Path) -> Iterator[Image.Image]:
    """Each page of a fax in black and white; a pixel of a coarse raster is as high as it prints.

    Raises:
        fax_tiff.NotAFaxTiff: The file was not written by `convert.fax_tiff`.
    """
    resolution = fax_tiff.read(fax).resolution
    with Image.open(fax) as pages:
        for number in range(getattr(pages, "n_frames", 1)):
            pages.seek(number)
            height = round(pages.height * PIXELS_PER_MM / LINES_PER_MM[resolution])
            yield pages.convert("1").resize((pages.width, height), Image.Resampling.NEAREST)


def write_pictures(fax: Path, target: Path) -> list[Path]:
    """Write the pages as PNG files: the first to `target`, further ones beside it with their numbers.

    Raises:
        OSError: One cannot be written.
    """
    written = []
    for number, page in enumerate(screen_pictures(fax), 1):
        file = target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")
        page.save(file, format="PNG", dpi=(_DPI, _DPI))
        written.append(file)
    return written
