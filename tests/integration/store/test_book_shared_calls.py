"""Several faxes to one number share a call."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from small_book import LEASE, SmallBook, header, policy, small_book, wished

from config.fax import FaxSettings
from store.errors import AttemptClosed, NotInBook
from store.job import Attempt, FaxJob
from store.lifecycle import JobState
from store.status import Status
from store.tally import Period

NUMBER = "+12065550100"


def always(_: Sequence[FaxJob], __: FaxJob) -> bool:
    return True


async def shared(small: SmallBook, count: int = 3) -> list[tuple[FaxJob, Attempt]]:
    """A call of so many faxes."""
    for _ in range(count):
        await small.queued(NUMBER)
    lead = await small.call()
    return [lead, *await small.book.claim_companions(lead[1].id, LEASE, header, always)]


async def test_faxes_to_the_same_number_are_taken_into_the_call_in_their_order(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550101")
        small.clock.set_on(timedelta(seconds=1))
        queued: list[FaxJob] = []
        for _ in range(3):
            queued += await small.queued(NUMBER)
            small.clock.set_on(timedelta(seconds=1))
        calls = [await small.call() for _ in range(2)]
        lead = calls[1]
        companions = await small.book.claim_companions(lead[1].id, LEASE, header, always)
        assert [job.id for job, _ in (lead, *companions)] == [job.id for job in queued]
        assert {job.state for job, _ in companions} == {JobState.DIALLING}
        assert {attempt.shares_call_of for _, attempt in companions} == {lead[1].id}
        assert (lead[1].shares_call_of, calls[0][1].shares_call_of) == ("", "")
        assert await small.book.calls_by_line() == {"main": 2}
        assert await small.book.claim_call({"main": 9}, LEASE, header) is None


async def test_only_what_may_be_called_now_over_this_line_goes_along(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued(NUMBER)
        await small.queued(NUMBER, user=policy(lines=("other",)))
        by_day = policy()
        hours = by_day.settings.model_copy(update={"fax": FaxSettings(call_window="08:00-20:00")})
        await small.queued(NUMBER, user=by_day.model_copy(update={"settings": hours}))
        (held,) = await small.queued(NUMBER)
        await small.book.hold(held.id, "root")
        lead = await small.call()
        assert await small.book.claim_companions(lead[1].id, LEASE, header, always) == ()


async def test_a_fax_whose_time_is_up_goes_along_no_more(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued(NUMBER)
        small.clock.set_on(timedelta(seconds=1))
        end = small.clock() + timedelta(minutes=1)
        mail_id, (job,) = await small.submitted(wished(NUMBER, expires_at=end))
        await small.book.record_documents(mail_id, {job.id: small.document()})
        lead = await small.call()
        small.clock.time = end
        assert await small.book.claim_companions(lead[1].id, LEASE, header, always) == ()


async def test_who_goes_along_is_asked_with_those_that_do(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for _ in range(4):
            await small.queued(NUMBER)
        lead = await small.call()
        found = await small.book.claim_companions(
            lead[1].id,
            LEASE,
            header,
            lambda taken, _: len(taken) < 3,
        )
        assert len(found) == 2


async def test_each_has_an_outcome_of_its_own_and_goes_its_own_way(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (first, one), (second, two), (third, three) = await shared(small)
        await small.book.record_outcome(one.id, small.outcome(), None)
        again = small.clock() + timedelta(minutes=5)
        broken = small.outcome(Status.TRANSMISSION_FAILED, pages=0)
        await small.book.record_outcome(two.id, broken, again)
        await small.book.record_called_off(three.id, "another fax of the call was cancelled", small.clock())
        found = [await small.book.job(job.id) for job in (first, second, third)]
        assert [job and (job.state, job.tries) for job in found] == [
            (JobState.SENT, 1), (JobState.WAITING, 1), (JobState.WAITING, 0),
        ]  # fmt: skip
        assert found[2] is not None
        last = found[2].attempts[-1]
        assert (last.interrupted, last.outcome and last.outcome.cause) == (
            True,
            "another fax of the call was cancelled",
        )
        assert (await small.call())[0].id == third.id


async def test_the_call_detail_record_tells_whose_call_a_fax_went_along_in(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        calls = await shared(small, 2)
        for _, attempt in calls:
            await small.book.record_outcome(attempt.id, small.outcome(), None)
        day = Period(begin=small.clock() - timedelta(days=1), end=small.clock() + timedelta(days=1))
        groups = [group async for group in small.book.detail_records(day, failures=False)]
    told = {record.job_id: record.shares_call_of for group in groups for record in group}
    assert told == {calls[0][0].id: "", calls[1][0].id: calls[0][1].id}


async def test_a_service_that_dies_gives_all_faxes_of_a_call_back(tmp_path: Path) -> None:
    async with small_book(tmp_path, owner="here/1/x") as small:
        calls = await shared(small)
        lost = sorted(attempt.id for _, attempt in calls)
    async with small_book(tmp_path, owner="here/2/x") as small:
        released = await small.book.release_dead_owners(lambda owner: owner == "here/1/x")
        assert sorted(released.interrupted) == lost
        lead = await small.call()
        companions = await small.book.claim_companions(lead[1].id, LEASE, header, always)
        assert len(companions) == 2


async def test_nobody_goes_along_in_a_call_that_is_over(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        [(_, attempt), *_rest] = await shared(small, 1)
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        with pytest.raises(AttemptClosed):
            await small.book.claim_companions(attempt.id, LEASE, header, always)
        with pytest.raises(NotInBook):
            await small.book.claim_companions("NONE#1", LEASE, header, always)
