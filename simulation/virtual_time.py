"""An event loop whose time goes on by itself when nothing is left to do, and a clock that may be wrong."""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

T = TypeVar("T")


class Stalled(Exception):  # noqa: N818 - named as what happened
    """Everybody waits for somebody else: no time will ever bring them on."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs everything in its one thread; what would go to another thread is done at once.

    There are no files to wait for: when nothing can run, it is the time of the next timer. Timers of the same
    instant run in the order in which they were set.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._numbers = itertools.count()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def call_at(  # type: ignore[override] # the loop's own says what arguments the callback has
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call it then."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It stays where it is until its time."""

    def _run_once(self) -> None:
        """A turn of the loop: all that can run, once."""
        ready: deque[asyncio.Handle] = self._ready  # type: ignore[attr-defined] # not told to the outside
        if not ready:
            self._go_on(ready)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _go_on(self, ready: "deque[asyncio.Handle]") -> None:
        """To the time of the next timer."""
        timers = self._timers
        while timers and timers[0][-1].cancelled():
            heapq.heappop(timers)
        if not timers:
            raise Stalled
        self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            ready.append(heapq.heappop(timers)[-1])

    def run_in_executor(  # type: ignore[override] # the loop's own says less of the result
        self,
        executor: Any,  # noqa: ARG002 - as the loop has it
        func: Callable[..., T],
        *args: Any,
    ) -> asyncio.Future[T]:
        """Call it now."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001 - the waiter gets it
            future.set_exception(problem)
        return future


class VirtualClock:
    """The time of day of one host, which an administrator or a bad time server may set."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.wrong_by = timedelta()

    def __call__(self) -> datetime:
        """The time, as this host has it."""
        return BEGINNING + timedelta(seconds=self._loop.time()) + self.wrong_by
