"""The SMTP service: binds the addresses of `mail.listen`, holds the sessions, and stops gently.

What it accepts is durable: `accept` must return only when it is, and a `250` is said after it. Which policy
holds is asked anew for every mail, so a reload needs no restart here.
"""

import asyncio
import contextlib
import errno
import logging
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

import structlog

from config.mail import TlsSettings
from config.server import ServerSettings
from config.values import HostPort
from mta.dns_lookup import DnsLookup
from mta.domain_name import suffix_list
from mta.intake import Accepted, Directory, Intake, RefusedSubmission
from mta.proof.spf_check import SpfChecker
from mta.reply import Reply
from mta.smtp.connection import SessionRules, SmtpConnection
from mta.smtp.port_holder import port_holder
from mta.smtp.session import SmtpSession
from store.incoming import OpenBody
from store.mail import NewMail

MAX_RECIPIENTS = 1000
"""Of one transaction; what a user may have is the policy's (`recipients_per_mail`), and told by mail."""

_BACKLOG = 1024  # asyncio's own default of 100 turns bursts away
_LAST_SECONDS = 1

log = structlog.get_logger()


class ListenerError(Exception):
    """The service cannot listen as it is set; the text is a sentence for the administrator."""


class SmtpListener:
    """Listens for SMTP clients."""

    def __init__(
        self,
        settings: ServerSettings,
        *,
        directory: Callable[[], Directory],
        dns: DnsLookup,
        accept: Callable[[NewMail], Awaitable[Accepted]],
        refused: Callable[[RefusedSubmission], None],
        open_body: OpenBody,
        max_recipients: int = MAX_RECIPIENTS,
    ) -> None:
        """Nothing is bound yet.

        Args:
            settings: the server's.
            directory: gives the policy that holds now.
            dns: for SPF.
            accept: stores a mail and returns when it is durable.
            refused: told of every refused submission; must neither block nor raise.
            open_body: makes the file that a large mail arrives in.
            max_recipients: of one transaction.
        """
        self._settings = settings
        self._max_recipients = max_recipients
        self._spf = SpfChecker(dns)
        self._intake = Intake(
            directory=directory, spf=self._spf, accept=accept, refused=refused, open_body=open_body
        )
        self._servers: list[asyncio.Server] = []
        self._sessions: set[SmtpConnection] = set()
        self._without_sessions = asyncio.Event()
        self._without_sessions.set()

    async def start(self) -> list[HostPort]:
        """Listen; the bound addresses, in the order of the settings.

        Raises:
            ListenerError: an address cannot be had, or the certificate cannot be used. Nothing stays bound.
        """
        # aiosmtpd logs every command with its addresses; the events that matter are logged here.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        suffix_list()
        make_session = partial(self._protocol, self._rules())
        try:
            for listener in self._settings.mail.listen:
                if listener.smtp is not None:
                    self._servers.append(await _listen(make_session, listener.smtp))
        except ListenerError:
            await self.stop()
            raise
        bound = [HostPort(*socket.getsockname()[:2]) for server in self._servers for socket in server.sockets]
        log.info("smtp_listening", addresses=[str(address) for address in bound])
        return bound

    async def stop(self, *, seconds: float = 10) -> None:
        """Take no more clients; let the messages that are on their way come to their reply.

        Args:
            seconds: how long to wait for them; then their connections are cut off. A mail that is being made
                durable is always waited for.
        """
        for server in self._servers:
            server.close()
        for session in list(self._sessions):
            session.leave()
        await self._sessions_to_end(seconds)
        for session in list(self._sessions):
            session.abort()
        await self._sessions_to_end(_LAST_SECONDS)
        await self._intake.finish_acceptances()
        self._servers.clear()
        self._spf.close()

    async def _sessions_to_end(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._without_sessions.wait(), seconds)

    def _session_ended(self, session: SmtpConnection) -> None:
        self._sessions.discard(session)
        if not self._sessions:
            self._without_sessions.set()

    def _rules(self) -> SessionRules:
        settings = self._settings
        return SessionRules(
            hostname=settings.mail.hostname or settings.domain,
            domain=settings.domain,
            max_size=settings.mail.max_size,
            max_recipients=self._max_recipients,
            timeout=settings.mail.timeout.total_seconds(),
            tls=_tls_context(settings.mail.tls) if settings.mail.tls else None,
        )

    def _protocol(self, rules: SessionRules) -> asyncio.Protocol:
        """What answers the next connection."""
        if len(self._sessions) >= self._settings.mail.limits.sessions:
            log.warning("smtp_sessions_exhausted", sessions=len(self._sessions))
            return _TurnedAway()
        session = SmtpSession(rules, self._intake, ended=self._session_ended)
        self._sessions.add(session)
        self._without_sessions.clear()
        return session


class _TurnedAway(asyncio.Protocol):
    """One connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        reply = Reply(421, "4.3.2", "too many connections at this time; please try again later")
        cast("asyncio.WriteTransport", transport).write(f"{reply}\r\n".encode())
        transport.close()


async def _listen(make_session: Callable[[], asyncio.Protocol], address: HostPort) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        # By name and port: a socket of one's own made with proto=0 would lose TCP_NODELAY.
        return await loop.create_server(make_session, address.host, address.port, backlog=_BACKLOG)
    except OSError as error:
        raise ListenerError(_listen_sentence(address, error)) from error


def _listen_sentence(address: HostPort, error: OSError) -> str:
    place = f"port {address.port} on {address.host}"
    if error.errno == errno.EADDRINUSE:
        holder = port_holder(address.port)
        who = f"by {holder}. Stop it" if holder else "by another program. Stop it"
        return f"{place} is in use {who}, or listen elsewhere: mail.listen"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"{place} may not be opened by this user. Start the service by systemd, which grants it, or "
            "listen on a port above 1023: mail.listen"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"no interface here has the address {address.host}. Listen on one that has: mail.listen"
    return f"{place} cannot be listened on ({error.strerror or error}). Check mail.listen"


def _tls_context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except ssl.SSLError as error:
        raise ListenerError(
            f"{settings.certificate} and {settings.key} are not a certificate and its key "
            f"({error.reason or error}). Check mail.tls"
        ) from error
    except OSError as error:
        missing = error.filename or f"{settings.certificate} or {settings.key}"
        raise ListenerError(f"{missing} cannot be read ({error.strerror}). Check mail.tls") from error
    return context
