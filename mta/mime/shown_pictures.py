"""What an HTML text shows in its place, and what of that is a page that the sender wants to fax.

A mail's text is faxed without its pictures, since most of them are logos; that of a forwarded mail with them.
A scan that was pasted and a photo of a page are no logos: they would be lost without a word. What tells them
apart is the picture's own size and weight, its shape (what stands above or below a signature is much wider
than high), and the size that the HTML gives it. Nor is a document one that a text shows (Apple Mail shows
PDF), or a picture in a form that is not drawn.
"""

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote, unquote_to_bytes

from PIL import (  # noqa: I001, RUF100 - all that `Image.open` needs, loaded before the task is confined
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
)

from mta.mime.transfer import base64_decoded

SHORTEST_SIDE = 600
"""Pixels. What the HTML shows less than half as wide is a logo in a high resolution."""
LONGEST_SHAPE = 3
"""Times as long as the shorter side."""
FEWEST_OCTETS = 20_000
"""A page that weighs less has next to nothing on it, but for one of a fax."""
MAX_SHOWN = 8_000_000
"""Octets of pictures that are put into the HTML, each time that it shows one."""

CONTENT_ID_REFERENCE = re.compile(r"""cid:([^"'\s<>()]+)""", re.IGNORECASE)

_DOCUMENTS = (b"%PDF-", b"PK\x03\x04", b"{\\rtf", b"\xd0\xcf\x11\xe0")
_DRAWN = {
    b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"BM": "image/bmp",
    b"RIFF": "image/webp",
}  # fmt: skip
_FAXES = (b"II*\x00", b"MM\x00*")
_PHONE_PHOTOS = (b"ftyphei", b"ftypmif1", b"ftypmsf1", b"ftypavif")
"""HEIC and its kin, behind a length of four octets; they are opened elsewhere."""
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF")
_FOURTEEN_BITS = 0x3FFF
_PICTURE = re.compile(r"<img\b[^>]*", re.IGNORECASE)
_LINK = re.compile(r"<(?:a|object|embed|iframe)\b[^>]*", re.IGNORECASE)
_PART_OF_THE_LOOK = re.compile(r"<link\b[^>]*", re.IGNORECASE)
"""Outlook names themes and what its editor remembers so, which are ZIP and OLE files."""
_HREF = re.compile(r"""\bhref\s*=\s*["']?(?:cid:)?([^"'\s<>]+)""", re.IGNORECASE)
_TARGET = re.compile(r"""\b(?:href|src|data)\s*=\s*["']?(?:cid:)?([^"'\s<>]+)""", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc\s*=\s*["']?(?:cid:)?([^"'\s<>]+)""", re.IGNORECASE)
_WITHIN = re.compile(
    r"""\bsrc\s*=\s*["']?data:(image/[\w.+-]+)[^,"'>]{0,100};base64,([^"'>]*)""", re.IGNORECASE
)
_WIDTH = re.compile(
    r"""(?<![\w-])width\s*(?:=\s*["']?|:)\s*([0-9]{1,5})(?:\.[0-9]*)?\s*(px|pt|in|cm|%)?""", re.IGNORECASE
)
_PIXELS = {"px": 1.0, "pt": 96 / 72, "in": 96.0, "cm": 96 / 2.54, "": 1.0}


class Shown:
    """Tells what a text shows from what has to be a document of its own."""

    def __init__(self, html: str, *, drawn: bool) -> None:
        """Take the text.

        Args:
            html: may name pictures as `cid:…`.
            drawn: whether the pictures are on its page.
        """
        self._drawn = drawn
        self._times = Counter(map(unquote, CONTENT_ID_REFERENCE.findall(html)))
        self._linked_only = set(map(unquote, _linked(html))) - set(map(unquote, _pictured(html, large=False)))
        self._large = set(map(unquote, _pictured(html, large=True))) | self._linked_only
        self._look = {
            unquote(name) for link in _PART_OF_THE_LOOK.findall(html) for name in _HREF.findall(link)
        }
        self._room = MAX_SHOWN

    def misses(self, octets: bytes, media_type: str, content_id: str, location: str = "") -> bool:
        """Whether a fax of the text would lack what is worth a page, of what it names by one of the two."""
        if not self._look.isdisjoint((content_id, location)):
            return False
        if octets.startswith(_DOCUMENTS) or self._is_linked_file(media_type, {content_id, location}):
            return True
        if not self._drawn:
            return not self._large.isdisjoint((content_id, location)) and is_page(octets)
        needed = len(octets) * self._times[content_id]
        if not needed or needed > self._room or not drawn_type(octets):
            return is_page(octets)
        self._room -= needed
        return False

    def _is_linked_file(self, media_type: str, names: set[str]) -> bool:
        """Whether it is no picture, and the text only has a link to it."""
        kind, _, subtype = media_type.partition("/")
        if kind in {"text", "message"}:
            return subtype != "css"
        return kind != "image" and not names.isdisjoint(self._linked_only)


def drawn_type(octets: bytes) -> str:
    """The media type of a picture that is drawn, whatever its part says; empty for anything else."""
    return next((kind for beginning, kind in _DRAWN.items() if octets.startswith(beginning)), "")


def pages_within(html: str) -> Iterator[tuple[str, bytes]]:
    """Types and octets of the pictures that are written into an HTML text (RFC 2397) and are pages."""
    for picture in _PICTURE.findall(html):
        if (source := _WITHIN.search(picture)) and _is_shown_large(_WITHIN.sub("", picture)):
            octets = base64_decoded(unquote_to_bytes(source[2]))
            if is_page(octets):
                yield source[1].lower(), octets


def _pictured(html: str, *, large: bool) -> Iterator[str]:
    """What is shown as a picture; with `large`, not as a small one."""
    for picture in _PICTURE.findall(html):
        if not large or _is_shown_large(picture):
            yield from _SOURCE.findall(picture)


def _linked(html: str) -> Iterator[str]:
    return (target for link in _LINK.findall(html) for target in _TARGET.findall(link))


def is_page(octets: bytes) -> bool:
    """Whether a picture is as large as a page and of a page's shape; False for what is no picture."""
    if len(octets) < FEWEST_OCTETS and not octets.startswith(_FAXES):
        return False
    if octets.startswith(_PHONE_PHOTOS, 4):
        return True
    short, long = sorted(_web_picture_size(octets) or _size(octets))
    return short >= SHORTEST_SIDE and long <= LONGEST_SHAPE * short


def _size(octets: bytes) -> tuple[int, int]:
    """Width and height in pixels; none of what is no picture."""
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(octets), formats=_FORMATS) as picture,
        ):
            return picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0, 0


def _web_picture_size(octets: bytes) -> tuple[int, int] | None:
    """Of WebP (RFC 9649 §2.4 to §2.7), for whose pixels Pillow would make room; None for anything else."""
    if not (octets.startswith(b"RIFF") and octets[8:12] == b"WEBP"):
        return None
    match octets[12:16]:
        case b"VP8X":
            return _little(octets[24:27]) + 1, _little(octets[27:30]) + 1
        case b"VP8L":
            both = _little(octets[21:25])
            return (both & _FOURTEEN_BITS) + 1, (both >> 14 & _FOURTEEN_BITS) + 1
        case b"VP8 ":
            return _little(octets[26:28]) & _FOURTEEN_BITS, _little(octets[28:30]) & _FOURTEEN_BITS
    return None


def _little(octets: bytes) -> int:
    return int.from_bytes(octets, "little")


def _is_shown_large(picture: str) -> bool:
    said = _WIDTH.search(picture)
    if said is None or said[2] == "%":
        return True
    return int(said[1]) * _PIXELS[(said[2] or "").lower()] >= SHORTEST_SIDE / 2
