"""A service behind a front end, and a client of the front end at the one address that SPF allows."""

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from email import message_from_string
from email.utils import make_msgid
from pathlib import Path
from typing import Any

import aiosmtplib
import dkim
import sample_documents
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from patient_service import PatientService
from scene import POLICY, Scene, compose

from postfax.demonstration.dns_stub import Zone
from postfax.demonstration.serve_process import Event
from postfax.demonstration.world import DOMAIN, SENDER, World

SENDER_DOMAIN = SENDER.partition("@")[2]
CLIENT = "127.0.0.5"
"""The one address that may send for the sender's domain; the front end's own may not."""
STRANGER = "127.0.0.6"
_SELECTOR = "fax"
_KEY = rsa.generate_private_key(65537, 2048)


@contextlib.asynccontextmanager
async def front_end_scene(folder: Path, *, listen: str, mail: str = "") -> AsyncIterator[Scene]:
    """A running service in a world whose sender is proven by SPF at `CLIENT` alone, or by DKIM."""
    world = World(folder=folder, clock=10, channels=8, policy=POLICY, listen=listen, mail=mail)
    publish_sender(world.zone)
    async with world:
        scene = Scene(world=world, service=PatientService(world.settings_file))
        await scene.service.start()
        yield scene
        assert await scene.service.stop() == 0


def publish_sender(zone: Zone) -> None:
    """The sender's domain in the DNS."""
    public = _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    zone.remove(SENDER_DOMAIN)
    zone.add_text(SENDER_DOMAIN, f"v=spf1 ip4:{CLIENT} -all")
    zone.add_text(f"{_SELECTOR}._domainkey.{SENDER_DOMAIN}", f"v=DKIM1; p={b64encode(public).decode()}")


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A mail as a client gives it to a front end."""

    message: bytes
    message_id: str
    recipients: Sequence[str]


def submission(*recipients: str) -> Submission:
    """A mail with one page, to numbers of the fax domain, or to others' whole addresses."""
    message_id = make_msgid(domain=SENDER_DOMAIN)
    page = ("page.pdf", sample_documents.pdf())
    mail = compose(recipients, SENDER, "Referral", "", [page], {"Message-ID": message_id})
    addresses = [name if "@" in name else f"{name}@{DOMAIN}" for name in recipients]
    return Submission(message=mail.as_bytes(), message_id=message_id, recipients=addresses)


def signed(mail: Submission) -> Submission:
    """The same with the DKIM signature of the sender's domain."""
    private = _KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    signature = dkim.sign(mail.message, _SELECTOR.encode(), SENDER_DOMAIN.encode(), private)
    return replace(mail, message=signature + mail.message)


async def submit(
    mail: Submission,
    port: int,
    *,
    client: str = CLIENT,
    mail_options: Sequence[str] = (),
    rcpt_options: Sequence[str] = (),
    login: str = "",
) -> str:
    """Give a mail to a front end, logged in or not; what it said in the end.

    Raises:
        aiosmtplib.SMTPResponseException: it refused.
    """
    smtp = aiosmtplib.SMTP(
        hostname="127.0.0.1",
        port=port,
        start_tls=False,
        source_address=(client, 0),
        local_hostname="pc.hospital.example",
    )
    async with smtp:
        await smtp.ehlo()
        if login:
            await smtp.auth_plain(login, "a password")
        await smtp.mail(SENDER, options=mail_options)
        for recipient in mail.recipients:
            await smtp.rcpt(recipient, options=rcpt_options)
        return (await smtp.data(mail.message)).message


async def accepted(scene: Scene, *, after: int, seconds: float = 300) -> Event:
    """The first mail that the service accepts, from a position of its log on."""
    return await scene.service.wait_for("mail_accepted", seconds=seconds, after=after)


async def proof_of(scene: Scene, mail_id: str) -> tuple[str, str]:
    """How the sender of a mail to one number was proven, and which client was judged."""
    proof = (await scene.finished(mail_id))["mail"]["proof"]
    return proof["method"], proof["client_address"]


async def refusals(scene: Scene, mail: Submission) -> list[Any]:
    """What `postfax refused` says of a mail, by its recipients."""
    listed = (await scene.postfax("refused", "--json")).json
    return [entry for entry in listed if entry["recipients"] == list(mail.recipients)]


def told_by_front_end(scene: Scene, address: str) -> list[str]:
    """The mails that a front end itself, not the service, wrote to an address."""
    texts = [file.read_text() for file in scene.world.sink.mails]
    mails = [(message_from_string(text), text) for text in texts]
    return [
        text
        for mail, text in mails
        if mail["Delivered-To"] == address and "mailer-daemon" in mail["From"].lower()
    ]


def faxes_to(scene: Scene, *numbers: str) -> list[int]:
    """How many calls to each number brought pages."""
    calls = [call.number for call in scene.world.station.calls if call.pages]
    return [calls.count(number) for number in numbers]


async def until(condition: Callable[[], object], *, seconds: float = 300) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)
