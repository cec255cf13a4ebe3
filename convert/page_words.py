"""The words of a PDF's page, each where it stands on the fax page that was drawn of it.

pdfium tells the characters and places them by the same transformation by which it drew the page (scaled,
fitted, turned). Untrusted input: runs in a confined task, and only where somebody wants the words.
"""

import ctypes
import math
from collections.abc import Iterator

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.layout import Placement
from convert.rasterise import Laid
from store.page_word import LONGEST_WORD, MOST_WORDS, PageWord

_QUARTER = math.pi / 2
_Box = tuple[float, float, float, float]


def page_words(page: "pdfium.FPDF_PAGE", laid: Laid) -> tuple[PageWord, ...]:
    """The words of a page in the order of its text."""
    text = pdfium.FPDFText_LoadPage(page)
    if not text:
        return ()
    try:
        found = (_placed(page, text, word, laid) for word in _words(text))
        return tuple(word for word in found if word is not None)
    finally:
        pdfium.FPDFText_ClosePage(text)


def _words(text: "pdfium.FPDF_TEXTPAGE") -> Iterator[list[int]]:
    """The places of each word's characters in the text."""
    word: list[int] = []
    count = 0
    for place in range(pdfium.FPDFText_CountChars(text)):
        character = chr(pdfium.FPDFText_GetUnicode(text, place))
        if not character.isspace() and character.isprintable() and len(word) < LONGEST_WORD:
            word.append(place)
            continue
        if word:
            yield word
            word, count = [], count + 1
            if count == MOST_WORDS:
                return
    if word:
        yield word


def _placed(
    page: "pdfium.FPDF_PAGE", text: "pdfium.FPDF_TEXTPAGE", word: list[int], laid: Laid
) -> PageWord | None:
    boxes = [box for place in word if (box := _box(text, place))]
    if not boxes:
        return None
    lefts, rights, bottoms, tops = zip(*boxes, strict=True)
    corners = [
        _on_sheet(page, laid.placement, x, y)
        for x in (min(lefts), max(rights))
        for y in (min(bottoms), max(tops))
    ]
    left, right = (edge(x for x, _ in corners) for edge in (min, max))
    top, bottom = (laid.row(edge(y for _, y in corners)) for edge in (min, max))
    if left < 0 or top < 0:
        return None
    characters = "".join(chr(pdfium.FPDFText_GetUnicode(text, place)) for place in word)
    turn = _turn(page, text, word[0], laid.placement)
    return PageWord(characters, left, top, max(right, left + 1), max(bottom, top + 1), turn)


def _box(text: "pdfium.FPDF_TEXTPAGE", place: int) -> _Box | None:
    """Of a character on the page: left, right, bottom, top."""
    edges = [ctypes.c_double() for _ in range(4)]
    if not pdfium.FPDFText_GetCharBox(text, place, *map(ctypes.byref, edges)):
        return None
    left, right, bottom, top = (edge.value for edge in edges)
    return (left, right, bottom, top) if left < right else None


def _on_sheet(page: "pdfium.FPDF_PAGE", placement: Placement, x: float, y: float) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    where = (placement.left, placement.top, placement.width, placement.height, int(placement.turned))
    pdfium.FPDF_PageToDevice(page, *where, x, y, ctypes.byref(across), ctypes.byref(down))
    return across.value, down.value


def _turn(page: "pdfium.FPDF_PAGE", text: "pdfium.FPDF_TEXTPAGE", place: int, placement: Placement) -> int:
    """Quarter turns of the direction in which a character's line runs on the sheet."""
    # Clockwise, against the axes of the page.
    angle = max(0.0, pdfium.FPDFText_GetCharAngle(text, place))
    # A step of a hundred points, so that whole pixels tell its direction.
    begin = _on_sheet(page, placement, 0, 0)
    end = _on_sheet(page, placement, 100 * math.cos(angle), -100 * math.sin(angle))
    return round(math.atan2(end[1] - begin[1], end[0] - begin[0]) / _QUARTER) % 4
