"""The TIFF of an attempt, as far as those need it who hand it to somebody else to send."""

import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_MM_PER_INCH = 25.4
_ROWS_PER_STRIP, _PHOTOMETRIC, _MIN_IS_WHITE = 278, 262, 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What is to be known of a document's pages."""

    lines_per_inch: float
    longest: int
    """mm."""

    @property
    def is_fine(self) -> bool:
        """Finer than standard, 98 lines per inch."""
        return self.lines_per_inch > 150  # noqa: PLR2004 - between 98 and 196

    @property
    def is_superfine(self) -> bool:
        """Finer than fine, 196 lines per inch."""
        return self.lines_per_inch > 300  # noqa: PLR2004 - between 196 and 391


def sheet_of(document: Path) -> Sheet:
    """Of a document; its headers alone are read. Blocks.

    Raises:
        OSError: it cannot be read.
    """
    with Image.open(document) as pages:
        density = float(pages.info["dpi"][1])
        longest = 0
        for number in range(getattr(pages, "n_frames", 1)):
            pages.seek(number)
            longest = max(longest, pages.height)
    return Sheet(lines_per_inch=density, longest=math.ceil(longest / density * _MM_PER_INCH))


def from_page(document: Path, first: int) -> bytes:
    """The TIFF from a page on (0-based), pixel for pixel; as it is where that is the first. Blocks.

    Raises:
        OSError: it cannot be read.
    """
    if first == 0:
        return document.read_bytes()
    with Image.open(document) as pages:
        kept, dpi = [], pages.info["dpi"]
        for number in range(first, getattr(pages, "n_frames", 1)):
            pages.seek(number)
            kept.append(pages.convert("1"))
    rest = io.BytesIO()
    kept[0].save(
        rest,
        format="TIFF",
        save_all=True,
        append_images=kept[1:],
        compression="group4",
        dpi=dpi,
        tiffinfo={_PHOTOMETRIC: _MIN_IS_WHITE, _ROWS_PER_STRIP: max(page.height for page in kept)},
    )
    return rest.getvalue()
