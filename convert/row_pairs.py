"""Rows of 7.7 to the millimetre joined two by two to rows of 3.85.

A letter at 3.85 lines to the millimetre has bars thinner than a row and gaps not much wider. Drawn straight
at that raster, a bar that lies across two rows is grey in both and gone; with every black dot kept, the gaps
fill. So the page is drawn twice as fine, and then

- each line of letters is moved down by one of the fine rows where that makes more of its bars fall into one
  pair of rows each (what a font's hints do on a screen); it begins and ends where rows are alike, blank ones
  or those of a table that hold its upright rules alone;
- where the rows of a pair still differ, their neighbours decide: a bar that is one row thick stays, a gap
  that is one row wide stays, the edge of anything thicker is black if its tone is nearer to ink than paper.

Pure.
"""

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Packed = npt.NDArray[np.uint8]
Order = npt.NDArray[np.intp]

_REST = 2
"""Rows like the one above, at least: with it they are three, and one of them can be left out."""


def joined(rows: Packed, page: Grey, edge: Grey | int) -> Packed:
    """Half as many rows; an odd one at the end gets a white partner.

    Args:
        rows: Packed, 1 for black.
        page: The same rows in grey.
        edge: The tone below which an edge is black; one for all, or one for each pixel of the joined rows.
    """
    order = in_step(rows)
    upper, lower = _taken(rows, order[0::2], 0), _taken(rows, order[1::2], 0)
    above, below = np.zeros_like(upper), np.zeros_like(upper)
    above[1:], below[:-1] = lower[:-1], upper[1:]
    differs = upper ^ lower
    # Of two rows that differ one is black, and goes on beyond the pair if it is part of something thicker;
    # beyond the white one there is black again if that is only a gap.
    bar = (upper & ~above) | (lower & ~below)
    thick = differs & ~bar & ~(above & below)
    tone = cv2.addWeighted(_taken(page, order[0::2], 255), 0.5, _taken(page, order[1::2], 255), 0.5, 0)
    dark = np.packbits(tone < edge, axis=1)
    return np.asarray((upper & lower) | (differs & bar) | (thick & dark), np.uint8)


def in_step(rows: Packed) -> Order:
    """The rows in the order in which they are joined, as many as are needed for pairs; -1 for a white one.

    Of rows that are alike and lie together one may be left out, or stand twice.
    """
    count = len(rows)
    order = np.arange(count + count % 2)
    changes = _changes(rows)
    begin = 0
    # What stands at the page's foot can be moved if it gets a white partner anyway.
    for end, following in _rests(changes) + [(count, count)] * (count % 2):
        if begin < end and _better_moved(changes, begin, end):
            order[begin : end + 1] = np.arange(begin - 1, end)
        begin = following
    order[order >= count] = -1
    return order


def _rests(changes: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where rows that are like the one above begin and end, if there are some of them together."""
    like = np.pad((changes[1:-1] == 0).astype(np.int8), 1)
    borders = np.flatnonzero(np.diff(like))
    found = zip((borders[0::2] + 1).tolist(), (borders[1::2] + 1).tolist(), strict=True)
    return [(begin, end) for begin, end in found if end - begin >= _REST]


def _changes(rows: Packed) -> npt.NDArray[np.int64]:
    """In how many pixels each row differs from the one above; the page is white above and below."""
    white = np.zeros((1, rows.shape[1]), np.uint8)
    differences = np.vstack([rows, white]) ^ np.vstack([white, rows])
    return np.asarray(np.bitwise_count(differences).sum(axis=1, dtype=np.int64), np.int64)


def _better_moved(changes: npt.NDArray[np.int64], begin: int, end: int) -> bool:
    """Whether fewer changes lie within pairs if these rows are moved down by one."""
    within = begin + (begin + 1) % 2
    as_they_are, moved = changes[within : end + 1 : 2].sum(), changes[begin + begin % 2 : end + 1 : 2].sum()
    return bool(moved < as_they_are)


def _taken(rows: Grey, order: Order, white: int) -> Grey:
    taken = rows[order]
    taken[order < 0] = white
    return taken
