"""Delivery to OpenSSH's own sftp-server: killed, filled, silent, gone, and with another host key.

asyncssh brings the connection to it, as sshd would; what happens to files is OpenSSH's doing.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncssh
import pytest
from small_disk import SmallDisk, small_disk

from archive import sftp
from archive.filing import ArchiveFile
from archive.sftp import SftpArchive
from archive.trouble import ArchiveTemporary, HostKeyMismatch
from config.archive import SftpTarget
from postfax.demonstration.sftp_server import ArchiveServer

PROGRAM = "/usr/lib/openssh/sftp-server"
DOCUMENT = ArchiveFile(
    path="2026/11/K7Q2-M9_Success.tif", media_type="image/tiff", octets=bytes(range(256)) * 32768
)
SIDECAR = ArchiveFile(path="2026/11/K7Q2-M9_Success.json", media_type="application/json", octets=b"{}\n" * 9)
FILES = (DOCUMENT, SIDECAR)
WHOLE = {file.path: file.octets for file in FILES}
COPY = "K7Q2-M9:1"


class OpenSsh:
    """A server whose files are OpenSSH's business."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "archive"
        self.most: int | None = None
        """So many octets a file may have; None for as many as there are."""
        self.children: list[asyncio.subprocess.Process] = []
        self._secrets = folder
        self._server: ArchiveServer | None = None
        self._key = asyncssh.generate_private_key("ssh-ed25519")

    @property
    def server(self) -> ArchiveServer:
        assert self._server is not None
        return self._server

    async def start(self, key: asyncssh.SSHKey | None = None, port: int = 0) -> None:
        self._server = ArchiveServer(
            self.folder,
            host_key=key or self._key,
            port=port,
            session_factory=lambda: Session(self),
            encoding=None,
        )
        await self._server.start()

    async def program(self) -> asyncio.subprocess.Process:
        """The sftp-server of a session."""
        # A file that outgrows its limit is an error for whoever writes it, as a full disk is.
        limit = "" if self.most is None else f'ulimit -f {self.most // 512}; trap "" XFSZ; '
        child = await asyncio.create_subprocess_exec(
            "sh", "-c", f'{limit}exec "$0" -d "$1"', PROGRAM, str(self.folder),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        self.children.append(child)
        return child

    def limit(self, octets: int | None = None) -> None:
        """From the next session on no file may have more octets."""
        self.most = octets

    def target(self) -> SftpTarget:
        password = self._secrets / "password"
        password.write_text(self.server.password, encoding="utf-8")
        return SftpTarget(
            host="127.0.0.1",
            port=self.server.port,
            user=self.server.user,
            password_file=password,
            known_host=self.server.known_host,
        )

    def kept(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def finals(self) -> dict[str, bytes]:
        return {path: octets for path, octets in self.kept().items() if not path.endswith(".part")}

    async def begun(self) -> None:
        """Until some of the document is there, and not all."""
        while not any(path.stat().st_size for path in self.folder.rglob("*.part")):
            assert self.finals() == {}
            await asyncio.sleep(0)
        assert self.children


class Session(asyncssh.SSHServerSession[bytes]):
    """What sshd is to sftp-server: all that comes from one end goes to the other, until either is gone."""

    def __init__(self, ssh: OpenSsh) -> None:
        self._ssh = ssh
        self._received: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._child: asyncio.subprocess.Process | None = None

    def connection_made(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"

    def session_started(self) -> None:
        self._tasks.append(asyncio.create_task(self._serve()))

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002 - asyncssh's
        self._received.put_nowait(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as above
        for task in self._tasks:
            task.cancel()
        if self._child and self._child.stdin:
            self._child.stdin.close()  # it ends, and with it its hold of files that were removed

    async def _serve(self) -> None:
        self._child = child = await self._ssh.program()
        assert child.stdin
        assert child.stdout
        self._tasks.append(asyncio.create_task(self._hand_on(child.stdin)))
        while octets := await child.stdout.read(1 << 16):
            self._channel.write(octets)
        self._channel.exit(await child.wait() & 0xFF)
        with contextlib.suppress(ConnectionError):
            await child.stdin.wait_closed()

    async def _hand_on(self, stdin: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                stdin.write(await self._received.get())
                await stdin.drain()


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[OpenSsh]:
    """A server whose archive is in a folder."""
    ssh = OpenSsh(folder)
    await ssh.start()
    try:
        yield ssh
    finally:
        for child in ssh.children:
            if child.returncode is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
        await ssh.server.stop()
        await asyncio.gather(*(child.wait() for child in ssh.children))


@pytest.fixture
async def ssh(tmp_path: Path) -> AsyncIterator[OpenSsh]:
    async with running(tmp_path) as ssh:
        yield ssh


async def put(ssh: OpenSsh) -> None:
    await SftpArchive(ssh.target()).put(COPY, FILES)


async def failed(ssh: OpenSsh) -> str:
    with pytest.raises(ArchiveTemporary) as caught:
        await put(ssh)
    return caught.value.sentence


async def test_a_repetition_replaces_the_copy(ssh: OpenSsh) -> None:
    for _ in range(2):
        await put(ssh)
        assert ssh.kept() == WHOLE


async def test_killed_during_the_transfer(ssh: OpenSsh) -> None:
    transfer = asyncio.create_task(put(ssh))
    await ssh.begun()
    os.kill(ssh.children[-1].pid, signal.SIGKILL)
    with pytest.raises(ArchiveTemporary) as caught:
        await transfer
    assert "broke off" in caught.value.sentence
    [(part, octets)] = ssh.kept().items()
    assert part == "2026/11/.K7Q2-M9_Success.tif.K7Q2-M9-1.part"
    assert len(octets) < len(DOCUMENT.octets)
    await put(ssh)
    assert ssh.kept() == WHOLE


@pytest.fixture
def disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", capsys) as disk:
        yield disk


async def test_full_during_the_transfer(disk: SmallDisk) -> None:
    async with running(disk.folder) as ssh:
        target = ssh.target()
        disk.fill(len(DOCUMENT.octets) // 2, otherwise=ssh.limit)
        with pytest.raises(ArchiveTemporary) as caught:
            await SftpArchive(target).put(COPY, FILES)
        assert "did not take the file" in caught.value.sentence
        assert ssh.kept() == {}
        await asyncio.gather(*(child.wait() for child in ssh.children))
        disk.free(otherwise=ssh.limit)
        await put(ssh)
        assert ssh.kept() == WHOLE


async def test_silent_during_the_transfer(ssh: OpenSsh, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(sftp, "_ALL_SECONDS", 1.0)
        transfer = asyncio.create_task(failed(ssh))
        await ssh.begun()
        ssh.children[-1].send_signal(signal.SIGSTOP)
        assert "did not answer in time" in await transfer
    assert ssh.finals() == {}
    await put(ssh)
    assert ssh.kept() == WHOLE


async def test_gone_and_back_with_another_key(ssh: OpenSsh) -> None:
    before, port = ssh.target(), ssh.server.port
    await ssh.server.stop()
    assert "could not be reached" in await failed(ssh)
    await ssh.start(asyncssh.generate_private_key("ssh-ed25519"), port)
    with pytest.raises(HostKeyMismatch):
        await SftpArchive(before.model_copy(update={"password_file": ssh.target().password_file})).put(
            COPY, FILES
        )
    assert ssh.kept() == {}
    await put(ssh)
    assert ssh.kept() == WHOLE
