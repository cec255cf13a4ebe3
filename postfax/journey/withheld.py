"""A notice that is withheld is said in the log: nobody hears of it otherwise until somebody asks."""

from collections.abc import Sequence

import structlog

from store.book import Book
from store.job import FaxJob
from store.lifecycle import JobState
from store.outbox import DeliveryState

log = structlog.get_logger()


async def log_withheld(book: Book, jobs: Sequence[FaxJob]) -> None:
    """Log the notice of a mail if it was withheld when the mail was answered with these jobs."""
    if not any(job.state is JobState.FAILED for job in jobs):
        return
    for notice in await book.notices_of(jobs[0].mail_id):
        if notice.state is DeliveryState.WITHHELD:
            log.warning("notice_withheld", notice=notice.id, address=notice.address, reason=notice.last_error)
