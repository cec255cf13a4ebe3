"""When a loop has something to do: looked up once for all loops, however many wait.

Every commit changes the book, also one that leaves nothing to do for most of the loops. If each of them tried
to claim something after each of them, the lock of the book would be theirs and not the accept workers'.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from postfax.opening import Clock
from store.book import Book
from store.records.schedule import Outlook, Work

LONGEST_SLEEP = 5.0
"""Seconds after which a loop looks at the book even if nothing seems to have changed."""
_APART = 0.01
"""Seconds between two looks, at least: a flood of changes is seen in portions."""


class Schedule:
    """What is due, as all loops of a service see it."""

    def __init__(self, book: Book, clock: Clock) -> None:
        """Nothing was looked up yet."""
        self._book = book
        self._clock = clock
        self._looking = asyncio.Lock()
        self._looked_at = 0.0
        self._generation = -1
        self._outlook = Outlook(due=frozenset(), next_due={})

    @property
    def generation(self) -> int:
        """To be remembered before a loop looks for work."""
        return self._book.generation

    async def wait_for(
        self, work: Work, *, since: int, every_change: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait until it is worth looking for this work again.

        Args:
            work: what the loop does.
            since: the generation before the loop looked and found nothing.
            every_change: whether every change is of interest, due work or not.
        """
        seen = since
        while True:
            outlook, generation = await self._look()
            if generation != seen and (work in outlook.due or every_change()):
                return
            seen = generation
            if await self._book.wait_for_change(self._seconds_to(outlook, work), since=seen) == seen:
                return

    async def _look(self) -> tuple[Outlook, int]:
        async with self._looking:
            if self._generation != self._book.generation or self._is_past():
                await asyncio.sleep(self._looked_at + _APART - asyncio.get_running_loop().time())
                self._generation = self._book.generation
                self._outlook = await self._book.outlook(self._clock())
                self._looked_at = asyncio.get_running_loop().time()
            return self._outlook, self._generation

    def _is_past(self) -> bool:
        """Whether something has come due since the last look."""
        now = self._clock()
        return any(due_at <= now for due_at in self._outlook.next_due.values())

    def _seconds_to(self, outlook: Outlook, work: Work) -> float:
        due_at: datetime | None = outlook.next_due.get(work)
        if due_at is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, (due_at - self._clock()).total_seconds()))
