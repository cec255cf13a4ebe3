"""Where the pictures and texts of a PDF page are, as its objects say.

What is found in the pixels (`convert.photograph`) is rough at the edge and misses a picture's plain corners;
a picture's object knows its rectangle. Untrusted input: runs in a confined task.
"""

import ctypes
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.layout import Box, Placement

_MOST_OBJECTS = 5_000
"""A page with more is a drawing; looking through it would take longer than drawing it."""
_DEEPEST = 3
"""Forms within forms."""
_RIM = 1
"""Pixels that a picture is drawn beyond its rectangle at most."""
_SEEN = {pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_TEXT}

Corners = list[tuple[float, float]]
Matrix = tuple[float, float, float, float, float, float]
Counter = Callable[[object], int]
Getter = Callable[[object, int], object]


class PageObject(NamedTuple):
    """A picture or a text of a page, or of a form on it."""

    handle: object
    """pdfium's."""
    kind: int
    """`pdfium.FPDF_PAGEOBJ_IMAGE` or `FPDF_PAGEOBJ_TEXT`."""
    outer: Matrix
    """From the form that it is in to the page's own space."""


class PlacedPicture(NamedTuple):
    """A picture, and where on the sheet it is."""

    handle: object
    """pdfium's."""
    box: Box


def page_objects(page: "pdfium.FPDF_PAGE") -> tuple[PageObject, ...]:
    """Its pictures and texts, in the order in which they are drawn; none where there are too many objects."""
    if pdfium.FPDFPage_CountObjects(page) > _MOST_OBJECTS:
        return ()
    whole = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    return tuple(_within(page, pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject, whole))


def _within(
    parent: object, count: Counter, get: Getter, outer: Matrix, depth: int = 0
) -> Iterator[PageObject]:
    for number in range(min(count(parent), _MOST_OBJECTS)):
        each = get(parent, number)
        kind = pdfium.FPDFPageObj_GetType(each)
        if kind in _SEEN:
            yield PageObject(each, kind, outer)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            inside = pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject
            yield from _within(each, *inside, _times(_matrix(each), outer), depth + 1)


def placed_pictures(
    page: "pdfium.FPDF_PAGE", objects: Iterable[PageObject], placement: Placement
) -> tuple[PlacedPicture, ...]:
    """The pictures, with their rectangles in pixels and rows, without what lies beyond the sheet."""
    placed = (
        PlacedPicture(each.handle, placed_box(page, placement, _picture_corners(each)))
        for each in objects
        if each.kind == pdfium.FPDF_PAGEOBJ_IMAGE
    )
    return tuple(each for each in placed if each.box.right > each.box.left and each.box.bottom > each.box.top)


def _picture_corners(picture: PageObject) -> Corners:
    matrix = _times(_matrix(picture.handle), picture.outer)
    # It fills the unit square (ISO 32000-1 §8.9.5.1).
    return [moved(matrix, *corner) for corner in ((0, 0), (0, 1), (1, 0), (1, 1))]


def _matrix(each: object) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(each, matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    """The inner one first (ISO 32000-1 §8.3.4)."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """A point in another space."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def placed_box(page: "pdfium.FPDF_PAGE", placement: Placement, corners: Corners) -> Box:
    """The rectangle about points of the page's own space, in pixels and rows of the sheet."""
    across, down = [], []
    where = (placement.left, placement.top, placement.width, placement.height, int(placement.turned))
    for corner in corners:
        x, y = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, *where, *corner, x, y)
        across.append(x.value)
        down.append(y.value)
    return Box(
        left=max(min(across) - _RIM, placement.left),
        top=max(min(down) - _RIM, placement.top),
        right=min(max(across) + _RIM, placement.left + placement.width),
        bottom=min(max(down) + _RIM, placement.top + placement.height),
    )
