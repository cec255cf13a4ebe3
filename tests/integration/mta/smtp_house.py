"""A listener on loopback with a name server of its own, and clients that talk to it."""

import asyncio
import contextlib
import dataclasses
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stub_lookup import StubLookup

from config.fax import FaxSettings
from config.server import ServerSettings
from config.settings import Settings, UserPolicy
from config.values import HostPort
from mta.intake import Intake, RefusedSubmission
from mta.proof.checks import SenderChecks
from mta.smtp.listener import SmtpListener
from mta.smtp.places import bind
from postfax.demonstration.dns_stub import DnsStub, Zone
from store.body_folder import BodyFolder
from store.incoming import IncomingBody
from store.mail import NewMail

DOMAIN = "fax.example.com"


def user(email: str, *, require_spf: bool = True) -> UserPolicy:
    settings = Settings(fax=FaxSettings(require_spf=require_spf))
    return UserPolicy(name="Ana Ruiz", email=email, company="General Hospital", settings=settings)


@dataclass
class People:
    """A directory of registered senders."""

    users: dict[str, UserPolicy]

    def sender(self, address: str) -> UserPolicy | None:
        return self.users.get(address)

    def user(self, email: str) -> UserPolicy | None:
        return next((user for user in self.users.values() if user.email == email), None)


@dataclass(frozen=True)
class Stored:
    mail_id: str
    duplicate: bool


@dataclass
class Book:
    """Keeps mails in memory; each is durable when it is in `mails`."""

    mails: list[NewMail] = field(default_factory=list)
    seconds: float = 0.0
    """How long a commit takes."""
    gate: asyncio.Event | None = None
    """What a commit waits for besides."""
    fault: Exception | None = None
    committing: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, mail: NewMail) -> Stored:
        self.committing.set()
        await asyncio.sleep(self.seconds)
        if self.gate:
            await self.gate.wait()
        if self.fault:
            raise self.fault
        known = [earlier.dedupe_key for earlier in self.mails]
        if mail.dedupe_key in known:
            return Stored(f"MAIL-{known.index(mail.dedupe_key) + 1}", duplicate=True)
        body = mail.body if isinstance(mail.body, bytes) else mail.body.octets()
        if isinstance(mail.body, IncomingBody):
            mail.body.discard()
        self.mails.append(dataclasses.replace(mail, body=body))
        return Stored(f"MAIL-{len(self.mails)}", duplicate=False)


@dataclass
class House:
    """Everything around one listener."""

    listener: SmtpListener
    address: HostPort
    book: Book
    people: People
    dns: DnsStub
    refused: list[RefusedSubmission]


def server_settings(**mail: Any) -> ServerSettings:
    return ServerSettings.model_validate(
        {
            "domain": DOMAIN,
            "policy": "/nowhere",
            "mail": {"listen": [{"smtp": "127.0.0.1:0"}], "smarthost": {"host": "127.0.0.1"}, **mail},
        }
    )


@contextlib.asynccontextmanager
async def open_house(**mail_settings: Any) -> AsyncIterator[House]:
    """A listener with these `mail` settings, for a while."""
    dns = DnsStub(Zone())
    nameserver = await dns.start()
    dns.zone.add_text("hospital.example", "v=spf1 ip4:127.0.0.1 -all")
    book, refused = Book(), list[RefusedSubmission]()
    people = People({"ana@hospital.example": user("ana@hospital.example")})
    with tempfile.TemporaryDirectory() as folder:
        bodies = BodyFolder(Path(folder) / "documents")
        bodies.create()
        lookup = StubLookup(dns.zone, nameserver)
        checks = SenderChecks(lookup, hostname=DOMAIN)
        intake = Intake(
            directory=lambda: people,
            checks=checks,
            accept=book.accept,
            refused=refused.append,
            open_body=lambda: bodies.begin(".eml"),
        )
        settings = server_settings(**mail_settings)
        listener = SmtpListener(settings, intake)
        (place,) = bind(settings.mail.listen, workers=1)
        await listener.start([(place.listener, place.of_worker(0))])
        assert isinstance(place.address, HostPort)
        try:
            yield House(listener, place.address, book, people, dns, refused)
        finally:
            await listener.stop(seconds=10)
            await dns.stop()
            checks.close()


class Client:
    """An SMTP client that sends octets as they are and reads whole replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def reply(self) -> str:
        """The next reply, its lines joined; empty where the server has closed."""
        lines = []
        while line := (await asyncio.wait_for(self.reader.readline(), 60)).decode():
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    async def say(self, command: str) -> str:
        self.send(command.encode() + b"\r\n")
        return await self.reply()

    async def deliver(
        self,
        message: bytes,
        *,
        return_path: str = "ana@hospital.example",
        recipients: tuple[str, ...] = (f"+12065550123@{DOMAIN}",),
    ) -> str:
        """One transaction; the reply to the message, or the first refusal before it."""
        for command in (f"MAIL FROM:<{return_path}>", *(f"RCPT TO:<{one}>" for one in recipients), "DATA"):
            reply = await self.say(command)
            if reply[0] not in "23":
                return reply
        stuffed = message.replace(b"\r\n.", b"\r\n..")
        self.send((b"." if message.startswith(b".") else b"") + stuffed + b".\r\n")
        return await self.reply()

    async def begin_tls(self, context: ssl.SSLContext) -> None:
        await self.writer.start_tls(context)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def connect(house: House, *, greet: bool = True) -> AsyncIterator[Client]:
    """A client that has read the greeting, and as a rule has greeted."""
    client = Client(*await asyncio.open_connection(house.address.host, house.address.port))
    try:
        assert await client.reply() == f"220 {DOMAIN} ESMTP Postfax"
        if greet:
            assert (await client.say("EHLO client.example")).startswith("250-")
        yield client
    finally:
        await client.close()


def mail(
    *,
    author: str = "Ana Ruiz <ana@hospital.example>",
    message_id: str = "<1@hospital.example>",
    extra: str = "",
    body: str = "Please see attached.\r\n",
) -> bytes:
    return (
        f"From: {author}\r\nTo: <+12065550123@{DOMAIN}>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
        f"Message-ID: {message_id}\r\n{extra}Subject: Referral\r\n\r\n{body}"
    ).encode()
