"""A notice from the book to the mail server: the same mail at every try, and what it returns."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from config.mail import Smarthost
from config.notifications import NotificationSettings
from config.server import ConvertSettings
from config.settings import Settings, UserPolicy
from convert.converter import Converter
from convert.first_page import TASK
from notify.delivery_status import ReportingMta
from notify.facts import WelcomeFacts
from notify.mailer import Mailer
from postfax.demonstration.mail_sink import MailSink
from postfax.journey.tell import Tell
from postfax.journey.withheld import log_withheld
from sandbox import Nursery
from store.book import Book
from store.job import FaxJob, NewJob, Recipient, Refusal
from store.mail import Envelope, NewMail, NoticeRequest, NotifyOn, ProofMethod, ReturnContent, SenderProof
from store.outbox import DeliveryState, Notice
from store.status import Status

DOMAIN = "fax.example.com"
SENDER = "ana@hospital.example"
WRONG = f"John_Doe.12@{DOMAIN}"
LIMIT = NotificationSettings().failures_an_hour
ORIGINAL = b"From: ana@hospital.example\r\nSubject: Referral\r\n\r\n" + b"a line of the mail\r\n" * 5000
PROOF = SenderProof(
    method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
)


async def no_welcome(notice: Notice) -> WelcomeFacts:
    raise AssertionError(f"{notice.id} welcomes nobody")


class Hour:
    """A clock that each look sets on by an hour, so that whatever was put off is due."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(hours=1)
        return self.time


@pytest_asyncio.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    url = f"sqlite:{tmp_path / 'book.db'}"
    await Book.migrate(url)
    async with Book(url, tmp_path / "documents", clock=Hour()) as opened:
        yield opened


async def refused_mail(
    book: Book,
    envelope: Envelope,
    *,
    phi_free: bool = False,
    number: int = 1,
    settings: Settings | None = None,
) -> tuple[FaxJob, ...]:
    """The job of a mail whose one recipient is refused."""
    settings = settings or Settings(notifications=NotificationSettings(phi_free=phi_free))
    mail = NewMail(
        envelope=envelope,
        header_from=SENDER,
        user_email=SENDER,
        proof=PROOF,
        message_id="<1@hospital.example>",
        dedupe_key=f"{number}",
        body=ORIGINAL,
    )
    accepted = await book.accept_mail(mail)
    refusal = Refusal(status=Status.INVALID_FAX_NUMBER, explanation="'John_Doe.12' is no fax number.")
    return await book.record_submission(
        accepted.mail_id,
        subject="Referral",
        message_id="<1@hospital.example>",
        references=(),
        user=UserPolicy(name="Ana", email=SENDER, company="Hospital", settings=settings),
        jobs=[NewJob(recipient=Recipient(number="John_Doe.12"), addresses=(WRONG,), refusal=refusal)],
    )


def smarthost(sink: MailSink) -> Smarthost:
    return Smarthost(host="127.0.0.1", port=sink.port, tls="none")


def tell(book: Book, sink: MailSink, mailer: Mailer | None = None) -> Tell:
    mailer = mailer or Mailer(smarthost(sink), DOMAIN)
    mta = ReportingMta(hostname="mx1.fax.example.com", domain=DOMAIN)
    # The parent starts with the first picture: most notices have none.
    nursery = Nursery(preload=(TASK,), processes=1)
    return Tell(
        book,
        mailer,
        nursery,
        Converter(ConvertSettings(processes=1)),  # which starts with the first report
        welcome=no_welcome,
        sender=f"postfax@{DOMAIN}",
        mta=mta,
        folder=sink.folder.parent,
        clock=Hour(),
    )


def parsed(sink: MailSink) -> EmailMessage:
    [file] = sink.mails
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


ENVELOPE = Envelope(return_path=SENDER, recipients=(WRONG,))


@pytest.mark.parametrize(
    ("wanted", "media_type"),
    [
        (None, "text/rfc822-headers"),
        (ReturnContent.HEADERS, "text/rfc822-headers"),
        (ReturnContent.FULL, "message/rfc822"),
    ],
)
async def test_a_refused_mail_comes_back_as_it_was_asked_for(
    book: Book, tmp_path: Path, wanted: ReturnContent | None, media_type: str
) -> None:
    await refused_mail(book, replace(ENVELOPE, return_content=wanted))
    async with MailSink(tmp_path / "sink") as sink:
        assert await tell(book, sink).step()
        notice = parsed(sink)
        octets = sink.mails[0].read_bytes()
    people, programs, returned = notice.iter_parts()
    assert people.get_content_type() == "multipart/alternative"
    assert programs.get_content_type() == "message/delivery-status"
    assert returned.get_content_type() == media_type
    assert (ORIGINAL in octets) == (wanted is ReturnContent.FULL)
    assert notice["Return-Path"] == "<>"


async def test_phi_free_returns_nothing(book: Book, tmp_path: Path) -> None:
    await refused_mail(book, replace(ENVELOPE, return_content=ReturnContent.FULL), phi_free=True)
    async with MailSink(tmp_path / "sink") as sink:
        assert await tell(book, sink).step()
        assert len(list(parsed(sink).iter_parts())) == 2
        assert b"Doe" not in sink.mails[0].read_bytes()


async def test_a_second_try_sends_the_same_octets(book: Book, tmp_path: Path) -> None:
    await refused_mail(book, replace(ENVELOPE, return_content=ReturnContent.FULL))
    seen: list[bytes] = []

    class Flaky(Mailer):
        async def send(self, message: EmailMessage | bytes, recipient: str) -> None:
            assert isinstance(message, bytes)
            seen.append(message)
            await super().send(message, recipient)

    def reply(command: str, _: str) -> str:
        return "451 4.3.0 later" if command == "DATA" and len(seen) == 1 else ""

    async with MailSink(tmp_path / "sink", reply=reply) as sink:
        step = tell(book, sink, Flaky(smarthost(sink), DOMAIN))
        assert await step.step()
        assert await step.step()
        assert len(sink.mails) == 1
    assert len(seen) == 2
    assert seen[0] == seen[1]


async def test_a_mail_that_is_gone_costs_only_what_is_returned(book: Book, tmp_path: Path) -> None:
    await refused_mail(book, ENVELOPE)
    for file in (tmp_path / "documents").glob("*/*.eml"):
        file.unlink()
    async with MailSink(tmp_path / "sink") as sink:
        assert await tell(book, sink).step()
        assert len(list(parsed(sink).iter_parts())) == 2


async def test_who_says_never_hears_nothing(book: Book) -> None:
    request = NoticeRequest(notify=frozenset({NotifyOn.NEVER}))
    [job] = await refused_mail(book, replace(ENVELOPE, notice_requests={WRONG: request}))
    assert await book.notices_of(job.mail_id) == ()
    assert (await book.counts()).notices[DeliveryState.PENDING] == 0


async def test_a_notice_over_the_limit_is_said_in_the_log(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'book.db'}"
    await Book.migrate(url)
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    async with Book(url, tmp_path / "documents", clock=lambda: noon) as book:
        answered = [await refused_mail(book, ENVELOPE, number=number) for number in range(LIMIT + 1)]
        with capture_logs() as logged:
            for jobs in answered:
                await log_withheld(book, jobs)
    [entry] = logged
    assert (entry["event"], entry["notice"]) == ("notice_withheld", f"initial:{answered[-1][0].mail_id}")
    assert entry["address"] == SENDER


@pytest.mark.parametrize("source", ["{{ content.nothing }}", None], ids=["fails", "is gone"])
async def test_a_template_that_fails_costs_its_form_alone_and_an_administrator_is_told(
    book: Book, tmp_path: Path, source: str | None
) -> None:
    template = tmp_path / "subject.txt"
    if source:
        template.write_text(source)
    settings = Settings.model_validate(
        {
            "notifications": {"templates": {"subject": template}},
            "alerts": {"contacts": ["duty@hospital.example"]},
        }
    )
    await refused_mail(book, ENVELOPE, settings=settings)
    async with MailSink(tmp_path / "sink") as sink:
        step = tell(book, sink)
        assert await step.step()
        assert await step.step()
        sent, alert = (message_from_bytes(file.read_bytes(), policy=default) for file in sink.mails)
    assert "not sent" in sent["Subject"]
    assert alert["To"] == "duty@hospital.example"
    assert "an own template of notices" in alert["Subject"]


async def test_an_own_template_is_read_anew_for_each_notice(book: Book, tmp_path: Path) -> None:
    template = tmp_path / "subject.txt"
    settings = Settings.model_validate({"notifications": {"templates": {"subject": template}}})
    async with MailSink(tmp_path / "sink") as sink:
        for number in (1, 2):
            template.write_text(f"Fax desk {number}: {{{{ content.verdict }}}}")
            await refused_mail(book, ENVELOPE, number=number, settings=settings)
            assert await tell(book, sink).step()
        subjects = [message_from_bytes(file.read_bytes(), policy=default)["Subject"] for file in sink.mails]
    assert subjects == ["Fax desk 1: Not sent", "Fax desk 2: Not sent"]
