"""A smarthost that misbehaves around the end of a mail: nothing is lost, and nothing comes twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from config.mail import Smarthost
from notify.mailer import Mailer, MailTemporary

MAIL = b"Message-ID: <one@fax.example.com>\r\nSubject: x\r\n\r\nhello\r\n"
ANA = "ana@hospital.example"


@dataclass
class Host:
    """A server that is told what to do once it has a mail, and after it."""

    after_data: Callable[[asyncio.StreamWriter, int], Awaitable[bool]]
    """Gets the number of the mail; False hangs up."""
    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    ended: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smarthost.example\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                if not await self.after_data(writer, len(self.mails)):
                    break
            elif line.startswith(b"QUIT"):
                continue  # it is silent from here on
            else:
                writer.write(b"250 OK\r\n")
        writer.transport.abort()
        await asyncio.sleep(0)
        self.ended.release()


@asynccontextmanager
async def running(after_data: Callable[[asyncio.StreamWriter, int], Awaitable[bool]]) -> AsyncIterator[Host]:
    host = Host(after_data)
    async with await asyncio.start_server(host.talk, "127.0.0.1", 0) as server:
        host.port = server.sockets[0].getsockname()[1]
        yield host
        for _ in host.mails:
            await host.ended.acquire()


def mailer(host: Host) -> Mailer:
    return Mailer(Smarthost(host="127.0.0.1", port=host.port, tls="none"), "fax.example.com")


async def test_who_takes_a_mail_and_dies_has_it() -> None:
    async def take_and_die(writer: asyncio.StreamWriter, _: int) -> bool:
        writer.write(b"250 2.0.0 taken\r\n")
        await writer.drain()
        return False

    async with running(take_and_die) as host:
        await mailer(host).send(MAIL, ANA)
    assert len(host.mails) == 1


async def test_who_takes_a_mail_and_never_says_goodbye_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notify.mailer._LEAVE_SECONDS", 0.05)

    async def take(writer: asyncio.StreamWriter, _: int) -> bool:
        writer.write(b"250 2.0.0 taken\r\n")
        return True

    async with running(take) as host:
        await mailer(host).send(MAIL, ANA)
    assert len(host.mails) == 1


async def test_who_dies_without_a_word_gets_the_same_mail_again() -> None:
    async def die_first(writer: asyncio.StreamWriter, number: int) -> bool:
        if number == 1:
            return False
        writer.write(b"250 2.0.0 taken\r\n")
        return True

    async with running(die_first) as host:
        with pytest.raises(MailTemporary):
            await mailer(host).send(MAIL, ANA)
        await mailer(host).send(MAIL, ANA)
    # What did not hear a reply cannot know; by its Message-ID the receiving side sees one mail.
    assert host.mails == [MAIL + b".\r\n"] * 2
