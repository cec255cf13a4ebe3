"""Grey to black and white.

Where ink meets paper, which is nearly everywhere, there is one threshold: crisp, and the fewest octets on
the line. Elsewhere, in pale print, coloured text, shaded cells and grey scans, the threshold lies between the
darkest tone nearby and the tone of the paper there. The paper's tone is what remains when strokes are taken
away (a morphological closing), so that a fill does not get a frame where it ends. Photographs, which have no
such paper, are screened (`convert.photograph`, `convert.screen`). Reckoned on a quarter of the raster; a page
without such places never leaves the one threshold.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from convert.hairlines import draw_hairlines
from convert.layout import Box
from convert.photograph import SQUARE, photographs
from convert.photograph_mask import Mask, photograph_mask
from convert.row_pairs import joined
from convert.screen import screened

Grey = npt.NDArray[np.uint8]
Packed = npt.NDArray[np.uint8]

cv2.setNumThreads(1)  # pages are drawn by several processes already

_THRESHOLD = 160
_BETWEEN = 0.7
"""Where between ink and paper the threshold lies: nearer to paper, as the one threshold does."""
_INK, _PAPER, _CRISP, _WHITE = 128, 200, 250, 255
"""A fill darker than `_INK` is black, and one lighter white; from `_INK` to `_PAPER` it may be paper that has
ink on it; from `_CRISP` on paper is white, as that of a scan is not."""
_DARK = 112
"""A fill darker than this is no paper, whatever ink is near: it is a banner's, whose letters are white."""
_CONTRAST = 36
"""Tones closer together than this are one tone: paper's grain, a fill."""
_EDGE = 165
"""The one threshold for the edges of joined rows."""
_TONES = np.arange(256)
_EDGES = np.minimum(_TONES * _EDGE // _THRESHOLD, _TONES + (_WHITE - _TONES) * 3 // 10).astype(np.uint8)
"""The threshold for edges, by that of the rows: nearer to paper."""
_REDUCED = 4
_NEAR, _FAR = 9, 31
"""Windows in reduced pixels: 4.5 mm, wider than a stroke; 15 mm, a caption and its fill."""


def binarise(
    page: Grey, resolution: str = "fine", pictures: Callable[[], Sequence[Box]] = tuple[Box, ...]
) -> Packed:
    """The page as packed rows, 1 for black.

    Args:
        page: In grey. A page for `standard` is drawn with the rows of `fine`, and gets half as many.
        resolution: `standard`, `fine` or `superfine`.
        pictures: Tells where pictures are; asked only if there are photographs.
    """
    dark, bright = _reduced(page)
    threshold = _local_threshold(page, dark, bright)
    rows = np.packbits(page < (_THRESHOLD if threshold is None else threshold), axis=1)
    draw_hairlines(rows, page, dark, bright)
    if resolution == "standard":
        rows = joined(rows, page, _edge_threshold(threshold))
    found = photographs(dark, bright)
    if found is None:
        return rows
    mask = photograph_mask(found, page.shape, SQUARE * _REDUCED, pictures())
    return _with_photographs(rows, page, mask, resolution)


def _edge_threshold(threshold: Grey | None) -> Grey | int:
    """Below which tone the joined rows of an edge are black: nearer to paper than the rows' own threshold."""
    if threshold is None:
        return _EDGE
    return np.asarray(_EDGES[threshold[::2]], np.uint8)


def local_threshold(page: Grey) -> Grey | None:
    """For each pixel the tone below which it is black; None where one threshold does for all."""
    return _local_threshold(page, *_reduced(page))


def _reduced(page: Grey) -> tuple[Grey, Grey]:
    """The darkest and the lightest pixel of each place; the last rows count with the place above them."""
    if len(page) < _REDUCED:
        page = np.repeat(page, _REDUCED, axis=0)
    whole = len(page) // _REDUCED * _REDUCED
    first, second, third, fourth = (page[number:whole:_REDUCED] for number in range(_REDUCED))
    dark = cv2.min(cv2.min(first, second), cv2.min(third, fourth))
    bright = cv2.max(cv2.max(first, second), cv2.max(third, fourth))
    dark[-1], bright[-1] = page[whole - _REDUCED :].min(axis=0), page[whole - _REDUCED :].max(axis=0)
    along = np.ones((1, _REDUCED), np.uint8)
    return (
        np.array(cv2.erode(dark, along, anchor=(0, 0))[:, ::_REDUCED], np.uint8),
        np.array(cv2.dilate(bright, along, anchor=(0, 0))[:, ::_REDUCED], np.uint8),
    )


def _local_threshold(page: Grey, dark: MatLike, bright: MatLike) -> Grey | None:
    if dark.min(initial=255) > _WHITE - _CONTRAST:
        return None
    threshold = _reduced_threshold(dark, bright)
    # Where there is nothing but paper every threshold gives white; the neighbours are needed to interpolate.
    threshold[cv2.erode(dark, _window(3)) > _WHITE - _CONTRAST] = _THRESHOLD
    if (threshold == _THRESHOLD).all():
        return None
    rows, width = page.shape
    return np.asarray(cv2.resize(threshold, (width, rows), interpolation=cv2.INTER_LINEAR), np.uint8)


def _with_photographs(rows: Packed, page: Grey, mask: Mask, resolution: str) -> Packed:
    """The rows, screened where the mask is true."""
    if resolution == "standard":
        page = np.asarray(
            cv2.resize(page, (page.shape[1], len(rows)), interpolation=cv2.INTER_AREA), np.uint8
        )
        mask = mask[::2]
    down, across = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(down):
        return rows
    part = slice(int(down[0]), int(down[-1]) + 1), slice(int(across[0]) // 8 * 8, int(across[-1]) + 1)
    octets = part[0], slice(part[1].start // 8, -(-part[1].stop // 8))
    lines = np.packbits(screened(page[part], resolution, first_row=part[0].start), axis=1)
    where = np.packbits(mask[part], axis=1)
    rows[octets] = (rows[octets] & ~where) | (lines & where)
    return rows


def _reduced_threshold(dark: MatLike, bright: MatLike) -> MatLike:
    paper = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, _window(_NEAR))
    ink = cv2.erode(dark, _window(_NEAR))
    threshold = _between(ink, paper)
    one_tone = cv2.subtract(paper, ink) < _CONTRAST
    threshold[one_tone] = _THRESHOLD
    shaded = one_tone & (paper < _PAPER)
    if shaded.any():
        # A shade is paper if there is ink on it not far away; else it is black or white, whichever is nearer.
        ink = cv2.erode(dark, _window(_FAR))
        alone = (cv2.subtract(paper, ink) < _CONTRAST) | (paper < _DARK)
        threshold[shaded] = np.where(alone, np.uint8(_INK), _between(ink, paper))[shaded]
    return threshold


def _between(ink: MatLike, paper: MatLike) -> MatLike:
    threshold = cv2.addWeighted(ink, 1 - _BETWEEN, paper, _BETWEEN, 0)
    threshold[(ink < _INK) & (paper >= _CRISP)] = _THRESHOLD
    return threshold


def _window(size: int) -> MatLike:
    return cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
