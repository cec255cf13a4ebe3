"""One shared mailbox: mails are fetched from it as they come, for as long as the service runs.

Connect, log in, look through the mailbox, wait for news, look again. After any trouble the connection is made
anew, later each time, and the mailbox looked through from its beginning, so that nothing that happened in
between is missed. A mail that makes trouble is left where it is and tried again later; the others go on.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import structlog

from config.mail import Pickup
from mta.imap.connection import ImapConnection
from mta.imap.decision import Rules
from mta.imap.dialogue import Patience
from mta.imap.oauth import TokenSource
from mta.imap.recipients import FaxAddresses
from mta.imap.replies import Announced
from mta.imap.secret_file import read_secret
from mta.imap.taking import MailTaker, Surroundings
from mta.imap.trouble import (
    CommandRefused,
    ConnectionTrouble,
    FolderTrouble,
    LoginRefused,
    PickupTrouble,
)
from mta.imap.waiting import AFTER_FAILED_MAIL, AFTER_LOST_CONNECTION, AFTER_REFUSED_LOGIN
from store.errors import BookUnavailable
from store.pickup import PickupKey

_BATCH = 50
"""Mails whose sizes are asked for at one time."""
_BOOK_SECONDS = 10.0
"""Seconds until the book is tried again."""
_PATIENCE = Patience()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Failures:
    """What a mail has cost so far."""

    count: int
    next_try: float
    """On the monotonic clock."""


class MailboxPickup:
    """Fetches the mails of one mailbox."""

    def __init__(
        self,
        settings: Pickup,
        surroundings: Surroundings,
        *,
        domain: str,
        other_domains: tuple[str, ...] = (),
        monotonic: Callable[[], float],
        tls: ssl.SSLContext | None = None,
        patience: Patience = _PATIENCE,
    ) -> None:
        """Nothing is done yet.

        Args:
            settings: of the mailbox.
            surroundings: what its mails go to.
            domain: the fax domain.
            other_domains: more of them.
            monotonic: seconds that only grow.
            tls: what the server's certificate is checked by; the system's roots by default.
            patience: with the server.
        """
        faxes = FaxAddresses(
            domain=domain,
            other_domains=other_domains,
            mailbox=settings.username,
            in_subject=settings.subject_numbers,
        )
        rules = Rules(host=settings.host, faxes=faxes, authserv_id=settings.authserv_id)
        self._settings = settings
        self._taker = MailTaker(settings, rules, surroundings)
        self._tokens = TokenSource(settings.oauth, monotonic=monotonic) if settings.oauth else None
        self._monotonic = monotonic
        self._tls = tls
        self._patience = patience
        self._stop = asyncio.Event()
        self._running: asyncio.Task[object] | None = None
        self._failures: dict[PickupKey, _Failures] = {}
        self._uidvalidity: int | None = None
        self._troubles = 0
        self._log = log.bind(host=settings.host, username=settings.username, mailbox=settings.mailbox)

    async def run(self) -> None:
        """Fetch mails until `stop` or until cancelled."""
        self._running = asyncio.current_task()
        while not self._stop.is_set():
            pause = await self._one_session()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause.total_seconds()):
                    await self._stop.wait()
        self._log.info("pickup_stopped")

    async def stop(self, seconds: float = 5.0) -> None:
        """Take the present mail to its end if that needs no longer, begin no other, and hang up."""
        self._stop.set()
        running = self._running
        if running is None or running.done():
            return
        await asyncio.wait([running], timeout=seconds)
        if not running.done():
            running.cancel()
            await asyncio.wait([running])

    # --- Connections --------------------------------------------------------------------------------------

    async def _one_session(self) -> timedelta:
        """Work until something goes wrong; how long to wait then."""
        try:
            async with self._connected() as connection:
                await self._work(connection)
        except (LoginRefused, FolderTrouble) as trouble:
            self._troubles += 1
            pause = AFTER_REFUSED_LOGIN.after(self._troubles)
            self._note("pickup_refused", trouble, pause)
        except PickupTrouble as trouble:
            self._troubles += 1
            pause = AFTER_LOST_CONNECTION.after(self._troubles)
            self._note("pickup_interrupted", trouble, pause)
        except Exception:  # noqa: BLE001 - told with its traceback
            # A fault of ours must not end the pick-up, nor keep the processor busy.
            self._troubles += 1
            pause = AFTER_REFUSED_LOGIN.after(self._troubles)
            self._log.exception("pickup_failed", again_in=pause.total_seconds())
        else:
            pause = timedelta()
        return pause

    def _note(self, event: str, trouble: PickupTrouble, pause: timedelta) -> None:
        self._log.warning(
            event, problem=trouble.sentence, cause=trouble.cause, again_in=pause.total_seconds()
        )

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[ImapConnection]:
        tls = self._tls
        if tls is None:
            tls = await asyncio.to_thread(ssl.create_default_context)
        connection = await ImapConnection.open(self._settings, tls, patience=self._patience)
        try:
            await self._log_in(connection)
            for folder in (self._settings.taken, self._settings.refused):
                await connection.make_folder(folder)
            yield connection
        finally:
            await connection.close()

    async def _log_in(self, connection: ImapConnection) -> None:
        settings = self._settings
        if self._tokens is None:
            assert settings.password_file is not None  # noqa: S101 - the settings hold that there is one
            await connection.log_in(settings.username, read_secret(settings.password_file))
            return
        token = await self._tokens.token()
        try:
            await connection.log_in_with_token(settings.username, token)
        except LoginRefused:
            # It may have been withdrawn before its time.
            self._tokens.forget()
            fresh = await self._tokens.token()
            if fresh == token:
                raise
            await connection.log_in_with_token(settings.username, fresh)

    # --- Looking and waiting ------------------------------------------------------------------------------

    async def _work(self, connection: ImapConnection) -> None:
        mailbox = await connection.select(self._settings.mailbox)
        self._note_validity(mailbox.uidvalidity)
        while not self._stop.is_set():
            pause = await self._look(connection, mailbox.uidvalidity)
            self._troubles = 0
            if not self._stop.is_set():
                poll = self._settings.poll.total_seconds()
                await connection.wait_for_news(self._stop, poll=poll, at_most=pause)

    def _note_validity(self, uidvalidity: int) -> None:
        self._log.info("pickup_connected", uidvalidity=uidvalidity)
        if self._uidvalidity not in {None, uidvalidity}:
            self._log.warning("pickup_uids_changed", before=self._uidvalidity, now=uidvalidity)
        self._uidvalidity = uidvalidity

    async def _look(self, connection: ImapConnection, uidvalidity: int) -> float | None:
        """Take every mail that is due; seconds until another is, if one is."""
        uids = await connection.uids()
        keys = [self._taker.key(uidvalidity, uid) for uid in uids]
        self._forget_others(set(keys))
        due = iter([key for key in keys if self._is_due(key)])
        try:
            while batch := list(islice(due, _BATCH)):
                announced = await connection.announced([key.uid for key in batch])
                for key in batch:
                    if self._stop.is_set():
                        return None
                    if key.uid in announced:
                        await self._take(connection, key, announced[key.uid])
        except BookUnavailable as problem:
            self._log.warning("pickup_book_unavailable", cause=problem.cause or problem.sentence)
            return _BOOK_SECONDS
        waits = [failures.next_try - self._monotonic() for failures in self._failures.values()]
        return max(1.0, min(waits)) if waits else None

    async def _take(self, connection: ImapConnection, key: PickupKey, announced: Announced) -> None:
        """Take one mail; one that makes trouble is left where it is."""
        try:
            await self._taker.take(connection, key, announced)
        except BookUnavailable:
            raise
        except ConnectionTrouble as trouble:
            # It may be this mail that the server cannot bear; once may be chance.
            self._postpone(key, trouble.cause or trouble.sentence, chance=True)
            raise
        except CommandRefused as refused:
            self._postpone(key, refused.cause)
        except Exception as fault:  # noqa: BLE001 - told with its traceback
            self._log.exception("pickup_mail_failed", uid=key.uid)
            self._postpone(key, type(fault).__name__)
        else:
            self._failures.pop(key, None)

    def _postpone(self, key: PickupKey, cause: str, *, chance: bool = False) -> None:
        before = self._failures.get(key)
        count = before.count + 1 if before else 1
        pause = 0.0 if chance and count == 1 else AFTER_FAILED_MAIL.after(count).total_seconds()
        self._failures[key] = _Failures(count, self._monotonic() + pause)
        self._log.warning("pickup_mail_left", uid=key.uid, failures=count, again_in=pause, cause=cause)

    def _is_due(self, key: PickupKey) -> bool:
        failures = self._failures.get(key)
        return failures is None or failures.next_try <= self._monotonic()

    def _forget_others(self, present: set[PickupKey]) -> None:
        """Keep nothing of mails that are gone."""
        for key in self._failures.keys() - present:
            del self._failures[key]
        self._taker.forget_others(present)
