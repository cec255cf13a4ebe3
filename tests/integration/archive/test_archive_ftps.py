"""Delivery to a real FTP server over TLS, in good order and in trouble."""

import asyncio
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ftps_server import FtpsServer, make_certificate
from small_disk import SmallDisk, small_disk

from archive import ftp_session, ftps
from archive.filing import ArchiveFile
from archive.ftps import CertificateMismatch, FtpsArchive
from archive.trouble import ArchivePermanent, ArchiveTemporary, ArchiveTrouble
from config.archive import FtpsTarget

DOCUMENT = ArchiveFile(
    path="2026/11/K7Q2-M9_Success.pdf", media_type="application/pdf", octets=bytes(range(256)) * 4096
)
SIDECAR = ArchiveFile(
    path="2026/11/K7Q2-M9_Success.xml", media_type="application/xml", octets=b"<faxDetails/>\n"
)
FILES = (DOCUMENT, SIDECAR)
WHOLE = {file.path: file.octets for file in FILES}
COPY = "K7Q2-M9:1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FtpsServer]:
    with FtpsServer(tmp_path) as server:
        yield server


async def put(target: FtpsTarget) -> str:
    return await FtpsArchive(target).put(COPY, FILES)


async def failed(target: FtpsTarget, kind: type[ArchiveTrouble]) -> str:
    with pytest.raises(kind) as caught:
        await put(target)
    return caught.value.sentence


def finals(kept: dict[str, bytes]) -> dict[str, bytes]:
    return {path: octets for path, octets in kept.items() if not path.endswith(".part")}


async def test_a_copy_arrives_whole_and_a_repetition_replaces_it(server: FtpsServer) -> None:
    for _ in range(2):
        assert await put(server.target()) == "2026/11/K7Q2-M9_Success.pdf"
        assert server.kept() == WHOLE


async def test_below_the_archives_own_folder(server: FtpsServer) -> None:
    for folder in ("deep/er", f"{server.folder}/from the root"):
        await put(server.target(folder=folder))
    below = ("deep/er", "from the root")
    assert server.kept() == {f"{path}/{file.path}": file.octets for path in below for file in FILES}


async def test_tls_from_the_first_octet(tmp_path: Path) -> None:
    with FtpsServer(tmp_path, implicit_ssl="YES") as server:
        await put(server.target(tls="implicit"))
        assert server.kept() == WHOLE


async def test_plain_ftp_only_where_the_policy_says_so(tmp_path: Path) -> None:
    with FtpsServer(tmp_path, ssl_enable="NO") as server:
        said = await failed(server.target(), ArchivePermanent)
        assert "does not offer TLS; nothing was sent" in said
        assert server.kept() == {}
        await put(server.target(tls="insecure-none"))
        assert server.kept() == WHOLE


async def test_a_server_that_wants_tls_takes_nothing_without(server: FtpsServer) -> None:
    await failed(server.target(tls="insecure-none"), ArchiveTemporary)
    assert server.kept() == {}


async def test_the_certificate_by_its_fingerprint(tmp_path: Path) -> None:
    first = make_certificate(tmp_path, address="192.0.2.1", ends=timedelta(days=-1))
    with FtpsServer(tmp_path) as server:
        await put(server.target(fingerprint=first))
        assert server.kept() == WHOLE
        other = make_certificate(tmp_path / "empty")
        said = await failed(server.target(fingerprint=other), CertificateMismatch)
        assert "another certificate than archive.ftps.fingerprint says; nothing was sent" in said


@pytest.mark.parametrize(
    ("made", "trouble", "sentence"),
    [
        (
            {"address": "192.0.2.1"},
            CertificateMismatch,
            "is not trusted .*IP address mismatch.*nothing was sent",
        ),
        (
            {"ends": timedelta(days=-1)},
            ArchiveTemporary,
            "The certificate of .* is out of date; nothing was sent",
        ),
    ],
)
async def test_a_certificate_that_is_not_right_gets_nothing(
    tmp_path: Path, made: dict[str, Any], trouble: type[ArchiveTrouble], sentence: str
) -> None:
    make_certificate(tmp_path, **made)
    with FtpsServer(tmp_path) as server:
        assert re.search(sentence, await failed(server.target(), trouble))
        assert server.kept() == {}


async def test_a_changed_certificate_gets_nothing_until_the_policy_knows_it(server: FtpsServer) -> None:
    known = server.place / "known.pem"
    known.write_bytes(server.certificate.read_bytes())
    server.stop()
    make_certificate(server.place)
    server.start()
    said = await failed(server.target(ca_file=known), CertificateMismatch)
    assert "is not trusted (self-signed certificate); nothing was sent" in said
    assert "archive.ftps.ca_file" in said
    await put(server.target())
    assert server.kept() == WHOLE


async def test_logins_that_can_be_put_right_are_temporary(server: FtpsServer) -> None:
    said = await failed(server.target(user="stranger"), ArchiveTemporary)
    assert said == f"127.0.0.1:{server.port} refused the login of stranger."
    target = server.target()
    server.certificate.unlink()
    assert "(archive.ftps.ca_file) cannot be read" in await failed(target, ArchiveTemporary)
    target.password_file.unlink()
    pinned = target.model_copy(update={"ca_file": None, "fingerprint": "00" * 32})
    assert "(archive.ftps.password_file) cannot be read" in await failed(pinned, ArchiveTemporary)


async def test_nobody_listens(server: FtpsServer) -> None:
    target = server.target()
    server.stop()
    assert "could not be reached" in await failed(target, ArchiveTemporary)


async def test_a_server_that_never_speaks(server: FtpsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ftps, "_ALL_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        target = server.target(port=mute.getsockname()[1])
        assert "did not answer in time" in await failed(target, ArchiveTemporary)


@pytest.fixture
def disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", capsys) as disk:
        yield disk


async def test_a_server_that_fills_up_has_nothing_in_part(disk: SmallDisk) -> None:
    with FtpsServer(disk.folder) as server:
        target = server.target()
        disk.fill(300_000, otherwise=server.fill)
        assert "did not take the file" in await failed(target, ArchiveTemporary)
        assert finals(server.kept()) == {}
        disk.free(otherwise=server.free)
        await put(target)
        assert server.kept() == WHOLE


async def test_a_server_that_is_full_when_the_sidecar_comes(disk: SmallDisk) -> None:
    large = ArchiveFile(path=SIDECAR.path, media_type=SIDECAR.media_type, octets=b"x" * 2_000_000)
    with FtpsServer(disk.folder) as server:
        archive = FtpsArchive(server.target())
        disk.fill(len(DOCUMENT.octets), otherwise=server.fill)
        with pytest.raises(ArchiveTemporary):
            await archive.put(COPY, (DOCUMENT, large))
        assert finals(server.kept()) == {DOCUMENT.path: DOCUMENT.octets}
        disk.free(otherwise=server.free)
        await archive.put(COPY, (DOCUMENT, large))
        assert server.kept() == {DOCUMENT.path: DOCUMENT.octets, SIDECAR.path: large.octets}


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[FtpsServer]:
    """A server that takes a document in seconds."""
    with FtpsServer(tmp_path, anon_max_rate="200000") as server:
        yield server


async def _begun(server: FtpsServer) -> None:
    """Until some of the document is there, and not all."""
    while True:
        for path, octets in server.kept().items():
            assert path.endswith(".part")
            if octets:
                return
        await asyncio.sleep(0.02)


async def test_a_server_that_is_killed_during_a_transfer(slow: FtpsServer) -> None:
    transfer = asyncio.create_task(put(slow.target()))
    await _begun(slow)
    slow.end_sessions()
    with pytest.raises(ArchiveTemporary) as caught:
        await transfer
    assert re.search("broke off|did not take the file", caught.value.sentence)
    assert list(slow.kept()) == ["2026/11/.K7Q2-M9_Success.pdf.K7Q2-M9-1.part"]
    slow.stop()
    assert "could not be reached" in await failed(slow.target(), ArchiveTemporary)
    slow = FtpsServer(slow.place)
    with slow:
        await put(slow.target())
    assert slow.kept() == WHOLE


async def test_a_slow_server_has_its_time_and_no_more(
    slow: FtpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ftps, "_ALL_SECONDS", 1.0)
    assert "did not answer in time" in await failed(slow.target(), ArchiveTemporary)
    assert finals(slow.kept()) == {}


async def test_a_service_that_stops_does_not_wait_for_a_server(
    slow: FtpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = asyncio.create_task(put(slow.target()))
    await _begun(slow)
    transfer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await transfer
    assert finals(slow.kept()) == {}


async def test_less_on_the_server_than_was_sent_is_no_delivery(
    server: FtpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ftp_session.FtpSession._check_size
    monkeypatch.setattr(
        ftp_session.FtpSession, "_check_size", lambda self, name, octets: store(self, name, octets + 1)
    )
    assert "did not take the file" in await failed(server.target(), ArchiveTemporary)
    assert server.kept() == {}
