"""The SMTP commands of one session (RFC 5321 §4.1), each answered with its enhanced status code.

What a command means is decided elsewhere: by `Transaction` for MAIL and RCPT, by `Intake` for the message.
 PIPELINING (RFC 2920) is safe because nothing is read beyond a message's end.
"""

# ruff: noqa: N802 - aiosmtpd finds the method of a command by its name

import contextlib
from collections.abc import Callable, Iterator

import structlog

from mta.intake import Delivery, Intake
from mta.proof.verdict import RefusalReason, Refused
from mta.reply import NOT_NOW, STORAGE_FULL, Reply
from mta.smtp.connection import NOT_OFFERED, SessionRules, SmtpConnection
from mta.smtp.data import ArrivingMessage, DataFault, Faulty, read_message
from mta.smtp.transaction import Transaction, too_big

_NAME_LIMIT = 255

_WHO_ARE_YOU = Reply(501, "5.5.4", "say who you are, as in EHLO mail.example.org")
_GREET_FIRST = Reply(503, "5.5.1", "say EHLO first")
_DATA_ARGUMENT = Reply(501, "5.5.4", "DATA has no argument")
_BARE_LINE_END = Refused(
    reply=Reply(550, "5.6.11", "lines must end with CRLF; this mail has a bare CR or LF"),
    reason=RefusalReason.MALFORMED,
    detail="bare CR or LF",
)
_REPORTED = {"5.1.1": RefusalReason.NO_SUCH_RECIPIENT, "4.5.3": RefusalReason.TOO_MANY_RECIPIENTS}
"""Refused recipients that are more than a slip of syntax, by enhanced code."""

log = structlog.get_logger()


class SmtpSession(SmtpConnection):
    """The service's side of one dialogue."""

    def __init__(
        self, rules: SessionRules, intake: Intake, *, ended: Callable[[SmtpConnection], None]
    ) -> None:
        """Wait for the connection.

        Args:
            rules: what holds here.
            intake: takes complete messages and hears of refusals.
            ended: called when the connection is gone.
        """
        self._intake = intake
        self._transaction = _transaction(rules)
        super().__init__(rules, ended=ended)

    async def smtp_HELO(self, hostname: str | None) -> None:
        """RFC 5321 §4.1.1.1."""
        if await self._greeted(hostname, extended=False):
            await self.push(f"250 {self._rules.hostname}")

    async def smtp_EHLO(self, hostname: str | None) -> None:
        """RFC 5321 §4.1.1.1, the extensions in one write."""
        if not await self._greeted(hostname, extended=True):
            return
        lines = [self._rules.hostname, "PIPELINING", f"SIZE {self._rules.max_size}", "8BITMIME", "SMTPUTF8"]
        if self._rules.tls and not self._over_tls:
            lines.append("STARTTLS")
        await self.push("\r\n".join([*(f"250-{line}" for line in lines), "250 ENHANCEDSTATUSCODES"]))

    async def _greeted(self, hostname: str | None, *, extended: bool) -> bool:
        if self.session is None or not _is_name(hostname):
            await self.answer(_WHO_ARE_YOU)
            return False
        self._set_rset_state()
        self.session.host_name = hostname
        self.session.extended_smtp = extended
        return True

    async def _in_order(self) -> bool:
        """Whether the client has greeted; if not, it is told so."""
        if self.session and self.session.host_name:
            return True
        await self.answer(_GREET_FIRST)
        return False

    async def smtp_MAIL(self, arg: str | None) -> None:
        """RFC 5321 §4.1.1.2."""
        if await self._in_order():
            await self.answer(self._transaction.mail(arg or ""))

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RFC 5321 §4.1.1.3."""
        if not await self._in_order():
            return
        reply = self._transaction.rcpt(arg or "")
        if reason := _REPORTED.get(reply.enhanced):
            self._refuse(Refused(reply=reply, reason=reason, detail=arg or ""))
        await self.answer(reply)

    async def smtp_DATA(self, arg: str) -> None:
        """RFC 5321 §4.1.1.4: the reply to the message is its acceptance."""
        if not await self._in_order():
            return
        if refusal := _DATA_ARGUMENT if arg else self._transaction.data():
            await self.answer(refusal)
            return
        with self._message_on_its_way():
            reply = await self._receive()
        self._set_rset_state()
        await self.answer(reply)
        self.leave_if_asked()

    @contextlib.contextmanager
    def _message_on_its_way(self) -> Iterator[None]:
        self._in_message = True
        try:
            yield
        finally:
            self._in_message = self._our_turn = False
            self._heard_at = self.loop.time()

    async def _receive(self) -> Reply:
        """Read the message and hand it over; the reply to it."""
        await self.push("354 send the mail, and end it with a dot on a line of its own")
        arriving = ArrivingMessage(limit=self._rules.max_size, open_body=self._intake.open_body)
        try:
            message = await read_message(self._reader, arriving)
        except Exception:
            # Where the message ends is not known any more; what is left of it must not be read as commands.
            log.exception("smtp_session_fault", client=self._client_address)
            self.hang_up(NOT_NOW)
        if isinstance(message, Faulty):
            return await self._refuse_faulty(message)
        self._our_turn = True
        with message:
            return await self._intake.take(self._delivery(), message)

    async def _refuse_faulty(self, faulty: Faulty) -> Reply:
        if faulty.fault is DataFault.BARE_LINE_END:
            await self.see_off(self._refuse(_BARE_LINE_END))
        if faulty.fault is DataFault.STORAGE:
            log.error("message_not_spooled", client=self._client_address, cause=faulty.cause)
            refused = Refused(reply=STORAGE_FULL, reason=RefusalReason.STORAGE, detail=faulty.cause)
            return self._refuse(refused)
        reply = self._refuse(Refused(reply=too_big(self._rules.max_size), reason=RefusalReason.TOO_BIG))
        if faulty.fault is DataFault.ENDLESS:
            await self.see_off(reply)
        return reply

    def _refuse(self, refused: Refused) -> Reply:
        return self._intake.note_refusal(self._delivery(), refused)

    def _delivery(self) -> Delivery:
        return Delivery(
            client_address=self._client_address,
            helo=(self.session and self.session.host_name) or "",
            envelope=self._transaction.envelope,
        )

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self._transaction = _transaction(self._rules)

    async def smtp_RSET(self, _arg: str) -> None:
        """RFC 5321 §4.1.1.5."""
        self._set_rset_state()
        await self.answer(Reply(250, "2.0.0", "forgotten"))

    async def smtp_NOOP(self, _arg: str) -> None:
        """RFC 5321 §4.1.1.9."""
        await self.answer(Reply(250, "2.0.0", "ok"))

    async def smtp_QUIT(self, _arg: str) -> None:
        """RFC 5321 §4.1.1.10."""
        self.hang_up(Reply(221, "2.0.0", "goodbye"))

    async def smtp_VRFY(self, _arg: str) -> None:
        """RFC 5321 §3.5.3: neither confirmed nor denied."""
        await self.answer(Reply(252, "2.0.0", "send a mail to find out"))

    async def smtp_HELP(self, _arg: str) -> None:
        """RFC 5321 §4.1.1.8."""
        await self.answer(Reply(214, "2.0.0", "mail becomes faxes here; the commands are those of RFC 5321"))

    async def smtp_EXPN(self, _arg: str) -> None:
        """RFC 5321 §3.5.2."""
        await self.answer(NOT_OFFERED)

    async def smtp_AUTH(self, _arg: str) -> None:
        """Not offered: who may send is told by the From address and its proof."""
        await self.answer(NOT_OFFERED)


def _transaction(rules: SessionRules) -> Transaction:
    return Transaction(domain=rules.domain, max_size=rules.max_size, max_recipients=rules.max_recipients)


def _is_name(hostname: str | None) -> bool:
    """Whether a client's name can stand in logs and records."""
    return hostname is not None and hostname.isprintable() and 0 < len(hostname) <= _NAME_LIMIT
