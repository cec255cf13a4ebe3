"""The sessions of SMTP and LMTP, complete: their commands, and the message by DATA or by BDAT (RFC 3030).

The reply to a message is its acceptance. Whatever is wrong with one, the dialogue stays in step or ends: what
is left of a message is never read as commands.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

import structlog

from mta.proof.verdict import RefusalReason, Refused
from mta.reply import NOT_NOW, STORAGE_FULL, Reply
from mta.smtp.chunking import BAD_CHUNK, Chunk, parse_chunk, read_chunk
from mta.smtp.command_session import CommandSession
from mta.smtp.data import (
    DISCARD_FACTOR,
    ArrivingMessage,
    DataFault,
    DataFeed,
    Faulty,
    SpooledMessage,
)
from mta.smtp.dialogue import Command
from mta.smtp.limits import Visit
from mta.smtp.transaction import CROWDED, too_big

_GO_AHEAD = b"354 send the mail, and end it with a dot on a line of its own\r\n"
_DATA_ARGUMENT = Reply(501, "5.5.4", "DATA has no argument")
_CHUNKS_BEGUN = Reply(503, "5.5.1", "the mail is coming in chunks: BDAT, or RSET to forget it")
_BARE_LINE_END = Refused(
    reply=Reply(550, "5.6.11", "lines must end with CRLF; this mail has a bare CR or LF"),
    reason=RefusalReason.MALFORMED,
    detail="bare CR or LF",
)
_NO_ROOM = Refused(reply=CROWDED, reason=RefusalReason.STORAGE, detail="mail.limits.bytes_in_flight")
_LMTP_GREETING = Reply(500, "5.5.1", "this is LMTP: say LHLO")

log = structlog.get_logger()


class CountedMessage(ArrivingMessage):
    """A message whose octets are counted among those in flight while they arrive."""

    def __init__(self, visit: Visit, **arriving: Any) -> None:
        super().__init__(**arriving)
        self._visit = visit
        self.announced = 0
        """Octets of all its chunks."""

    def add_stuffed(self, octets: bytes, *, last: bool) -> None:
        """The next octets of DATA."""
        self._count(octets)
        super().add_stuffed(octets, last=last)

    def add(self, octets: bytes) -> None:
        """The next octets of BDAT."""
        self._count(octets)
        super().add(octets)

    def discard(self) -> None:
        """Give it up."""
        super().discard()
        self._visit.put_down()

    def _count(self, octets: bytes) -> None:
        if not self.fault and not self._visit.carry(len(octets)):
            self.fail(DataFault.CROWDED)


class SmtpSession(CommandSession):
    """The service's side of one SMTP dialogue."""

    protocol = "ESMTP"
    _arriving: CountedMessage | None = None
    """The message that is coming in chunks."""
    _feed: DataFeed | None = None
    """Where octets go while a message comes behind DATA."""

    def data(self, argument: str) -> Reply | bytes:
        """DATA (RFC 5321 §4.1.1.4): what comes next is the message, which is answered when it has ended."""
        refusal = self._not_yet() or (_DATA_ARGUMENT if argument else self._transaction.out_of_order())
        if refusal or self._arriving:
            return refusal or _CHUNKS_BEGUN
        self._message_begins()
        self._feed = DataFeed(self._new_message())
        self.stop_listening()
        return _GO_AHEAD

    def stopped_listening(self) -> None:
        """The message begins with what came together with DATA, if anything did."""
        if self._feed is None:
            return
        if pipelined := self.take_unread():
            self._hand_on(self._feed, pipelined)
        if self._heard_all and self._feed is not None:
            self._end_feed(self._feed, asyncio.IncompleteReadError(b"", None))

    def octets_came(self, octets: bytes) -> None:
        """Octets of a message, or what the dialogue reads."""
        if self._feed is None:
            super().octets_came(octets)
        else:
            self._hand_on(self._feed, octets)

    def _hand_on(self, feed: DataFeed, octets: bytes) -> None:
        try:
            rest = feed.feed(octets)
        except Exception as error:  # noqa: BLE001 - told where the message is concluded
            self._end_feed(feed, error)
            return
        if rest is not None:
            self._reader.feed_data(rest)
            self._end_feed(feed, None)

    def _end_feed(self, feed: DataFeed, fault: Exception | None) -> None:
        self._feed = None
        self.take_time(self._end_of_data(feed.arriving, fault))

    async def _end_of_data(self, arriving: ArrivingMessage, fault: Exception | None) -> bytes:
        """What the end of DATA is answered."""
        try:
            if fault:
                self._break_off(arriving, fault)
            answer = await self._conclude(arriving.finish())
        finally:
            self._message_ends()
        self.forget_transaction()
        return answer

    def _break_off(self, arriving: ArrivingMessage, fault: Exception) -> NoReturn:
        """Give a message up whose end did not come, or is not known any more."""
        arriving.discard()
        if isinstance(fault, asyncio.IncompleteReadError):
            raise fault
        # What is left of the message must not be read as commands.
        log.error("smtp_session_fault", client=self._client_address, exc_info=fault)
        self.hang_up(NOT_NOW)

    def eof_received(self) -> bool | None:
        """Nothing more will come; a message that has not ended never will."""
        keep_open = super().eof_received()
        if self._feed is not None:
            self._end_feed(self._feed, asyncio.IncompleteReadError(b"", None))
        return keep_open

    async def bdat(self, argument: str) -> bytes:
        """BDAT (RFC 3030): one chunk."""
        chunk = parse_chunk(argument)
        if chunk is None:
            await self.see_off(BAD_CHUNK.octets)
        self._message_begins()
        try:
            if refusal := self._not_yet() or self._transaction.out_of_order():
                return await self._pass_over(chunk, refusal)
            return await self._take_chunk(chunk)
        finally:
            self._message_ends()

    async def _pass_over(self, chunk: Chunk, refusal: Reply) -> bytes:
        if chunk.size > self._rules.max_size * DISCARD_FACTOR:
            await self.see_off(refusal.octets)
        await read_chunk(self._reader, chunk.size, None)
        return refusal.octets

    async def _take_chunk(self, chunk: Chunk) -> bytes:
        arriving = self._arriving = self._arriving or self._new_message()
        arriving.announced += chunk.size
        if arriving.announced > self._rules.max_size * DISCARD_FACTOR:
            await self.see_off(self._refused(Faulty(DataFault.TOO_BIG)))
        await read_chunk(self._reader, chunk.size, arriving)
        if not chunk.last and not arriving.fault:
            return Reply(250, "2.0.0", f"{chunk.size} octets came").octets
        message = arriving.finish()
        if isinstance(message, SpooledMessage):
            answer = await self._take(message)
        else:
            answer = self._refused(message) if chunk.last else self._refusal_of(message).octets
        self.forget_transaction()
        return answer

    def _message_begins(self) -> None:
        self._in_message = True
        self._patience.message(self.loop.time())

    def _message_ends(self) -> None:
        self._in_message = False
        self._patience.command(self.loop.time())

    def _new_message(self) -> CountedMessage:
        if self._visit is None:
            raise AssertionError("a session that was let in has a visit")
        return CountedMessage(self._visit, limit=self._rules.max_size, open_body=self._intake.open_body)

    async def _conclude(self, message: SpooledMessage | Faulty) -> bytes:
        if isinstance(message, SpooledMessage):
            return await self._take(message)
        words = self._refused(message)
        if message.fault in {DataFault.BARE_LINE_END, DataFault.ENDLESS}:
            await self.see_off(words)
        return words

    async def _take(self, message: SpooledMessage) -> bytes:
        self._patience.ours()
        with message:
            try:
                reply = await self._intake.take(self.delivery(), message)
            except Exception:
                log.exception("smtp_session_fault", client=self._client_address)
                reply = NOT_NOW
        if reply.accepted:
            self._tolerance.mail_accepted()
        return self.reply_to_message(reply)

    def _refused(self, faulty: Faulty) -> bytes:
        return self.reply_to_message(self._refusal_of(faulty))

    def _refusal_of(self, faulty: Faulty) -> Reply:
        if faulty.fault is DataFault.BARE_LINE_END:
            return self.refuse(_BARE_LINE_END)
        if faulty.fault is DataFault.CROWDED:
            return self.refuse(_NO_ROOM)
        if faulty.fault is DataFault.STORAGE:
            log.error("message_not_spooled", client=self._client_address, cause=faulty.cause)
            return self.refuse(Refused(reply=STORAGE_FULL, reason=RefusalReason.STORAGE, detail=faulty.cause))
        return self.refuse(Refused(reply=too_big(self._rules.max_size), reason=RefusalReason.TOO_BIG))

    def reply_to_message(self, reply: Reply) -> bytes:
        """The reply to a message, as often as it is owed."""
        return reply.octets

    def rcpt(self, argument: str) -> Reply:
        """RCPT (RFC 5321 §4.1.1.3); not between the chunks of a message."""
        return _CHUNKS_BEGUN if self._arriving else super().rcpt(argument)

    def connection_lost(self, error: Exception | None) -> None:
        """The dialogue is over, and a mail that was coming with it."""
        feed, self._feed = self._feed, None
        if feed is not None:
            log.info("smtp_connection_broke", client=self._client_address, cause="in the middle of a message")
            feed.arriving.discard()
        super().connection_lost(error)
        if self._arriving:
            self._arriving.discard()

    def forget_transaction(self) -> None:
        """Nothing of the mail that was begun counts any more."""
        super().forget_transaction()
        self._patience.message_over()
        if self._arriving:
            self._arriving.discard()
            self._arriving = None
        if self._visit:
            self._visit.put_down()

    commands: ClassVar[Mapping[str, Command]] = {
        **CommandSession.commands,
        "RCPT": rcpt,
        "DATA": data,
        "BDAT": bdat,
    }


class LmtpSession(SmtpSession):
    """The service's side of one LMTP dialogue (RFC 2033)."""

    protocol = "LMTP"

    def reply_to_message(self, reply: Reply) -> bytes:
        """One reply for each recipient that was accepted, repeated ones too (§4.2)."""
        return reply.octets * self._transaction.accepted_recipients

    def _not_lmtp(self, _argument: str) -> Reply:
        return _LMTP_GREETING

    commands: ClassVar[Mapping[str, Command]] = {
        **SmtpSession.commands,
        "LHLO": CommandSession.ehlo,
        "EHLO": _not_lmtp,
        "HELO": _not_lmtp,
    }
