"""The header line as pixels: a hinted monospaced face drawn at the fax's own raster, without grey.

It is drawn once for 204×196 dpi. For 204×98 each pair of rows becomes one that is black where either was,
so no stroke is lost; for 204×391 each row stands twice. A character that the face lacks is drawn in the
first installed face that has it.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from convert.layout import BAND_ROWS, WIDTH
from convert.request import ConverterUnavailable

if TYPE_CHECKING:
    from config.fax import Resolution

_FACES = Path("/usr/share/fonts")
_FIRST = ("truetype/noto/NotoSansMono-Regular.ttf", "truetype/dejavu/DejaVuSansMono.ttf")
_OTHERS = (
    "*/noto/NotoSans-Regular.*",
    "*/noto/NotoSansCJK-Regular.*",
    "*/noto/NotoSans*-Regular.*",
    "**/*.ttf",
)
_POINTS = 19
"""Pixels to the em: capitals are 14 of the band's 24 rows high."""
_BASELINE = 18
"""Row on which the letters stand: descenders end above the band's last row, which stays blank."""
_MARGIN = 32
"""Pixels that stay free at both sides: printers do not reach the edge of the paper."""
_GAP = 28
_ELLIPSIS = "…"

Band = npt.NDArray[np.bool_]
Run = tuple[str, ImageFont.FreeTypeFont]


def header_band(left: str, middle: str, right: str, *, resolution: "Resolution | str") -> Band:
    """One header line as band rows × 1728, True for black; the last row is blank. Safe in several threads.

    `middle` is centred between the two others, and shortened with an ellipsis if it must be.

    Raises:
        ConverterUnavailable: No face is installed.
    """
    band = Image.new("1", (WIDTH, BAND_ROWS["fine"]), 0)
    pen = ImageDraw.Draw(band)
    pen.fontmode = "1"
    free_from = _MARGIN + _draw(pen, left, _MARGIN) + _GAP
    right_from = WIDTH - _MARGIN - _width(right)
    _draw(pen, right, right_from)
    room = right_from - _GAP - free_from
    fitting = _fitted(middle, room)
    centred = (WIDTH - _width(fitting)) // 2
    _draw(pen, fitting, max(free_from, min(centred, free_from + room - _width(fitting))))
    return _at(np.asarray(band), resolution)


def _draw(pen: ImageDraw.ImageDraw, text: str, begin: int) -> int:
    """Draw from this pixel on; the pixels that it took."""
    at = float(begin)
    for part, face in _runs(text):
        pen.text((round(at), _BASELINE), part, font=face, anchor="ls", fill=1)
        at += face.getlength(part)
    return round(at - begin)


def _at(fine: Band, resolution: "Resolution | str") -> Band:
    fine = fine.copy()
    fine[-2:] = False  # nothing a font does may touch the page below
    if resolution == "standard":
        return fine[0::2] | fine[1::2]
    return fine.repeat(2, axis=0) if resolution == "superfine" else fine


def _fitted(text: str, room: int) -> str:
    if _width(text) <= room:
        return text
    # The sender's number stands last and must stay (47 CFR 68.318(d)): the name before it gives way.
    name, _, number = text.rpartition("  ")
    while name and _width(f"{name}{_ELLIPSIS}  {number}") > room:
        name = name[:-1]
    return f"{name}{_ELLIPSIS}  {number}" if name else number


def _width(text: str) -> int:
    return round(sum(face.getlength(part) for part, face in _runs(text)))


@functools.lru_cache(maxsize=512)
def _runs(text: str) -> tuple[Run, ...]:
    """The text in pieces of one face each. Marks and blanks stay with the letter before them."""
    runs: list[Run] = []
    for character in text:
        if (
            runs
            and _has(runs[-1][1], character)
            and (character == " " or runs[-1][1] is _face_for(character))
        ):
            runs[-1] = (runs[-1][0] + character, runs[-1][1])
        else:
            runs.append((character, _face_for(character)))
    return tuple(apart for run in runs for apart in _with_blanks_apart(run))


def _with_blanks_apart(run: Run) -> tuple[Run, ...]:
    # A blank at the end of a right-to-left run would be drawn at its left, and the next run stick to it.
    text, face = run
    blanks = len(text) - len(text.rstrip(" "))
    if not blanks or len(text) == blanks:
        return (run,)
    return ((text[:-blanks], face), (" " * blanks, _first_face()))


@functools.lru_cache(maxsize=4096)
def _face_for(character: str) -> ImageFont.FreeTypeFont:
    first = _first_face()
    if character.isascii() or _has(first, character):
        return first
    return next((face for face in map(_open, _other_files()) if face and _has(face, character)), first)


@functools.cache
def _first_face() -> ImageFont.FreeTypeFont:
    candidates = [_FACES / name for name in _FIRST]
    for path in [*candidates, *_other_files()]:
        if path.exists() and (face := _open(path)):
            return face
    raise ConverterUnavailable("no font is installed: install the Debian package fonts-noto-core")


@functools.cache
def _other_files() -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for pattern in _OTHERS for path in sorted(_FACES.glob(pattern))))


@functools.cache
def _open(path: Path) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(str(path), _POINTS)
    except OSError:
        return None


@functools.lru_cache(maxsize=4096)
def _has(face: ImageFont.FreeTypeFont, character: str) -> bool:
    # A face draws the same box for everything that it lacks; U+FFFFE is no character and so lacked by all.
    drawn, missing = (face.getmask(each, mode="1") for each in (character, "\U000ffffe"))
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)
