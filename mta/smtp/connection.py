"""What an SMTP session needs of its connection, on aiosmtpd's protocol class.

aiosmtpd reads the command lines and keeps the connection; on top of that, here:

- The time-out counts a client's silence, not our own work, and any octet ends the silence.
- Octets that came before TLS are never taken for commands after it (RFC 3207 §5).
- A fault of ours is answered by a constant reply, and every reply has its enhanced code (RFC 2034).
- Whoever closes says why, and nothing that came behind the last command is read.
"""

import asyncio
import collections
import contextlib
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import structlog
from aiosmtpd.smtp import SMTP, TLSSetupException

from mta.reply import NOT_NOW, Reply

COMMAND_LIMIT = 2048
"""Octets of a command line; RFC 5321 §4.5.3.1.4 asks for 512 and more for every extension."""

_LAST_WORDS_SECONDS = 2

_PER_SESSION = {"*": 200, "MAIL": 1_000_000, "RCPT": 1_000_000, "DATA": 1_000_000, "RSET": 1_000_000}
"""How often a command may come: clients keep connections for many mails, but greet once."""

# RFC 3463 §3.6, for the replies that aiosmtpd words itself.
_ENHANCED = {"421": "4.7.0", "500": "5.5.2", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1"}
_WITHOUT_CODE = re.compile(r"(421|50[0-3]) (?!\d\.\d+\.\d+ )")

_GOING_DOWN = Reply(421, "4.3.2", "the service is being stopped; please try again later")
_SILENT = Reply(421, "4.4.2", "nothing was heard for too long; closing the connection")
_INJECTED = Reply(501, "5.5.1", "nothing may follow STARTTLS before TLS is up; closing the connection")
_NO_ARGUMENT = Reply(501, "5.5.4", "STARTTLS has no argument")
_TLS_IS_UP = Reply(503, "5.5.1", "TLS is up already")
NOT_OFFERED = Reply(502, "5.5.1", "this command is not offered here")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRules:
    """What holds for every session of a listener."""

    hostname: str
    """Ours, in the greeting."""
    domain: str
    """The one whose addresses are fax numbers."""
    max_size: int
    """Octets of a message."""
    max_recipients: int
    timeout: float
    """Seconds of silence."""
    tls: ssl.SSLContext | None = None
    """None: STARTTLS is not offered."""


class SmtpConnection(SMTP):
    """The service's side of one connection; `mta.smtp.session` adds the commands."""

    line_length_limit = 1 << 16  # also the size of the chunks that a message is read in
    command_size_limit = COMMAND_LIMIT
    # aiosmtpd shares one dictionary among all sessions and widens it at every EHLO: this one stays as it is.
    command_size_limits = collections.defaultdict(lambda: COMMAND_LIMIT)  # noqa: RUF012 - as declared there

    def __init__(self, rules: SessionRules, *, ended: Callable[["SmtpConnection"], None]) -> None:
        """Wait for the connection.

        Args:
            rules: what holds here.
            ended: called when the connection is gone.
        """
        self._rules = rules
        self._ended = ended
        self._client_address = ""
        self._over_tls = False
        self._in_message = False
        self._our_turn = False
        self._leaving = False
        self._heard_at = 0.0
        super().__init__(
            handler=None,
            hostname=rules.hostname,
            ident="ESMTP Postfax",
            data_size_limit=rules.max_size,
            enable_SMTPUTF8=True,
            timeout=rules.timeout,
            command_call_limit=_PER_SESSION,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The dialogue begins."""
        self._heard_at = self.loop.time()
        self._client_address = client_address(transport)
        super().connection_made(transport)
        if self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(_note_end)
        if self._leaving:
            self.leave()

    def data_received(self, data: bytes) -> None:
        """The client is not silent."""
        self._heard_at = self.loop.time()
        super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """The dialogue is over."""
        super().connection_lost(error)
        self._ended(self)

    def leave(self) -> None:
        """End the dialogue: now, or when the message that is on its way has its reply."""
        self._leaving = True
        if not self._in_message:
            self._say_last(_GOING_DOWN)

    def abort(self) -> None:
        """End the connection without a word."""
        if self.transport is not None:
            self._writer.transport.abort()

    def _timeout_cb(self) -> None:
        allowed = self._rules.timeout
        silence = 0.0 if self._our_turn else self.loop.time() - self._heard_at
        if silence < allowed:
            self._reset_timeout(allowed - silence)
            return
        log.info("smtp_client_silent", client=self._client_address, seconds=round(silence))
        self._say_last(_SILENT)

    async def push(self, status: str | bytes) -> None:
        """Send a reply; one that aiosmtpd worded gets its enhanced code here."""
        text = status if isinstance(status, str) else status.decode()
        bare = _WITHOUT_CODE.match(text)
        await super().push(f"{bare[1]} {_ENHANCED[bare[1]]} {text[bare.end() :]}" if bare else text)

    async def answer(self, reply: Reply) -> None:
        """Send a reply."""
        await self.push(str(reply))

    async def handle_exception(self, error: Exception) -> str:
        """The constant reply to a fault of ours."""
        if isinstance(error, TLSSetupException):
            log.info("smtp_tls_failed", client=self._client_address, cause=repr(error.__cause__))
        else:
            log.error("smtp_session_fault", client=self._client_address, exc_info=error)
        return str(NOT_NOW)

    def hang_up(self, reply: Reply) -> NoReturn:
        """Say something, close, and end the dialogue: nothing that came behind the command is read.

        Raises:
            CancelledError: always; the dialogue's task ends as it does when a connection is lost.
        """
        self._say_last(reply)
        self._unread().clear()
        raise asyncio.CancelledError

    async def see_off(self, reply: Reply) -> NoReturn:
        """Hang up on a client that may still be sending.

        To close with octets unread would reset the connection, and the reply would be lost with it.

        Raises:
            CancelledError: always, as with `hang_up`.
        """
        await self.answer(reply)
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                while await self._reader.read(self.line_length_limit):
                    pass
        self._writer.close()
        raise asyncio.CancelledError

    def leave_if_asked(self) -> None:
        """Where `leave` had to wait for a message: end the dialogue."""
        if self._leaving:
            self.hang_up(_GOING_DOWN)

    def _say_last(self, reply: Reply) -> None:
        if self.transport is not None and not self._writer.is_closing():
            self._writer.write(f"{reply}\r\n".encode())
            self._writer.close()

    def _unread(self) -> bytearray:
        """What came and was not read yet."""
        octets: bytearray = self._reader._buffer  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
        return octets

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds commands by name
        """RFC 3207."""
        if refusal := self._starttls_refusal(arg):
            await self.answer(refusal)
            return
        if self._unread():
            log.warning("smtp_starttls_injection", client=self._client_address)
            self.hang_up(_INJECTED)
        # No await between this reply and the change of protocol: what the client sends on it is TLS.
        self._writer.write(b"220 2.0.0 ready for TLS\r\n")
        try:
            await self._change_to_tls()
        except OSError as error:
            raise TLSSetupException from error

    def _starttls_refusal(self, arg: str) -> Reply | None:
        if self._rules.tls is None:
            return NOT_OFFERED
        if arg:
            return _NO_ARGUMENT
        return _TLS_IS_UP if self._over_tls else None

    async def _change_to_tls(self) -> None:
        plain, context = self._writer.transport, self._rules.tls
        secure = await self.loop.start_tls(plain, self, context, server_side=True) if context else None
        if secure is None:
            raise ConnectionResetError("the connection went away while TLS was set up")
        self._original_transport = plain  # aiosmtpd closes it with the connection
        self.transport = secure
        # As StreamWriter.start_tls does since Python 3.12; the one of 3.11 forgets the reader.
        self._reader._transport = secure  # type: ignore[attr-defined]  # noqa: SLF001
        self._writer._transport = secure  # type: ignore[attr-defined]  # noqa: SLF001
        self._replace_writer(self._writer)  # type: ignore[attr-defined]
        self._over_tls = True
        self._forget_before_tls()

    def _forget_before_tls(self) -> None:
        """RFC 3207 §4.2: what was said before TLS counts for nothing."""
        self._unread().clear()
        self.session = self._create_session()
        self.session.ssl = {}  # aiosmtpd asks only whether it is None
        self._set_rset_state()  # type: ignore[no-untyped-call]


def client_address(transport: asyncio.BaseTransport) -> str:
    """The peer's IP address: an IPv4 one also where it came through an IPv6 socket, and without a zone."""
    peer = transport.get_extra_info("peername")
    host = str(peer[0]) if isinstance(peer, tuple) else ""
    return host.partition("%")[0].removeprefix("::ffff:")


def _note_end(dialogue: asyncio.Task[None]) -> None:
    """A dialogue that broke off is no fault: connections do."""
    if not dialogue.cancelled() and (error := dialogue.exception()):
        log.info("smtp_connection_broke", cause=repr(error))
