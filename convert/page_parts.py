"""A PDF's pages drawn by several tasks at one time: who draws which. Pure.

Each draws pages that follow one another, for a long page becomes several sheets and only its task knows how
many. Of many pages there are more parts than tasks at one time: whoever has text takes another part while
somebody else is still at pictures.
"""

import itertools
from dataclasses import replace

from convert.runner import Call

_MANY = 16
_PARTS_OF_MANY = 2
"""For each task that runs at one time."""


def parts(call: Call, numbers: range, at_once: int) -> list[Call]:
    """Calls that draw the pages with these numbers, from 0, in order; each writes a file of its own."""
    wanted = at_once * (_PARTS_OF_MANY if len(numbers) >= _MANY else 1)
    count = min(wanted, len(numbers))
    bounds = [numbers.start + len(numbers) * part // count for part in range(count + 1)]
    return [
        replace(call, arguments={**call.arguments, "part": (begin, end), "target": f"pages-{begin}.tif"})
        for begin, end in itertools.pairwise(bounds)
    ]


def shares(call: Call, count: int) -> list[Call]:
    """Calls that draw a PDF's pages in equal shares, in order; how many there are each finds out."""
    return [
        replace(
            call, arguments={**call.arguments, "share": (number, count), "target": f"pages-of-{number}.tif"}
        )
        for number in range(count)
    ]


def share_of(pages: int, share: tuple[int, int]) -> range:
    """The pages of a share, from 0: `(0, 2)` is the first half, and has the page in the middle."""
    number, count = share
    begin, end = (-(-pages * each // count) for each in (number, number + 1))
    return range(begin, end)
