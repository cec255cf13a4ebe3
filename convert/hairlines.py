"""Lines much thinner than a pixel.

A rule of a tenth of a point covers so little of a row that it comes out nearly white, and no threshold that
spares the grain of paper keeps it. A printer draws it one dot wide. So does the fax: a faint line that is
straight, longer than 4 mm and alone on white paper becomes black where it is darkest. Only drawn pages have
paper that white; nothing of a scan is taken for a line. Pure.
"""

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

Grey = npt.NDArray[np.uint8]
Packed = npt.NDArray[np.uint8]

_DARKEST, _LIGHTEST = 160, 251
"""Tones of a faint line: a darker one is black anyway, a lighter one is the rounding of a white."""
_REDUCED = 4
_LONG = 9
"""Places of the reduced raster that a line goes through without a break; odd, for a window has a middle."""

_THICK = 3
"""Pixels: what is as thick as that is a pale letter's stem."""


def draw_hairlines(rows: Packed, page: Grey, dark: Grey, bright: Grey) -> None:
    """Blacken them in the packed rows.

    Args:
        rows: 1 for black.
        page: The same in grey.
        dark: The darkest pixel of each place of four by four.
        bright: The lightest one.
    """
    if len(page) < _REDUCED:
        return
    faint = cv2.bitwise_and(cv2.inRange(dark, _DARKEST, _LIGHTEST), cv2.inRange(bright, 255, 255))
    white = cv2.inRange(dark, 255, 255)
    for across in (True, False):
        places = _opened(faint, _LONG, across=across)
        if places.any():
            # It may lie on the border of two places; then there is paper beyond the other.
            beside = np.ones((3, 1) if across else (1, 3), np.uint8)
            first, second = (cv2.dilate(white, beside, anchor=anchor) for anchor in _ends(across=across))
            places = cv2.bitwise_and(places, cv2.bitwise_and(first, second))
        if places.any():
            darkest = cv2.erode(dark, np.ones((3, 1) if across else (1, 3), np.uint8))
            _blacken(rows, page, cv2.bitwise_and(darkest, places), across=across)


def _ends(*, across: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    return ((0, 0), (0, 2)) if across else ((0, 0), (2, 0))


def _opened(marked: MatLike, length: int, *, across: bool) -> MatLike:
    """What is marked without a break for so long."""
    window = np.ones((1, length) if across else (length, 1), np.uint8)
    return cv2.morphologyEx(marked, cv2.MORPH_OPEN, window)


def _blacken(rows: Packed, page: Grey, darkest: MatLike, *, across: bool) -> None:
    """Blacken the pixels that are as dark as the darkest of their place, where they form a line.

    Args:
        rows: Packed.
        page: In grey.
        darkest: By place; 0 where there is no line.
        across: Whether the line lies across the page.
    """
    inked = np.flatnonzero(darkest.any(axis=1 if across else 0))
    if not len(inked):
        return
    which = _pixels(inked, page.shape[0 if across else 1])
    if across:
        line = _line(page[which], darkest[inked])
        rows[which] |= np.packbits(line, axis=1)[:, : rows.shape[1]]
    else:
        line = _line(np.ascontiguousarray(page[:, which].T), np.ascontiguousarray(darkest[:, inked].T))
        black = np.zeros(page.shape, np.bool_)
        black[:, which] = line.T
        rows |= np.packbits(black, axis=1)


def _pixels(places: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """The rows (or columns) of these places of the reduced raster; the last may reach beyond the page."""
    which = (places[:, np.newaxis] * _REDUCED + np.arange(_REDUCED)).ravel()
    return which[which < most]


def _line(part: Grey, darkest: MatLike) -> npt.NDArray[np.bool_]:
    """Which pixels of some places' rows form lines along them."""
    tones = np.repeat(np.repeat(darkest, _REDUCED, axis=0), _REDUCED, axis=1)
    marked = np.zeros(part.shape, np.uint8)
    width = min(part.shape[1], tones.shape[1])
    marked[:, :width] = part[:, :width] <= tones[: len(part), :width]
    marked = np.asarray(cv2.subtract(marked, _opened(marked, _THICK, across=False)), np.uint8)
    return np.asarray(_opened(marked, _LONG * _REDUCED - 1, across=True) > 0, np.bool_)
