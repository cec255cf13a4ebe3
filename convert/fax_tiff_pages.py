"""Pages of a TIFF that already are fax pages: 1728 pixels wide, two tones, at a fax density.

They pass untouched, pixel for pixel. Only where the fax is sent at another density is each row repeated, or
are rows joined so that no stroke is lost. Untrusted input: runs in a confined task.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from convert.image_pages import DAMAGE
from convert.layout import LINES_PER_MM, WIDTH, SheetGeometry
from sandbox.failures import Refused

Packed = npt.NDArray[np.uint8]

_MM_PER_INCH = 25.4
_TOLERANCE = 0.06
"""Files say 98, 96, 100 or 3.85 per millimetre, and mean the same."""
_MOST_ROWS = 4 * 5476
"""Four sheets of Legal at the highest density."""
_HALF_PAGE = 1400
"""Without a density, a page with more rows than this is taken for fine."""
_UPRIGHT = (None, 1)
_ORIENTATION = 274


def is_fax_page(frame: Image.Image) -> bool:
    """Whether the frame is a fax page already. Looks at its header only.

    Raises:
        Refused: The header is damaged; said for a person.
    """
    try:
        upright = frame.getexif().get(_ORIENTATION) in _UPRIGHT
    except DAMAGE as problem:
        raise Refused("the TIFF is damaged") from problem
    in_bounds = frame.width == WIDTH and 0 < frame.height <= _MOST_ROWS
    return frame.mode == "1" and in_bounds and upright and _density(frame) is not None


def fax_page(frame: Image.Image, geometry: SheetGeometry) -> Packed:
    """The frame's rows, packed, 1 for black.

    Raises:
        Refused: It is damaged; said for a person.
    """
    try:
        white = np.asarray(frame)
    except DAMAGE as problem:
        raise Refused("the TIFF is damaged") from problem
    rows = np.packbits(~white, axis=1)
    return at_density(rows, LINES_PER_MM[_density(frame) or geometry.resolution], geometry.lines_per_mm)


def at_density(rows: Packed, given: float, wanted: float) -> Packed:
    """The rows at another of the fax densities (lines per millimetre), which are powers of two apart."""
    if wanted >= given:
        return rows.repeat(round(wanted / given), axis=0)
    joined = round(given / wanted)
    missing = -len(rows) % joined
    padded = np.pad(rows, ((0, missing), (0, 0)))
    return np.asarray(np.bitwise_or.reduce(padded.reshape(-1, joined, rows.shape[1]), axis=1), np.uint8)


def _density(frame: Image.Image) -> str | None:
    dpi = frame.info.get("dpi")
    down = float(dpi[1]) if dpi else 0.0
    if down <= 1.0:
        return "fine" if frame.height > _HALF_PAGE else "standard"
    for name, lines in LINES_PER_MM.items():
        if abs(down / (lines * _MM_PER_INCH) - 1) < _TOLERANCE:
            return name
    return None
