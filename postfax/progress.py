"""How far long work is, for the person who waits: a count that goes up, on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EVERY = 0.25
"""Seconds."""


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Gives a function that tells how many are done; the line is gone in the end.

    Args:
        what: `faxes`.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    told_at = time.monotonic()
    drawn = False

    def tell(count: int) -> None:
        nonlocal told_at, drawn
        if time.monotonic() - told_at >= _EVERY:
            told_at = time.monotonic()
            drawn = True
            sys.stderr.write(f"\r{count:,} {what} …")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        if drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
