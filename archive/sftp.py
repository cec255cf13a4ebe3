"""Delivery to an SFTP server that proves to be the one the policy names.

Each file goes to a temporary name in its folder and is renamed when it is complete, so nothing half-written
ever stands under a final name. The temporary name is the copy's own: what a broken connection left behind
is written over by the next try, and a copy that is delivered again replaces itself.

The host key is the policy's `known_host` and nothing else: no trust on first use, no known_hosts file, and
neither the ssh configuration nor the agent of whoever runs the service.
"""

import asyncio
import contextlib
from pathlib import PurePosixPath

import asyncssh
import structlog

from archive.filing import ArchiveFile, temporary_name
from archive.secret_file import password_in, unreadable
from archive.trouble import ArchivePermanent, ArchiveTemporary, ArchiveTrouble, HostKeyMismatch
from config.archive import SftpTarget

_CONNECT_SECONDS = 30
_ALL_SECONDS = 600
_ALIVE_SECONDS = 15
"""A server that is silent for four times as long is taken for gone."""

_log = structlog.get_logger(__name__)


class SftpArchive:
    """An SFTP server that keeps copies."""

    def __init__(self, target: SftpTarget) -> None:
        self._target = target

    async def put(self, copy_id: str, files: tuple[ArchiveFile, ...]) -> str:
        """Write the files in their order and return the path of the first.

        Raises:
            HostKeyMismatch: the server has another host key than the policy says.
            ArchivePermanent: the policy's `known_host` is no key.
            ArchiveTemporary: everything else.
        """
        try:
            async with (
                asyncio.timeout(_ALL_SECONDS),
                self._connected() as connection,
                connection.start_sftp_client() as sftp,
            ):
                await self._write_all(connection, sftp, copy_id, files)
        except ArchiveTrouble:
            raise
        except (asyncssh.Error, OSError) as trouble:
            raise self._judged(trouble) from trouble
        place = str(self._path(files[0]))
        _log.info("copy_uploaded", copy=copy_id, server=self._server, place=place)
        return place

    @property
    def _server(self) -> str:
        return f"{self._target.host}:{self._target.port}"

    def _connected(self) -> "asyncssh.misc._ACMWrapper[asyncssh.SSHClientConnection]":
        target = self._target
        return asyncssh.connect(
            target.host,
            target.port,
            username=target.user,
            known_hosts=([self._host_key()], [], []),
            client_keys=self._client_keys(),
            password=self._password(),
            agent_path=None,
            config=None,
            gss_host=None,
            connect_timeout=_CONNECT_SECONDS,
            login_timeout=_CONNECT_SECONDS,
            keepalive_interval=_ALIVE_SECONDS,
        )

    async def _write_all(
        self,
        connection: asyncssh.SSHClientConnection,
        sftp: asyncssh.SFTPClient,
        copy_id: str,
        files: tuple[ArchiveFile, ...],
    ) -> None:
        try:
            for file in files:
                await self._write(sftp, copy_id, file)
        except BaseException:
            # To close it in good order would wait until a silent server has taken what is on its way.
            connection.abort()
            raise

    async def _write(self, sftp: asyncssh.SFTPClient, copy_id: str, file: ArchiveFile) -> None:
        path = self._path(file)
        partial = path.with_name(temporary_name(path.name, copy_id))
        if not await sftp.isdir(path.parent):
            await sftp.makedirs(path.parent, exist_ok=True)
        try:
            await _fill(sftp, partial, file.octets)
            await _rename(sftp, partial, path)
        except asyncssh.SFTPError:
            with contextlib.suppress(asyncssh.Error, OSError):
                await sftp.remove(partial)
            raise

    def _path(self, file: ArchiveFile) -> PurePosixPath:
        return PurePosixPath(self._target.folder) / file.path

    def _host_key(self) -> asyncssh.SSHKey:
        try:
            return asyncssh.import_public_key(self._target.known_host)
        except ValueError as mistake:
            raise ArchivePermanent(
                "archive.sftp.known_host is not a public key such as 'ssh-ed25519 AAAA…'.", str(mistake)
            ) from mistake

    def _client_keys(self) -> list[asyncssh.SSHKey] | None:
        path = self._target.key_file
        if path is None:
            return None
        try:
            return [asyncssh.read_private_key(path)]
        except (ValueError, OSError) as trouble:
            raise unreadable("archive.sftp.key_file", path, trouble) from trouble

    def _password(self) -> str | None:
        path = self._target.password_file
        return None if path is None else password_in("archive.sftp.password_file", path)

    def _judged(self, trouble: Exception) -> ArchiveTrouble:
        cause = f"{type(trouble).__name__}: {trouble}"
        if _of_host_key(trouble):
            return HostKeyMismatch(
                f"{self._server} has another host key than archive.sftp.known_host says; nothing was sent. "
                "Find out whether the server was changed before you change the policy.",
                cause,
            )
        match trouble:
            case asyncssh.PermissionDenied():
                return ArchiveTemporary(f"{self._server} refused the login of {self._target.user}.", cause)
            case asyncssh.ConnectionLost() | asyncssh.SFTPConnectionLost() | asyncssh.SFTPNoConnection():
                return ArchiveTemporary(f"The connection to {self._server} broke off.", cause)
            case asyncssh.SFTPError():
                return ArchiveTemporary(f"{self._server} did not take the file.", cause)
            case TimeoutError():
                return ArchiveTemporary(f"{self._server} did not answer in time.", cause)
        return ArchiveTemporary(f"{self._server} could not be reached.", cause)


def _of_host_key(trouble: Exception) -> bool:
    # A server that has no key of the known one's kind ends the key exchange before it shows any.
    no_such_key = isinstance(trouble, asyncssh.KeyExchangeFailed) and "host key" in trouble.reason
    return no_such_key or isinstance(trouble, asyncssh.HostKeyNotVerifiable)


async def _fill(sftp: asyncssh.SFTPClient, path: PurePosixPath, octets: bytes) -> None:
    """Write a file to its end.

    It is closed in good order only: a server that has fallen silent would not answer to that either, and
    whoever waits no longer must not wait for it.
    """
    written = await sftp.open(path, "wb")
    await written.write(octets)
    with contextlib.suppress(asyncssh.SFTPOpUnsupported):
        await written.fsync()
    await written.close()


async def _rename(sftp: asyncssh.SFTPClient, partial: PurePosixPath, path: PurePosixPath) -> None:
    """Give a complete file its name, replacing an earlier delivery of the same copy."""
    try:
        await sftp.posix_rename(partial, path)
    except asyncssh.SFTPOpUnsupported:
        # Protocol version 3 alone refuses a name that is taken (draft-ietf-secsh-filexfer-02 §6.5).
        if await sftp.exists(path):
            await sftp.remove(path)
        await sftp.rename(partial, path)
