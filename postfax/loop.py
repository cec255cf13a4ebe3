"""A step of the journey, done again and again: at once while there is work, else when the book changes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from postfax.opening import Clock
from store.book import Book
from store.errors import BookUnavailable

LONGEST_SLEEP = 5.0
"""Seconds after which a loop looks at the book even if nothing seems to have changed."""
PAUSE_AFTER_TROUBLE = 2.0
"""Seconds until the next try after a step failed on our side."""

log = structlog.get_logger()
Step = Callable[[], Awaitable[bool]]
"""Does one piece of work; False if there was none."""


class Loop:
    """One step, kept going in a task of its own."""

    def __init__(self, name: str, step: Step, book: Book, clock: Clock) -> None:
        """Start at once."""
        self._clock = clock
        self.name = name
        self._step = step
        self._book = book
        self._idle = False
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name=name)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is done any more."""
        return self._task.done()

    async def ended(self) -> None:
        """Wait for the end, whatever it is."""
        await asyncio.wait([self._task])

    async def stop(self, seconds: float) -> None:
        """Begin no other step; let the present one end within so many seconds, then cut it off.

        What is cut off is done again by the next service: its claim comes back.
        """
        self._stopping = True
        if not self._idle:
            await asyncio.wait([self._task], timeout=seconds)
        self._task.cancel()
        await asyncio.wait([self._task], timeout=seconds)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._work_or_wait()
            except BookUnavailable as problem:
                log.error("book_unavailable", step=self.name, cause=problem.cause or str(problem))
                await asyncio.sleep(PAUSE_AFTER_TROUBLE)
            except Exception as problem:
                log.error("step_failed", step=self.name, exc_info=problem)
                await asyncio.sleep(PAUSE_AFTER_TROUBLE)

    async def _work_or_wait(self) -> None:
        looked_at, generation = self._clock(), self._book.generation
        worked = await self._step()
        if not worked and not self._stopping:
            await self._sleep(looked_at, generation)

    async def _sleep(self, looked_at: datetime, generation: int) -> None:
        """Until the book has changed since the last look for work, or something has become due since."""
        self._idle = True
        try:
            await self._book.wait_for_change(await self._seconds_to_next(looked_at), since=generation)
        finally:
            self._idle = False

    async def _seconds_to_next(self, looked_at: datetime) -> float:
        due_at = await self._book.next_due(looked_at)
        if due_at is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.01, (due_at - self._clock()).total_seconds()))
