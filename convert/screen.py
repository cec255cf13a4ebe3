"""The screen of photographs: lines along the scan line that grow thicker where the picture is darker.

T.4 and T.6 code runs along the scan line. Here each row has a threshold of its own, the same for all of the
row, so that a run ends only where the picture itself crosses that tone: an area of one tone costs nothing, a
photograph a tenth of what a screen of dots costs. Eight rows hold two lines of four, one of them a step
ahead, and so nine tones; at 3.85 lines to the millimetre, where that would be coarse, four rows hold two
lines of two. The picture is smoothed against grain first and then sharpened, for the lines take fineness from
it. Pure.
"""

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Black = npt.NDArray[np.bool_]

_ORDER = {"standard": (0, 2, 1, 3), "fine": (0, 4, 6, 2, 1, 5, 7, 3)}
"""For each row the place of its threshold among all, from the first row that becomes black."""
_EVEN_STEPS = {"standard": 1.0, "fine": 1.3}
"""Width of the tones that make all lines equally thick, by the width of those between."""
_SMOOTH, _SHARP = 1.2, 0.7
"""Of the smoothing, in pixels; share of the difference to a smoother one that is added."""
_WINDOW = (5, 5)


def screened(page: Grey, resolution: str, *, first_row: int = 0) -> Black:
    """The picture as black lines, True for black.

    Args:
        page: The picture in grey, as many columns as there are.
        resolution: `standard`, `fine` or `superfine`: of the page's rows.
        first_row: Where on the sheet it begins, so that the lines of neighbours meet.
    """
    rows = np.arange(first_row, first_row + len(page)) // (2 if resolution == "superfine" else 1)
    thresholds = _thresholds("standard" if resolution == "standard" else "fine")
    return np.asarray(_sharpened(page) < thresholds[rows % len(thresholds), np.newaxis], np.bool_)


def _thresholds(resolution: str) -> Grey:
    """By row, the tone below which it is black."""
    order, wide = np.array(_ORDER[resolution]), _EVEN_STEPS[resolution]
    steps = np.resize((wide, 2 - wide), len(order) + 1)
    steps[[0, -1]] /= 2  # white paper stays white, and black ink black
    borders = np.cumsum(steps)[:-1] / steps.sum() * 256
    return np.asarray(borders[order], np.uint8)


def _sharpened(page: Grey) -> Grey:
    smooth = cv2.GaussianBlur(page, _WINDOW, _SMOOTH)
    return np.asarray(cv2.addWeighted(smooth, 1 + _SHARP, cv2.blur(smooth, _WINDOW), -_SHARP, 0), np.uint8)
