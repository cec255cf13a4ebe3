"""Gives back what services hold that are no more: of this host at once, of others when their leases are over.

At the start that is what this service's predecessor has left. Afterwards it is for other hosts' sake: nobody
leads, so every service looks, and a host that never comes back holds up nothing.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import asdict

import structlog

from postfax.journey.calling import LEASE
from store.book import Book
from store.errors import BookUnavailable
from store.job import Attempt, FaxJob
from store.owner import is_gone

EVERY_SECONDS = 60.0
"""Between two looks."""

log = structlog.get_logger()
Calls = tuple[tuple[FaxJob, Attempt], ...]


class LostServices:
    """Looks for them.

    Args:
        book: where their claims are.
        keeping: names of the lines whose calls go on without a service.
        gone: whether an owner was a process of this host and has ended.
    """

    def __init__(
        self, book: Book, keeping: Collection[str], *, gone: Callable[[str], bool] = is_gone
    ) -> None:
        self._book = book
        self._keeping = keeping
        self._gone = gone

    async def give_back(self) -> Calls:
        """Look once; the calls that go on, and are this service's to follow from now on.

        Raises:
            BookUnavailable: the book cannot be used.
        """
        taken_over = await self._book.take_over_calls(self._keeping, LEASE, self._gone)
        released = await self._book.release_dead_owners(self._gone)
        if released.owners or taken_over:
            log.warning("lost_services", **asdict(released), taken_over=len(taken_over))
        return taken_over

    async def watch(self, take_up: Callable[[Calls], None]) -> None:
        """Look again and again, until cancelled; calls that go on are handed to `take_up`."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                take_up(await self.give_back())
            except BookUnavailable as problem:
                log.warning("lost_services_not_looked_for", cause=problem.cause or str(problem))
