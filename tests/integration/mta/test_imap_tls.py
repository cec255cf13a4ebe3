"""TLS with a real Dovecot: from the first octet, with STARTTLS, and where it cannot be had."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

import pytest
import uvloop
from dovecot_server import Dovecot, dovecot
from pickup_house import MailboxHouse, fax_mail, pickup_settings
from self_signed import self_signed
from waiting import until

from mta.imap.connection import ImapConnection
from mta.imap.trouble import ConnectionTrouble


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    made = self_signed(tmp_path_factory.mktemp("tls"))
    return made.certificate, made.key


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_mails_are_fetched_over_tls(
    tls: Literal["implicit", "starttls"],
    run: Callable[[Coroutine[Any, Any, None]], None],
    certificate: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    with dovecot(ssl="yes", certificate=certificate) as server:
        port = server.tls_port if tls == "implicit" else server.port
        house = MailboxHouse(server, pickup_settings(server, tmp_path, tls=tls, port=port))
        server.deliver(fax_mail(1), "1")

        async def fetch() -> None:
            async with house.fetching(tls=ssl.create_default_context(cafile=certificate[0])):
                await until(lambda: len(house.taken()) == 1)
                server.deliver(fax_mail(2), "2")
                await until(lambda: len(house.taken()) == 2)
            with pytest.raises(ConnectionTrouble, match="certificate is not trusted here"):
                await ImapConnection.open(house.settings, ssl.create_default_context())

        run(fetch())
        assert "TLS" in server.log()


async def test_a_server_without_tls_gets_no_password(tmp_path: Path) -> None:
    with dovecot() as server:
        settings = pickup_settings(server, tmp_path, tls="starttls")
        with pytest.raises(ConnectionTrouble, match="does not begin TLS on this connection"):
            await ImapConnection.open(settings, ssl.create_default_context())
        settings = pickup_settings(server, tmp_path, tls="implicit")
        with pytest.raises(ConnectionTrouble, match="it does not speak TLS as it should"):
            await ImapConnection.open(settings, ssl.create_default_context())


@pytest.mark.parametrize(
    "greeting", [b"* PREAUTH ready\r\n", b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"]
)
async def test_nothing_is_slipped_in_before_tls(greeting: bytes, tmp_path: Path) -> None:
    """A go-between that lets us in by itself, or puts an answer behind the one to STARTTLS."""

    async def slip_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while line := await reader.readline():
            tag, command = line.split()[:2]
            if command == b"CAPABILITY":
                writer.write(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK done\r\n")
            elif command == b"STARTTLS":
                writer.write(tag + b" OK begin\r\n* OK slipped")
        writer.close()
        gone.set()

    gone = asyncio.Event()
    async with await asyncio.start_server(slip_in, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        settings = pickup_settings(Dovecot(tmp_path, port, 0), tmp_path, tls="starttls")
        with pytest.raises(ConnectionTrouble, match="does not begin TLS"):
            await ImapConnection.open(settings, ssl.create_default_context())
        await gone.wait()
