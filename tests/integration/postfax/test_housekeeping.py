"""The service's housekeeping: what is over goes by itself, and `postfax show` says so."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner
from structlog.testing import capture_logs

from config.policy import Policy, read_policy
from postfax import housekeeping
from postfax.commands.show import command as show
from postfax.housekeeping import keep_house
from store.book import Book
from store.errors import BookUnavailable
from store.job import FaxJob, NewJob, Recipient, Refusal
from store.mail import Envelope, MailState, NewMail, ProofMethod, SenderProof
from store.status import Status

SENDER = "ana@hospital.example"
PROOF = SenderProof(
    method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
)
SETTINGS = """\
domain: fax.example.com
mail: {smarthost: {host: 127.0.0.1, port: 9}}
store: sqlite:book.db
documents: file:documents
policy: policy.yaml
lines: {main: {sip: "sip:127.0.0.1:9", caller: "+12065550100"}}
"""
KEPT = timedelta(days=90)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


clock_of_book = Clock()


@pytest_asyncio.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    clock_of_book.time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    (tmp_path / "postfax.yaml").write_text(SETTINGS)
    url = f"sqlite:{tmp_path / 'book.db'}"
    await Book.migrate(url)
    async with Book(url, tmp_path / "documents", clock=clock_of_book) as opened:
        yield opened


def policy(folder: Path, *, days: int = 7) -> Policy:
    text = f"company: Hospital\nusers: [{{name: Ana, email: {SENDER}}}]\n"
    (folder / "policy.yaml").write_text(f"{text}settings: {{retention: {{documents: {days}d}}}}\n")
    return read_policy(folder / "policy.yaml")


async def refused_fax(book: Book, in_force: Policy) -> FaxJob:
    """A fax that came to its end at once, and was told."""
    mail = NewMail(
        envelope=Envelope(return_path=SENDER, recipients=("12@fax.example.com",)),
        header_from=SENDER,
        user_email=SENDER,
        proof=PROOF,
        message_id="<1@hospital.example>",
        dedupe_key="1",
        body=b"Subject: Referral\r\n\r\nHello\r\n",
    )
    accepted = await book.accept_mail(mail)
    refusal = Refusal(status=Status.INVALID_FAX_NUMBER, explanation="12 is too short.")
    facts: dict[str, Any] = {"subject": "Referral", "message_id": "", "references": ()}
    [job] = await book.record_submission(
        accepted.mail_id,
        **facts,
        user=in_force.user(SENDER),
        jobs=[NewJob(recipient=Recipient(number="12"), refusal=refusal)],
    )
    notice = await book.claim_notice(timedelta(minutes=5))
    assert notice
    await book.notice_delivered(notice.id)
    return job


async def until_purged(book: Book, job: FaxJob) -> None:
    while (mail := await book.mail(job.mail_id)) and mail.state is not MailState.PURGED:
        await asyncio.sleep(0.02)


async def test_it_keeps_the_book_small_by_itself(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_EVERY_SECONDS", 0.05)
    in_force = [policy(tmp_path)]
    job = await refused_fax(book, in_force[0])
    clock_of_book.time += timedelta(days=2)
    with capture_logs() as logged:
        keeping = asyncio.create_task(
            keep_house(
                book,
                lambda: in_force[0],
                quarantine_kept=KEPT,
                destinations_kept=KEPT,
                clock=clock_of_book,
            )
        )
        await asyncio.sleep(0.2)
        assert await book.purged_at(job.mail_id) is None
        # A change of the policy has every fax looked at anew.
        in_force[0] = policy(tmp_path, days=1)
        await asyncio.wait_for(until_purged(book, job), 60)
        while not logged:
            await asyncio.sleep(0.02)
        keeping.cancel()
        await asyncio.wait([keeping])
    assert (logged[0]["event"], logged[0]["documents"]) == ("book_purged", 1)


@pytest.mark.parametrize("problem", [BookUnavailable("The disk is full."), ValueError("a mistake of ours")])
async def test_trouble_is_said_and_the_next_hour_tries_again(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    monkeypatch.setattr(housekeeping, "_EVERY_SECONDS", 0.05)
    in_force = policy(tmp_path)
    job = await refused_fax(book, in_force)
    clock_of_book.time += timedelta(days=7)
    purge = book.purge
    failed: list[Exception] = []

    async def fails_once(**kept: timedelta) -> Any:
        if not failed:
            failed.append(problem)
            raise problem
        return await purge(**kept)

    monkeypatch.setattr(book, "purge", fails_once)
    with capture_logs() as logged:
        keeping = asyncio.create_task(
            keep_house(
                book,
                lambda: in_force,
                quarantine_kept=KEPT,
                destinations_kept=KEPT,
                clock=clock_of_book,
            )
        )
        await asyncio.wait_for(until_purged(book, job), 60)
        keeping.cancel()
        await asyncio.wait([keeping])
    assert logged[0]["event"] == "book_not_purged"


async def test_show_says_when_it_was_removed_and_why(book: Book, tmp_path: Path) -> None:
    in_force = policy(tmp_path)
    job = await refused_fax(book, in_force)
    shown = await asyncio.to_thread(_shown, tmp_path, job.id)
    assert "removed" not in shown
    clock_of_book.time += timedelta(days=7)
    await book.purge_faxes(lambda _: None, in_force.settings.retention)
    day = f"{clock_of_book.time.astimezone():%Y-%m-%d}"
    shown = await asyncio.to_thread(_shown, tmp_path, job.id)
    assert f"the mail was removed on {day}" in shown
    assert "after 7 days, as the policy says" in shown
    plain = json.loads(await asyncio.to_thread(_shown, tmp_path, job.id, "--json"))
    assert plain["purged_at"]
    assert plain["mail"]["state"] == "purged"


def _shown(folder: Path, *arguments: str) -> str:
    settings = str(folder / "postfax.yaml")
    done = CliRunner().invoke(show, [*arguments], obj=settings, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output
