"""The words of a PDF's page, each where it stands on the fax page that was drawn of it.

pdfium tells the characters and the transformation by which it drew the page (scaled, fitted, turned).
Untrusted input: runs in a confined task, and only where somebody wants the words.
"""

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.layout import Placement
from convert.rasterise import Laid
from store.page_word import LONGEST_WORD, MOST_WORDS, PageWord

_QUARTER = math.pi / 2
_FAR = 10_000
"""Points; so far apart are places whose pixels tell the transformation."""
_Letters = list[tuple[int, str]]
"""The places of a word's characters in the text, and what they are."""


def page_words(page: "pdfium.FPDF_PAGE", laid: Laid) -> tuple[PageWord, ...]:
    """The words of a page in the order of its text."""
    text = pdfium.FPDFText_LoadPage(page)
    if not text:
        return ()
    try:
        way, boxes = _Way.of(page, laid.placement), _Boxes(text)
        found = (_placed(text, boxes, way, letters, laid) for letters in _words(text))
        return tuple(word for word in found if word is not None)
    finally:
        pdfium.FPDFText_ClosePage(text)


def _words(text: "pdfium.FPDF_TEXTPAGE") -> Iterator[_Letters]:
    word: _Letters = []
    count = 0
    for place in range(pdfium.FPDFText_CountChars(text)):
        character = chr(pdfium.FPDFText_GetUnicode(text, place))
        if not character.isspace() and character.isprintable() and len(word) < LONGEST_WORD:
            word.append((place, character))
            continue
        if word:
            yield word
            word, count = [], count + 1
            if count == MOST_WORDS:
                return
    if word:
        yield word


@dataclass(frozen=True, slots=True)
class _Way:
    """From points of the page to pixels of the sheet as it was drawn: x to across and down, y to both."""

    begin: tuple[int, int]
    of_x: tuple[float, float]
    of_y: tuple[float, float]

    @classmethod
    def of(cls, page: "pdfium.FPDF_PAGE", placement: Placement) -> Self:
        begin, right, up = (_on_sheet(page, placement, x, y) for x, y in ((0, 0), (_FAR, 0), (0, _FAR)))
        return cls(
            begin,
            ((right[0] - begin[0]) / _FAR, (right[1] - begin[1]) / _FAR),
            ((up[0] - begin[0]) / _FAR, (up[1] - begin[1]) / _FAR),
        )

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """Where a point of the page is."""
        across, down = (self.begin[axis] + x * self.of_x[axis] + y * self.of_y[axis] for axis in (0, 1))
        return round(across), round(down)

    def turn(self, angle: float) -> int:
        """Quarter turns of a direction that is so far clockwise of the page's own."""
        x, y = math.cos(angle), -math.sin(angle)
        across, down = (x * self.of_x[axis] + y * self.of_y[axis] for axis in (0, 1))
        return round(math.atan2(down, across) / _QUARTER) % 4


def _on_sheet(page: "pdfium.FPDF_PAGE", placement: Placement, x: float, y: float) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    where = (placement.left, placement.top, placement.width, placement.height, int(placement.turned))
    pdfium.FPDF_PageToDevice(page, *where, x, y, ctypes.byref(across), ctypes.byref(down))
    return across.value, down.value


class _Boxes:
    """The boxes of a text's characters."""

    def __init__(self, text: "pdfium.FPDF_TEXTPAGE") -> None:
        self._text = text
        self._edges = [ctypes.c_double() for _ in range(4)]
        self._places = [ctypes.byref(edge) for edge in self._edges]

    def around(self, letters: _Letters) -> tuple[float, float, float, float] | None:
        """What encloses them on the page: left, right, bottom, top; None if they have no place."""
        left = bottom = math.inf
        right = top = -math.inf
        for place, _ in letters:
            if pdfium.FPDFText_GetCharBox(self._text, place, *self._places):
                a, b, c, d = (edge.value for edge in self._edges)
                left, right, bottom, top = min(left, a), max(right, b), min(bottom, c), max(top, d)
        return (left, right, bottom, top) if left < right and bottom < top else None


def _placed(
    text: "pdfium.FPDF_TEXTPAGE", boxes: _Boxes, way: _Way, letters: _Letters, laid: Laid
) -> PageWord | None:
    box = boxes.around(letters)
    if box is None or not all(map(math.isfinite, box)):
        return None
    (x0, y0), (x1, y1) = way.pixel(box[0], box[2]), way.pixel(box[1], box[3])
    left, right = sorted((x0, x1))
    top, bottom = (laid.row(row) for row in sorted((y0, y1)))
    if left < 0 or top < 0:
        return None
    characters = "".join(character for _, character in letters)
    turn = way.turn(max(0.0, pdfium.FPDFText_GetCharAngle(text, letters[0][0])))
    return PageWord(characters, left, top, max(right, left + 1), max(bottom, top + 1), turn)
