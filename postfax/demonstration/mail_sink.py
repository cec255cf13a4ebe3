"""A mail server on loopback that takes every mail and keeps each as an `.eml` file in a folder.

It speaks real SMTP, with STARTTLS and AUTH if it is given a certificate and a login. A file appears under
its name only when it is complete, and what was kept before a restart stays and is counted: `kept` tells how
often each Message-ID arrived.
"""

import asyncio
import contextlib
import os
import re
import socket
import ssl
import warnings
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class MailSink:
    """An SMTP server; started by `async with` or by `start` and `stop`."""

    def __init__(
        self,
        folder: Path,
        *,
        listen: str = "127.0.0.1",
        port: int = 0,
        reply: Callable[[str, str], str] | None = None,
        tls_context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        """`reply(command, recipient)` may answer RCPT and DATA itself; an empty text takes the mail."""
        self.folder = folder
        self.port = port
        """0 before the start lets the kernel choose; after it, the port."""
        self._listen = listen
        self._reply = reply or (lambda _command, _recipient: "")
        self._tls_context = tls_context
        self._implicit_tls = implicit_tls
        self._login = login
        self._server: asyncio.Server | None = None
        self._number = 0
        self._sessions: set[_Session] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._number = len(self.mails)
        self._server = await asyncio.get_running_loop().create_server(
            self._session,
            self._listen,
            self.port,
            ssl=self._tls_context if self._implicit_tls else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and end every session."""
        if self._server:
            self._server.close()
            for session in tuple(self._sessions):
                session.end()
            # What was shut down is closed in the loop's next rounds.
            await asyncio.sleep(0.01)
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def mails(self) -> list[Path]:
        """The mails in the order of their arrival."""
        return sorted(self.folder.glob("*.eml"))

    def kept(self) -> Counter[str]:
        """How often each Message-ID arrived; mails without one count under an empty text."""
        return Counter(
            str(message_from_bytes(path.read_bytes(), policy=default)["Message-ID"] or "")
            for path in self.mails
        )

    def _session(self) -> Any:
        starttls = bool(self._tls_context) and not self._implicit_tls
        with warnings.catch_warnings():
            # It warns of logins in the clear, and takes TLS from the first octet for that.
            warnings.simplefilter("ignore", UserWarning)
            return _Session(
                self._sessions,
                self,
                hostname="sink.example",
                loop=asyncio.get_running_loop(),
                tls_context=self._tls_context if starttls else None,
                require_starttls=starttls,
                auth_required=bool(self._login),
                auth_require_tls=starttls,
                authenticator=self._authenticated if self._login else None,
                enable_SMTPUTF8=True,
                data_size_limit=None,
            )

    def _authenticated(self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self._login, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Take a recipient."""
        if answer := self._reply("RCPT", address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        """Keep a mail."""
        if answer := self._reply("DATA", envelope.rcpt_tos[0]):
            return answer
        # RFC 5321 §4.4: final delivery writes down the return path; Delivered-To is what many servers add.
        trace = f"Return-Path: {envelope.mail_from or '<>'}\r\n" + "".join(
            f"Delivered-To: {recipient}\r\n" for recipient in envelope.rcpt_tos
        )
        self._keep(trace.encode() + envelope.content)
        return "250 2.0.0 kept"

    def _keep(self, mail: bytes) -> None:
        self._number += 1
        identity = str(message_from_bytes(mail, policy=default)["Message-ID"] or "mail")
        name = f"{self._number:06}-{re.sub(r'[^A-Za-z0-9.-]+', '_', identity).strip('_')[:100]}"
        partial = self.folder / f"{name}.part"
        with partial.open("wb") as kept:
            kept.write(mail)
            kept.flush()
            os.fsync(kept.fileno())
        partial.rename(self.folder / f"{name}.eml")


class _Session(SMTP):
    """A session that its sink can end."""

    def __init__(self, sessions: "set[_Session]", *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sessions = sessions

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._socket = transport.get_extra_info("socket")
        self._sessions.add(self)

    def end(self) -> None:
        """Close the connection at once, below TLS: asyncio cannot abort a TLS transport twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)
