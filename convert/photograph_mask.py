"""From the squares that belong to photographs to the pixels that are screened.

A picture of which enough is found is screened as a whole and up to its edge: a half-screened picture looks
broken, and the letters beside it are none of its own. A picture that is most of its page may be a scan with
letters on it, so there only what is found is screened, unless it is nearly all. Pure.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from convert.layout import Box
from convert.photograph import Squares

Mask = npt.NDArray[np.bool_]

_ENOUGH, _NEARLY_ALL = 0.35, 0.7
"""Of a picture's squares, for one that is less than half of its page, and for a larger one."""
_HALF = 0.5


def photograph_mask(found: Squares, shape: tuple[int, int], side: int, boxes: Sequence[Box]) -> Mask:
    """True where the page is screened.

    Args:
        found: The squares.
        shape: The page's rows and columns.
        side: Pixels of a square's side; what is left at the page's end goes with the last ones.
        boxes: Where pictures are.
    """
    whole = [box for box in boxes if _is_photograph(found, box, side, shape)]
    rows, columns = (
        np.minimum(np.arange(length) // side, most - 1)
        for length, most in zip(shape, found.shape, strict=True)
    )
    mask = np.asarray(found[rows][:, columns], np.bool_)
    for box in whole:
        margin = 2 * side
        mask[
            max(0, box.top - margin) : box.bottom + margin, max(0, box.left - margin) : box.right + margin
        ] = False
    for box in whole:
        mask[box.top : box.bottom, box.left : box.right] = True
    return mask


def _is_photograph(found: Squares, box: Box, side: int, shape: tuple[int, int]) -> bool:
    inner = found[-(-box.top // side) : box.bottom // side, -(-box.left // side) : box.right // side]
    if not inner.size:
        return False
    share = (box.bottom - box.top) * (box.right - box.left) / (shape[0] * shape[1])
    return bool(inner.mean() > (_ENOUGH if share < _HALF else _NEARLY_ALL))
