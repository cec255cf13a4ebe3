"""Gives back what services hold that are no more: of this host at once, of others when their leases are over.

At the start that is what this service's predecessor has left. Afterwards it is for other hosts' sake: nobody
leads, so every service looks, and a host that never comes back holds up nothing.

While the book could not be used, no lease could be renewed and no outcome recorded. Who lived all the time
has to come first: after such a time, and at the start, which may be after one, nobody is taken for dead
because of a lease that is over until the next look.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import asdict
from datetime import timedelta

import structlog

from postfax.journey.calling import LEASE
from store.book import Book
from store.errors import BookUnavailable
from store.job import Attempt, FaxJob
from store.owner import is_gone

EVERY_SECONDS = 60.0
"""Between two looks; with a short lease it is half of that."""

log = structlog.get_logger()
Calls = tuple[tuple[FaxJob, Attempt], ...]


class LostServices:
    """Looks for them.

    Args:
        book: where their claims are.
        keeping: names of the lines whose calls go on without a service.
        gone: whether an owner was a process of this host and has ended.
        lease: of a call.
        takes_up: whether this service can follow such calls; if not, they are left to others.
    """

    def __init__(
        self,
        book: Book,
        keeping: Collection[str],
        *,
        gone: Callable[[str], bool] = is_gone,
        lease: timedelta = LEASE,
        takes_up: bool = True,
    ) -> None:
        self._book = book
        self._keeping = keeping
        self._gone = gone
        self._lease = lease
        self._takes_up = takes_up

    async def give_back(self, *, silent: bool = True) -> Calls:
        """Look once; the calls that go on, and are this service's to follow from now on.

        Args:
            silent: whether leases that are over count.

        Raises:
            BookUnavailable: the book cannot be used.
        """
        taken_over: Calls = ()
        if self._takes_up and self._keeping:
            taken_over = await self._book.take_over_calls(
                self._keeping, self._lease, self._gone, silent=silent
            )
        kept = () if self._takes_up else self._keeping
        released = await self._book.release_dead_owners(self._gone, kept, silent=silent)
        if released.owners or taken_over:
            log.warning("lost_services", **asdict(released), taken_over=len(taken_over))
        return taken_over

    async def watch(self, take_up: Callable[[Calls], None]) -> None:
        """Look again and again, until cancelled; calls that go on are handed to `take_up`."""
        silent = True
        while True:
            await asyncio.sleep(min(EVERY_SECONDS, self._lease.total_seconds() / 2))
            try:
                take_up(await self.give_back(silent=silent))
                silent = True
            except BookUnavailable as problem:
                silent = False
                log.warning("lost_services_not_looked_for", cause=problem.cause or str(problem))
