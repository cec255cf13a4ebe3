"""A mail that comes while the object store is stopped: 451, nothing is kept, and 250 when it comes again."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from s3_server import Bucket, a_bucket
from small_book import directly, lay_out
from smtp_house import DOMAIN, Client, mail
from sqlalchemy import text

from config.policy import read_policy
from config.server import ServerSettings
from config.values import HostPort
from mta.smtp.places import bind
from mta.smtp.shared_counts import make_shared
from postfax.acceptance import worker
from postfax.acceptance.channel import Accepted, Channel, Ready, Setup
from postfax.acceptance.worker import Worker
from postfax.demonstration.dns_stub import DnsStub, Zone
from postfax.opening import make_book
from store.book import Book
from store.mail import MailState

POLICY = "company: General Hospital\nusers: [{name: Ana Ruiz, email: ana@hospital.example}]\n"


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with a_bucket() as made:
        yield made


@asynccontextmanager
async def name_server() -> AsyncIterator[HostPort]:
    dns = DnsStub(Zone())
    dns.zone.add_text("hospital.example", "v=spf1 ip4:127.0.0.1 -all")
    try:
        yield await dns.start()
    finally:
        await dns.stop()


def settings_of(folder: Path, bucket: Bucket, names: HostPort) -> ServerSettings:
    (folder / "policy.yaml").write_text(POLICY)
    entries = {
        "domain": DOMAIN,
        "mail": {"listen": [{"smtp": "127.0.0.1:0"}], "smarthost": {"host": "127.0.0.1"}},
        "dns": {"nameservers": (names,), "timeout": timedelta(seconds=30)},
        "store": lay_out(folder),
        "documents": f"file:{folder}/documents",
        "object_store": bucket.settings(folder),
        "policy": folder / "policy.yaml",
    }
    return ServerSettings.model_validate(entries)


@asynccontextmanager
async def accepting(settings: ServerSettings, book: Book) -> AsyncIterator[tuple[HostPort, Channel]]:
    """A worker that takes mail in: its address, and the service's end of the channel to it."""
    (place,) = bind(settings.mail.listen, workers=1)
    ours, theirs = map(Channel.on, socket.socketpair())
    service, channel = await ours, await theirs
    setup = Setup(
        number=0,
        settings=settings,
        policy=read_policy(settings.policy),
        sockets=((place.listener, place.of_worker(0).detach()),),
        counts=(counts := make_shared(1)),
    )
    running = asyncio.create_task(Worker(setup, channel, book).run())
    try:
        assert await service.receive() == Ready()
        assert isinstance(place.address, HostPort)
        yield place.address, service
    finally:
        service.close()
        await running
        channel.close()
        os.close(counts)


async def answer(address: HostPort, message: bytes) -> str:
    """What a client hears in the end."""
    client = Client(*await asyncio.open_connection(address.host, address.port))
    await client.reply()
    await client.say("EHLO client.example")
    try:
        return await client.deliver(message)
    finally:
        await client.close()


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
async def test_it_is_told_to_come_again_and_taken_on_when_it_does(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, *, large: bool
) -> None:
    monkeypatch.setattr(worker, "_spare_the_collector", lambda: None)  # the process is not only its own
    message = mail(body="A long letter.\r\n" * (20_000 if large else 1))
    async with name_server() as names:
        settings = settings_of(tmp_path, bucket, names)
        async with make_book(settings) as book, accepting(settings, book) as (address, service):
            with bucket.stopped():
                for _ in range(2):
                    assert (await answer(address, message)).startswith("451 4.3.0 ")
                assert nothing_kept(tmp_path)
            assert bucket.bodies() == {}
            now = asyncio.get_running_loop().time() + 3600
            monkeypatch.setattr("store.object_store.monotonic", lambda: now)  # it is asked again
            assert (await answer(address, message)).startswith("250 2.0.0 accepted as ")
            assert await service.receive() == Accepted()
            claim = await book.claim_mail(MailState.RECEIVED, timedelta(minutes=5))
            assert claim is not None
            assert (await book.body(claim.body)).endswith(message)
            assert len(bucket.bodies()) == 1


def nothing_kept(folder: Path) -> bool:
    """Whether there is neither a mail nor a file of one."""
    with directly(folder) as connection:
        mails = connection.scalar(text("SELECT count(*) FROM mails"))
    return not mails and not [path for path in (folder / "documents").rglob("*") if path.is_file()]
