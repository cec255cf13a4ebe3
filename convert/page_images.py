"""Where the pictures of a PDF page are, as its objects say.

What is found in the pixels (`convert.photograph`) is rough at the edge and misses a picture's plain corners;
the object knows its rectangle. Untrusted input: runs in a confined task.
"""

import ctypes
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.layout import Box, Placement

_MOST_OBJECTS = 5_000
"""A page with more is a drawing; looking through it would take longer than drawing it."""
_DEEPEST = 3
"""Forms within forms."""
_RIM = 1
"""Pixels that a picture is drawn beyond its rectangle at most."""

Corners = list[tuple[float, float]]
Matrix = tuple[float, float, float, float, float, float]
Counter = Callable[[object], int]
Getter = Callable[[object, int], object]


class PlacedPicture(NamedTuple):
    """A picture, and where on the sheet it is."""

    handle: object
    """pdfium's."""
    box: Box


def placed_pictures(page: "pdfium.FPDF_PAGE", placement: Placement) -> tuple[PlacedPicture, ...]:
    """Its pictures, with their rectangles in pixels and rows, without what lies beyond the sheet."""
    placed = (
        PlacedPicture(handle, _on_sheet(page, placement, corners)) for handle, corners in _pictures(page)
    )
    return tuple(each for each in placed if each.box.right > each.box.left and each.box.bottom > each.box.top)


def _pictures(page: "pdfium.FPDF_PAGE") -> Iterator[tuple[object, Corners]]:
    if pdfium.FPDFPage_CountObjects(page) <= _MOST_OBJECTS:
        yield from _within(page, pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject, (1, 0, 0, 1, 0, 0))


def _within(
    parent: object, count: Counter, get: Getter, outer: Matrix, depth: int = 0
) -> Iterator[tuple[object, Corners]]:
    """Each picture, and its corners in the page's own space."""
    for number in range(min(count(parent), _MOST_OBJECTS)):
        each = get(parent, number)
        kind = pdfium.FPDFPageObj_GetType(each)
        if kind not in {pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM}:
            continue
        matrix = _times(_matrix(each), outer)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:  # it fills the unit square (ISO 32000-1 §8.9.5.1)
            yield each, [_moved(matrix, *corner) for corner in ((0, 0), (0, 1), (1, 0), (1, 1))]
        elif depth < _DEEPEST:
            inside = pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject
            yield from _within(each, *inside, matrix, depth + 1)


def _matrix(each: object) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(each, matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    """The inner one first (ISO 32000-1 §8.3.4)."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _on_sheet(page: "pdfium.FPDF_PAGE", placement: Placement, corners: Corners) -> Box:
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
