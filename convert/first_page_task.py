"""The task that makes a small picture of a fax's first page: confined (`sandbox`), in a folder of its own.

The strips in a fax may be those of a stranger's TIFF that passed untouched, so they are decoded only here.
"""

from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin, TiffImagePlugin  # noqa: F401 - loaded before the task is confined

from convert.fax_tiff import DPI, NotAFaxTiff, read
from convert.layout import WIDTH
from sandbox.failures import Refused

_TONES = 16
"""Grey tones: enough for smooth letters, and a PNG of half the size of one with 256."""
_LONGEST = 1.8
"""Heights over widths that are shown; of a page that is longer (Legal has 1.65), its beginning."""
_ACROSS = 204
"""Pixels an inch (T.4 §2)."""


def make_picture(arguments: dict[str, Any]) -> dict[str, Any]:
    """Make a PNG of the first page, as it looks on paper: square pixels, grey where dots are close.

    Args:
        arguments: `source` and `target`, names in the working folder; `width`, pixels.

    Returns:
        `width` and `height` of the picture.

    Raises:
        Refused: It is no fax, or its first page is damaged.
    """
    source = Path(arguments["source"])
    try:
        rows_an_inch = DPI[read(source).resolution]
        with Image.open(source, formats=("TIFF",)) as page:
            rows = min(page.height, round(WIDTH * _LONGEST * rows_an_inch / _ACROSS))
            grey = page.convert("L").crop((0, 0, page.width, rows))
    except (NotAFaxTiff, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise Refused("the first page cannot be read") from problem
    width: int = arguments["width"]
    height = max(1, round(rows / rows_an_inch * _ACROSS * width / WIDTH))
    small = grey.resize((width, height), Image.Resampling.BOX)
    small.quantize(_TONES, dither=Image.Dither.NONE).save(arguments["target"], "PNG", optimize=True)
    return {"width": width, "height": height}
