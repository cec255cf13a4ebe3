"""Mails to their recipients' own servers: which of them, with which TLS, and what MTA-STS forbids."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from loopback_certificate import Certificate

from notify.direct import DirectMailer
from notify.mail_names import Exchange, NamesUnknown
from notify.mailer import MailPermanent, MailTemporary
from notify.mta_sts import StsPolicies, read_policy
from postfax.demonstration.mail_sink import MailSink

MAIL = b"Message-ID: <one@fax.example.com>\r\nSubject: x\r\n\r\nhello\r\n"
ANA = "ana@hospital.example"
ENFORCED = "version: STSv1\nmode: enforce\nmx: {}\nmax_age: 86400\n"


@dataclass
class Names:
    """The DNS."""

    servers: Sequence[tuple[int, str]] = ((10, "127.0.0.1"),)
    address: bool = False
    records: tuple[str, ...] = ()
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    async def exchanges(self, domain: str) -> Sequence[Exchange]:
        self.asked.append(domain)
        if self.silent:
            raise NamesUnknown("no answer")
        return [Exchange(host=host, preference=preference) for preference, host in self.servers]

    async def has_address(self, domain: str) -> bool:
        del domain
        return self.address

    async def texts(self, name: str) -> tuple[str, ...]:
        assert name.startswith("_mta-sts.")
        if self.silent:
            raise NamesUnknown("no answer")
        return self.records


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


def mailer(
    sink: MailSink, names: Names, *, policy: str | None = None, trusted: ssl.SSLContext | None = None
) -> DirectMailer:
    async def fetch(domain: str) -> str | None:
        assert policy, f"{domain} announces none"
        return policy

    context = trusted or ssl.create_default_context()
    policies = StsPolicies(names.texts, fetch=fetch)
    return DirectMailer(names, "fax.example.com", policies=policies, port=sink.port, trust=lambda: context)


async def test_a_mail_goes_to_the_domains_server_with_tls_whoever_vouches_for_it(
    tmp_path: Path, certificate: Certificate
) -> None:
    async with MailSink(tmp_path, tls_context=certificate.server) as sink:
        rehearsal = await mailer(sink, Names()).rehearse(ANA)
        await mailer(sink, Names()).send(MAIL, ANA)
        assert sink.mails[0].read_bytes().endswith(MAIL)
    assert rehearsal.tls_version.startswith("TLSv1")


async def test_a_server_without_tls_gets_its_mail_all_the_same(tmp_path: Path) -> None:
    async with MailSink(tmp_path) as sink:
        await mailer(sink, Names()).send(MAIL, ANA)
        assert len(sink.mails) == 1


async def test_a_server_whose_tls_fails_gets_its_mail_in_the_clear() -> None:
    commands: list[bytes] = []
    ended = asyncio.Semaphore(0)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 broken.example\r\n")
        while line := await reader.readline():
            commands.append(line.strip())
            if line.startswith(b"STARTTLS"):
                writer.write(b"220 go ahead\r\n")
                writer.write(b"this is no TLS\r\n" * 10)
                break
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            offered = b"250-broken.example\r\n250-STARTTLS\r\n" if line.startswith(b"EHLO") else b""
            writer.write(offered + b"250 OK\r\n")
        writer.transport.abort()
        await asyncio.sleep(0)
        ended.release()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        names, port = Names(), server.sockets[0].getsockname()[1]
        await DirectMailer(names, "fax.example.com", port=port).send(MAIL, ANA)
        for _ in range(2):
            await ended.acquire()
    assert commands.count(b"STARTTLS") == 1
    assert commands.count(b"DATA") == 1


async def test_servers_are_tried_by_preference_until_one_takes_it(tmp_path: Path) -> None:
    names = Names(servers=((30, "127.0.0.1"), (10, "127.0.0.2"), (20, "127.0.0.3")))
    async with MailSink(tmp_path) as sink:  # it listens on 127.0.0.1 alone
        await mailer(sink, names).send(MAIL, ANA)
        assert len(sink.mails) == 1


async def test_a_refusal_for_good_is_no_reason_to_ask_the_next_server(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(command: str, _: str) -> str:
        asked.append(command)
        return "550 5.1.1 nobody here" if command == "RCPT" else ""

    names = Names(servers=((10, "127.0.0.1"), (20, "localhost")))
    async with MailSink(tmp_path, reply=reply) as sink:
        with pytest.raises(MailPermanent, match=r"550 5\.1\.1 nobody here"):
            await mailer(sink, names).send(MAIL, ANA)
    assert asked == ["RCPT"]


async def test_a_busy_server_is_tried_again_later(tmp_path: Path) -> None:
    async with MailSink(tmp_path, reply=lambda *_: "451 4.7.1 greylisted") as sink:
        with pytest.raises(MailTemporary, match="greylisted"):
            await mailer(sink, Names()).send(MAIL, ANA)


@pytest.mark.parametrize(
    ("names", "expected", "says"),
    [
        (Names(servers=((0, ""),)), MailPermanent, "takes no mail"),
        (Names(servers=()), MailPermanent, "neither a mail server nor an address"),
        (Names(silent=True), MailTemporary, "are not known: no answer"),
    ],
)
async def test_a_domain_without_servers(
    tmp_path: Path, names: Names, expected: type[Exception], says: str
) -> None:
    async with MailSink(tmp_path) as sink:
        with pytest.raises(expected, match=says):
            await mailer(sink, names).send(MAIL, ANA)


async def test_the_address_of_a_domain_stands_for_a_server(tmp_path: Path) -> None:
    async with MailSink(tmp_path) as sink:
        await mailer(sink, Names(servers=(), address=True)).send(MAIL, "ana@localhost")
        assert len(sink.mails) == 1


async def test_a_domain_in_another_script_is_looked_up_as_ascii(tmp_path: Path) -> None:
    names = Names()
    async with MailSink(tmp_path) as sink:
        await mailer(sink, names).send(MAIL, "ana@krankenhäuser.example")
        with pytest.raises(MailPermanent, match="not an address that SMTP can carry"):
            await mailer(sink, names).send(MAIL, f"ana@{'ä' * 80}.example")
    assert names.asked == ["xn--krankenhuser-ncb.example"]


# --- MTA-STS ----------------------------------------------------------------------------------------------


async def test_an_enforced_policy_wants_a_certificate_that_is_good(
    tmp_path: Path, certificate: Certificate
) -> None:
    names, policy = Names(records=("v=STSv1; id=1;",)), ENFORCED.format("127.0.0.1")
    async with MailSink(tmp_path, tls_context=certificate.server) as sink:
        with pytest.raises(MailTemporary, match="CERTIFICATE_VERIFY_FAILED"):
            await mailer(sink, names, policy=policy).send(MAIL, ANA)
        assert not sink.mails
        await mailer(sink, names, policy=policy, trusted=certificate.client).send(MAIL, ANA)
        assert len(sink.mails) == 1


async def test_an_enforced_policy_allows_no_mail_in_the_clear_and_no_other_server(
    tmp_path: Path, certificate: Certificate
) -> None:
    names = Names(records=("v=STSv1; id=1;",))
    async with MailSink(tmp_path) as sink:
        with pytest.raises(MailTemporary, match="STARTTLS"):
            await mailer(sink, names, policy=ENFORCED.format("127.0.0.1")).send(MAIL, ANA)
        with pytest.raises(MailTemporary, match=r"MTA-STS policy of hospital\.example names none"):
            await mailer(sink, names, policy=ENFORCED.format("mx.hospital.example")).send(MAIL, ANA)
        assert not sink.mails
        testing = ENFORCED.format("mx.hospital.example").replace("enforce", "testing")
        await mailer(sink, names, policy=testing).send(MAIL, ANA)
        assert len(sink.mails) == 1


async def test_a_policy_holds_for_its_time_whatever_the_dns_says_then() -> None:
    names, time, fetched = Names(records=("v=STSv1; id=1;",)), [0.0], [ENFORCED.format("mx.hospital.example")]
    asked: list[str] = []

    async def fetch(domain: str) -> str | None:
        asked.append(domain)
        return fetched[0] or None

    policies = StsPolicies(names.texts, fetch=fetch, clock=lambda: time[0])
    assert await policies.enforced("hospital.example")
    assert await policies.enforced("hospital.example")
    assert len(asked) == 1
    names.records, names.silent = (), True
    assert await policies.enforced("hospital.example")
    names.records, names.silent, fetched[0] = ("v=STSv1; id=2;",), False, ""
    assert await policies.enforced("hospital.example"), "what cannot be fetched takes nothing away"
    assert await policies.enforced("hospital.example")
    assert len(asked) == 2, "and is not asked for each time"
    time[0] += 301
    fetched[0] = ENFORCED.format("mx.hospital.example").replace("enforce", "none")
    assert await policies.enforced("hospital.example") is None
    time[0] += 86_401
    names.records = ()
    assert await policies.enforced("hospital.example") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1\n",
        "version: STSv1\nmode: strict\nmx: a.example\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: soon\n",
        "version: STSv1\nmode: enforce\nmx: a.example\n",
        "<html>not found</html>",
    ],
)
def test_a_policy_with_mistakes_is_none(text: str) -> None:
    assert read_policy(text) is None


def test_a_policy_names_servers_and_one_label_of_any_kind() -> None:
    policy = read_policy(
        "version: STSv1\r\nmode: enforce\r\nmx: MX1.a.example\r\nmx: *.b.example\r\nmax_age: 99999999\r\n"
    )
    assert policy
    assert policy.allows("mx1.A.example.")
    assert policy.allows("x.b.example")
    assert not policy.allows("b.example")
    assert not policy.allows("y.x.b.example")
    assert not policy.allows("mx2.a.example")
    assert policy.max_age == 31_557_600
