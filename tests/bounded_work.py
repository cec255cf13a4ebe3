"""A guard against work without end.

How fast something is, benchmarks tell. A test asks only that hostile input costs what it weighs: its inputs
are so long that work which grows with their square would take many minutes, and the guard breaks that off.
What is merely slow, as on a busy machine, passes.
"""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_PATIENCE = 60.0


class WorkWithoutEndError(AssertionError):
    """The work had not ended when its patience was over."""


@contextlib.contextmanager
def bounded_work(seconds: float = _PATIENCE) -> Iterator[None]:
    """Break off what uses more of the processor than `seconds`; for the main thread, one guard at a time.

    Raises `WorkWithoutEndError` where the work stood, or after the call of C code that it stood in.
    """

    def break_off(_signal: int, _frame: FrameType | None) -> None:
        raise WorkWithoutEndError(f"not done after {seconds:g} s of the processor")

    before = signal.signal(signal.SIGPROF, break_off)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
