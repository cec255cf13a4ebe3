"""One mail from the mailbox to the book and then to its folder, once whatever happens in between.

Fetched without being marked as seen, decided, made durable under its key (account, mailbox, UIDVALIDITY,
UID), and only then moved. Where the way ends before the move, the mail is found again: it is in the book, so
it is moved and nothing else. Where the UIDs of a mailbox are not valid any more, all mails have new keys; a
mail that is in the book already is then recognised by its content (`mta.dedupe`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from config.mail import Pickup
from mta.imap.connection import ImapConnection
from mta.imap.decision import Decision, Rules, TakenOn, TurnedAway, decide, oversize, whole_lines
from mta.imap.replies import Announced
from mta.imap.trouble import CommandRefused
from mta.intake import (
    LOCKED,
    Accepted,
    AutomaticMail,
    Directory,
    Locked,
    Quarantine,
    RefusedSubmission,
    nobody_is_locked,
)
from mta.proof.verdict import RefusalReason, Refused
from mta.reply import Reply
from store.bodies import ROW_LIMIT
from store.mail import NewMail
from store.pickup import PickupKey

log = structlog.get_logger()


class PickupBook(Protocol):
    """What is durable: `store.book.Book`, as far as a mailbox needs it."""

    async def accept_mail(self, mail: NewMail, pickup: PickupKey | None = None) -> Accepted:
        """Take a mail on, under its key."""

    async def pickup_known(self, key: PickupKey) -> bool:
        """Whether the mail with this key was taken on."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a mailbox's mails go to, and are judged by."""

    book: PickupBook
    directory: Callable[[], Directory]
    """Gives the policy that holds now."""
    quarantine: Quarantine
    refused: Callable[[RefusedSubmission], None]
    """Told of every refusal; must neither block nor raise."""
    clock: Callable[[], datetime]
    max_size: int
    """Octets of a mail."""
    locked: Locked = nobody_is_locked
    """Says whether an account is locked."""


class MailTaker:
    """Takes the mails of one mailbox."""

    def __init__(self, settings: Pickup, rules: Rules, surroundings: Surroundings) -> None:
        self._settings = settings
        self._rules = rules
        self._around = surroundings
        self._account = f"imap://{settings.username}@{settings.host}:{settings.port}"
        self._settled: dict[PickupKey, str] = {}
        """Folders of the mails that were decided in this process and could not be moved."""

    def key(self, uidvalidity: int, uid: int) -> PickupKey:
        """What a mail is told by."""
        return PickupKey(
            account=self._account, mailbox=self._settings.mailbox, uidvalidity=uidvalidity, uid=uid
        )

    async def take(self, connection: ImapConnection, key: PickupKey, announced: Announced) -> None:
        """Bring one mail to its folder.

        Raises:
            BookUnavailable: it is where it was; the book must be asked again later.
            CommandRefused: the server does not give it, or does not move it.
            ConnectionTrouble: the connection is gone, in the middle of it or before.
        """
        folder = self._settled.get(key) or await self._settle(connection, key, announced)
        self._settled[key] = folder
        await self._move(connection, key.uid, folder)
        del self._settled[key]

    def forget_others(self, present: set[PickupKey]) -> None:
        """Keep nothing of mails that are gone."""
        for key in self._settled.keys() - present:
            del self._settled[key]

    async def _settle(self, connection: ImapConnection, key: PickupKey, announced: Announced) -> str:
        """Decide a mail and make that durable; the folder that it belongs in."""
        if await self._around.book.pickup_known(key):
            log.info("pickup_mail_known", uid=key.uid, account=key.account)
            return self._settings.taken
        if announced.size > self._around.max_size:
            return self._refuse(key, oversize(announced.size, self._around.max_size))
        fetched = await connection.message(key.uid, announced.size)
        if fetched is None:
            raise CommandRefused(f"{self._settings.host} did not give the message {key.uid}.", "no BODY[]")
        if len(fetched) > self._around.max_size:
            return self._refuse(key, oversize(len(fetched), self._around.max_size))
        decision = await self._decide(fetched, announced)
        match decision:
            case TakenOn():
                return await self._accept(key, decision.new)
            case AutomaticMail():
                return await self._quarantine(key, decision)
            case TurnedAway():
                return self._refuse(key, decision)

    async def _decide(self, fetched: bytearray, announced: Announced) -> Decision:
        def decided() -> Decision:
            return decide(
                whole_lines(fetched), self._rules, self._around.directory(), arrived=announced.arrived
            )

        # 1 MiB takes some milliseconds; more is looked at beside the event loop.
        return decided() if len(fetched) <= ROW_LIMIT else await asyncio.to_thread(decided)

    async def _accept(self, key: PickupKey, new: NewMail) -> str:
        if await self._around.locked(new.user_email):
            turned_away = TurnedAway(refused=LOCKED, envelope=new.envelope, header_from=new.header_from)
            return self._refuse(key, turned_away)
        accepted = await self._around.book.accept_mail(new, pickup=key)
        log.info(
            "mail_accepted",
            mail=accepted.mail_id,
            duplicate=accepted.duplicate,
            user=new.user_email,
            account=key.account,
            uidvalidity=key.uidvalidity,
            uid=key.uid,
            proof=new.proof.method.value,
            recipients=len(new.envelope.recipients),
            size=new.size,
        )
        return self._settings.taken

    async def _quarantine(self, key: PickupKey, automatic: AutomaticMail) -> str:
        if not await self._around.quarantine(automatic):
            refused = Refused(reply=_AUTOMATIC, reason=RefusalReason.AUTOMATIC, detail=automatic.mark)
            turned_away = TurnedAway(
                refused=refused, envelope=automatic.envelope, header_from=automatic.header_from
            )
            return self._refuse(key, turned_away)
        log.info(
            "mail_quarantined",
            account=key.account,
            uid=key.uid,
            header_from=automatic.header_from,
            mark=automatic.mark,
        )
        return self._settings.refused

    def _refuse(self, key: PickupKey, turned_away: TurnedAway) -> str:
        refused, envelope = turned_away.refused, turned_away.envelope
        submission = RefusedSubmission(
            at=self._around.clock(),
            client_address=self._settings.host,
            helo="",
            return_path=envelope.return_path,
            recipients=envelope.recipients,
            header_from=turned_away.header_from,
            reply=str(refused.reply),
            reason=refused.reason,
            detail=refused.detail,
        )
        log.info(
            "submission_refused",
            account=key.account,
            uid=key.uid,
            return_path=submission.return_path,
            recipients=len(submission.recipients),
            header_from=submission.header_from,
            reply=submission.reply,
            reason=submission.reason.value,
            detail=submission.detail,
        )
        self._around.refused(submission)
        return self._settings.refused

    async def _move(self, connection: ImapConnection, uid: int, folder: str) -> None:
        """Move a mail; a folder that somebody removed is made again."""
        try:
            await connection.move(uid, folder)
        except CommandRefused:
            await connection.make_folder(folder)
            await connection.move(uid, folder)


_AUTOMATIC = Reply(550, "5.7.1", "automatic mail is not faxed")
