"""Grey to black and white.

Where ink meets paper, which is nearly everywhere, there is one threshold: crisp, and the fewest octets on
the line. Elsewhere, in pale print, coloured text, shaded cells and grey scans, the threshold lies between the
darkest tone nearby and the tone of the paper there. The paper's tone is what remains when strokes are taken
away (a morphological closing), so that a fill does not get a frame where it ends. Reckoned on a quarter of
the raster; a page without such places never leaves the one threshold.
"""

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

Grey = npt.NDArray[np.uint8]
Packed = npt.NDArray[np.uint8]

cv2.setNumThreads(1)  # pages are drawn by several processes already

_THRESHOLD = 160
_BETWEEN = 0.6
"""Where between ink and paper the threshold lies: nearer to paper, as the one threshold does."""
_INK, _PAPER, _WHITE = 128, 200, 255
"""A fill darker than `_INK` is black, and one lighter white; from the one to `_PAPER` is ink on paper."""
_CONTRAST = 36
"""Tones closer together than this are one tone: paper's grain, a fill."""
_REDUCED = 4
_NEAR, _FAR = 9, 31
"""Windows in reduced pixels: 4.5 mm, wider than a stroke; 15 mm, a caption and its fill."""


def binarise(page: Grey) -> Packed:
    """The page as packed rows, 1 for black."""
    local = local_threshold(page)
    black = page < _THRESHOLD if local is None else page < local
    return np.packbits(black, axis=1)


def local_threshold(page: Grey) -> Grey | None:
    """For each pixel the tone below which it is black; None where one threshold does for all."""
    block = np.ones((_REDUCED, _REDUCED), np.uint8)
    dark = cv2.erode(page, block)[::_REDUCED, ::_REDUCED]
    bright = cv2.dilate(page, block)[::_REDUCED, ::_REDUCED]
    if dark.min(initial=255) > _WHITE - _CONTRAST:
        return None
    threshold = _reduced_threshold(dark, bright)
    # Where there is nothing but paper every threshold gives white; the neighbours are needed to interpolate.
    threshold[cv2.erode(dark, _window(3)) > _WHITE - _CONTRAST] = _THRESHOLD
    if (threshold == _THRESHOLD).all():
        return None
    rows, width = page.shape
    return np.asarray(cv2.resize(threshold, (width, rows), interpolation=cv2.INTER_LINEAR), np.uint8)


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
        alone = cv2.subtract(paper, ink) < _CONTRAST
        threshold[shaded] = np.where(alone, np.uint8(_INK), _between(ink, paper))[shaded]
    return threshold


def _between(ink: MatLike, paper: MatLike) -> MatLike:
    threshold = cv2.addWeighted(ink, 1 - _BETWEEN, paper, _BETWEEN, 0)
    threshold[(ink < _INK) & (paper > _PAPER)] = _THRESHOLD
    return threshold


def _window(size: int) -> MatLike:
    return cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
