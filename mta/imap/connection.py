"""What is asked of the server of a mailbox: to let us in, for folders, messages and news.

Each question ends as `mta.imap.dialogue` says.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from mta.imap import replies
from mta.imap.dialogue import ImapDialogue
from mta.imap.folder_name import folder_argument, quoted
from mta.imap.protocol import said
from mta.imap.trouble import CommandRefused, FolderTrouble, LoginRefused

_OCTETS_A_SECOND = 20_000
"""The slowest that a message may come."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectedMailbox:
    """What a SELECT says."""

    uidvalidity: int


class ImapConnection(ImapDialogue):
    """One connection; made by `open`, to be closed."""

    _may_idle = True

    # --- Logging in ---------------------------------------------------------------------------------------

    async def log_in(self, username: str, password: str) -> None:
        """LOGIN (RFC 3501 §6.2.3).

        Raises:
            LoginRefused: the server does not take the password, or none at all on this connection.
        """
        if self._offers("LOGINDISABLED"):
            raise LoginRefused(
                f"{self._host} takes no password over this connection; set tls: implicit or tls: starttls."
            )
        if any(ord(character) < ord(" ") for character in username + password):
            raise LoginRefused("the user name or the password has a control character in it.")
        # aioimaplib puts the password in quotes, and leaves the name as it is.
        result, lines = await self._answer(self._protocol.login(quoted(username), password))
        if result != "OK":
            raise LoginRefused(
                f"{self._host} does not take the password of {username}; correct password_file.",
                said(lines[-1]),
            )
        await self._learn_capabilities()

    async def log_in_with_token(self, username: str, token: str) -> None:
        """AUTHENTICATE XOAUTH2.

        Raises:
            LoginRefused: the server does not take the token, or no tokens.
        """
        if not self._offers("AUTH=XOAUTH2"):
            raise LoginRefused(
                f"{self._host} does not offer XOAUTH2; use a password_file, or ask who runs it."
            )
        response = f"user={username}\1auth=Bearer {token}\1\1".encode()
        result, lines = await self._answer(self._protocol.authenticate("XOAUTH2", response))
        if result != "OK":
            raise LoginRefused(
                f"{self._host} does not take the access token for {username}; see that the application may "
                "read this mailbox by IMAP, and that the scope is right.",
                f"{said(lines[-1])} {self._protocol.challenge}".strip(),
            )
        self._protocol.state = "AUTH"
        await self._learn_capabilities()

    # --- Folders ------------------------------------------------------------------------------------------

    async def make_folder(self, name: str) -> None:
        """Make a folder unless it is there.

        Raises:
            FolderTrouble: it is not there and cannot be made.
        """
        argument = folder_argument(name)
        if await self._succeeds(self._protocol.simple_command("STATUS", argument, "(UIDNEXT)")):
            return
        try:
            await self._done(self._protocol.simple_command("CREATE", argument))
        except CommandRefused as refused:
            raise FolderTrouble(
                f"the folder {name!r} cannot be made on {self._host}; make it by hand, or name another "
                "(some servers want every folder below INBOX, as in INBOX.Faxed).",
                refused.cause,
            ) from refused
        log.info("pickup_folder_made", host=self._host, folder=name)
        await self._succeeds(self._protocol.simple_command("SUBSCRIBE", argument))

    async def select(self, mailbox: str) -> SelectedMailbox:
        """Open the mailbox for reading and writing.

        Raises:
            FolderTrouble: it is not there, may not be changed, or its messages have no lasting UIDs.
        """
        try:
            lines = await self._done(self._protocol.select(folder_argument(mailbox)))
        except CommandRefused as refused:
            raise FolderTrouble(
                f"there is no mailbox {mailbox!r} on {self._host} that can be opened; correct mailbox.",
                refused.cause,
            ) from refused
        uidvalidity = replies.uidvalidity(lines)
        if replies.is_read_only(lines):
            raise FolderTrouble(
                f"the mailbox {mailbox!r} on {self._host} can only be read, and mails must be moved out "
                "of it; give this user the right to delete."
            )
        if uidvalidity is None:
            raise FolderTrouble(
                f"{self._host} gives no UIDVALIDITY for {mailbox!r}, so that no mail could be told from "
                "another; it must be picked up from another server."
            )
        return SelectedMailbox(uidvalidity=uidvalidity)

    # --- Messages -----------------------------------------------------------------------------------------

    async def uids(self) -> tuple[int, ...]:
        """The UIDs of the messages that are not marked as deleted, in ascending order."""
        self._protocol.news.clear()
        # A charset other than US-ASCII is refused by some servers, and not needed.
        return replies.uids(await self._done(self._protocol.search("UNDELETED", charset=None, by_uid=True)))

    async def announced(self, uids: Sequence[int]) -> dict[int, replies.Announced]:
        """Sizes and dates by UID, of those that are still there."""
        numbers = ",".join(map(str, uids))
        fetch = self._protocol.fetch(numbers, "(UID RFC822.SIZE INTERNALDATE)", by_uid=True)
        return replies.announced(await self._done(fetch))

    async def message(self, uid: int, size: int) -> bytearray | None:
        """A message, which is not marked as seen by it; None if it is not given.

        Args:
            uid: its UID.
            size: as it was announced: the longer, the more time it has.
        """
        fetch = self._protocol.fetch(str(uid), "(UID BODY.PEEK[])", by_uid=True)
        return replies.message(await self._done(fetch, self._patience.command + size / _OCTETS_A_SECOND), uid)

    async def move(self, uid: int, folder: str) -> None:
        """Move a message: MOVE (RFC 6851), or else its steps one by one.

        Without UIDPLUS (RFC 4315) it stays marked as deleted: a plain EXPUNGE would remove others' mails too.
        """
        argument, number = folder_argument(folder), str(uid)
        if self._offers("MOVE"):
            await self._done(self._protocol.move(number, argument, by_uid=True))
            return
        await self._done(self._protocol.copy(number, argument, by_uid=True))
        await self._done(self._protocol.store(number, "+FLAGS.SILENT", r"(\Deleted)", by_uid=True))
        if self._offers("UIDPLUS"):
            await self._done(self._protocol.expunge(number, by_uid=True))

    # --- News ---------------------------------------------------------------------------------------------

    async def wait_for_news(self, stop: asyncio.Event, *, poll: float, at_most: float | None = None) -> None:
        """Return when there may be new messages: announced, or after a while in any case.

        Args:
            stop: ends the wait at once.
            poll: seconds until the next look where the server cannot announce (IDLE, RFC 2177).
            at_most: seconds until the next look in any case.
        """
        longest = self._patience.idle if at_most is None else min(at_most, self._patience.idle)
        if self._may_idle and self._offers("IDLE"):
            await self._idle(stop, longest)
            return
        await self._first_of(self._protocol.news.wait(), stop.wait(), seconds=min(poll, longest))
        if not stop.is_set():
            await self._done(self._protocol.simple_command("NOOP"))

    async def _idle(self, stop: asyncio.Event, seconds: float) -> None:
        protocol = self._protocol
        idle = asyncio.ensure_future(protocol.idle())
        try:
            await self._first_of(protocol.wait_for_idle_response(), idle, seconds=self._patience.command)
            if not idle.done():
                await self._first_of(protocol.news.wait(), stop.wait(), idle, seconds=seconds)
            if not idle.done():
                protocol.idle_done()
            result, lines = await self._answer(idle)
        finally:
            idle.cancel()
        while not protocol.idle_queue.empty():
            protocol.idle_queue.get_nowait()
        if result != "OK":
            log.warning("pickup_idle_refused", host=self._host, cause=said(lines[-1]))
            self._may_idle = False
