"""Keeps what days and months come to from their end on, while the service runs: figures, call details.

They end by the book's sure time (`store.reckoning`): a clock that was set ahead closes and removes nothing.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from config.policy import Policy
from postfax.cdr_shelf import close_month
from postfax.closing_days import close_days
from store.book import Book
from store.errors import BookUnavailable

_EVERY_SECONDS = 3600

log = structlog.get_logger()


async def close_months(book: Book, policy: Callable[[], Policy], documents: Path) -> None:
    """Look every hour whether a day or a month has ended, until cancelled.

    Args:
        book: the record.
        policy: the one in force: months end in the time zone of its company.
        documents: the folder of documents; closed months are kept in it.
    """
    while True:
        await _close(book, ZoneInfo(policy().settings.datetime.time_zone), documents)
        await asyncio.sleep(_EVERY_SECONDS)


async def _close(book: Book, zone: ZoneInfo, documents: Path) -> None:
    """Close the days, and the last month if it has ended. The next hour tries again what fails."""
    try:
        span = await book.recorded_span()
        begun = span[0] if span else None
        now = await book.sure_time()
        await close_days(book, now, zone)
        written = await close_month(documents, now, zone, book.detail_records, begun=begun)
    except BookUnavailable as problem:
        log.warning("month_not_closed", cause=problem.cause or str(problem))
    except Exception as problem:
        log.error("month_not_closed", exc_info=problem)
    else:
        if written:
            log.info("month_closed", files=[name for name, _ in written.files], rows=written.rows)
