"""A listener whose intake takes everything and remembers it: for what happens before a mail is judged."""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from smtp_house import Client, server_settings

from config.values import HostPort, UnixSocket
from mta.intake import Delivery, Intake
from mta.proof.verdict import Refused
from mta.reply import Reply
from mta.smtp.data import SpooledMessage
from mta.smtp.limits import ClientLimits
from mta.smtp.listener import SmtpListener
from mta.smtp.login import Credentials
from mta.smtp.places import bind
from store.body_folder import BodyFolder
from store.incoming import OpenBody


@dataclass
class Taking:
    """An intake without a verdict."""

    open_body: OpenBody
    taken: list[tuple[Delivery, bytes]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    reply: Callable[[int], Reply] = lambda number: Reply(250, "2.0.0", f"accepted as MAIL-{number}")

    async def take(self, delivery: Delivery, message: SpooledMessage) -> Reply:
        await asyncio.sleep(0)
        self.taken.append((delivery, message.octets()))
        return self.reply(len(self.taken))

    def note_refusal(self, _: Delivery, refused: Refused) -> Reply:
        self.refused.append(refused)
        return refused.reply

    async def finish_acceptances(self) -> None:
        """Nothing is kept."""


@dataclass
class Desk:
    """A listener and what came to it."""

    listener: SmtpListener
    intake: Taking
    address: HostPort | UnixSocket
    limits: ClientLimits

    @property
    def only(self) -> Delivery:
        """The one delivery."""
        ((delivery, _),) = self.intake.taken
        return delivery

    @contextlib.asynccontextmanager
    async def client(
        self, *, hello: str = "EHLO client.example", first: bytes = b"", tls: bool = False
    ) -> AsyncIterator[Client]:
        """A client that has read the greeting; `first` is sent before anything else."""
        if isinstance(self.address, UnixSocket):
            reader, writer = await asyncio.open_unix_connection(self.address.path)
        else:
            context = trusting() if tls and not first else None
            reader, writer = await asyncio.open_connection(*self.address, ssl=context)
        client = Client(reader, writer)
        try:
            if first:
                client.send(first)
                if tls:
                    await client.begin_tls(trusting())
            if hello:
                assert (await client.reply()).startswith("220 ")
                assert (await client.say(hello)).startswith("250")
            yield client
        finally:
            await client.close()


def trusting() -> ssl.SSLContext:
    """A client's side of TLS that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.asynccontextmanager
async def open_desk(
    listener: dict[str, Any] | None = None, *, credentials: Credentials | None = None, **mail_settings: Any
) -> AsyncIterator[Desk]:
    """A listener with these settings, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        bodies = BodyFolder(Path(folder) / "documents")
        bodies.create()
        intake = Taking(lambda: bodies.begin(".eml"))
        settings = server_settings(listen=[listener or {"smtp": "127.0.0.1:0"}], **mail_settings)
        limits = ClientLimits(settings.mail.limits, front_ends=settings.mail.front_ends)
        service = SmtpListener(settings, cast("Intake", intake), limits=limits, credentials=credentials)
        (place,) = bind(settings.mail.listen, workers=1)
        await service.start([(place.listener, place.of_worker(0))])
        try:
            yield Desk(service, intake, place.address, limits)
        finally:
            await service.stop(seconds=10)
            if isinstance(place.address, UnixSocket):
                place.close()
