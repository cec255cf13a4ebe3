"""The sessions of one process: taken from its sockets, held, and ended gently.

What the intake accepts is durable: a `250` is said after it.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence
from functools import partial

import structlog

from config.mail import Listener
from config.server import ServerSettings
from mta.domain_name import organisational_domain, suffix_list
from mta.intake import Intake
from mta.smtp.certificate import Certificate
from mta.smtp.connection import SmtpConnection
from mta.smtp.limits import ClientLimits
from mta.smtp.login import Credentials, PasswordCheck
from mta.smtp.places import BACKLOG
from mta.smtp.rules import SessionRules
from mta.smtp.session import LmtpSession, SmtpSession

_LAST_SECONDS = 1
CERTIFICATE_LOOK_SECONDS = 60
"""How often the files of the certificate are looked at."""

log = structlog.get_logger()


class SmtpListener:
    """Answers SMTP clients."""

    def __init__(
        self,
        settings: ServerSettings,
        intake: Intake,
        *,
        limits: ClientLimits | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        """Nothing is answered yet.

        Args:
            settings: the server's.
            intake: takes complete messages.
            limits: what clients may use of this host; of this process alone if it is not given.
            credentials: who may log in; None if nobody may.

        Raises:
            ListenerError: the certificate cannot be used.
        """
        self._settings = settings
        self._intake = intake
        self._certificate = Certificate(settings.mail.tls) if settings.mail.tls else None
        self._limits = limits or ClientLimits(settings.mail.limits, front_ends=settings.mail.front_ends)
        self._passwords = PasswordCheck(credentials) if credentials and self._certificate else None
        self._servers: list[asyncio.Server] = []
        self._watch: asyncio.Task[None] | None = None
        self._sessions: set[SmtpConnection] = set()
        self._without_sessions = asyncio.Event()
        self._without_sessions.set()

    async def start(self, sockets: Sequence[tuple[Listener, socket.socket]]) -> None:
        """Answer the connections that come to these sockets, which listen already."""
        # aiosmtpd logs every command with its addresses; the events that matter are logged here.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        suffix_list()
        loop = asyncio.get_running_loop()
        for listener, bound in sockets:
            make_session = partial(
                self._session, SmtpSession if listener.smtp else LmtpSession, self._rules(listener)
            )
            if bound.family == socket.AF_UNIX:
                server = await loop.create_unix_server(make_session, sock=bound, backlog=BACKLOG)
            else:
                server = await loop.create_server(make_session, sock=bound, backlog=BACKLOG)
            self._servers.append(server)
        if self._certificate:
            self._watch = asyncio.create_task(self._watch_certificate(self._certificate))

    def renew(self) -> None:
        """Take up a renewed certificate now."""
        if self._certificate:
            self._certificate.refresh()

    async def stop(self, *, seconds: float = 10) -> None:
        """Take no more clients; let the messages that are on their way come to their reply.

        Args:
            seconds: how long to wait for them; then their connections are cut off. A mail that is being made
                durable is always waited for.
        """
        if self._watch:
            self._watch.cancel()
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
        if self._passwords:
            self._passwords.close()

    async def _watch_certificate(self, certificate: Certificate) -> None:
        while True:
            await asyncio.sleep(CERTIFICATE_LOOK_SECONDS)
            certificate.refresh()

    async def _sessions_to_end(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._without_sessions.wait()

    def _session_ended(self, session: SmtpConnection) -> None:
        self._sessions.discard(session)
        if not self._sessions:
            self._without_sessions.set()

    def _rules(self, listener: Listener) -> SessionRules:
        settings = self._settings
        return SessionRules(
            hostname=settings.mail.hostname or settings.domain,
            domain=settings.domain,
            other_domains=settings.other_domains,
            max_size=settings.mail.max_size,
            max_recipients=settings.mail.limits.recipients,
            timeout=settings.mail.timeout.total_seconds(),
            tls=self._certificate.context if self._certificate else None,
            tls_from_start=listener.tls == "implicit",
            auth=listener.auth,
            proxy_protocol=listener.proxy_protocol,
            front_ends=settings.mail.front_ends,
            contact=settings.mail.postmaster or _postmaster_above(settings.domain),
        )

    def _session(self, kind: type[SmtpSession], rules: SessionRules) -> asyncio.Protocol:
        """What answers the next connection."""
        session = kind(
            rules, self._intake, limits=self._limits, passwords=self._passwords, ended=self._session_ended
        )
        self._sessions.add(session)
        self._without_sessions.clear()
        return session


def _postmaster_above(domain: str) -> str:
    """Who answers for the organisation that the domain belongs to; empty where it is its own."""
    organisation = organisational_domain(domain)
    return "" if organisation == domain else f"postmaster@{organisation}"
