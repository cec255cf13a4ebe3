"""Several faxes to one number in one call: from the queue to a line, and what is recorded of each."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from fax_tiff import read_pages, same_pages
from simulated_call import SimulatedCall, receiving, sending
from small_book import Clock, SmallBook, policy, small_book, to

from config.fax import FaxSettings, Resolution
from config.settings import UserPolicy
from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage
from postfax.journey import dial
from postfax.journey.dial import Dial
from postfax.live_policy import LivePolicy
from postfax.watching import metrics
from store.errors import BookUnavailable
from store.job import FaxJob, FaxPage, Outcome
from store.lifecycle import JobState
from store.new_document import NewDocument
from store.records.claims import Claims
from store.status import Status
from transmit.line import CallOrder, CallProgress, ProgressKind, Report

NUMBER = "+12065550100"
ROWS = 400
Answer = Callable[[CallOrder], tuple[Status, int]]
"""What a call comes to, and how many pages are confirmed."""


@dataclass
class Trunk:
    """A line that keeps what it is given, and ends its calls as it is told."""

    clock: Clock
    answer: Answer = lambda order: (Status.SUCCESS, order.pages)
    name: str = "main"
    channels: int = 9
    down: str = ""
    keeps_calls: bool = False
    confirms: int = 0
    """Pages that are told as confirmed before the call may end."""
    orders: list[CallOrder] = field(default_factory=list)
    sent: list[list[CodedPage]] = field(default_factory=list)
    may_begin: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_begin.set()

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        await self.may_begin.wait()
        await order.fence()
        self.orders.append(order)
        self.sent.append(list(fax_tiff.read(order.document).pages))
        for page in range(1, self.confirms + 1):
            report(
                CallProgress(
                    kind=ProgressKind.PAGE_CONFIRMED,
                    attempt_id=order.attempt_id,
                    pages_confirmed=page,
                    pages=order.pages,
                )
            )
        ends = [asyncio.create_task(event.wait()) for event in (self.may_end, order.hang_up)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        status, pages = self.answer(order)
        if order.hang_up.is_set():
            status = Status.JOB_CANCELLED
        return Outcome(status=status, cause="as told", ended_at=self.clock(), pages_confirmed=pages)


@dataclass(kw_only=True)
class Site:
    """A book, a line, and what dials."""

    small: SmallBook
    trunk: Trunk
    dial: Dial

    async def queued(self, pages: int, user: UserPolicy, *, octets: bytes = b"") -> FaxJob:
        mail_id, (job,) = await self.small.submitted(to(NUMBER), user)
        made = document(self.small.folder, pages)
        if octets:
            made.path.write_bytes(octets)
        (job,) = await self.small.book.record_documents(mail_id, {job.id: made})
        self.small.clock.set_on(timedelta(seconds=1))
        return job

    async def call(self) -> None:
        """Everything that can be called is, and its calls are in progress."""
        while await self.dial.step():
            pass
        async with asyncio.timeout(60):
            while len(self.trunk.sent) < self.dial.calls:
                await asyncio.sleep(0.01)

    async def over(self) -> None:
        self.trunk.may_end.set()
        async with asyncio.timeout(60):
            while self.dial.calls:
                await self.dial.step()
                await asyncio.sleep(0.01)

    async def look(self, job: FaxJob) -> FaxJob:
        found = await self.small.book.job(job.id)
        assert found is not None
        return found


def batched(pages: int = 10) -> UserPolicy:
    user = policy()
    fax = FaxSettings(batch_pages=pages, sender_number="+12065550199")
    return user.model_copy(update={"settings": user.settings.model_copy(update={"fax": fax})})


def document(folder: Path, count: int) -> NewDocument:
    """Pages that differ in how dark they are, the fewer there are."""
    path = folder / f"{count}.tif"
    pages = []
    for number in range(count):
        rows = np.zeros((ROWS, 1728), np.bool_)
        rows[200 : 210 + 20 * count + number] = True
        pages.append(CodedPage(rows=ROWS, strip=t6.encode(np.packbits(rows, axis=1))))
    fax_tiff.write(path, pages, resolution="fine")
    page = FaxPage(width=1728, height=ROWS, octets=100, origin="letter.pdf")
    return NewDocument(path=path, resolution=Resolution.FINE, pages=(page,) * count)


def below_the_header(page: CodedPage) -> bytes:
    return bytes(t6.decode(page.strip, page.rows)[100:].tobytes())


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    written = tmp_path / "policy.yaml"
    written.write_text("company: General Hospital\n")
    work = tmp_path / "work"
    work.mkdir()
    async with small_book(tmp_path) as small:
        trunk = Trunk(small.clock)
        live = LivePolicy(written, lines=("main",), now=small.clock())
        dial = Dial(small.book, {"main": trunk}, live, folder=work, clock=small.clock)
        yield Site(small=small, trunk=trunk, dial=dial)
        await dial.finish(0)


async def test_faxes_to_a_number_go_one_behind_the_other_and_each_is_sent(site: Site) -> None:
    jobs = [await site.queued(pages, batched()) for pages in (2, 1, 3)]
    await site.call()
    await site.over()
    [order] = site.trunk.orders
    assert (order.pages, order.first_page, order.job_id) == (6, 0, jobs[0].id)
    [sent] = site.trunk.sent
    expected = [
        page for count in (2, 1, 3) for page in fax_tiff.read(site.small.folder / f"{count}.tif").pages
    ]
    assert [below_the_header(page) for page in sent] == [below_the_header(page) for page in expected]
    for job, pages in zip(jobs, (2, 1, 3), strict=True):
        found = await site.look(job)
        assert (found.state, found.pages_confirmed, found.tries) == (JobState.SENT, pages, 1)
        [attempt] = found.attempts
        assert attempt.outcome is not None
        assert attempt.outcome.cause == f"{pages} of {pages} pages confirmed, in a call of 3 faxes"
        assert attempt.shares_call_of == ("" if job is jobs[0] else f"{jobs[0].id}#1")
    assert site.dial.open_lines._calls["main"] == 0


async def test_libspandsp_carries_them_as_the_one_document_that_they_are(site: Site) -> None:
    received = site.small.folder / "received.tif"

    def call(order: CallOrder) -> tuple[Status, int]:
        result, _ = SimulatedCall(sending(order.document), receiving(received)).start_t38().run().hang_up()
        assert same_pages(order.document, received)
        status = Status.SUCCESS if result.t30_code == 0 else Status.TRANSMISSION_FAILED
        return status, result.pages_confirmed

    site.trunk.answer = call
    jobs = [await site.queued(pages, batched()) for pages in (2, 1)]
    await site.call()
    await site.over()
    assert [(await site.look(job)).state for job in jobs] == [JobState.SENT] * 2
    assert len(read_pages(received)) == 3


async def test_a_call_that_breaks_off_ends_the_faxes_that_it_did_not_carry_and_no_other(site: Site) -> None:
    jobs = [await site.queued(pages, batched()) for pages in (2, 3, 1)]
    site.trunk.answer = lambda _: (Status.TRANSMISSION_FAILED, 3)
    await site.call()
    await site.over()
    found = [await site.look(job) for job in jobs]
    assert [(job.state, job.pages_confirmed) for job in found] == [
        (JobState.SENT, 2), (JobState.WAITING, 1), (JobState.WAITING, 0),
    ]  # fmt: skip
    assert {job.status for job in found[1:]} == {Status.TRANSMISSION_FAILED}
    # The one that goes on at a page has a call of its own, and so has the one that is left.
    site.small.clock.time = found[1].due_at
    site.trunk.answer = lambda order: (Status.SUCCESS, order.pages - order.first_page)
    for _ in range(2):
        await site.call()
        await site.over()
    assert [(await site.look(job)).state for job in jobs] == [JobState.SENT] * 3
    assert sorted((order.pages, order.first_page) for order in site.trunk.orders[1:]) == [(1, 0), (3, 1)]


async def test_who_cancels_one_ends_the_call_and_the_others_are_due_at_once(site: Site) -> None:
    jobs = [await site.queued(pages, batched()) for pages in (2, 3, 1)]
    site.trunk.answer = lambda _: (Status.SUCCESS, 2)
    await site.call()
    await site.small.book.cancel(jobs[1].id, by="olga")
    async with asyncio.timeout(60):
        while not site.trunk.orders[0].hang_up.is_set():
            await site.dial.hang_up()
    await site.over()
    found = [await site.look(job) for job in jobs]
    assert [job.state for job in found][:2] == [JobState.SENT, JobState.CANCELLED]
    first = found[2].attempts[0]
    assert (first.interrupted, first.outcome and first.outcome.cause) == (
        True,
        "another fax of the call was cancelled, and the call with it",
    )


async def test_a_fax_that_cannot_be_made_ready_keeps_no_other_from_the_call(site: Site) -> None:
    first = await site.queued(2, batched())
    broken = await site.queued(3, batched(), octets=b"no fax")
    last = await site.queued(1, batched())
    await site.call()
    await site.over()
    found = [await site.look(job) for job in (first, broken, last)]
    assert [job.state for job in found] == [JobState.SENT, JobState.WAITING, JobState.SENT]
    assert (found[1].status, site.trunk.orders[0].pages) == (Status.GENERAL_ERROR, 3)


async def test_a_call_begins_alone_where_its_companions_cannot_be_claimed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [await site.queued(1, batched()) for _ in range(2)]

    async def fails(*_: object) -> None:
        raise BookUnavailable("The disk is full.", "SQLITE_FULL")

    monkeypatch.setattr(site.small.book, "claim_companions", fails)
    await site.call()
    await site.over()
    assert [order.job_id for order in site.trunk.orders[:1]] == [jobs[0].id]
    assert (await site.look(jobs[0])).state is JobState.SENT


async def test_without_the_policy_each_has_a_call_of_its_own(site: Site) -> None:
    jobs = [await site.queued(1, policy()) for _ in range(2)]
    await site.call()
    assert len(site.trunk.orders) == 1
    await site.over()
    await site.call()
    await site.over()
    assert [order.pages for order in site.trunk.orders] == [1, 1]
    assert {(await site.look(job)).state for job in jobs} == {JobState.SENT}


async def test_a_stop_closes_every_fax_of_the_call_as_interrupted(site: Site) -> None:
    jobs = [await site.queued(1, batched()) for _ in range(3)]
    await site.call()
    await site.dial.finish(0)
    found = [await site.look(job) for job in jobs]
    assert [(job.state, job.tries) for job in found] == [(JobState.WAITING, 0)] * 3
    assert {attempt.interrupted for job in found for attempt in job.attempts} == {True}


async def test_faxes_of_a_call_that_was_not_placed_for_the_book_go_once_it_answers(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [await site.queued(1, batched()) for _ in range(3)]
    renew, failures = site.small.book.renew, [BookUnavailable("The disk is gone.", "SQLITE_IOERR")]

    async def sometimes(claims: Claims, lease: timedelta) -> frozenset[str]:
        if failures:
            raise failures.pop()
        return await renew(claims, lease)

    monkeypatch.setattr(site.small.book, "renew", sometimes)
    await site.dial.step()
    async with asyncio.timeout(60):
        while site.dial.calls:
            await asyncio.sleep(0.01)
    assert site.trunk.orders == []
    assert {((found := await site.look(job)).state, found.tries) for job in jobs} == {(JobState.WAITING, 0)}
    await site.call()
    await site.over()
    assert [order.pages for order in site.trunk.orders] == [3]
    assert {((found := await site.look(job)).state, found.tries) for job in jobs} == {(JobState.SENT, 1)}


async def test_a_call_of_several_faxes_is_one_call_in_the_figures(site: Site) -> None:
    before = figures()
    for pages in (2, 3, 1):
        await site.queued(pages, batched())
    site.trunk.answer = lambda _: (Status.TRANSMISSION_FAILED, 3)
    await site.call()
    await site.over()
    grown = {name: value - before.get(name, 0) for name, value in figures().items()}
    assert {name: value for name, value in grown.items() if value} == {
        ("postfax_calls_total", "Transmission Failed"): 1,
        ("postfax_fax_attempts_total", "Success"): 1,
        ("postfax_fax_attempts_total", "Transmission Failed"): 2,
        ("postfax_pages_confirmed_total", ""): 3,
        ("postfax_call_seconds_count", ""): 1,
        ("postfax_dial_delay_seconds_count", ""): 3,
    }


def figures() -> dict[tuple[str, str], float]:
    """What is counted of faxes and calls, by name and status."""
    named = ("_total", "_count")
    found: dict[tuple[str, str], float] = defaultdict(float)
    for family in metrics.REGISTRY.collect():
        for sample in family.samples:
            if sample.name.endswith(named):
                found[sample.name, sample.labels.get("status", "")] += sample.value
    return found


async def test_a_stop_in_the_second_fax_does_not_send_the_first_once_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [await site.queued(pages, batched()) for pages in (2, 3)]
    noted: asyncio.Queue[str] = asyncio.Queue()
    note = site.small.book.note_all_confirmed

    async def noting(attempt_id: str) -> None:
        await note(attempt_id)
        noted.put_nowait(attempt_id)

    monkeypatch.setattr(site.small.book, "note_all_confirmed", noting)
    site.trunk.confirms = 4
    await site.call()
    assert await asyncio.wait_for(noted.get(), 60) == f"{jobs[0].id}#1"
    await site.dial.finish(0)
    found = [await site.look(job) for job in jobs]
    assert [(job.state, job.tries) for job in found] == [(JobState.SENT, 1), (JobState.WAITING, 0)]
    assert noted.empty()


@pytest.mark.parametrize("away", [0, 2])
async def test_a_call_of_which_others_have_taken_a_fax_is_not_placed(
    site: Site, monkeypatch: pytest.MonkeyPatch, away: int
) -> None:
    jobs = [await site.queued(1, batched()) for _ in range(2)]
    site.trunk.may_begin.clear()
    await site.dial.step()
    interrupt = site.small.book.record_interrupted
    await interrupt(f"{jobs[1].id}#1")
    failures = [BookUnavailable("The disk is gone.", "SQLITE_IOERR")] * away

    async def sometimes(attempt_id: str) -> None:
        if failures:
            raise failures.pop()
        await interrupt(attempt_id)

    monkeypatch.setattr(site.small.book, "record_interrupted", sometimes)
    monkeypatch.setattr(dial, "PAUSE_AFTER_TROUBLE", 0.01)
    site.trunk.may_begin.set()
    async with asyncio.timeout(60):
        while site.dial.calls:
            await asyncio.sleep(0.01)
    assert site.trunk.orders == []
    assert [(await site.look(job)).state for job in jobs] == [JobState.WAITING] * 2
