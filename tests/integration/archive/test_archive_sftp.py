"""Delivery to a real SFTP server, in good order and in trouble; `test_archive_openssh` has OpenSSH's."""

import errno
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from archive import sftp
from archive.filing import ArchiveFile
from archive.sftp import SftpArchive
from archive.trouble import ArchivePermanent, ArchiveTemporary, ArchiveTrouble, HostKeyMismatch
from config.archive import SftpTarget
from postfax.demonstration.sftp_server import ArchiveServer

DOCUMENT = ArchiveFile(
    path="2026/11/K7Q2-M9_Success.pdf", media_type="application/pdf", octets=bytes(range(256)) * 4096
)
SIDECAR = ArchiveFile(
    path="2026/11/K7Q2-M9_Success.xml", media_type="application/xml", octets=b"<faxDetails/>\n"
)
FILES = (DOCUMENT, SIDECAR)
COPY = "K7Q2-M9:1"


def target(server: ArchiveServer, tmp_path: Path, **changes: Any) -> SftpTarget:
    password = tmp_path / "password"
    password.write_text(f"{server.password}\n")
    known = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "password_file": password,
        "known_host": server.known_host,
    }
    return SftpTarget.model_validate(known | changes)


def kept(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


WHOLE = {file.path: file.octets for file in FILES}


async def test_a_copy_arrives_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    async with ArchiveServer(tmp_path / "archive") as server:
        archive = SftpArchive(target(server, tmp_path))
        assert await archive.put(COPY, FILES) == "2026/11/K7Q2-M9_Success.pdf"
    assert kept(tmp_path / "archive") == WHOLE


async def test_a_repetition_replaces_the_copy(tmp_path: Path) -> None:
    async with ArchiveServer(tmp_path / "archive") as server:
        archive = SftpArchive(target(server, tmp_path, folder="deep/er"))
        for _ in range(2):
            assert await archive.put(COPY, FILES) == "deep/er/2026/11/K7Q2-M9_Success.pdf"
    assert kept(tmp_path / "archive" / "deep" / "er") == WHOLE


async def test_a_key_opens_as_well_as_a_password(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    public = key.export_public_key().decode()
    async with ArchiveServer(tmp_path / "archive", client_key=public) as server:
        await SftpArchive(target(server, tmp_path, password_file=None, key_file=tmp_path / "key")).put(
            COPY, FILES
        )
    assert kept(tmp_path / "archive") == WHOLE


@pytest.mark.parametrize("algorithm", ["ssh-rsa", "ecdsa-sha2-nistp256"])
async def test_of_a_servers_several_keys_the_one_in_the_policy_is_asked_for(
    tmp_path: Path, algorithm: str
) -> None:
    other = asyncssh.generate_private_key(algorithm)
    server = ArchiveServer(tmp_path / "archive")
    both: dict[str, Any] = {"server_host_keys": [server._host_key, other]}
    known = " ".join(other.export_public_key().decode().split()[:2])
    async with ArchiveServer(tmp_path / "archive", **both) as server:
        await SftpArchive(target(server, tmp_path, known_host=known)).put(COPY, FILES)
    assert kept(tmp_path / "archive") == WHOLE


async def failed(archive: SftpArchive, kind: type[ArchiveTrouble]) -> ArchiveTrouble:
    with pytest.raises(kind) as caught:
        await archive.put(COPY, FILES)
    return caught.value


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_a_server_with_another_key_gets_nothing(tmp_path: Path, algorithm: str) -> None:
    stranger = asyncssh.generate_private_key(algorithm).export_public_key().decode()
    known = " ".join(stranger.split()[:2])
    async with ArchiveServer(tmp_path / "archive") as server:
        trouble = await failed(SftpArchive(target(server, tmp_path, known_host=known)), HostKeyMismatch)
    assert isinstance(trouble, ArchivePermanent)
    assert "another host key" in trouble.sentence
    assert not kept(tmp_path / "archive")


async def test_logins_that_can_be_put_right_are_temporary(tmp_path: Path) -> None:
    async with ArchiveServer(tmp_path / "archive") as server:
        wrong = target(server, tmp_path, user="stranger")
        trouble = await failed(SftpArchive(wrong), ArchiveTemporary)
        assert trouble.sentence == f"127.0.0.1:{server.port} refused the login of stranger."
        missing = target(server, tmp_path, password_file=None, key_file=tmp_path / "none")
        trouble = await failed(SftpArchive(missing), ArchiveTemporary)
        assert trouble.sentence == f"{tmp_path / 'none'} (archive.sftp.key_file) cannot be read."
        (tmp_path / "none").write_text("no key")
        assert "cannot be read" in (await failed(SftpArchive(missing), ArchiveTemporary)).sentence
        (tmp_path / "password").unlink()
        target_without = wrong.model_copy(update={"user": server.user})
        trouble = await failed(SftpArchive(target_without), ArchiveTemporary)
        assert "archive.sftp.password_file" in trouble.sentence


async def test_a_known_host_that_is_no_key(tmp_path: Path) -> None:
    async with ArchiveServer(tmp_path / "archive") as server:
        broken = target(server, tmp_path).model_copy(update={"known_host": "ssh-ed25519 AAAA"})
        trouble = await failed(SftpArchive(broken), ArchivePermanent)
    assert "is not a public key" in trouble.sentence


async def test_nobody_listens(tmp_path: Path) -> None:
    server = ArchiveServer(tmp_path / "archive")
    await server.start()
    nowhere = target(server, tmp_path)
    await server.stop()
    trouble = await failed(SftpArchive(nowhere), ArchiveTemporary)
    assert "could not be reached" in trouble.sentence


async def test_a_server_that_never_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp, "_ALL_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        known = target(ArchiveServer(tmp_path), tmp_path, port=mute.getsockname()[1])
        trouble = await failed(SftpArchive(known), ArchiveTemporary)
    assert "did not answer in time" in trouble.sentence


class Troubled(asyncssh.SFTPServer):
    """A server on which a step goes wrong as often as `times` says."""

    def __init__(
        self,
        channel: "asyncssh.SSHServerChannel[bytes]",
        folder: Path,
        step: str,
        go_wrong: Callable[[], None],
    ) -> None:
        super().__init__(channel, chroot=str(folder).encode())
        self._step = step
        self._go_wrong = go_wrong

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if self._step == "write":
            super().write(file_obj, offset, data[: len(data) // 2])
            self._go_wrong()
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self._step == "posix_rename":
            self._go_wrong()
        super().posix_rename(oldpath, newpath)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if self._step == "open":
            self._go_wrong()
        return super().open(path, pflags, attrs)


class Faults:
    """How often a step goes wrong, and how."""

    def __init__(self, folder: Path, step: str, times: int, fault: Callable[[ArchiveServer], None]) -> None:
        self.folder, self.step, self.times, self.fault = folder, step, times, fault
        self.server = ArchiveServer(folder, sftp_factory=self.session)

    def session(self, channel: "asyncssh.SSHServerChannel[bytes]") -> asyncssh.SFTPServer:
        return Troubled(channel, self.folder, self.step, self.now)

    def now(self) -> None:
        if self.times:
            self.times -= 1
            self.fault(self.server)


def hang_up(server: ArchiveServer) -> None:
    for connection in tuple(server._connections):
        connection.abort()


def fill_up(_: ArchiveServer) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def forbid(_: ArchiveServer) -> None:
    raise asyncssh.SFTPPermissionDenied("not here")


def not_know(_: ArchiveServer) -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("step", "fault", "sentence"),
    [
        ("write", hang_up, "The connection to .* broke off"),
        ("posix_rename", hang_up, "The connection to .* broke off"),
        ("write", fill_up, "did not take the file"),
        ("open", forbid, "did not take the file"),
    ],
)
async def test_trouble_on_the_way_leaves_nothing_half_written_under_a_final_name(
    tmp_path: Path, step: str, fault: Callable[[ArchiveServer], None], sentence: str
) -> None:
    folder = tmp_path / "archive"
    faults = Faults(folder, step, 1, fault)
    async with faults.server as server:
        archive = SftpArchive(target(server, tmp_path))
        trouble = await failed(archive, ArchiveTemporary)
        assert re.search(sentence, trouble.sentence)
        final = {path: octets for path, octets in kept(folder).items() if not path.endswith(".part")}
        assert final.items() <= WHOLE.items()
        await archive.put(COPY, FILES)
    assert faults.times == 0
    assert kept(folder) == WHOLE


async def test_where_the_server_lives_on_what_was_begun_is_removed(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "archive", "write", 1, fill_up)
    async with faults.server as server:
        await failed(SftpArchive(target(server, tmp_path)), ArchiveTemporary)
    assert not kept(tmp_path / "archive")


async def test_a_server_that_only_renames_to_free_names(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "archive", "posix_rename", 99, not_know)
    async with faults.server as server:
        archive = SftpArchive(target(server, tmp_path))
        for _ in range(2):
            await archive.put(COPY, FILES)
    assert faults.times < 99
    assert kept(tmp_path / "archive") == WHOLE
