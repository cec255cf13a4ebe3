"""A real Dovecot that is killed, frozen, or does not let us in: no mail is lost, none taken twice."""

import asyncio
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from dovecot_server import USER, Dovecot, dovecot
from pickup_house import MailboxHouse, fax_mail, pickup_settings
from structlog.testing import capture_logs
from waiting import until

from mta.imap.connection import ImapConnection
from mta.imap.dialogue import Patience
from mta.imap.trouble import ConnectionTrouble, FolderTrouble, LoginRefused


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def house(server: Dovecot, tmp_path: Path) -> MailboxHouse:
    return MailboxHouse(server, pickup_settings(server, tmp_path))


def logins(server: Dovecot) -> int:
    return server.log().count("Login: user")


async def test_a_server_killed_during_idle_and_started_again(house: MailboxHouse) -> None:
    house.server.deliver(fax_mail(1), "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
        house.server.kill()
        house.server.deliver(fax_mail(2), "2")
        await asyncio.sleep(0.2)
        house.server.start()
        await until(lambda: len(house.taken()) == 2)
        house.server.deliver(fax_mail(3), "3")
        await until(lambda: len(house.taken()) == 3)
    assert len(house.book.mails) == 3
    assert house.book.duplicates == 0


async def test_a_server_that_is_frozen_during_idle_is_given_up(house: MailboxHouse) -> None:
    impatient = Patience(connect=10, command=2, idle=0.5)
    house.server.deliver(fax_mail(1), "1")
    with capture_logs() as events:
        async with house.fetching(patience=impatient):
            await until(lambda: len(house.taken()) == 1)
            house.server.signal_all(signal.SIGSTOP)
            await until(lambda: any(event["event"] == "pickup_interrupted" for event in events))
            house.server.signal_all(signal.SIGCONT)
            house.server.deliver(fax_mail(2), "2")
            await until(lambda: len(house.taken()) == 2)
    assert "did not answer within" in next(e["problem"] for e in events if e["event"] == "pickup_interrupted")


async def test_a_wrong_password_is_told_and_not_tried_all_the_time(house: MailboxHouse) -> None:
    file = house.settings.password_file
    assert file
    file.write_text("wrong-secret\n")
    with capture_logs() as events:
        async with house.fetching():
            await until(lambda: any(event["event"] == "pickup_refused" for event in events))
            await asyncio.sleep(0.3)
    refusals = [event for event in events if event["event"] == "pickup_refused"]
    assert [event["again_in"] for event in refusals] == [60.0]
    assert refusals[0]["problem"] == (
        f"127.0.0.1 does not take the password of {USER}; correct password_file."
    )
    assert "AUTHENTICATIONFAILED" in refusals[0]["cause"]
    assert "wrong-secret" not in repr(events)


async def test_a_mailbox_that_is_not_there(house: MailboxHouse) -> None:
    tls = ssl.create_default_context()
    connection = await ImapConnection.open(house.settings, tls)
    with pytest.raises(LoginRefused):
        await connection.log_in(USER, "no")
    await connection.log_in(USER, 'a "quoted\\ pass word')
    with pytest.raises(FolderTrouble, match="no mailbox 'Post Büro'"):
        await connection.select("Post Büro")
    with pytest.raises(FolderTrouble, match="cannot be made"):
        await connection.make_folder("a//b")
    await connection.close()


async def test_nobody_listens(house: MailboxHouse) -> None:
    house.server.kill()
    with pytest.raises(ConnectionTrouble, match=r"127\.0\.0\.1:\d+ cannot be reached; see that it runs"):
        await ImapConnection.open(house.settings, ssl.create_default_context())


async def test_a_greeting_that_is_no_welcome(tmp_path: Path) -> None:
    async def turn_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* BYE too many connections\r\n")
        writer.close()

    async with await asyncio.start_server(turn_away, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        settings = pickup_settings(Dovecot(tmp_path, port, 0), tmp_path)
        with pytest.raises(ConnectionTrouble) as raised:
            await ImapConnection.open(settings, ssl.create_default_context())
    assert raised.value.cause == "greeted with * BYE too many connections"
