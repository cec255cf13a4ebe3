"""Where the photographs of a page are.

A threshold keeps letters and loses photographs, so the two have to be told apart. Near a letter there are ink
and paper and little between them but the edge itself; in a photograph most places lie between the darkest and
the lightest tone nearby. A fill, too, lies between the ink on it and the paper beside it, but in one tone;
the shades of a photograph are spread. Places of one tone (a sky, the paper of a scan) say nothing by
themselves: they belong to what surrounds them. Measured on a quarter of the raster and told in squares of
about 4 mm. Pure.
"""

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

Tones = npt.NDArray[np.uint8]
Shares = npt.NDArray[np.float32]
Squares = npt.NDArray[np.bool_]

SQUARE = 8
"""Reduced pixels of a square's side."""
_NEAR = 9
"""Reduced pixels: 4.5 mm, wider than a stroke."""
_CONTRAST = 36
"""Tones closer together than this are one tone."""
_GRAIN = 3
"""A drawn fill varies less than this within a few pixels."""
_DARK, _LIGHT = 20, 235
"""Beyond these every screen gives black or white."""
_SKY_DARK, _SKY_LIGHT = 24, 228
"""Between these lies a place of one tone that may belong to a photograph."""
_SPREAD = 0.07
"""Of shades, as a share of the contrast nearby; an even distribution has 0.14, a fill with grain 0.02."""
_SURELY, _PERHAPS = 0.15, 0.04
"""Share of shades in a square and its neighbours; letters drawn or scanned have 0.00 to 0.03."""
_SOME = 0.01
"""Share of shades in a square that a photograph's edge may go through."""
_FEWEST = 12
"""Squares of sure shades in a photograph: 2 cm²."""
_MOSTLY = 0.35
"""Share of shaded squares among those of a photograph that are not of one tone."""


def photographs(dark: Tones, bright: Tones) -> Squares | None:
    """The squares of the page that belong to photographs; None if there are none.

    Args:
        dark: The darkest pixel of each place of the reduced raster.
        bright: The lightest one.
    """
    if not _has_shades(dark, bright):
        return None
    near = _Near(dark, bright)
    shaded = _squares(near.shade)
    if np.count_nonzero(shaded > _SURELY) < _FEWEST:
        return None
    shades = _spread(near, shaded)
    sure, perhaps = shades > _SURELY, shades > _PERHAPS
    even = _squares(near.even) > 0.5  # noqa: PLR2004 - most of it
    found = np.zeros(sure.shape, np.bool_)
    # A photograph with its even places; where that takes in a page of letters, without them.
    for grown in (perhaps | even, perhaps):
        found |= _accepted(grown, sure & ~found, perhaps, near)
    return _widened(found, even | (shaded > _SOME)) if found.any() else None


def _has_shades(dark: Tones, bright: Tones) -> bool:
    """Whether a closer look is worth its time; drawn letters have next to no such places."""
    between = cv2.bitwise_and(cv2.inRange(dark, _DARK, 255), cv2.inRange(bright, 0, _LIGHT))
    uneven = cv2.inRange(cv2.subtract(bright, dark), _GRAIN, 255)
    shares = _squares(cv2.bitwise_and(between, uneven))
    return bool(np.count_nonzero(shares > 255 * _SURELY) >= _FEWEST)


class _Near:
    """What the places of the reduced raster are beside those near them."""

    def __init__(self, dark: Tones, bright: Tones) -> None:
        window = cv2.getStructuringElement(cv2.MORPH_RECT, (_NEAR, _NEAR))
        self.ink = np.asarray(cv2.erode(dark, window), np.uint8)
        paper = np.asarray(cv2.dilate(bright, window), np.uint8)
        self.contrast = paper - self.ink
        self.middle = np.asarray(cv2.addWeighted(dark, 0.5, bright, 0.5, 0), np.uint8)
        self.uneven: Squares = self.contrast >= _CONTRAST
        margin = self.contrast >> 2
        self.shade: Squares = (
            self.uneven
            & (dark > self.ink + margin)
            & (bright < paper - margin)
            & (cv2.subtract(bright, dark) >= _GRAIN)
        )
        self.even: Squares = ~self.uneven & (self.middle > _SKY_DARK) & (self.middle < _SKY_LIGHT)


def _spread(near: _Near, shaded: Shares) -> Shares:
    """The share of shades in each square and its neighbours; none where the shades are all one tone."""
    relative = (near.middle - near.ink) / np.maximum(near.contrast, 1).astype(np.float32)
    relative[~near.shade] = 0
    count, total, squared = (
        cv2.blur(each, (3, 3)) for each in (shaded, _squares(relative), _squares(relative**2))
    )
    some = np.maximum(count, np.float32(1e-6))
    variance = squared / some - (total / some) ** 2
    return np.where(variance > _SPREAD**2, count, np.float32(0)).astype(np.float32)


def _squares(each: npt.NDArray[np.float32] | Squares | MatLike) -> Shares:
    rows, columns = _count(each.shape)
    return np.asarray(
        cv2.resize(each.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA), np.float32
    )


def _count(shape: tuple[int, ...]) -> tuple[int, int]:
    """Squares down and across; what is left at the end goes with the last."""
    return max(1, shape[0] // SQUARE), max(1, shape[1] // SQUARE)


def _accepted(grown: Squares, sure: Squares, perhaps: Squares, near: _Near) -> Squares:
    """The connected parts of `grown` that are photographs, with what they enclose."""
    contrast = _squares(near.uneven) > 0.5  # noqa: PLR2004 - most of it
    count, labels = cv2.connectedComponents(grown.astype(np.uint8))
    accepted = np.zeros(grown.shape, np.bool_)
    for label in np.flatnonzero(np.bincount(labels[sure & grown], minlength=count) >= _FEWEST):
        part = _closed(labels == label)
        shaded = np.count_nonzero(part & perhaps)
        letters = np.count_nonzero(part & contrast & ~perhaps)
        if shaded >= _MOSTLY * (shaded + letters):
            accepted |= part
    return accepted


def _closed(part: Squares) -> Squares:
    window = np.ones((5, 5), np.uint8)
    padded = np.pad(part.astype(np.uint8), 2)
    return np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, window)[2:-2, 2:-2] > 0, np.bool_)


def _widened(found: Squares, fit: Squares) -> Squares:
    """With the squares that a photograph's edge goes through, but not with letters beside it."""
    wider = cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(found | (wider & fit), np.bool_)
