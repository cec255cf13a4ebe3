"""Notices with the faxed pages, notices to others, and alerts: from the book to the mail server."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
import pytest_asyncio
from PIL import Image
from structlog.testing import capture_logs

from config.archive import ArchiveSettings, EmailTarget
from config.fax import Resolution
from config.mail import Smarthost
from config.server import ConvertSettings
from config.settings import Settings, UserPolicy
from convert import fax_tiff, t6
from convert.converter import Converter
from convert.fax_tiff import CodedPage
from convert.first_page import TASK
from notify.delivery_status import ReportingMta
from notify.facts import WelcomeFacts
from notify.mailer import Mailer
from postfax.demonstration.mail_sink import MailSink
from postfax.journey import faxed_pages
from postfax.journey.file import File, as_sent, words_sent
from postfax.journey.tell import Tell
from sandbox import Nursery
from store.book import Book
from store.job import FaxJob, FaxPage, NewJob, Outcome, Recipient, Wishes
from store.mail import Envelope, NewMail, ProofMethod, SenderProof
from store.new_document import NewDocument
from store.outbox import LOOP_FIELD, DeliveryState, Notice, NoticeKind
from store.status import Status

DOMAIN = "fax.example.com"
SENDER = "ana@hospital.example"
DESK = "desk@hospital.example"
DUTY = "duty@hospital.example"
PROOF = SenderProof(
    method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
)
NO_INITIAL = {"initial": {"success": False, "failure": False}}
ARCHIVE = ArchiveSettings(enabled=True, email=EmailTarget(to="archive@hospital.example"))
Reply = Callable[[str, str], str]


async def no_welcome(notice: Notice) -> WelcomeFacts:
    raise AssertionError(f"{notice.id} welcomes nobody")


@dataclass
class Clock:
    time: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@dataclass
class Scene:
    """A book, a mail server, and the step between."""

    book: Book
    clock: Clock
    nursery: Nursery
    converter: Converter
    folder: Path
    reply: Reply = lambda _command, _recipient: ""

    async def sent(self, notifications: dict[str, Any] | None = None, **facts: Any) -> FaxJob:
        """A fax of two pages that was sent."""
        settings = Settings.model_validate(
            {"notifications": NO_INITIAL | (notifications or {}), "alerts": {"contacts": [DUTY]}}
        )
        user = UserPolicy(
            name="Ana Ruiz",
            email=SENDER,
            company="Hospital",
            settings=settings,
            archives=facts.pop("archives", ()),
        )
        await self._queued(user, **facts)
        claimed = await self.book.claim_call({"main": 1}, timedelta(minutes=5), lambda *_: "header")
        assert claimed
        outcome = Outcome(status=Status.SUCCESS, cause="", ended_at=self.clock(), pages_confirmed=2)
        return await self.book.record_outcome(claimed[1].id, outcome, None)

    async def _queued(self, user: UserPolicy, **wishes: Any) -> FaxJob:
        mail = NewMail(
            envelope=Envelope(return_path=SENDER, recipients=(f"+12065550100@{DOMAIN}",)),
            header_from=SENDER,
            user_email=SENDER,
            proof=PROOF,
            message_id="<1@hospital.example>",
            dedupe_key="1",
            body=b"Subject: Referral\r\n\r\nbody",
        )
        accepted = await self.book.accept_mail(mail)
        new = NewJob(recipient=Recipient(number="+12065550100"), wishes=Wishes(**wishes))
        facts: dict[str, Any] = {"subject": "Referral", "message_id": "", "references": ()}
        [job] = await self.book.record_submission(accepted.mail_id, **facts, user=user, jobs=[new])
        [made] = await self.book.record_documents(accepted.mail_id, {job.id: self._document()})
        return made

    def _document(self) -> NewDocument:
        rows = np.zeros((2156, 1728), np.uint8)
        rows[300:340, 200:900] = 1
        strip = t6.encode(np.packbits(rows, axis=1))
        path = self.folder / "document.tif"
        fax_tiff.write(path, [CodedPage(rows=2156, strip=strip)] * 2, resolution="fine")
        page = FaxPage(width=1728, height=2156, octets=len(strip), origin="body")
        return NewDocument(path=path, resolution=Resolution.FINE, pages=(page, page))

    async def told(self) -> dict[str, EmailMessage]:
        """What came to the mail server of all notices that are due, by recipient."""
        async with MailSink(self.folder / "sink", reply=self.reply) as sink:
            mailer = Mailer(Smarthost(host="127.0.0.1", port=sink.port, tls="none"), DOMAIN)
            step = Tell(
                self.book,
                mailer,
                self.nursery,
                self.converter,
                welcome=no_welcome,
                sender=f"postfax@{DOMAIN}",
                mta=ReportingMta(hostname=DOMAIN, domain=DOMAIN),
                folder=self.folder,
                clock=self.clock,
            )
            while await step.step():
                pass
            arrived = [message_from_bytes(file.read_bytes(), policy=default) for file in sink.mails]
        return {str(mail["To"]): mail for mail in arrived}

    async def notices(self, job: FaxJob) -> dict[str, Notice]:
        return {notice.address: notice for notice in await self.book.notices_of(job.mail_id)}


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def converter() -> AsyncIterator[Converter]:
    """Its processes start with the first report."""
    made = Converter(ConvertSettings(processes=1))
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def nursery() -> AsyncIterator[Nursery]:
    started = Nursery(preload=(TASK,), processes=1)
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def scene(tmp_path: Path, nursery: Nursery, converter: Converter) -> AsyncIterator[Scene]:
    url = f"sqlite:{tmp_path / 'book.db'}"
    await Book.migrate(url)
    clock = Clock()
    async with Book(url, tmp_path / "documents", clock=clock) as book:
        yield Scene(book=book, clock=clock, nursery=nursery, converter=converter, folder=tmp_path)


pytestmark = pytest.mark.asyncio(loop_scope="session")


def parts(mail: EmailMessage) -> dict[str, EmailMessage]:
    return {part.get_content_type(): part for part in mail.walk()}


def flowing(part: EmailMessage) -> str:
    """A text with its lines joined."""
    return " ".join(str(part.get_content()).split())


async def test_the_sender_gets_the_pages_with_their_header_line_and_the_picture(scene: Scene) -> None:
    job = await scene.sent({"attach": "pdf", "thumbnail": True})
    told = parts((await scene.told())[SENDER])
    with pikepdf.open(BytesIO(told["application/pdf"].get_content())) as pdf:
        assert len(pdf.pages) == 2
    assert told["application/pdf"].get_filename() == f"fax-{job.id}.pdf"
    with Image.open(BytesIO(told["image/png"].get_content())) as picture:
        assert picture.width == 600
        shades = np.asarray(picture.convert("L"))
    assert shades[:25].min() < 128, "the header line"
    assert shades[112, 200] < 64, "what was faxed"
    assert shades[400:].min() == 255


async def test_as_a_tiff_it_is_what_was_sent(scene: Scene) -> None:
    await scene.sent({"attach": "tiff"})
    told = parts((await scene.told())[SENDER])
    (scene.folder / "attached.tif").write_bytes(told["image/tiff"].get_content())
    assert len(fax_tiff.read(scene.folder / "attached.tif").pages) == 2
    assert "image/png" not in told


async def test_looking_for_words_leaves_the_pages_as_they_were_sent(scene: Scene) -> None:
    job = await scene.book.job((await scene.sent({})).id)
    assert job
    sent = await as_sent(scene.book, job, scene.folder)
    assert sent
    octets = sent.read_bytes()
    [first, second] = await words_sent(scene.book, job, scene.folder)
    assert [first[-1].text, second[-1].text] == ["1/2", "2/2"]
    assert sent.read_bytes() == octets


async def test_with_phi_free_no_pages_go_out(scene: Scene) -> None:
    await scene.sent({"attach": "pdf", "thumbnail": True, "phi_free": True})
    told = parts((await scene.told())[SENDER])
    assert not {"application/pdf", "image/png"} & told.keys()


async def test_a_notice_that_is_refused_for_its_size_goes_without_its_pages(scene: Scene) -> None:
    answers = iter(["552 5.3.4 Message size exceeds fixed limit"])
    scene.reply = lambda command, _recipient: next(answers, "") if command == "DATA" else ""
    job = await scene.sent({"attach": "pdf", "thumbnail": True, "report": True})
    mail = (await scene.told())[SENDER]
    assert not {"application/pdf", "image/png"} & parts(mail).keys()
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert "not attached: the mail server takes no mail that is so large." in flowing(body)
    assert (await scene.notices(job))[SENDER].state is DeliveryState.DELIVERED


@pytest.mark.parametrize("answer", ["552 5.2.2 mailbox full", "550 5.1.1 nobody", "552 5.3.4 still too big"])
async def test_what_a_smaller_notice_does_not_help_is_given_up(scene: Scene, answer: str) -> None:
    scene.reply = lambda command, _recipient: answer if command == "DATA" else ""
    job = await scene.sent({"attach": "pdf"})
    await scene.told()
    assert (await scene.notices(job))[SENDER].state is DeliveryState.GIVEN_UP


async def test_pages_that_are_too_large_are_left_out(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faxed_pages, "LARGEST", 1000)
    await scene.sent({"attach": "pdf", "thumbnail": True})
    told = parts((await scene.told())[SENDER])
    assert "application/pdf" not in told
    assert "image/png" in told
    assert "The faxed pages are not attached: they have " in flowing(told["text/html"])


async def test_pages_that_are_gone_cost_only_themselves(scene: Scene) -> None:
    job = await scene.sent({"attach": "pdf", "thumbnail": True})
    assert job.document
    await scene.book._access.write(
        lambda turn: turn.connection.exec_driver_sql("UPDATE bodies SET octets = NULL")
    )
    with capture_logs() as logged:
        told = parts((await scene.told())[SENDER])
    assert not {"application/pdf", "image/png"} & told.keys()
    assert "pages_not_attached" in [entry["event"] for entry in logged]
    assert "not attached: they are not kept any more" in flowing(told["text/html"])


async def test_a_picture_that_cannot_be_made_is_left_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convert.first_page.TASK", "convert.no_such_task")
    await scene.sent({"attach": "pdf", "thumbnail": True})
    with capture_logs() as logged:
        told = parts((await scene.told())[SENDER])
    assert "first_page_not_shown" in [entry["event"] for entry in logged]
    assert "application/pdf" in told
    assert "image/png" not in told


async def test_others_get_a_mail_of_their_own_without_the_pages(scene: Scene) -> None:
    job = await scene.sent({"attach": "pdf", "extra_recipients": [DESK]}, notify=("clinic@acme.example",))
    told = await scene.told()
    assert told.keys() == {SENDER, DESK, "clinic@acme.example"}
    assert told[DESK]["Message-ID"] == f"<delivery.{job.id}.2.notice@{DOMAIN}>"
    assert told["clinic@acme.example"]["Message-ID"] == f"<delivery.{job.id}.3.notice@{DOMAIN}>"
    assert "application/pdf" in parts(told[SENDER])
    for other in (DESK, "clinic@acme.example"):
        assert parts(told[other]).keys() == {"multipart/alternative", "text/plain", "text/html"}
        assert told[other]["Return-Path"] == "<>"
        assert "The fax from Ana Ruiz to" in parts(told[other])["text/plain"].get_content()


async def test_each_is_put_off_by_itself_and_comes_once(scene: Scene) -> None:
    job = await scene.sent({"extra_recipients": [DESK]})
    scene.reply = lambda command, address: "451 later" if (command, address) == ("RCPT", DESK) else ""
    assert (await scene.told()).keys() == {SENDER}
    waiting = (await scene.notices(job))[DESK]
    assert (waiting.state, waiting.tries) == (DeliveryState.PENDING, 1)
    scene.reply = lambda _command, _address: ""
    scene.clock.time += timedelta(hours=2)
    assert (await scene.told()).keys() == {SENDER, DESK}
    assert len(list((scene.folder / "sink").glob("*.eml"))) == 2


async def test_a_notice_that_is_given_up_is_told_to_those_who_are_called(scene: Scene) -> None:
    job = await scene.sent({"extra_recipients": [DESK]})
    scene.reply = lambda command, address: (
        "550 5.1.1 no Gertrude here" if (command, address) == ("RCPT", SENDER) else ""
    )
    told = await scene.told()
    assert told.keys() == {DESK, DUTY}
    alert = told[DUTY]
    assert alert["Subject"] == "Postfax needs an administrator: a notice could not be delivered"
    assert (alert["Auto-Submitted"], alert[LOOP_FIELD], alert["Return-Path"]) == (
        "auto-generated",
        DOMAIN,
        "<>",
    )
    assert alert["In-Reply-To"] is None
    said = flowing(parts(alert)["text/plain"])
    assert f"The notice about job {job.id} did not reach its sender, and is not tried again." in said
    assert f"`postfax show {job.id}` tells what went wrong." in said
    for private in ("Gertrude", "Referral", "2065550100", "206 555 0100", "Ruiz", SENDER):
        assert private not in alert.as_string()


async def test_an_alert_that_is_given_up_makes_no_other(scene: Scene) -> None:
    job = await scene.sent()
    scene.reply = lambda command, _address: "550 nobody" if command == "RCPT" else ""
    assert await scene.told() == {}
    scene.clock.time += timedelta(hours=2)
    assert await scene.told() == {}
    notices = await scene.notices(job)
    assert {notice.kind: notice.state for notice in notices.values()} == {
        NoticeKind.DELIVERY: DeliveryState.GIVEN_UP,
        NoticeKind.ALERT: DeliveryState.GIVEN_UP,
    }


async def test_a_copy_that_is_given_up_is_told_to_those_who_are_called(scene: Scene) -> None:
    job = await scene.sent(archives=(ARCHIVE,))

    def refuse(command: str, _: str) -> str:
        return "550 5.7.1 no archive of Gertrude" if command == "RCPT" else ""

    async with MailSink(scene.folder / "archive", reply=refuse) as sink:
        mailer = Mailer(Smarthost(host="127.0.0.1", port=sink.port, tls="none"), DOMAIN)
        file = File(scene.book, mailer, sender=f"postfax@{DOMAIN}", folder=scene.folder, clock=scene.clock)
        assert await file.step()
    alert = (await scene.told())[DUTY]
    assert alert["Subject"] == "Postfax needs an administrator: a copy could not be filed by mail"
    said = flowing(parts(alert)["text/plain"])
    assert f"The archive has no copy of job {job.id}, and it is not tried again by itself." in said
    assert f"`postfax archive retry {job.id}` files it" in said
    assert "Gertrude" not in alert.as_string()


async def test_the_transmission_report_is_a_pdf_with_the_first_page_and_the_fingerprint(scene: Scene) -> None:
    job = await scene.sent({"attach": "tiff", "report": True})
    attached = {
        str(part.get_filename()): part.get_content()
        for part in (await scene.told())[SENDER].walk()
        if part.get_content_disposition() == "attachment"
    }
    assert attached.keys() == {f"fax-{job.id}.tiff", f"fax-{job.id}-report.pdf"}
    text, pictures = _read(attached[f"fax-{job.id}-report.pdf"])
    assert hashlib.sha256(attached[f"fax-{job.id}.tiff"]).hexdigest() in text.replace("\n", "")
    assert "It does not show whose machine it is" in text.replace("\n", " ")
    assert [picture.width for picture in pictures] == [1000]
    shades = np.asarray(pictures[0].convert("L"))
    assert shades[:40].min() < 128, "the header line"
    assert shades[187, 300] < 64, "what was faxed"


async def test_a_report_without_phi_has_neither_picture_nor_name(scene: Scene) -> None:
    job = await scene.sent({"report": True, "phi_free": True})
    told = parts((await scene.told())[SENDER])
    text, pictures = _read(told["application/pdf"].get_content())
    assert not pictures
    assert job.id in text
    assert "+1 206 555 0100" in text
    for private in ("Ruiz", "Referral", SENDER, "Header line"):
        assert private not in text


async def test_a_report_that_cannot_be_made_costs_itself_alone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convert.first_page.TASK", "convert.no_such_task")
    await scene.sent({"report": True})
    with capture_logs() as logged:
        told = parts((await scene.told())[SENDER])
    assert "report_not_made" in [entry["event"] for entry in logged]
    assert "application/pdf" not in told
    assert "The transmission report could not be made." in flowing(told["text/html"])


async def test_a_report_of_pages_that_are_gone_says_so(scene: Scene) -> None:
    await scene.sent({"report": True})
    await scene.book._access.write(
        lambda turn: turn.connection.exec_driver_sql("UPDATE bodies SET octets = NULL")
    )
    text, pictures = _read(parts((await scene.told())[SENDER])["application/pdf"].get_content())
    assert not pictures
    assert "The pages are not kept any more" in text.replace("\n", " ")


def _read(pdf: bytes) -> tuple[str, list[Image.Image]]:
    """The text of a PDF, and its pictures."""
    document = pdfium.PdfDocument(pdf)
    pictures = [
        found.get_bitmap().to_pil()
        for page in document
        for found in page.get_objects(filter=(pdfium.raw.FPDF_PAGEOBJ_IMAGE,))
    ]
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return text.replace("\r\n", "\n"), pictures
