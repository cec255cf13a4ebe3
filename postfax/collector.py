"""Python's garbage collector around work that makes very many objects that stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let no collection run, and let later ones pass over what was made.

    A policy of 50,000 users is some millions of objects. Looking through all of them, again and again while
    it is read, would halt the process for half a second each time; none of them is ever garbage in a circle.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
