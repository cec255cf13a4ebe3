"""Expire: jobs that were not sent by the time that their senders gave are ended, and their senders told."""

import structlog

from store.book import Book

log = structlog.get_logger()


class Expire:
    """Ends jobs whose time is up."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def step(self) -> bool:
        """End some jobs; False if none has expired."""
        expired = await self._book.expire_jobs()
        if expired:
            log.info("jobs_expired", jobs=list(expired))
        return bool(expired)
