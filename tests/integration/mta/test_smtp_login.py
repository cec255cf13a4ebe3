"""AUTH over real TLS: who gets in, who does not, and what the mails of those say."""

import asyncio
import base64
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from argon2 import PasswordHasher
from smtp_certificate import make_certificate
from smtp_desk import Desk, open_desk, trusting
from smtp_house import DOMAIN, Client

from config.values import HostPort

MAIL = b"From: a@b.example\r\n\r\nBody.\r\n"
HASH = PasswordHasher(time_cost=1, memory_cost=64).hash("open sesame")


class Accounts:
    async def password_hash(self, username: str) -> tuple[str, str] | None:
        known = username.lower() in {"ana@hospital.example", "fax@hospital.example"}
        return ("ana@hospital.example", HASH) if known else None

    async def set_up(self, username: str, password: str) -> str | None:  # noqa: ARG002 - the protocol's
        return None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def encoded(*parts: str) -> str:
    return base64.b64encode("\0".join(parts).encode()).decode()


RIGHT = encoded("", "Fax@hospital.example", "open sesame")


@asynccontextmanager
async def secured(
    certificate: dict[str, str], *, auth: str = "optional", **settings: object
) -> AsyncIterator[tuple[Desk, Client]]:
    """A client that has begun TLS and greeted."""
    listener = {"smtp": "127.0.0.1:0", "auth": auth}
    opened = open_desk(listener, credentials=Accounts(), tls=certificate, **settings)
    async with opened as desk, desk.client() as client:
        assert (await client.say("STARTTLS")).startswith("220 ")
        await client.begin_tls(trusting())
        await client.say("EHLO client.example")
        yield desk, client


async def deliver(client: Client) -> str:
    for command in ("MAIL FROM:<a@b.example>", f"RCPT TO:<1@{DOMAIN}>", "DATA"):
        reply = await client.say(command)
        if reply[0] not in "23":
            return reply
    client.send(MAIL + b".\r\n")
    return await client.reply()


async def test_passwords_are_asked_for_over_tls_alone(certificate: dict[str, str]) -> None:
    async with open_desk(credentials=Accounts(), tls=certificate) as desk, desk.client() as client:
        assert "AUTH" not in await client.say("EHLO client.example")
        assert (await client.say(f"AUTH PLAIN {RIGHT}")).startswith("538 5.7.11 ")
    async with secured(certificate) as (_, client):
        assert "AUTH PLAIN LOGIN" in await client.say("EHLO client.example")


@pytest.mark.parametrize(
    "exchange",
    [
        [f"AUTH PLAIN {RIGHT}"],
        ["auth plain", RIGHT],
        ["AUTH LOGIN", encoded("ana@hospital.example"), encoded("open sesame")],
        [f"AUTH LOGIN {encoded('ana@hospital.example')}", encoded("open sesame")],
    ],
)
async def test_who_knows_the_password_is_the_account(
    certificate: dict[str, str], exchange: list[str]
) -> None:
    async with secured(certificate) as (desk, client):
        replies = [await client.say(line) for line in exchange]
        assert [reply[:4] for reply in replies] == ["334 "] * (len(exchange) - 1) + ["235 "]
        assert (await client.say(f"AUTH PLAIN {RIGHT}")).startswith("503 5.5.1 ")
        assert (await deliver(client)).startswith("250 ")
    assert desk.only.authenticated == "ana@hospital.example"


@pytest.mark.parametrize(
    ("exchange", "reply"),
    [
        ([f"AUTH PLAIN {encoded('', 'ana@hospital.example', 'guess')}"], "535 5.7.8 "),
        ([f"AUTH PLAIN {encoded('', 'nobody@hospital.example', 'open sesame')}"], "535 5.7.8 "),
        ([f"AUTH PLAIN {encoded('root', 'ana@hospital.example', 'open sesame')}"], "501 5.5.2 "),
        (["AUTH PLAIN", "*"], "501 5.7.0 "),
        (["AUTH LOGIN", "*"], "501 5.7.0 "),
        (["AUTH PLAIN ="], "501 5.5.2 "),
        (["AUTH PLAIN not/base64!"], "501 5.5.2 "),
        (["AUTH PLAIN /////w=="], "501 5.5.2 "),
        (["AUTH PLAIN", "x" * 12_300], "500 5.5.6 "),
        (["AUTH CRAM-MD5"], "504 5.5.4 "),
        (["AUTH"], "504 5.5.4 "),
    ],
)
async def test_who_does_not_is_nobody(certificate: dict[str, str], exchange: list[str], reply: str) -> None:
    async with secured(certificate) as (desk, client):
        for line in exchange[:-1]:
            assert (await client.say(line)).startswith("334 ")
        assert (await client.say(exchange[-1])).startswith(reply)
        assert (await deliver(client)).startswith("250 ")
    assert desk.only.authenticated == ""


async def test_an_endless_response_is_cut_off(certificate: dict[str, str]) -> None:
    async with secured(certificate) as (_, client):
        await client.say("AUTH PLAIN")
        assert (await client.say("x" * 200_000)).startswith("500 5.5.6 ")
        assert await client.reply() == ""


async def test_whoever_must_log_in_hears_it(certificate: dict[str, str]) -> None:
    async with secured(certificate, auth="required") as (desk, client):
        async with desk.client() as other:
            assert (await other.say("MAIL FROM:<a@b.example>")).startswith("530 5.7.0 log in first: STARTTLS")
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("530 5.7.0 log in first: AUTH")
        assert (await client.say(f"AUTH PLAIN {RIGHT}")).startswith("235 2.7.0 ")
        assert (await deliver(client)).startswith("250 ")


async def test_where_nobody_may_log_in_it_is_not_offered(certificate: dict[str, str]) -> None:
    async with secured(certificate, auth="off") as (_, client):
        assert "AUTH" not in await client.say("EHLO client.example")
        assert (await client.say(f"AUTH PLAIN {RIGHT}")).startswith("502 5.5.1 ")


async def test_nobody_guesses_for_long(certificate: dict[str, str]) -> None:
    wrong = f"AUTH PLAIN {encoded('', 'ana@hospital.example', 'guess')}"
    async with secured(certificate, limits={"failed_logins_per_hour": 4}) as (desk, client):
        assert [(await client.say(wrong))[:9] for _ in range(3)] == ["535 5.7.8", "535 5.7.8", "421 4.7.0"]
        assert await client.reply() == ""
        async with desk.client() as other:
            await other.say("STARTTLS")
            await other.begin_tls(trusting())
            await other.say("EHLO client.example")
            assert (await other.say(wrong)).startswith("535 5.7.8 ")
            assert (await other.say(f"AUTH PLAIN {RIGHT}")).startswith("454 4.7.0 ")


async def test_a_new_greeting_does_not_log_out(
    certificate: dict[str, str],
) -> None:
    async with secured(certificate) as (desk, client):
        await client.say(f"AUTH PLAIN {RIGHT}")
        await client.say("EHLO client.example")
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("250 ")
        assert (await client.say(f"AUTH PLAIN {RIGHT}")).startswith("503 5.5.1 ")
        await client.say("RSET")
        assert (await deliver(client)).startswith("250 ")
    assert desk.only.authenticated == "ana@hospital.example"


async def test_smtplib_logs_in(certificate: dict[str, str]) -> None:
    def deliver_mail(address: HostPort) -> None:
        with smtplib.SMTP(address.host, address.port, local_hostname="client.example", timeout=60) as client:
            client.starttls(context=trusting())
            client.login("ana@hospital.example", "open sesame")
            client.sendmail("ana@hospital.example", [f"1@{DOMAIN}"], MAIL)

    async with open_desk(credentials=Accounts(), tls=certificate) as desk:
        assert isinstance(desk.address, HostPort)
        await asyncio.to_thread(deliver_mail, desk.address)
    assert desk.only.authenticated == "ana@hospital.example"
