"""Notices as receivers verify them: DKIM and DMARC by the product's own checks, over real DNS packets."""

import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from in_memory import InMemory
from notice_facts import DOMAIN, SENDER, delivery, failed, initial, job, octets, sent
from stub_lookup import StubLookup

from config.mail import Smarthost
from config.outgoing_mail import DkimKey
from mta.proof.dkim_check import DkimChecker
from mta.proof.dmarc_check import DmarcChecker
from mta.proof.evidence import DkimCode, DkimResult, DmarcPolicy
from notify.mailer import Mailer, MailTemporary
from notify.signing import Signer, SigningTrouble, read_key
from postfax.demonstration.dns_stub import DnsStub, Zone
from postfax.demonstration.mail_sink import MailSink

ANA = "ana@hospital.example"


def key_file(path: Path, private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> Path:
    """A key as `openssl genpkey` writes it."""
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


class Receiver:
    """Verifies what arrives from the domain of notices."""

    def __init__(self, zone: Zone, lookup: StubLookup, threads: ThreadPoolExecutor) -> None:
        self.zone = zone
        self._lookup = lookup
        self._dkim = DkimChecker(lookup, threads, clock=time.time)

    async def dkim(self, mail: bytes) -> list[DkimResult]:
        return list(await self._dkim.check(InMemory(mail), DOMAIN))

    async def dmarc(self) -> DmarcPolicy:
        return (await DmarcChecker(self._lookup).check(DOMAIN)).policy


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    zone = Zone(ttl=60)
    stub = DnsStub(zone)
    lookup = StubLookup(zone, await stub.start())
    with ThreadPoolExecutor(2) as threads:
        yield Receiver(zone, lookup, threads)
    await stub.stop()


@pytest.fixture
def keys(tmp_path: Path, receiver: Receiver) -> list[DkimKey]:
    """Two keys whose public parts are published, of the domain itself and of the one above it."""
    made = [
        DkimKey(
            selector="r1",
            key_file=key_file(tmp_path / "r1.pem", rsa.generate_private_key(65537, 2048)),
        ),
        DkimKey(
            selector="e1",
            key_file=key_file(tmp_path / "e1.pem", ed25519.Ed25519PrivateKey.generate()),
            domain="example.com",
        ),
    ]
    for signature in Signer(made, SENDER).signatures:
        receiver.zone.add_text(signature.name, read_key(signature.key_file).record)
    receiver.zone.add_text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=reject")
    return made


@pytest.mark.parametrize(
    "mail",
    [
        octets(delivery(sent(), original=b"Subject: Referral\r\n\r\n")),
        octets(delivery(failed())),
        octets(initial([job()])),
        octets(delivery(sent(), other="chef@klinik.example")),
    ],
    ids=["sent", "failed", "initial", "other"],
)
async def test_every_notice_passes_dkim_and_so_dmarc(
    tmp_path: Path, receiver: Receiver, keys: list[DkimKey], mail: bytes
) -> None:
    async with MailSink(tmp_path / "arrived") as sink:
        smarthost = Smarthost(host="127.0.0.1", port=sink.port, tls="none")
        await Mailer(smarthost, "mx1.fax.example.com", signer=Signer(keys, SENDER)).send(mail, ANA)
        arrived = sink.mails[0].read_bytes()
    results = await receiver.dkim(arrived)
    assert [(one.code, one.domain, one.algorithm) for one in results] == [
        (DkimCode.PASS, DOMAIN, "rsa-sha256"),
        (DkimCode.PASS, "example.com", "ed25519-sha256"),
    ]
    # Both domains are in line with From, so that a policy of reject does no harm.
    assert await receiver.dmarc() is DmarcPolicy.REJECT
    assert message_from_bytes(arrived, policy=default)["From"].addresses[0].domain == DOMAIN


@pytest.mark.parametrize(
    "added", [b"From: boss@hospital.example", b"Subject: Pay at once", b"To: all@x.example"]
)
async def test_no_second_field_can_be_put_before_a_signed_one(
    receiver: Receiver, keys: list[DkimKey], added: bytes
) -> None:
    signed = await Signer(keys, SENDER).signed(octets(delivery(sent())))
    assert all(one.code is not DkimCode.PASS for one in await receiver.dkim(added + b"\r\n" + signed))


async def test_a_mail_of_any_line_ends_and_eight_bits_is_signed_as_it_is_sent(
    tmp_path: Path, receiver: Receiver, keys: list[DkimKey]
) -> None:
    message = EmailMessage(SMTP.clone(linesep="\n", utf8=True))
    message["From"], message["To"], message["Subject"] = SENDER, "jürgen@example.com", "Überweisung"
    message.set_content(".\nGrüße\n..\n", cte="8bit")
    async with MailSink(tmp_path / "arrived") as sink:
        smarthost = Smarthost(host="127.0.0.1", port=sink.port, tls="none")
        mailer = Mailer(smarthost, "mx1.fax.example.com", signer=Signer(keys[:1], SENDER))
        await mailer.send(message, "jürgen@example.com")
        [result] = await receiver.dkim(sink.mails[0].read_bytes())
    assert result.code is DkimCode.PASS


async def test_a_changed_key_is_taken_without_a_restart_and_a_lost_one_only_delays(
    tmp_path: Path, receiver: Receiver
) -> None:
    file = key_file(tmp_path / "dkim.pem", ed25519.Ed25519PrivateKey.generate())
    signer = Signer([DkimKey(selector="s1", key_file=file)], SENDER)
    mail = octets(initial([job()]))
    await signer.signed(mail)
    file.unlink()
    async with MailSink(tmp_path / "arrived") as sink:
        smarthost = Smarthost(host="127.0.0.1", port=sink.port, tls="none")
        with pytest.raises(MailTemporary, match=r"was not signed: .*dkim\.pem cannot be read"):
            await Mailer(smarthost, "mx1.fax.example.com", signer=signer).send(mail, ANA)
        assert not sink.mails
    key_file(file, ed25519.Ed25519PrivateKey.generate())
    receiver.zone.add_text(f"s1._domainkey.{DOMAIN}", read_key(file).record)
    [result] = await receiver.dkim(await signer.signed(mail))
    assert result.code is DkimCode.PASS


def test_a_key_that_cannot_sign_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    private = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SigningTrouble, match="neither an RSA nor an Ed25519 key"):
        Signer([DkimKey(selector="s1", key_file=file)], SENDER).check()


def test_what_is_no_key_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(SigningTrouble, match="is no private key in PEM"):
        read_key(file)


async def test_without_keys_a_mail_stays_as_it_is() -> None:
    mail = octets(initial([job()]))
    assert await Signer((), SENDER).signed(mail) is mail
