"""Dialling while our own side fails: no channel is lost, and no outcome."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from config.fax import FaxSettings, Resolution
from config.settings import Settings, UserPolicy
from postfax.journey import calling, ordering
from postfax.journey import dial as dial_module
from postfax.journey.dial import LEASE_OVER, Dial
from postfax.live_policy import LivePolicy
from store.book import Book
from store.errors import BookUnavailable
from store.job import FaxJob, FaxPage, NewJob, Outcome, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, NewMail, ProofMethod, SenderProof
from store.new_document import NewDocument
from store.status import Status
from transmit.line import CallOrder, CallProgress, ProgressKind, Report
from transmit.retry import RetryDecision

SENDER = "ana@hospital.example"
PROOF = SenderProof(
    method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
)
ANA = UserPolicy(name="Ana Ruiz", email=SENDER, company="General Hospital", settings=Settings())


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class OneChannel:
    """A line whose calls end when the test says so."""

    name: str = "main"
    channels: int = 1
    down: str = ""
    keeps_calls: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 0
    order: CallOrder | None = None
    taken_up: list[bool] = field(default_factory=list)
    before: Callable[[CallOrder], Awaitable[object]] | None = None
    """What happens while a call is being prepared."""

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        if self.before:
            await self.before(order)
        await order.fence()
        report(CallProgress(kind=ProgressKind.DIALLING, attempt_id=order.attempt_id))
        self.calls += 1
        self.order = order
        self.taken_up.append(order.taken_up)
        await self.answered.wait()
        return Outcome(status=Status.SUCCESS, cause="", ended_at=now(), pages_confirmed=order.pages)


@dataclass(kw_only=True)
class Exchange:
    """A book with one job that is due, and a line."""

    book: Book
    dial: Dial
    line: OneChannel
    job_id: str
    folder: Path
    policy: LivePolicy

    async def job(self) -> FaxJob:
        job = await self.book.job(self.job_id)
        assert job is not None
        return job

    async def until(self, state: JobState) -> FaxJob:
        async with asyncio.timeout(60):
            while (job := await self.job()).state is not state:
                await asyncio.sleep(0.01)
        return job

    async def until_in_call(self) -> None:
        async with asyncio.timeout(60):
            while not self.line.calls:
                await asyncio.sleep(0.01)


async def _queue_job(book: Book, folder: Path, number: str = "+12065551234", user: UserPolicy = ANA) -> str:
    envelope = Envelope(return_path=SENDER, recipients=(f"{number}@fax.example.com",))
    mail = NewMail(
        envelope=envelope,
        header_from=SENDER,
        user_email=SENDER,
        proof=PROOF,
        message_id="",
        dedupe_key=number,
        body=b"Subject: Referral\r\n\r\n",
    )
    mail_id = (await book.accept_mail(mail)).mail_id
    (job,) = await book.record_submission(
        mail_id,
        subject="Referral",
        message_id="",
        references=(),
        user=user,
        jobs=[NewJob(recipient=Recipient(number=number))],
    )
    document = folder / "document.tif"
    document.write_bytes(b"II*\0")
    page = FaxPage(width=1728, height=2200, octets=4, origin="letter.pdf")
    made = NewDocument(path=document, resolution=Resolution.FINE, pages=(page,))
    await book.record_documents(mail_id, {job.id: made})
    return job.id


@pytest_asyncio.fixture
async def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Exchange]:
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"company: General Hospital\nusers: [{{name: Ana Ruiz, email: {SENDER}}}]\n")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(ordering, "write_attempt", lambda *_: 1)
    for module in (dial_module, calling):
        monkeypatch.setattr(module, "PAUSE_AFTER_TROUBLE", 0.05)
    await Book.migrate(f"sqlite:{tmp_path / 'book.db'}")
    async with Book(f"sqlite:{tmp_path / 'book.db'}", tmp_path / "documents", clock=now) as book:
        job_id = await _queue_job(book, tmp_path)
        line = OneChannel()
        live = LivePolicy(policy, lines=("main",), now=now())
        dial = Dial(book, {"main": line}, live, folder=work, clock=now)
        yield Exchange(book=book, dial=dial, line=line, job_id=job_id, folder=work, policy=live)
        await dial.finish(0)


async def test_a_call_that_cannot_be_prepared_frees_its_channel(exchange: Exchange) -> None:
    exchange.folder.rmdir()
    assert await exchange.dial.step()
    failed = await exchange.until(JobState.WAITING)
    assert (failed.status, failed.tries) == (Status.GENERAL_ERROR, 1)
    assert exchange.line.calls == 0
    exchange.folder.mkdir()
    other = await _queue_job(exchange.book, exchange.folder.parent, "+12065551235")
    exchange.line.answered.set()
    assert await exchange.dial.step()
    exchange.job_id = other
    await exchange.until(JobState.SENT)


async def test_a_line_that_refuses_leaves_the_next_call_to_another_one(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(OneChannel):
        async def send(self, order: CallOrder, report: Report) -> Outcome:
            await super().send(order, report)
            return Outcome(status=Status.GENERAL_ERROR, cause="SIP 403", ended_at=now())

    refusing, spare = Refusing(), OneChannel(name="spare")
    for line in (refusing, spare):
        line.answered.set()
    at_once = RetryDecision(retry=True, at=now(), reason="")
    monkeypatch.setattr(dial_module, "decide", lambda *_, **__: at_once)
    lines = {"main": refusing, "spare": spare}
    dial = Dial(exchange.book, lines, exchange.policy, folder=exchange.folder, clock=now)
    assert await dial.step()
    await exchange.until(JobState.WAITING)
    assert await dial.step()
    sent = await exchange.until(JobState.SENT)
    assert [attempt.line for attempt in sent.attempts] == ["main", "spare"]


@pytest.mark.parametrize(
    ("written", "region", "told"),
    [
        ("+1 (206) 234-0100", "US", "+12062340100"),
        ("(206) 234-0100", "US", "+12062340100"),
        ("030 90-1820", "DE", "+4930901820"),
        ("555 01 00", "US", "5550100"),
        ("", "US", ""),
    ],
)
async def test_a_line_is_told_the_senders_number_in_e164(
    exchange: Exchange, written: str, region: str, told: str
) -> None:
    fax = FaxSettings(sender_number=written, default_region=region)
    user = ANA.model_copy(update={"settings": Settings(fax=fax)})
    await exchange.book.cancel(exchange.job_id, by="test")
    exchange.job_id = await _queue_job(exchange.book, exchange.folder.parent, "+12065551235", user)
    exchange.line.answered.set()
    assert await exchange.dial.step()
    await exchange.until(JobState.SENT)
    assert exchange.line.order is not None
    assert (exchange.line.order.caller, exchange.line.order.station_id) == (told, told)


async def test_an_outcome_is_recorded_once_the_book_can_be_written_again(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, failures = exchange.book.record_outcome, [BookUnavailable("The disk is full.", "SQLITE_FULL")] * 3

    async def sometimes(*arguments: Any, **more: Any) -> FaxJob:
        if failures:
            raise failures.pop()
        return await record(*arguments, **more)

    monkeypatch.setattr(exchange.book, "record_outcome", sometimes)
    exchange.line.answered.set()
    assert await exchange.dial.step()
    sent = await exchange.until(JobState.SENT)
    assert (sent.tries, exchange.line.calls) == (1, 1)


async def test_a_stop_between_the_call_and_its_record_does_not_lose_the_outcome(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, reached = exchange.book.record_outcome, asyncio.Event()

    async def slowly(*arguments: Any, **more: Any) -> FaxJob:
        reached.set()
        await asyncio.sleep(0.1)
        return await record(*arguments, **more)

    monkeypatch.setattr(exchange.book, "record_outcome", slowly)
    exchange.line.answered.set()
    assert await exchange.dial.step()
    await reached.wait()
    await exchange.dial.finish(0.01)
    assert (await exchange.job()).state is JobState.SENT


async def test_a_stop_during_a_call_closes_it_as_interrupted(exchange: Exchange) -> None:
    assert await exchange.dial.step()
    await exchange.until_in_call()
    await exchange.dial.finish(0.01)
    job = await exchange.job()
    assert (job.state, job.tries) == (JobState.WAITING, 0)
    assert [attempt.interrupted for attempt in job.attempts] == [True]
    assert list(exchange.folder.iterdir()) == []


async def test_a_stop_during_a_call_that_its_line_keeps_leaves_it_open_and_the_next_service_goes_on(
    exchange: Exchange,
) -> None:
    exchange.line.keeps_calls = True
    assert await exchange.dial.step()
    await exchange.until_in_call()
    await exchange.dial.finish(60)
    assert await exchange.book.release_own_claims({"main"}) == ()
    job = await exchange.job()
    assert (job.state, [attempt.outcome for attempt in job.attempts]) == (JobState.DIALLING, [None])

    async with next_service(exchange) as book:
        taken = await book.take_over_calls({"main"}, timedelta(minutes=10), lambda _: True)
        assert [attempt.id for _, attempt in taken] == [f"{exchange.job_id}#1"]
        assert (await book.release_dead_owners(lambda _: True)).interrupted == ()
        await book.block(["+1206555????"], by="olga")  # too late for a call that was placed
        dial = Dial(book, {"main": exchange.line}, exchange.policy, folder=exchange.folder, clock=now)
        exchange.line.answered.set()
        dial.take_up(taken)
        sent = await exchange.until(JobState.SENT)
        await dial.finish(0)
    assert (len(sent.attempts), sent.tries, exchange.line.taken_up) == (1, 1, [False, True])


async def left_and_taken_up(exchange: Exchange, book: Book) -> FaxJob:
    """The job of a call that one service began and another followed to its end."""
    taken = await book.take_over_calls({"main"}, timedelta(minutes=10), lambda _: True)
    dial = Dial(book, {"main": exchange.line}, exchange.policy, folder=exchange.folder, clock=now)
    exchange.line.answered.set()
    dial.take_up(taken)
    sent = await exchange.until(JobState.SENT)
    await dial.finish(0)
    return sent


async def begun_and_left(exchange: Exchange) -> None:
    exchange.line.keeps_calls = True
    assert await exchange.dial.step()
    await exchange.until_in_call()
    await exchange.dial.finish(60)


@pytest.mark.parametrize("lost", ["pages", "folder"])
async def test_a_call_that_its_line_has_is_followed_although_its_document_cannot_be_made_again(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    await begun_and_left(exchange)

    def fails(*_: object) -> int:
        raise OSError("No space left on device")

    if lost == "pages":
        monkeypatch.setattr(ordering, "write_attempt", fails)
    else:
        exchange.folder.rmdir()
    async with next_service(exchange) as book:
        sent = await left_and_taken_up(exchange, book)
    assert (len(sent.attempts), sent.tries, exchange.line.taken_up) == (1, 1, [False, True])
    assert exchange.line.order is not None
    assert exchange.line.order.no_document.startswith("its document cannot be made ready again: ")
    assert exchange.line.order.pages == 1


async def test_a_call_that_its_line_has_is_followed_once_the_book_can_be_read(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun_and_left(exchange)
    async with next_service(exchange) as book:
        look, failures = book.destination, [BookUnavailable("The disk is gone.", "SQLITE_IOERR")] * 2

        async def sometimes(number: str) -> Any:
            if failures:
                raise failures.pop()
            return await look(number)

        monkeypatch.setattr(book, "destination", sometimes)
        sent = await left_and_taken_up(exchange, book)
    assert (len(sent.attempts), exchange.line.taken_up, failures) == (1, [False, True], [])


async def test_calls_on_lines_that_keep_none_are_not_taken_over(exchange: Exchange) -> None:
    assert await exchange.dial.step()
    await exchange.until_in_call()
    async with next_service(exchange) as book:
        assert await book.take_over_calls({"other"}, timedelta(minutes=10), lambda _: True) == ()
        released = await book.release_dead_owners(lambda _: True)
    assert released.interrupted == (f"{exchange.job_id}#1",)


async def test_a_call_that_was_taken_over_can_be_cancelled(exchange: Exchange) -> None:
    exchange.line.keeps_calls = True
    assert await exchange.dial.step()
    await exchange.until_in_call()
    await exchange.dial.finish(60)
    await exchange.book.cancel(exchange.job_id, by="olga")
    async with next_service(exchange) as book:
        taken = await book.take_over_calls({"main"}, timedelta(minutes=10), lambda _: True)
        dial = Dial(book, {"main": exchange.line}, exchange.policy, folder=exchange.folder, clock=now)
        dial.take_up(taken)
        async with asyncio.timeout(60):
            while not (exchange.line.order and exchange.line.order.hang_up.is_set()):
                await dial.hang_up()
                await asyncio.sleep(0.01)
        exchange.line.answered.set()
        await exchange.until(JobState.SENT)
        await dial.finish(0)


def next_service(exchange: Exchange) -> Book:
    """The book as another process has it."""
    url, documents = f"sqlite:{exchange.folder.parent / 'book.db'}", exchange.folder.parent / "documents"
    return Book(url, documents, clock=now, owner="other-host/1/1")


async def test_a_number_that_is_blocked_while_its_job_waits_is_not_called(exchange: Exchange) -> None:
    await exchange.book.block(["+1206555????"], by="olga")
    assert await exchange.dial.step()
    blocked = await exchange.until(JobState.FAILED)
    assert (blocked.status, exchange.line.calls) == (Status.BLOCKED, 0)
    assert blocked.attempts[0].outcome is not None
    assert blocked.attempts[0].outcome.cause == "blocked by +1206555????"


async def test_a_block_holds_for_a_sender_who_has_left_the_policy(exchange: Exchange) -> None:
    left = ANA.model_copy(update={"email": "left@hospital.example", "blocked_numbers": ("+1425*",)})
    await exchange.book.cancel(exchange.job_id, by="olga")
    exchange.job_id = await _queue_job(exchange.book, exchange.folder, "+14255550199", left)
    await exchange.dial.step()
    blocked = await exchange.until(JobState.FAILED)
    assert (blocked.status, exchange.line.calls) == (Status.BLOCKED, 0)


async def test_a_number_whose_block_was_lifted_is_called(exchange: Exchange) -> None:
    await exchange.book.block(["+1206*"], by="olga")
    await exchange.book.unblock(["+1206*"], by="olga")
    exchange.line.answered.set()
    assert await exchange.dial.step()
    await exchange.until(JobState.SENT)


async def test_a_call_that_others_have_taken_for_dead_is_not_placed(exchange: Exchange) -> None:
    async def stand_still(order: CallOrder) -> None:
        await exchange.book.record_interrupted(order.attempt_id)  # as others do when its lease is over

    exchange.line.before = stand_still
    with capture_logs() as logged:
        assert await exchange.dial.step()
        waiting = await exchange.until(JobState.WAITING)
        await until(lambda: exchange.dial.calls == 0)
    assert exchange.line.calls == 0
    assert [attempt.interrupted for attempt in waiting.attempts] == [True]
    assert "call_left_to_others" in [entry["event"] for entry in logged]
    exchange.line.before = None
    exchange.line.answered.set()
    assert await exchange.dial.step()
    sent = await exchange.until(JobState.SENT)
    assert len(sent.attempts) == 2


async def test_a_call_that_the_book_could_not_be_asked_about_is_placed_once_it_answers_and_costs_no_try(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew, write_off = exchange.book.renew, exchange.book.record_called_off
    failures = [BookUnavailable("The disk is gone.", "SQLITE_IOERR")] * 4

    def failing(works: Callable[..., Awaitable[Any]], left: int) -> Callable[..., Awaitable[Any]]:
        async def sometimes(*arguments: Any) -> Any:
            if len(failures) > left:
                raise failures.pop()
            return await works(*arguments)

        return sometimes

    monkeypatch.setattr(exchange.book, "renew", failing(renew, 3))
    monkeypatch.setattr(exchange.book, "record_called_off", failing(write_off, 0))
    exchange.line.answered.set()
    with capture_logs() as logged:
        assert await exchange.dial.step()
        waiting = await exchange.until(JobState.WAITING)
        await until(lambda: exchange.dial.calls == 0)
    assert (exchange.line.calls, waiting.tries, failures) == (0, 0, [])
    assert [attempt.interrupted for attempt in waiting.attempts] == [True]
    assert "call_not_placed" in [entry["event"] for entry in logged]
    assert await exchange.dial.step()
    sent = await exchange.until(JobState.SENT)
    assert (exchange.line.calls, sent.tries, len(sent.attempts)) == (1, 1, 2)


async def test_where_only_reading_fails_a_number_is_not_claimed_without_end(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: str) -> Any:
        raise BookUnavailable("The disk is gone.", "SQLITE_IOERR")

    monkeypatch.setattr(exchange.book, "destination", fails)
    for _ in range(2):
        assert await exchange.dial.step()
        await until(lambda: exchange.dial.calls == 0)
    assert not await exchange.dial.step()
    job = await exchange.job()
    assert (job.state, job.tries, exchange.line.calls) == (JobState.WAITING, 0, 0)
    assert job.attempts[-1].outcome
    assert job.due_at - job.attempts[-1].outcome.ended_at > timedelta(seconds=30)


async def test_an_outcome_that_comes_too_late_is_said_in_the_log(exchange: Exchange) -> None:
    assert await exchange.dial.step()
    await exchange.until_in_call()
    assert exchange.line.order
    await exchange.book.record_interrupted(exchange.line.order.attempt_id)
    with capture_logs() as logged:
        exchange.line.answered.set()
        await until(lambda: exchange.dial.calls == 0)
    assert "outcome_too_late" in [entry["event"] for entry in logged]
    assert (await exchange.job()).state is JobState.WAITING


@dataclass
class HangsUp(OneChannel):
    """A line whose calls end when they are told to."""

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        await order.fence()
        report(CallProgress(kind=ProgressKind.DIALLING, attempt_id=order.attempt_id))
        self.calls += 1
        self.order = order
        await order.hang_up.wait()
        return Outcome(status=Status.JOB_CANCELLED, cause="cancelled", ended_at=now())


async def test_a_call_whose_lease_cannot_be_renewed_is_hung_up_and_costs_no_try(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host may call the number by then."""
    line, lease = HangsUp(), timedelta(seconds=20)
    dial = Dial(
        exchange.book,
        {"main": line},
        exchange.policy,
        folder=exchange.folder,
        clock=now,
        lease=lease,
        shared=True,
    )
    assert await dial.step()
    await until(lambda: line.calls > 0)
    assert line.order
    with capture_logs() as logged:
        dial._lease_is_over(line.order.attempt_id)  # as its timer does
        monkeypatch.setattr(dial._leases, "holds", lambda _: False)
        waiting = await exchange.until(JobState.WAITING)
    assert (waiting.tries, [attempt.interrupted for attempt in waiting.attempts]) == (0, [True])
    assert waiting.attempts[0].outcome
    assert waiting.attempts[0].outcome.cause == LEASE_OVER
    assert {"call_lease_over", "call_called_off"} <= {entry["event"] for entry in logged}
    await dial.finish(0)


async def test_a_call_that_others_have_taken_for_dead_is_hung_up(exchange: Exchange) -> None:
    line = HangsUp()
    dial = Dial(exchange.book, {"main": line}, exchange.policy, folder=exchange.folder, clock=now)
    assert await dial.step()
    await until(lambda: line.calls > 0)
    assert line.order
    await exchange.book.record_interrupted(line.order.attempt_id)
    await dial._renew()
    await until(lambda: dial.calls == 0)
    job = await exchange.job()
    assert (job.state, len(job.attempts), job.cancel_requested_by) == (JobState.WAITING, 1, "")
    await dial.finish(0)


async def test_a_call_that_another_node_follows_is_not_hung_up(exchange: Exchange) -> None:
    line = HangsUp(keeps_calls=True)
    dial = Dial(
        exchange.book, {"main": line}, exchange.policy, folder=exchange.folder, clock=now, shared=True
    )
    assert await dial.step()
    await until(lambda: line.calls > 0)
    assert line.order
    async with next_service(exchange) as book:
        assert await book.take_over_calls({"main"}, timedelta(minutes=10), lambda _: True)
        dial._lease_is_over(line.order.attempt_id)
        assert dial.calls == 1
        await dial._renew()
        await until(lambda: dial.calls == 0)
        assert not line.order.hang_up.is_set()
        assert (await exchange.job()).state is JobState.DIALLING
    await dial.finish(0)


async def test_a_stop_after_the_last_confirmation_does_not_send_the_fax_again(exchange: Exchange) -> None:
    confirmed = asyncio.Event()
    note = exchange.book.note_all_confirmed

    async def noted(attempt_id: str) -> None:
        await note(attempt_id)
        confirmed.set()

    class Confirms(OneChannel):
        async def send(self, order: CallOrder, report: Report) -> Outcome:
            for page in range(1, order.pages + 1):
                kind = ProgressKind.PAGE_CONFIRMED
                report(
                    CallProgress(
                        kind=kind, attempt_id=order.attempt_id, pages_confirmed=page, pages=order.pages
                    )
                )
            return await super().send(order, report)

    exchange.book.note_all_confirmed = noted  # type: ignore[method-assign]
    dial = Dial(exchange.book, {"main": Confirms()}, exchange.policy, folder=exchange.folder, clock=now)
    assert await dial.step()
    await asyncio.wait_for(confirmed.wait(), 60)
    await dial.finish(0)
    sent = await exchange.job()
    assert (sent.state, sent.status, len(sent.attempts)) == (JobState.SENT, Status.SUCCESS, 1)


async def test_two_nodes_have_no_more_calls_than_the_line_has_channels(exchange: Exchange) -> None:
    documents = exchange.folder.parent
    for number in range(4):
        await _queue_job(exchange.book, documents, f"+120655513{number:02d}")
    line = HangsUp(channels=3)
    async with next_service(exchange) as book:
        nodes = [
            Dial(book, {"main": line}, exchange.policy, folder=exchange.folder, clock=now)
            for book in (exchange.book, book)
        ]
        began = [await dial.step() for _ in range(3) for dial in nodes]
        assert began == [True, True, True, False, False, False]
        assert [dial.calls for dial in nodes] == [2, 1]
        await asyncio.gather(*(dial.finish(0) for dial in nodes))


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not happened():
            await asyncio.sleep(0.01)
