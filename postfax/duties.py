"""What one node does for all: whoever has the duty does it, and others take it over when its lease ends.

Nobody leads. Each node that could do it asks the book for the duty; one gets it and keeps it as long as it
renews it. A node that could not renew it for half of its lease, by its own clock, does no more of it
(`postfax.lease`), so that no two do it at one time.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import structlog

from postfax.lease import Lease
from store.book import Book
from store.errors import BookUnavailable

Work = Callable[[], Coroutine[Any, Any, None]]
"""Goes on until it is cancelled."""

log = structlog.get_logger()


class Duties:
    """The duties of one node.

    Args:
        book: where they are had.
        lease: for how long one is had without being renewed.
    """

    def __init__(self, book: Book, lease: timedelta) -> None:
        self._book = book
        self._length = lease
        self._pause = lease.total_seconds() / 8
        self._leases: dict[str, Lease] = {}

    async def keep(self, name: str, work: Work) -> None:
        """Do this for all whenever the duty is ours, until cancelled.

        Args:
            name: of the duty, at most 64 characters.
            work: what is done; it may be begun and cancelled again and again.
        """
        while True:
            if await self._renewed(name):
                log.info("duty_taken", duty=name)
                await self._do(name, work)
            await asyncio.sleep(self._pause)

    async def _do(self, name: str, work: Work) -> None:
        """Do it as long as the duty is ours, or until it ends by itself."""
        task = asyncio.create_task(work(), name=name)
        try:
            while not task.done() and self._leases[name].holds:
                left = self._leases[name].ends_at - asyncio.get_running_loop().time()
                await asyncio.wait([task], timeout=min(self._pause, left))
                if not task.done() and not await self._renewed(name):
                    break
        finally:
            ended = task.done()
            task.cancel()
            await asyncio.wait([task])
        if not ended:
            log.warning("duty_lost", duty=name)
        elif problem := task.exception():
            log.error("duty_failed", duty=name, exc_info=problem)

    async def _renewed(self, name: str) -> bool:
        """Whether it is ours; while the book does not tell, as long as the lease holds."""
        lease = Lease.from_now(self._length)
        try:
            ours = await self._book.claim_duty(name, self._length)
        except BookUnavailable as problem:
            log.warning("duty_not_renewed", duty=name, cause=problem.cause or str(problem))
            return name in self._leases and self._leases[name].holds
        if ours:
            self._leases[name] = lease
        return ours
