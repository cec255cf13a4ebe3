"""Faxes wait for the hours in which their numbers may be called."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from small_book import LEASE, SmallBook, header, policy, small_book, to, wished

from config.fax import FaxSettings
from config.settings import UserPolicy
from store.job import FaxJob
from store.lifecycle import JobState, Transition
from store.status import Status

SEATTLE = "+12065550100"
OPENS = datetime(2026, 11, 23, 16, tzinfo=UTC)  # 08:00 in Seattle; a book's clock begins seven hours before
CLOSES = OPENS + timedelta(hours=12)
TOMORROW = OPENS + timedelta(days=1)


def by_day() -> UserPolicy:
    user = policy()
    fax = FaxSettings(call_window="08:00-20:00")
    return user.model_copy(update={"settings": user.settings.model_copy(update={"fax": fax})})


async def queued(small: SmallBook, *numbers: str) -> tuple[FaxJob, ...]:
    return await small.queued(*(numbers or (SEATTLE,)), user=by_day())


async def test_a_fax_of_the_night_is_called_in_the_morning(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (job,) = await queued(small)
        assert (job.state, job.due_at) == (JobState.SCHEDULED, OPENS)
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        small.clock.time = OPENS
        assert (await small.call())[0].id == job.id


async def test_a_wish_for_the_night_waits_for_the_morning(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        wanted = CLOSES + timedelta(hours=2)
        mail_id, (job,) = await small.submitted(wished(SEATTLE, not_before=wanted), by_day())
        (job,) = await small.book.record_documents(mail_id, {job.id: small.document()})
        assert job.due_at == TOMORROW


async def test_a_fax_that_expires_before_the_hours_is_not_called(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, (job,) = await small.submitted(
            wished(SEATTLE, expires_at=OPENS - timedelta(hours=1)), by_day()
        )
        await small.book.record_documents(mail_id, {job.id: small.document()})
        small.clock.time = OPENS - timedelta(minutes=59)
        assert await small.book.expire_jobs() == (job.id,)


async def test_the_next_call_falls_into_the_hours(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await queued(small)
        small.clock.time = CLOSES - timedelta(minutes=5)
        _, attempt = await small.call()
        busy = small.outcome(Status.BUSY, pages=0)
        soon = await small.book.record_outcome(attempt.id, busy, small.clock() + timedelta(minutes=3))
        assert (soon.state, soon.due_at) == (JobState.WAITING, CLOSES - timedelta(minutes=2))
        small.clock.time = soon.due_at
        _, attempt = await small.call()
        late = await small.book.record_outcome(
            attempt.id, small.outcome(Status.BUSY, pages=0), small.clock() + timedelta(minutes=3)
        )
        assert (late.state, late.due_at) == (JobState.WAITING, TOMORROW)


async def test_a_call_that_the_service_cut_off_goes_on_within_the_hours(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await queued(small)
        small.clock.time = CLOSES - timedelta(seconds=1)
        _, attempt = await small.call()
        small.clock.time = CLOSES + timedelta(minutes=1)
        assert (await small.book.record_interrupted(attempt.id)).due_at == TOMORROW


async def test_what_found_no_channel_in_its_hours_is_put_off(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (job,) = await queued(small)
        small.clock.time = CLOSES
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        found = await small.book.job(job.id)
        assert found is not None
        assert (found.state, found.due_at) == (JobState.SCHEDULED, TOMORROW)
        last = (await small.book.transitions_of(job.id))[-1]
        assert (last.transition, last.end) == (Transition.POSTPONE, JobState.SCHEDULED)
        assert (await small.book.outlook(small.clock())).next_due


async def test_what_is_released_in_the_night_waits_for_the_morning(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (job,) = await queued(small)
        await small.book.hold(job.id, "root")
        small.clock.time = CLOSES + timedelta(hours=1)
        assert (await small.book.release(job.id, "root")).state is JobState.QUEUED
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        small.clock.time = TOMORROW
        assert (await small.call())[0].id == job.id


async def test_many_that_are_put_off_keep_nobody_else_waiting(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await queued(small, *(f"+1206555{number:04}" for number in range(150)))
        small.clock.time = CLOSES
        mail_id, (other,) = await small.submitted(to("+493012345678"), policy())
        await small.book.record_documents(mail_id, {other.id: small.document()})
        claims = [await small.book.claim_call({"main": 1}, LEASE, header) for _ in range(2)]
        assert [claim and claim[0].id for claim in claims] == [None, other.id]
