"""The header line as pixels: a hinted monospaced face drawn at the fax's own raster, without grey.

For 204×196 dpi it is drawn at 19 pixels to the em. At 204×98 a stroke is one row, so there the face is drawn
at 10 pixels to the em, a size that it was hinted for, with each column twice: a 6 stays apart from an 8. For
204×391 each row stands twice. A character that the face lacks is drawn in the first installed face that
has it; these are not made for few rows, so at 204×98 each pair of rows of theirs becomes one that is black
where either was.
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
_FIRST = (
    "truetype/dejavu/DejaVuSansMono.ttf",
    "truetype/liberation/LiberationMono-Regular.ttf",
    "truetype/noto/NotoSansMono-Regular.ttf",
)
_OTHERS = (
    "*/noto/NotoSans-Regular.*",
    "*/noto/NotoSansCJK-Regular.*",
    "*/noto/NotoSans*-Regular.*",
    "**/*.ttf",
)
_FINE, _SMALL = 19, 10
"""Pixels to the em: capitals are 14 of the band's 24 rows high, or 7 of 12."""
_BASELINE = {_FINE: 18, _SMALL: 9}
"""Row on which the letters stand: descenders end above the band's last row, which stays blank."""
_MARGIN = 32
"""Pixels that stay free at both sides: printers do not reach the edge of the paper."""
_GAP = 28
_ELLIPSIS = "…"
_BETWEEN = "  "
"""Stands between the sender's name and number."""

Band = npt.NDArray[np.bool_]
Run = tuple[str, ImageFont.FreeTypeFont]


def header_band(left: str, middle: str, right: str, *, resolution: "Resolution | str") -> Band:
    """One header line as band rows × 1728, True for black; the last row is blank. Safe in several threads.

    `middle` is centred between the two others, and shortened with an ellipsis if it must be; the others only
    where they would leave no room for the number at its end.

    Raises:
        ConverterUnavailable: No face is installed.
    """
    small = resolution == "standard"
    band = np.zeros((BAND_ROWS["standard" if small else "fine"], WIDTH), np.bool_)
    room = WIDTH - 2 * _MARGIN
    right = _cut(right, room // 2, small=small)
    number = _width(middle.rpartition(_BETWEEN)[2], small=small)
    left = _cut(left, room - _width(right, small=small) - number - 2 * _GAP, small=small)
    free_from = _draw(band, left, _MARGIN, small=small) + _GAP
    right_from = WIDTH - _MARGIN - _width(right, small=small)
    _draw(band, right, right_from, small=small)
    fitting = _fitted(middle, right_from - _GAP - free_from, small=small)
    width = _width(fitting, small=small)
    _draw(band, fitting, max(free_from, min((WIDTH - width) // 2, right_from - _GAP - width)), small=small)
    band[-1 if small else -2 :] = False  # nothing a font does may touch the page below
    return band.repeat(2, axis=0) if resolution == "superfine" else band


def _draw(band: Band, text: str, begin: int, *, small: bool) -> int:
    """Draw from this pixel on; the pixel after it."""
    at = float(begin)
    for part, face in _runs(text):
        drawn = _drawn(part, face, small=small)
        left = max(0, round(at))
        place = band[:, left : left + drawn.shape[1]]
        place |= drawn[:, : place.shape[1]]
        at += _advance(part, face, small=small)
    return round(at)


@functools.lru_cache(maxsize=64)  # most of a line is the same on every page of a fax
def _drawn(part: str, face: ImageFont.FreeTypeFont, *, small: bool) -> Band:
    """One run at a resolution's rows, from its origin on; letters may reach over its width."""
    if small and face is _first_face():
        return _pixels(part, _small_face(), _SMALL).repeat(2, axis=1)
    fine = _pixels(part, face, _FINE)
    return fine[0::2] | fine[1::2] if small else fine


def _pixels(part: str, face: ImageFont.FreeTypeFont, size: int) -> Band:
    rows = BAND_ROWS["standard" if size == _SMALL else "fine"]
    picture = Image.new("1", (round(face.getlength(part)) + size, rows), 0)
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "1"
    pen.text((0, _BASELINE[size]), part, font=face, anchor="ls", fill=1)
    return np.asarray(picture)


@functools.lru_cache(maxsize=512)  # measured several times a page
def _advance(part: str, face: ImageFont.FreeTypeFont, *, small: bool) -> float:
    if small and face is _first_face():
        return 2 * _small_face().getlength(part)
    return face.getlength(part)


def _fitted(text: str, room: int, *, small: bool) -> str:
    if _width(text, small=small) <= room:
        return text
    # The sender's number stands last and must stay (47 CFR 68.318(d)): the name before it gives way.
    name, _, number = text.rpartition(_BETWEEN)
    name = _cut(name, room - _width(f"{_BETWEEN}{number}", small=small), small=small)
    return f"{name}{_BETWEEN}{number}" if name else number


def _cut(text: str, room: int, *, small: bool) -> str:
    """The text with an ellipsis in place of its end, if it must be; empty if not even that has room."""
    if _width(text, small=small) <= room:
        return text
    while text and _width(f"{text}{_ELLIPSIS}", small=small) > room:
        text = text[:-1]
    return f"{text}{_ELLIPSIS}" if text else ""


def _width(text: str, *, small: bool) -> int:
    return round(sum(_advance(part, face, small=small) for part, face in _runs(text)))


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
def _small_face() -> ImageFont.FreeTypeFont:
    """The first face for few rows."""
    return _first_face().font_variant(size=_SMALL)


@functools.cache
def _other_files() -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for pattern in _OTHERS for path in sorted(_FACES.glob(pattern))))


@functools.cache
def _open(path: Path) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(str(path), _FINE)
    except OSError:
        return None


@functools.lru_cache(maxsize=4096)
def _has(face: ImageFont.FreeTypeFont, character: str) -> bool:
    # A face draws the same box for everything that it lacks; U+FFFFE is no character and so lacked by all.
    drawn, missing = (face.getmask(each, mode="1") for each in (character, "\U000ffffe"))
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)
