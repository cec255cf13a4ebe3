"""What a session needs of its connection, on aiosmtpd's protocol class.

aiosmtpd gives the streams, the task of the dialogue and its end with the connection; on top of that, here:

- One timer a session, which asks `Patience` how long the client may still take.
- A PROXY header and TLS from the first octet are dealt with before the dialogue begins.
- Octets that came before TLS are never taken for commands after it (RFC 3207 §5).
- Whoever closes says why, and nothing that came behind the last command is read.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import NoReturn, cast

import structlog
from aiosmtpd.smtp import SMTP

from mta.reply import Reply
from mta.smtp.limits import ClientLimits, Visit, is_within
from mta.smtp.patience import Patience
from mta.smtp.proxy_protocol import HEADER_LIMIT, ProxyHeader, ProxyHeaderMalformed, parse_proxy_header
from mta.smtp.rules import SessionRules

_LAST_WORDS_SECONDS = 2
_HANDSHAKE_SECONDS = 60
PROXY_SECONDS = 5
"""How long a PROXY header may take: a load balancer sends it with the connection."""

GOING_DOWN = Reply(421, "4.3.2", "the service is being stopped; please try again later")
_SILENT = Reply(421, "4.4.2", "nothing was heard for too long; closing the connection")

log = structlog.get_logger()


class DialogueOver(Exception):  # noqa: N818 - named as what happened
    """The dialogue ends here; nothing that follows is read."""

    def __init__(self, last_words: Reply | None = None) -> None:
        super().__init__(str(last_words or ""))
        self.last_words = last_words
        """What is said before the connection is closed."""


class SmtpConnection(SMTP):
    """The service's side of one connection; `mta.smtp.dialogue` reads commands from it."""

    line_length_limit = 1 << 16  # also the size of the chunks that a message is read in

    def __init__(
        self, rules: SessionRules, limits: ClientLimits, *, ended: Callable[["SmtpConnection"], None]
    ) -> None:
        """Wait for the connection.

        Args:
            rules: what holds here.
            limits: says whether the client may come in.
            ended: called when the connection is gone.
        """
        self._rules = rules
        self._limits = limits
        self._ended = ended
        self._visit: Visit | None = None
        self._client_address = ""
        self._trusted = False
        self._over_tls = False
        self._in_message = False
        self._leaving = False
        self._last_said = False
        super().__init__(
            handler=None,
            hostname=rules.hostname,
            timeout=rules.timeout,
            loop=asyncio.get_running_loop(),
        )
        self._patience = Patience(rules.timeout, self.loop.time())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The dialogue begins."""
        self._client_address = peer_address(transport)
        self._trusted = _is_local(transport) or is_within(self._client_address, self._rules.front_ends)
        super().connection_made(transport)
        if self._leaving:
            self.leave()

    def data_received(self, data: bytes) -> None:
        """The client is not silent."""
        self._patience.heard(len(data), self.loop.time())
        self.octets_came(data)

    def octets_came(self, octets: bytes) -> None:
        """Keep them for whoever reads."""
        self._reader.feed_data(octets)

    def eof_received(self) -> bool | None:
        """Nothing more will come; what is there is still answered."""
        return asyncio.StreamReaderProtocol.eof_received(self)  # aiosmtpd's breaks the dialogue off

    def connection_lost(self, error: Exception | None) -> None:
        """The dialogue is over."""
        super().connection_lost(error)
        if self._visit:
            self._visit.leave()
        self._ended(self)

    def leave(self) -> None:
        """End the dialogue: now, or when the message that is on its way has its reply."""
        self._leaving = True
        if not self._in_message:
            self.say_last(GOING_DOWN)

    def abort(self) -> None:
        """End the connection without a word."""
        if self.transport is not None:
            self._writer.transport.abort()

    def _timeout_cb(self) -> None:
        now = self.loop.time()
        left = self._patience.deadline(now) - now
        if left > 0:
            self._reset_timeout(left)
            return
        log.info("smtp_client_silent", client=self._client_address, seconds=round(self._rules.timeout))
        self.say_last(_SILENT)

    # --- Before the dialogue ------------------------------------------------------------------------------

    async def open(self) -> None:
        """Everything before the greeting.

        Raises:
            DialogueOver: the client was turned away.
        """
        entered = self._limits.enter(self._client_address)
        if isinstance(entered, Reply):
            self._turn_away(entered)
        self._visit = entered
        refusal = await self._learn_client(entered) if self._rules.proxy_protocol else None
        if self._rules.tls_from_start:
            await self.change_to_tls()
        if refusal:
            self.hang_up(refusal)

    def _turn_away(self, reply: Reply) -> NoReturn:
        if self._rules.tls_from_start:  # it would not be understood
            self.abort()
            raise DialogueOver
        self.hang_up(reply)

    async def _learn_client(self, visit: Visit) -> Reply | None:
        """Read the PROXY header; why the client that it names is turned away, if it is."""
        front_end, trusted = self._client_address, self._trusted
        if not front_end:  # reset already, by whoever only looked whether anybody is here
            raise DialogueOver
        try:
            if not trusted:
                raise ProxyHeaderMalformed("not from mail.front_ends")  # noqa: TRY301 - one way out
            async with asyncio.timeout(PROXY_SECONDS):
                header = await self._read_proxy_header()
        except (ProxyHeaderMalformed, TimeoutError) as problem:
            log.warning("proxy_header_refused", peer=front_end, cause=str(problem) or "it did not come")
            self.abort()
            raise DialogueOver from problem
        if header.own:
            return None
        self._client_address = header.client_address
        self._trusted = is_within(header.client_address, self._rules.front_ends)
        return visit.come_from(header.client_address)

    async def _read_proxy_header(self) -> ProxyHeader:
        octets = b""
        while not (header := parse_proxy_header(octets)):
            more = await self._reader.read(HEADER_LIMIT)
            if not more and not octets:  # nobody means to talk
                raise DialogueOver
            if not more:
                raise ProxyHeaderMalformed("it ends before its end")
            octets += more
        self.unread()[:0] = octets[header.length :]
        return header

    async def change_to_tls(self) -> None:
        """Do the handshake; what was said before counts for nothing.

        Raises:
            DialogueOver: it failed.
        """
        plain, context = self._writer.transport, self._rules.tls
        if context is None:
            raise AssertionError("TLS without a certificate")
        came_early = bytes(self.unread())
        self.unread().clear()
        self._patience.ours()  # the handshake has a time-out of its own
        self.loop.call_soon(_pass_on, plain, came_early)
        seconds = min(_HANDSHAKE_SECONDS, self._rules.timeout)
        try:
            secure = await self.loop.start_tls(
                plain, self, context, server_side=True, ssl_handshake_timeout=seconds
            )
        except OSError as error:
            log.info("smtp_tls_failed", client=self._client_address, cause=repr(error))
            plain.abort()
            raise DialogueOver from error
        if secure is None:
            raise DialogueOver
        self._take_over(plain, secure)

    def _take_over(self, plain: asyncio.WriteTransport, secure: asyncio.WriteTransport) -> None:
        self._original_transport = plain  # aiosmtpd closes it with the connection
        self.transport = secure
        # As StreamWriter.start_tls does since Python 3.12; the one of 3.11 forgets the reader.
        self._reader._transport = secure  # type: ignore[attr-defined]  # noqa: SLF001
        self._writer._transport = secure  # type: ignore[attr-defined]  # noqa: SLF001
        self._replace_writer(self._writer)  # type: ignore[attr-defined]
        self._over_tls = True
        self._patience.command(self.loop.time())

    # --- Last words ---------------------------------------------------------------------------------------

    def hang_up(self, reply: Reply) -> NoReturn:
        """Say something, close, and end the dialogue: nothing that came behind the command is read.

        Raises:
            DialogueOver: always.
        """
        raise DialogueOver(reply)

    def end(self, over: DialogueOver) -> None:
        """Close the connection that the dialogue was on."""
        self.unread().clear()
        if over.last_words:
            self.say_last(over.last_words)
        else:
            self._close()

    async def see_off(self, words: bytes) -> NoReturn:
        """Hang up on a client that may still be sending.

        To close with octets unread would reset the connection, and the reply would be lost with it.

        Raises:
            DialogueOver: always.
        """
        self._last_said = True
        self._writer.write(words)
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                while await self._reader.read(self.line_length_limit):
                    pass
        raise DialogueOver

    def say_last(self, reply: Reply) -> None:
        """Say something and close."""
        if self.transport is None or self._last_said:
            return
        self._last_said = True
        if not self._writer.is_closing():
            self._writer.write(reply.octets)
            self._close()

    def _close(self) -> None:
        """Close once the last words are sent, and soon whether they are heard or not."""
        if self.transport is None:
            return
        self._writer.close()
        self.loop.call_later(_LAST_WORDS_SECONDS, self.abort)

    def unread(self) -> bytearray:
        """What came and was not read yet."""
        octets: bytearray = self._reader._buffer  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
        return octets

    def take_unread(self) -> bytes:
        """What came and was not read yet, and is read now."""
        octets = bytes(self.unread())
        self.unread().clear()
        self._reader._maybe_resume_transport()  # type: ignore[attr-defined]  # noqa: SLF001 - as above
        return octets


def _pass_on(transport: asyncio.WriteTransport, octets: bytes) -> None:
    """Hand octets that were read too early to the protocol that the transport has now."""
    protocol = cast("asyncio.BufferedProtocol", transport.get_protocol())
    while octets:
        room = protocol.get_buffer(len(octets))
        count = min(len(room), len(octets))  # type: ignore[arg-type]
        room[:count] = octets[:count]  # type: ignore[index]
        protocol.buffer_updated(count)
        octets = octets[count:]


def peer_address(transport: asyncio.BaseTransport) -> str:
    """The peer's IP address: an IPv4 one also where it came through an IPv6 socket, and without a zone.

    Empty on a Unix socket.
    """
    peer = transport.get_extra_info("peername")
    host = str(peer[0]) if isinstance(peer, tuple) else ""
    return host.partition("%")[0].removeprefix("::ffff:")


def _is_local(transport: asyncio.BaseTransport) -> bool:
    """Whether the peer came through a Unix socket: who may, its file's mode says."""
    connection = transport.get_extra_info("socket")
    return connection is not None and connection.family == socket.AF_UNIX
