"""STARTTLS with a real TLS client, and what must not pass from before it to after it."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Coroutine

import pytest
import uvloop
from smtp_certificate import make_certificate
from smtp_house import DOMAIN, connect, mail, open_house
from waiting import until

from config.values import HostPort


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def test_a_mail_is_delivered_over_tls(certificate: dict[str, str]) -> None:
    body = "x" * 70 + "\r\n"

    def deliver(address: HostPort) -> tuple[bool, bool]:
        trust = ssl.create_default_context(cafile=certificate["certificate"])
        with smtplib.SMTP(address.host, address.port, local_hostname="client.example", timeout=60) as client:
            client._host = DOMAIN  # type: ignore[attr-defined]
            client.ehlo()
            before = client.has_extn("starttls")
            client.starttls(context=trust)
            client.ehlo()
            client.sendmail("ana@hospital.example", [f"1@{DOMAIN}"], mail(body=body * 20_000))
            return before, client.has_extn("starttls")

    async with open_house(tls=certificate) as house:
        assert await asyncio.to_thread(deliver, house.address) == (True, False)
        await until(lambda: not house.listener._sessions)
    assert house.book.mails[0].body == mail(body=body * 20_000)


async def test_commands_sent_behind_starttls_are_refused_and_never_run(certificate: dict[str, str]) -> None:
    async with open_house(tls=certificate) as house, connect(house) as client:
        client.send(b"STARTTLS\r\nMAIL FROM:<injected@hospital.example>\r\n")
        assert (await client.reply()).startswith("501 5.5.1 nothing may follow STARTTLS")
        assert await client.reply() == ""


async def test_plain_text_where_tls_should_begin_ends_the_connection(certificate: dict[str, str]) -> None:
    async with open_house(tls=certificate) as house, connect(house) as client:
        assert (await client.say("STARTTLS")).startswith("220 2.0.0 ")
        client.send(b"MAIL FROM:<injected@hospital.example>\r\n")
        rest = await asyncio.wait_for(client.reader.read(), 60)
        assert b"250" not in rest
        await until(lambda: not house.listener._sessions)


async def test_what_was_said_before_tls_is_forgotten(certificate: dict[str, str]) -> None:
    def talk(address: HostPort) -> tuple[int, int]:
        with smtplib.SMTP(address.host, address.port, local_hostname="client.example", timeout=60) as client:
            client.ehlo()
            client.mail("ana@hospital.example")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            client.starttls(context=context)
            unknown = client.docmd("RCPT", f"TO:<1@{DOMAIN}>")[0]
            client.ehlo()
            return unknown, client.docmd("RCPT", f"TO:<1@{DOMAIN}>")[0]

    async with open_house(tls=certificate) as house:
        assert await asyncio.to_thread(talk, house.address) == (503, 503)


async def test_without_a_certificate_tls_is_not_offered() -> None:
    async with open_house() as house, connect(house) as client:
        assert (await client.say("STARTTLS")).startswith("502 5.5.1 ")


@pytest.mark.parametrize(
    "test",
    [
        test_a_mail_is_delivered_over_tls,
        test_commands_sent_behind_starttls_are_refused_and_never_run,
        test_plain_text_where_tls_should_begin_ends_the_connection,
    ],
)
def test_it_is_the_same_on_uvloop(
    test: Callable[[dict[str, str]], Coroutine[None, None, None]], certificate: dict[str, str]
) -> None:
    """Its transports are other classes, and its TLS is other code."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test(certificate))
