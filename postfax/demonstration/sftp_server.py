"""An SFTP server on loopback that keeps what it is given in one folder and shows nothing else.

It is a real SSH server with a key of its own, a password and, if one is named, a client key; it is what the
archive of the demonstration and the archive's tests deliver to.
"""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import asyncssh


class ArchiveServer:
    """An SFTP server; started by `async with` or by `start` and `stop`."""

    def __init__(
        self,
        folder: Path,
        *,
        user: str = "fax",
        client_key: str = "",
        listen: str = "127.0.0.1",
        port: int = 0,
        host_key: asyncssh.SSHKey | None = None,
        sftp_factory: Callable[[asyncssh.SSHServerChannel[bytes]], asyncssh.SFTPServer] | None = None,
        session_factory: Callable[[], asyncssh.SSHServerSession[bytes]] | None = None,
        **options: Any,
    ) -> None:
        """`client_key` is a public key that may log in as well; `options` go to `asyncssh.listen`.

        Sessions that `session_factory` makes serve the files in place of those of `sftp_factory`.
        """
        self.folder = folder
        self.user = user
        self.password = secrets.token_urlsafe(18)
        self.port = port
        """0 before the start lets the kernel choose; after it, the port."""
        self._listen = listen
        self._client_key = client_key
        self._host_key = host_key or asyncssh.generate_private_key("ssh-ed25519")
        self._sftp_factory = sftp_factory or self._confined
        self.session_factory = session_factory
        self._options = options
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()

    @property
    def known_host(self) -> str:
        """The host key as a policy names it: `ssh-ed25519 AAAA…`."""
        return " ".join(self._host_key.export_public_key().decode("ascii").split()[:2])

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        usual: dict[str, Any] = {
            "server_host_keys": [self._host_key],
            "sftp_factory": None if self.session_factory else self._sftp_factory,
            "allow_scp": False,
        }
        self._acceptor = await asyncssh.listen(
            self._listen,
            self.port,
            server_factory=lambda: _Door(self),
            **usual | self._options,
        )
        self.port = self._acceptor.get_port()

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        for connection in tuple(self._connections):
            connection.abort()
        await self._acceptor.wait_closed()
        await asyncio.gather(*(connection.wait_closed() for connection in tuple(self._connections)))
        self._acceptor = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _confined(self, channel: "asyncssh.SSHServerChannel[bytes]") -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(self.folder).encode())

    def admits_key(self, user: str, key: asyncssh.SSHKey) -> bool:
        """Whether the key may log in."""
        allowed = self._client_key and asyncssh.import_public_key(self._client_key) == key
        return user == self.user and bool(allowed)

    def admits_password(self, user: str, password: str) -> bool:
        """Whether the password is right."""
        return user == self.user and secrets.compare_digest(password.encode(), self.password.encode())

    def opened(self, connection: asyncssh.SSHServerConnection) -> None:
        """Remember a connection, to end it with the server."""
        self._connections.add(connection)

    def closed(self, connection: asyncssh.SSHServerConnection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)


class _Door(asyncssh.SSHServer):
    """Who may come in, for one connection."""

    def __init__(self, server: ArchiveServer) -> None:
        self._server = server
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.opened(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
        if self._connection:
            self._server.closed(self._connection)

    def session_requested(self) -> "asyncssh.SSHServerSession[bytes] | bool":
        return self._server.session_factory() if self._server.session_factory else False

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's signature
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._server.admits_key(username, key)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._server.admits_password(username, password)
