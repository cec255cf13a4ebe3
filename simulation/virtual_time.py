"""An event loop whose time goes on by itself when nothing is left to do, and a clock that may be wrong."""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

T = TypeVar("T")


class Stalled(Exception):  # noqa: N818 - named as what happened
    """Everybody waits for somebody else: no time will ever bring them on."""


class _NoFiles(selectors.BaseSelector):
    """Waits for no file: instead of waiting it lets the loop's time go on."""

    def __init__(self) -> None:
        self.time = 0.0
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """The loop's own pipe; nobody ever writes to it."""
        key = selectors.SelectorKey(fileobj, fileobj, events, data)
        self._keys[key.fd] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Forget it."""
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing is ready, and the time is over."""
        if timeout is None:
            raise Stalled
        self.time += max(0.0, timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is registered."""
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs everything in its one thread; what would go to another thread is done at once."""

    def __init__(self) -> None:
        self._idle = _NoFiles()
        super().__init__(self._idle)

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._idle.time

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
