"""From a complete message to its acceptance or refusal: what is said after the final dot.

The way: scan the header, find the author's user, judge (`mta.proof`), store. A mail is accepted only once
`accept` has returned, which it does when the mail is durable. That goes on by itself: a client that hangs up
in the middle ends its dialogue, never the acceptance.
"""

import asyncio
import errno
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog

from config.policy_tree import address_key
from config.settings import UserPolicy
from mta.dedupe import dedupe_key
from mta.header_scan import HEADER_LIMIT, HeaderFacts, HeaderTooLarge, scan_header
from mta.proof.evidence import SpfResult
from mta.proof.verdict import (
    Admitted,
    Facts,
    Quarantined,
    RefusalReason,
    Refused,
    Settled,
    address_of,
    depends_on_spf,
    single_author,
)
from mta.reply import NOT_NOW, STORAGE_FULL, Reply
from mta.smtp.command import Mailbox
from mta.smtp.data import SpooledMessage
from store.errors import BookUnavailable
from store.incoming import IncomingBody, OpenBody
from store.mail import Envelope, NewMail

Result = TypeVar("Result")

log = structlog.get_logger()


class Directory(Protocol):
    """Who may send: the policy, as far as receiving needs it."""

    def sender(self, address: str) -> UserPolicy | None:
        """The user whose sending address this is, or None."""

    def user(self, email: str) -> UserPolicy | None:
        """The user with this account address, or None."""


class Accepted(Protocol):
    """What the book says of a mail that is durable."""

    @property
    def mail_id(self) -> str:
        """The mail's id: `K7Q2-M9`."""

    @property
    def duplicate(self) -> bool:
        """Whether the book had it already."""


class SenderJudge(Protocol):
    """What is proven of a sender: `mta.proof.checks.SenderChecks`."""

    def known_spf(self, *, client_address: str, return_path: str, helo: str) -> SpfResult | None:
        """The result of SPF, where nothing has to be asked for it."""

    async def verdict(self, facts: Facts, message: SpooledMessage) -> Settled:
        """What becomes of a mail. The message must stay readable until this returns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """Who delivers, from whom, and to whom."""

    client_address: str
    helo: str
    envelope: Envelope
    authenticated: str = ""
    """The account that the session is logged in as."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedSubmission:
    """A submission that was refused, for the log that `postfax refused` shows."""

    at: datetime
    client_address: str
    helo: str
    return_path: str
    recipients: tuple[str, ...]
    header_from: str
    """Empty where it was not known yet."""
    reply: str
    """What the client was told."""
    reason: RefusalReason
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AutomaticMail:
    """A mail that a program sent: to be kept for an administrator, neither faxed nor answered (RFC 3834)."""

    client_address: str
    helo: str
    envelope: Envelope
    header_from: str
    """Empty where there is not exactly one author."""
    mark: str
    """What shows it: `List-Id`."""
    message_id: str
    """With its angle brackets; empty if it has none."""
    dedupe_key: str
    """Equal for the mail and its re-delivery."""
    body: bytes | IncomingBody
    """The message as received; the quarantine's to keep or to discard."""


Quarantine = Callable[[AutomaticMail], Awaitable[bool]]
"""Files automatic mail and returns when it is durable; False, with nothing kept, where there is no room."""


Locked = Callable[[str], Awaitable[bool]]
"""Whether an account is locked."""


async def nobody_is_locked(user_email: str) -> bool:
    """Where there are no locks."""
    del user_email
    return False


async def _no_room(mail: AutomaticMail) -> bool:
    if not isinstance(mail.body, bytes):
        mail.body.discard()
    return False


class Intake:
    """Takes mails, or says why not."""

    def __init__(
        self,
        *,
        directory: Callable[[], Directory],
        checks: SenderJudge,
        accept: Callable[[NewMail], Awaitable[Accepted]],
        refused: Callable[[RefusedSubmission], None],
        open_body: OpenBody,
        quarantine: Quarantine = _no_room,
        locked: Locked = nobody_is_locked,
        must_wait: Callable[[str, int], Reply | None] = lambda _, __: None,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Nothing is done yet.

        Args:
            directory: gives the policy that holds now; asked anew for every mail.
            checks: judge the sender.
            accept: stores a mail and returns when it is durable; what it raises becomes a temporary refusal.
            refused: told of every refusal; must neither block nor raise.
            open_body: makes the file that a large message arrives in.
            quarantine: files automatic mail, which is refused without one; what it raises becomes a temporary
                refusal.
            locked: says whether an account is locked; what it raises becomes a temporary refusal.
            must_wait: counts a mail of this account, and says so where there were too many at this time, or
                more within an hour than its policy allows.
            nonce: gives a text that never comes twice.
            clock: gives the time.
        """
        self._directory = directory
        self._checks = checks
        self._accept = accept
        self._quarantine = quarantine
        self._refused = refused
        self._locked = locked
        self._must_wait = must_wait
        self.open_body = open_body
        self._nonce = nonce
        self._clock = clock
        self._acceptances: set[asyncio.Future[Any]] = set()

    async def take(self, delivery: Delivery, message: SpooledMessage) -> Reply:
        """Judge a mail and store it; the reply for the client."""
        try:
            header = scan_header(message.head())
        except HeaderTooLarge:
            return self.note_refusal(delivery, _HEADER_TOO_LARGE)
        author = single_author(header)
        header_from = address_of(author) if author else ""
        verdict = await self._checks.verdict(self._facts(delivery, header, author, header_from), message)
        if isinstance(verdict, Admitted):
            if refused := await self._refuse_user(verdict.user):
                return self.note_refusal(delivery, refused, header_from=header_from)
            return await self._store(delivery, message, header, verdict)
        if isinstance(verdict, Quarantined):
            return await self._keep_automatic(delivery, message, header, header_from, verdict)
        return self.note_refusal(delivery, verdict, header_from=header_from)

    def note_refusal(self, delivery: Delivery, refused: Refused, *, header_from: str = "") -> Reply:
        """Record a refusal; its reply."""
        submission = RefusedSubmission(
            at=self._clock(),
            client_address=delivery.client_address,
            helo=delivery.helo,
            return_path=delivery.envelope.return_path,
            recipients=delivery.envelope.recipients,
            header_from=header_from,
            reply=str(refused.reply),
            reason=refused.reason,
            detail=refused.detail,
        )
        log.info(
            "submission_refused",
            client=submission.client_address,
            return_path=submission.return_path,
            recipients=len(submission.recipients),
            header_from=header_from,
            reply=submission.reply,
            reason=submission.reason.value,
            detail=submission.detail,
        )
        self._refused(submission)
        return refused.reply

    async def finish_acceptances(self) -> None:
        """Wait for the acceptances that are still being made durable."""
        await asyncio.gather(*self._acceptances, return_exceptions=True)

    async def _refuse_user(self, user: UserPolicy) -> Refused | None:
        """Why nothing is taken from a user at this time, though the mail is theirs."""
        try:
            locked = await self._locked(user.email)
        except BookUnavailable as unavailable:
            return Refused(reply=NOT_NOW, reason=RefusalReason.STORAGE, detail=unavailable.cause)
        if locked:
            return LOCKED
        reply = self._must_wait(user.email, user.settings.fax.mails_per_hour)
        return Refused(reply=reply, reason=RefusalReason.TOO_MANY_MAILS) if reply else None

    def _facts(
        self, delivery: Delivery, header: HeaderFacts, author: Mailbox | None, header_from: str
    ) -> Facts:
        """What is known without asking anyone."""
        directory, login = self._directory(), delivery.authenticated
        user = directory.sender(header_from) if header_from else None
        own_address = bool(login) and (
            address_key(header_from) == address_key(login) or (user is not None and user.email == login)
        )
        address, helo, return_path = delivery.client_address, delivery.helo, delivery.envelope.return_path
        spf = None
        if depends_on_spf(user, login):  # with it the usual mail is judged at one go
            spf = self._checks.known_spf(client_address=address, return_path=return_path, helo=helo)
        return Facts(
            client_address=address,
            helo=helo,
            return_path=return_path,
            header=header,
            author=author,
            user=directory.user(login) if login else user,
            login=login,
            own_address=own_address,
            spf=spf,
        )

    async def _keep_automatic(
        self,
        delivery: Delivery,
        message: SpooledMessage,
        header: HeaderFacts,
        header_from: str,
        verdict: Quarantined,
    ) -> Reply:
        mail = AutomaticMail(
            client_address=delivery.client_address,
            helo=delivery.helo,
            envelope=delivery.envelope,
            header_from=header_from,
            mark=verdict.mark,
            message_id=header.message_id,
            dedupe_key=self._dedupe_key(delivery, header, message),
            body=message.hand_over(),
        )
        try:
            kept = await asyncio.shield(self._detached(self._quarantine(mail)))
        except Exception as error:
            # Whatever it is: nothing was kept, and the client must be told so.
            log.exception("automatic_mail_not_kept", client=delivery.client_address)
            reply = STORAGE_FULL if _caused_by_full_disk(error) else NOT_NOW
            refused = Refused(reply=reply, reason=RefusalReason.STORAGE, detail=repr(error))
            return self.note_refusal(delivery, refused, header_from=header_from)
        if not kept:
            refused = Refused(reply=_AUTOMATIC_MAIL, reason=RefusalReason.AUTOMATIC, detail=verdict.mark)
            return self.note_refusal(delivery, refused, header_from=header_from)
        log.info("mail_quarantined", client=mail.client_address, header_from=header_from, mark=mail.mark)
        return Reply(250, "2.0.0", "kept for the administrator: automatic mail is not faxed")

    async def _store(
        self, delivery: Delivery, message: SpooledMessage, header: HeaderFacts, admitted: Admitted
    ) -> Reply:
        new = NewMail(
            envelope=delivery.envelope,
            header_from=admitted.header_from,
            user_email=admitted.user.email,
            proof=admitted.proof,
            message_id=header.message_id,
            dedupe_key=self._dedupe_key(delivery, header, message),
            body=message.hand_over(),
        )
        try:
            accepted = await self._accept_detached(new)
        except BookUnavailable as unavailable:
            full = unavailable.cause.startswith("SQLITE_FULL") or _caused_by_full_disk(unavailable)
            reply, cause = STORAGE_FULL if full else NOT_NOW, unavailable.cause
        except Exception as error:
            # Whatever it is: nothing was accepted, and the client must be told so.
            log.exception("mail_not_stored", user=new.user_email, client=delivery.client_address)
            reply, cause = STORAGE_FULL if _caused_by_full_disk(error) else NOT_NOW, repr(error)
        else:
            return Reply(250, "2.0.0", f"accepted as {accepted.mail_id}")
        refused = Refused(reply=reply, reason=RefusalReason.STORAGE, detail=cause)
        return self.note_refusal(delivery, refused, header_from=new.header_from)

    def _dedupe_key(self, delivery: Delivery, header: HeaderFacts, message: SpooledMessage) -> str:
        nonce = "" if header.message_id or header.dated else self._nonce()
        return dedupe_key(envelope=delivery.envelope, header=header, content=message.content, nonce=nonce)

    async def _accept_detached(self, new: NewMail) -> Accepted:
        """Accept a mail; that comes to its end, and into the log, whatever becomes of the dialogue."""
        accepting = self._detached(self._accept(new))
        accepting.add_done_callback(partial(_log_accepted, new))
        return await asyncio.shield(accepting)

    def _detached(self, work: Awaitable[Result]) -> asyncio.Future[Result]:
        future = asyncio.ensure_future(work)
        self._acceptances.add(future)
        future.add_done_callback(self._acceptances.discard)
        return future


LOCKED = Refused(
    reply=Reply(550, "5.7.1", "the sender's account is locked; ask the administrator of the fax service"),
    reason=RefusalReason.LOCKED,
)
_AUTOMATIC_MAIL = Reply(550, "5.7.1", "automatic mail is not faxed")
_HEADER_TOO_LARGE = Refused(
    reply=Reply(552, "5.3.4", f"the header of a mail may have {HEADER_LIMIT // 1024} KiB"),
    reason=RefusalReason.TOO_BIG,
)


def _caused_by_full_disk(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        cause = cause.__cause__
    return False


def _log_accepted(new: NewMail, accepting: asyncio.Future[Accepted]) -> None:
    if accepting.cancelled() or accepting.exception() is not None:
        return
    accepted = accepting.result()
    log.info(
        "mail_accepted",
        mail=accepted.mail_id,
        duplicate=accepted.duplicate,
        user=new.user_email,
        client=new.proof.client_address,
        proof=new.proof.method.value,
        recipients=len(new.envelope.recipients),
        size=new.size,
    )
