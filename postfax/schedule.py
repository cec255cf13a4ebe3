"""When a loop has something to do: looked up once for all loops, however many wait.

Every commit changes the book, also one that leaves nothing to do for most of the loops. If each of them tried
to claim something after each of them, the lock of the book would be theirs and not the accept workers'. So
one task looks at the book after changes, and wakes those whose work is due: of several that wait for the same
work the one that has waited longest. What it claims is a change, after which the next of them is woken if
more is due.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from postfax.opening import Clock
from store.book import Book
from store.records.schedule import Outlook, Work

LONGEST_SLEEP = 5.0
"""Seconds after which a loop looks at the book even if nothing seems to have changed."""
_APART = 0.01
"""Seconds between two looks, at least: a flood of changes is seen in portions."""


@dataclass(eq=False, kw_only=True, slots=True)
class _Waiter:
    """A loop that has nothing to do."""

    work: Work
    seen: int
    """The last generation in which there was nothing for it."""
    woken: asyncio.Future[None]
    timer: asyncio.TimerHandle | None = None
    """Until its work comes due, or it looks whatever has changed."""

    def wake(self) -> None:
        """Let it look for work."""
        if not self.woken.done():
            self.woken.set_result(None)

    def fail(self, problem: Exception) -> None:
        """Let it know why nobody can say whether there is work."""
        if not self.woken.done():
            self.woken.set_exception(problem)

    def wake_in(self, seconds: float) -> None:
        """Let it look after that time, and not at the time that was said before."""
        self.stop()
        self.timer = self.woken.get_loop().call_later(seconds, self.wake)

    def stop(self) -> None:
        """It waits no more."""
        if self.timer:
            self.timer.cancel()


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
        self._waiters: dict[_Waiter, None] = {}
        """Those first that have waited longest."""
        self._watching: asyncio.Task[None] | None = None

    @property
    def generation(self) -> int:
        """To be remembered before a loop looks for work."""
        return self._book.generation

    async def wait_for(self, work: Work, *, since: int) -> None:
        """Wait until it is worth looking for this work again.

        Args:
            work: what the loop does.
            since: the generation before the loop looked and found nothing.

        Raises:
            BookUnavailable: nobody can say whether it is.
        """
        outlook, generation = await self._look()
        if generation != since and work in outlook.due:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(work=work, seen=generation, woken=woken)
        waiter.wake_in(self._seconds_to(outlook, work))
        self._waiters[waiter] = None
        self._watch()
        try:
            await woken
        finally:
            waiter.stop()
            del self._waiters[waiter]
            if not self._waiters and self._watching:
                self._watching.cancel()

    def _watch(self) -> None:
        """See that somebody looks at changes while somebody waits."""
        if self._watching is None or self._watching.done() or self._watching.cancelling():
            self._watching = asyncio.create_task(self._wake_those_who_wait(), name="schedule")

    async def _wake_those_who_wait(self) -> None:
        # Who was woken, and has not run yet, waits no more: what it had seen is over, and to wait for what
        # comes after that would be not to wait at all, for ever and for everybody.
        while waiting := [waiter for waiter in self._waiters if not waiter.woken.done()]:
            seen = min(waiter.seen for waiter in waiting)
            try:
                if await self._book.wait_for_change(LONGEST_SLEEP, since=seen) == seen:
                    continue
                outlook, generation = await self._look()
            except Exception as problem:  # noqa: BLE001 - those who wait tell of it, and pause
                for waiter in self._waiters:
                    waiter.fail(problem)
                return
            self._tell(outlook, generation)

    def _tell(self, outlook: Outlook, generation: int) -> None:
        """Wake one for each work that is due, and let the others wait on."""
        woken: set[Work] = set()
        for waiter in self._waiters:
            if waiter.woken.done():
                continue
            if waiter.work in outlook.due and waiter.seen != generation and waiter.work not in woken:
                woken.add(waiter.work)
                waiter.wake()
            else:
                waiter.wake_in(self._seconds_to(outlook, waiter.work))
            waiter.seen = generation

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
