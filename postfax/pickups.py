"""The mailboxes that mails are fetched from (`mail.pickup`), while the service runs."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import structlog

from config.policy import Policy
from config.server import ServerSettings
from mta.imap.pickup import MailboxPickup
from mta.imap.taking import Surroundings
from postfax.acceptance.filing import Filing
from postfax.live_locks import LiveLocks
from postfax.opening import now
from store.book import Book

log = structlog.get_logger()


class Pickups:
    """One task for each mailbox."""

    def __init__(self, settings: ServerSettings, book: Book, policy: Callable[[], Policy]) -> None:
        """Nothing is fetched yet. `policy` gives the one that holds now."""
        self._filing = Filing(book, policy, settings.mail.quarantine)
        surroundings = Surroundings(
            book=book,
            directory=policy,
            quarantine=self._filing.quarantine,
            refused=self._filing.note_refused,
            clock=now,
            max_size=settings.mail.max_size,
            locked=LiveLocks(book).locked,
        )
        self._mailboxes = [
            MailboxPickup(
                mailbox,
                surroundings,
                domain=settings.domain,
                other_domains=settings.other_domains,
                monotonic=time.monotonic,
            )
            for mailbox in settings.mail.pickup
        ]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to fetch."""
        self._tasks = [asyncio.create_task(mailbox.run(), name="pickup") for mailbox in self._mailboxes]
        for task in self._tasks:
            task.add_done_callback(_note_end)

    async def fetch(self) -> None:
        """Fetch until cancelled, and end in good order."""
        self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Take the present mails to their end, and fetch no more."""
        await asyncio.gather(*(mailbox.stop() for mailbox in self._mailboxes))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._filing.finish()


def _note_end(task: asyncio.Task[None]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        if problem := task.exception():
            log.error("pickup_ended", exc_info=problem)
