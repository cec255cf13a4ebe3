"""A copy the whole way: by SFTP to a real server, and by mail through the real mailer to a real one."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from archive.deliver import deliver
from archive.facts import FaxFacts
from archive.trouble import ArchivePermanent, ArchiveTemporary
from config.archive import ArchiveSettings
from config.fax import Resolution
from config.mail import Smarthost
from config.settings import Settings, UserPolicy
from notify.mailer import Mailer, MailTemporary
from postfax.demonstration.mail_sink import MailSink
from postfax.demonstration.sftp_server import ArchiveServer
from store.job import FaxDocument, FaxJob, FaxPage, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, MailState, ProofMethod, ReceivedMail, SenderProof
from store.outbox import LOOP_FIELD, Copy, DeliveryState
from store.status import Status

FINISHED = datetime(2026, 11, 23, 17, 36, tzinfo=UTC)
SENDER = "postfax@fax.example.com"


async def no_mail(_message: EmailMessage, _recipient: str) -> None:
    raise AssertionError("this copy does not go by mail")


def facts(**changes: Any) -> FaxFacts:
    user = UserPolicy(
        name="Ana Ruiz", email="ana@hospital.example", company="General Hospital", settings=Settings()
    )
    mail = ReceivedMail(
        id="M7Q2",
        state=MailState.ANSWERED,
        received_at=FINISHED,
        envelope=Envelope(return_path="", recipients=()),
        header_from="ana@hospital.example",
        user_email="ana@hospital.example",
        proof=SenderProof(
            method=ProofMethod.LOCAL,
            client_address="",
            helo="",
            spf_result="",
            spf_domain="",
            aligned=False,
        ),
        message_id="",
        subject="Referral\r\nBcc: x@example.com",
        references=(),
        size=100,
    )
    document = FaxDocument(
        body="documents/1",
        sha256="9f" * 32,
        resolution=Resolution.FINE,
        pages=(FaxPage(width=1728, height=2156, octets=100, origin="body"),),
    )
    job: dict[str, Any] = {
        "id": "K7Q2-M9",
        "mail_id": "M7Q2",
        "position": 0,
        "state": JobState.SENT,
        "status": Status.SUCCESS,
        "explanation": "",
        "recipient": Recipient(number="+12065551234"),
        "user": user,
        "cover_template": "",
        "reference": "",
        "billing": "",
        "created_at": FINISHED,
        "due_at": FINISHED,
        "finished_at": FINISHED,
        "tries": 1,
        "pages_confirmed": 1,
        "document": document,
        "cancel_requested_by": "",
    }
    return FaxFacts(mail=mail, job=FaxJob(**job | changes))


def copy(**archive: Any) -> Copy:
    return Copy(
        id="K7Q2-M9:2",
        job_id="K7Q2-M9",
        archive=ArchiveSettings.model_validate({"enabled": True, **archive}),
        state=DeliveryState.PENDING,
        tries=0,
        created_at=FINISHED + timedelta(seconds=1),
        due_at=FINISHED,
    )


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.tif"
    sheet = Image.new("1", (1728, 2156), 1)
    sheet.save(path, compression="group4", dpi=(204, 196), tiffinfo={278: 2156})
    return path


async def test_by_sftp(tmp_path: Path, document: Path) -> None:
    folder = tmp_path / "archive"
    async with ArchiveServer(folder) as server:
        (tmp_path / "password").write_text(server.password)
        sftp = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": server.user,
            "password_file": tmp_path / "password",
            "known_host": server.known_host,
        }
        owed = copy(sftp=sftp, document="pdf", metadata=("xml", "json"))
        place = await deliver(owed, facts(), document, sender=SENDER, send_mail=no_mail)
    assert place == "2026/11/K7Q2-M9_+12065551234_Success.pdf"
    names = {str(file.relative_to(folder)) for file in folder.rglob("*.*")}
    assert names == {place, place.replace(".pdf", ".xml"), place.replace(".pdf", ".json")}
    assert (folder / place).read_bytes().startswith(b"%PDF-")
    assert json.loads((folder / place).with_suffix(".json").read_bytes())["FaxJobId"] == "K7Q2-M9"


async def test_into_a_folder(tmp_path: Path, document: Path) -> None:
    owed = copy(folder={"path": tmp_path}, document="pdf", metadata=("json",))
    place = await deliver(owed, facts(), document, sender=SENDER, send_mail=no_mail)
    assert place == f"{tmp_path}/2026/11/K7Q2-M9_+12065551234_Success.pdf"
    assert json.loads(Path(place).with_suffix(".json").read_bytes())["FaxJobId"] == "K7Q2-M9"


async def test_by_mail_and_again_as_the_same_mail(tmp_path: Path, document: Path) -> None:
    owed = copy(email={"to": "archive@hospital.example"}, metadata=("json",))
    async with MailSink(tmp_path / "mails") as sink:
        mailer = Mailer(Smarthost(host="127.0.0.1", port=sink.port, tls="none"), "fax.example.com")
        filing = partial(deliver, owed, facts(), document, sender=SENDER, send_mail=mailer.send)
        assert await filing() == "archive@hospital.example"
        await filing()
        assert sink.kept() == {"<K7Q2-M9.2.copy@fax.example.com>": 2}
        first, second = (mail.read_bytes() for mail in sink.mails)
    assert first == second
    arrived = message_from_bytes(first, policy=default)
    assert isinstance(arrived, EmailMessage)
    assert arrived["Return-Path"] == "<>"
    assert arrived["To"] == "archive@hospital.example"
    assert arrived["Subject"] == "Fax K7Q2-M9 to +12065551234: Success"
    assert arrived["Date"] == "Mon, 23 Nov 2026 17:36:01 +0000"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived[LOOP_FIELD] == "fax.example.com"
    tiff, sidecar = arrived.iter_attachments()
    assert tiff.get_filename() == "K7Q2-M9_+12065551234_Success.tif"
    assert tiff.get_content_type() == "image/tiff"
    assert tiff.get_content() == document.read_bytes()
    assert sidecar.get_filename() == "K7Q2-M9_+12065551234_Success.json"
    assert json.loads(sidecar.get_content())["PageCount"] == 1


async def test_by_mail_to_an_address_outside_ascii(tmp_path: Path, document: Path) -> None:
    owed = copy(email={"to": "archív@hospital.example"})
    async with MailSink(tmp_path / "mails") as sink:
        mailer = Mailer(Smarthost(host="127.0.0.1", port=sink.port, tls="none"), "fax.example.com")
        await deliver(owed, facts(), document, sender=SENDER, send_mail=mailer.send)
        [kept] = sink.mails
    assert "To: archív@hospital.example\r\n".encode() in kept.read_bytes()


async def test_a_copy_says_what_was_proven_of_the_sender(document: Path) -> None:
    results = (
        "fax.example.com; spf=softfail smtp.mailfrom=ana@hospital.example; "
        'dkim=pass reason="a reason that is so long that the field does not fit in one line any more" '
        "header.d=hospital.example; dmarc=pass header.from=hospital.example policy.dmarc=reject"
    )
    given = facts()
    proof = replace(given.mail.proof, method=ProofMethod.DKIM, results=results)
    sent: list[EmailMessage] = []

    async def send(message: EmailMessage, _recipient: str) -> None:
        sent.append(message)

    owed = copy(email={"to": "archive@hospital.example"})
    proven = replace(given, mail=replace(given.mail, proof=proof))
    await deliver(owed, proven, document, sender=SENDER, send_mail=send)
    [message] = sent
    assert message["Authentication-Results"] == results
    arrived = message_from_bytes(message.as_bytes(), policy=default)
    assert arrived["Authentication-Results"] == results


async def test_what_the_sender_wrote_is_no_header_of_a_copy(tmp_path: Path, document: Path) -> None:
    sent: list[EmailMessage] = []

    async def send(message: EmailMessage, _recipient: str) -> None:
        sent.append(message)

    hostile = facts(
        recipient=Recipient(number="x\r\nBcc: y@example.com"), id="K7Q2-M9", status=Status.INVALID_FAX_NUMBER
    )
    await deliver(
        copy(email={"to": "archive@hospital.example"}), hostile, document, sender=SENDER, send_mail=send
    )
    [message] = sent
    assert message["Bcc"] is None
    assert message["Subject"] == "Fax K7Q2-M9 to x Bcc: y@example.com: Invalid Fax Number"
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "K7Q2-M9_x--Bcc--y@example.com_Invalid-Fax-Number.tif"


async def test_a_fax_that_never_had_a_document_leaves_its_facts(tmp_path: Path) -> None:
    sent: list[EmailMessage] = []

    async def send(message: EmailMessage, _recipient: str) -> None:
        sent.append(message)

    refused = facts(state=JobState.FAILED, status=Status.BLOCKED, document=None)
    await deliver(copy(email={"to": "a@example.com"}), refused, None, sender=SENDER, send_mail=send)
    [attachment] = sent[0].iter_attachments()
    assert attachment.get_filename() == "K7Q2-M9_+12065551234_Blocked.xml"


async def test_the_senders_own_trouble_passes_through(document: Path) -> None:
    async def send(_message: EmailMessage, _recipient: str) -> None:
        raise MailTemporary("later")

    with pytest.raises(MailTemporary, match="later"):
        await deliver(copy(email={"to": "a@example.com"}), facts(), document, sender=SENDER, send_mail=send)


async def test_an_archive_without_a_method(document: Path) -> None:
    nowhere = ArchiveSettings()
    owed = copy(email={"to": "a@example.com"})
    with pytest.raises(ArchivePermanent, match="method, email or sftp or ftps or folder; this one has 0"):
        await deliver(
            replace(owed, archive=nowhere),
            facts(),
            document,
            sender=SENDER,
            send_mail=no_mail,
        )


async def test_a_document_that_cannot_be_read_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(ArchiveTemporary, match="document cannot be read"):
        await deliver(
            copy(email={"to": "a@example.com"}),
            facts(),
            tmp_path / "gone.tif",
            sender=SENDER,
            send_mail=no_mail,
        )


async def test_a_file_name_that_is_none(document: Path) -> None:
    owed = copy(email={"to": "a@example.com"})
    archive = owed.archive.model_copy(update={"file_name": "{job}"})
    with pytest.raises(ArchivePermanent, match=r"archive\.file_name cannot be used\. \{job\} is no token"):
        await deliver(
            replace(owed, archive=archive),
            facts(),
            document,
            sender=SENDER,
            send_mail=no_mail,
        )
