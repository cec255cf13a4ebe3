"""Pictures in an HTML text that are what the sender wants to fax: a scan that was pasted, a photo of a page.

A mail's text is faxed without its pictures, since most of them are logos. One that is as large as a page is
no logo: it would be lost without a word. What tells them apart is the picture's own size and weight, its
shape (what stands above or below a signature is much wider than high), and the size that the HTML gives it.
"""

import re
import warnings
from io import BytesIO
from urllib.parse import unquote

from PIL import (  # noqa: I001, RUF100 - all that `Image.open` needs, loaded before the task is confined
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
)

from mta.mime.part import Part

SHORTEST_SIDE = 600
"""Pixels. What the HTML shows less than half as wide is a logo in a high resolution."""
LONGEST_SHAPE = 3
"""Times as long as the shorter side."""
FEWEST_OCTETS = 20_000
"""A page that weighs less has next to nothing on it."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP")
"""What mail programs make of a picture that is pasted or photographed."""
_PICTURE = re.compile(r"<img\b[^>]*", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc\s*=\s*["']?cid:([^"'\s<>]+)""", re.IGNORECASE)
_WIDTH = re.compile(
    r"""(?<![\w-])width\s*(?:=\s*["']?|:)\s*([0-9]{1,5})(?:\.[0-9]*)?\s*(px|pt|in|cm|%)?""", re.IGNORECASE
)
_PIXELS = {"px": 1.0, "pt": 96 / 72, "in": 96.0, "cm": 96 / 2.54, "": 1.0}


def shown_large(html: str) -> set[str]:
    """What an HTML text shows as `cid:…` and not as small: what stands for the dots."""
    return {
        unquote(source[1])
        for picture in _PICTURE.findall(html)
        if (source := _SOURCE.search(picture)) and _is_shown_large(picture)
    }


def is_page(part: Part) -> bool:
    """Whether a picture is as large as a page and of a page's shape; False for what is no picture."""
    octets = part.content()
    if len(octets) < FEWEST_OCTETS:
        return False
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(octets), formats=_FORMATS) as picture,
        ):
            short, long = sorted(picture.size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return short >= SHORTEST_SIDE and long <= LONGEST_SHAPE * short


def _is_shown_large(picture: str) -> bool:
    said = _WIDTH.search(picture)
    if said is None or said[2] == "%":
        return True
    return int(said[1]) * _PIXELS[(said[2] or "").lower()] >= SHORTEST_SIDE / 2
