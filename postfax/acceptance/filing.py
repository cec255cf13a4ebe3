"""What mail-in puts into the book besides mails that are taken on: refusals, and automatic mail."""

import asyncio
from collections.abc import Callable

import structlog

from config.mail import QuarantineSettings
from config.policy import Policy
from mta.intake import AutomaticMail, RefusedSubmission
from store.book import Book
from store.errors import BookUnavailable
from store.mail import Envelope
from store.quarantine import NewQuarantined

log = structlog.get_logger()


class Filing:
    """Files what is not taken on."""

    def __init__(self, book: Book, policy: Callable[[], Policy], settings: QuarantineSettings) -> None:
        """`policy` gives the one that holds now."""
        self._book = book
        self._policy = policy
        self._settings = settings
        self._notes: set[asyncio.Task[None]] = set()

    async def quarantine(self, mail: AutomaticMail) -> bool:
        """Keep automatic mail for an administrator; False where there is no room for more.

        Raises:
            BookUnavailable: it was not kept.
        """
        user = self._policy().sender(mail.header_from) if mail.header_from else None
        filed = await self._book.quarantine(
            NewQuarantined(
                client_address=mail.client_address,
                helo=mail.helo,
                envelope=mail.envelope,
                header_from=mail.header_from,
                user_email=user.email if user else "",
                message_id=mail.message_id,
                mark=mail.mark,
                dedupe_key=mail.dedupe_key,
                body=mail.body,
            ),
            limit=self._settings.mails,
        )
        return filed is not None

    def note_refused(self, refused: RefusedSubmission) -> None:
        """Keep a refused submission for `postfax refused`; a note that fails costs the note alone."""
        task = asyncio.create_task(self._record_refused(refused))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def finish(self) -> None:
        """Wait for the notes that are being made."""
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def _record_refused(self, refused: RefusedSubmission) -> None:
        try:
            await self._book.record_refused(
                client_address=refused.client_address,
                helo=refused.helo,
                envelope=Envelope(return_path=refused.return_path, recipients=refused.recipients),
                header_from=refused.header_from,
                reason=refused.reply,
            )
        except BookUnavailable as problem:
            log.warning("refused_submission_not_recorded", cause=problem.cause or str(problem))
