"""Keeps the book small: what is older than it is kept for goes, at the start and every hour."""

import asyncio
from dataclasses import asdict
from datetime import timedelta

import structlog

from store.book import Book
from store.errors import BookUnavailable

_EVERY_SECONDS = 3600

log = structlog.get_logger()


async def keep_house(book: Book, *, quarantine_kept: timedelta) -> None:
    """Purge again and again, until cancelled."""
    while True:
        try:
            purged = await book.purge(quarantine_kept=quarantine_kept)
        except BookUnavailable as problem:
            log.warning("book_not_purged", cause=problem.cause or str(problem))
        else:
            if any(asdict(purged).values()):
                log.info("book_purged", **asdict(purged))
        await asyncio.sleep(_EVERY_SECONDS)
