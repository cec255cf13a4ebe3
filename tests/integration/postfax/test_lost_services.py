"""A host that never comes back holds up nothing: others give back what it held when its lease is over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from config.fax import Resolution
from config.settings import Settings, UserPolicy
from postfax import lost_services
from postfax.lost_services import Calls, LostServices
from store.book import Book
from store.job import FaxPage, NewJob, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, NewMail, ProofMethod, SenderProof
from store.new_document import NewDocument

SENDER = "ana@hospital.example"
LEASE = timedelta(minutes=10)


class Clock:
    time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest_asyncio.fixture
async def books(tmp_path: Path) -> AsyncIterator[tuple[Book, Book, Clock]]:
    """Of two hosts, with a call that the first of them has begun; and the time for both."""
    url, clock = f"sqlite:{tmp_path / 'book.db'}", Clock()
    await Book.migrate(url)
    async with (
        Book(url, tmp_path / "documents", clock=clock, owner="one/1/1") as first,
        Book(url, tmp_path / "documents", clock=clock, owner="two/1/1") as second,
    ):
        await begin_call(first, tmp_path)
        yield first, second, clock


async def begin_call(book: Book, folder: Path) -> None:
    proof = SenderProof(
        method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
    )
    mail = NewMail(
        envelope=Envelope(return_path=SENDER, recipients=("+12065551234@fax.example.com",)),
        header_from=SENDER,
        user_email=SENDER,
        proof=proof,
        message_id="",
        dedupe_key="1",
        body=b"Subject: Referral\r\n\r\n",
    )
    mail_id = (await book.accept_mail(mail)).mail_id
    user = UserPolicy(name="Ana", email=SENDER, company="Hospital", settings=Settings())
    [job] = await book.record_submission(
        mail_id,
        subject="Referral",
        message_id="",
        references=(),
        user=user,
        jobs=[NewJob(recipient=Recipient(number="+12065551234"))],
    )
    path = folder / "document.tif"
    path.write_bytes(b"II*\0")
    page = FaxPage(width=1728, height=2200, octets=4, origin="letter.pdf")
    document = NewDocument(path=path, resolution=Resolution.FINE, pages=(page,))
    await book.record_documents(mail_id, {job.id: document})
    assert await book.claim_call({"main": 1}, LEASE, lambda *_: "header")


async def test_a_call_of_a_lost_host_is_given_back_when_its_lease_is_over(
    books: tuple[Book, Book, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_services, "EVERY_SECONDS", 0.02)
    _, second, clock = books
    looked: list[Calls] = []
    watching = asyncio.create_task(LostServices(second, ()).watch(looked.append))
    with capture_logs() as logged:
        async with asyncio.timeout(60):
            while len(looked) < 2:
                await asyncio.sleep(0.01)
            assert (await second.counts()).jobs[JobState.DIALLING] == 1  # for its host may be alive
            clock.time += LEASE + timedelta(seconds=1)
            while (await second.counts()).jobs[JobState.WAITING] == 0:
                await asyncio.sleep(0.01)
    watching.cancel()
    [entry] = [entry for entry in logged if entry["event"] == "lost_services"]
    assert (entry["owners"], entry["taken_over"]) == (("one/1/1",), 0)
    assert [calls for calls in looked if calls] == []


async def test_calls_on_lines_that_keep_them_are_handed_on(books: tuple[Book, Book, Clock]) -> None:
    _, second, clock = books
    clock.time += LEASE + timedelta(seconds=1)
    [(job, attempt)] = await LostServices(second, ("main",)).give_back()
    assert (job.recipient.number, attempt.number) == ("+12065551234", 1)
    assert (await second.counts()).jobs[JobState.DIALLING] == 1
