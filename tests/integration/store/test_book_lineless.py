"""Faxes that wait for lines which are no longer there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from small_book import LEASE, SmallBook, header, policy, small_book
from structlog.testing import capture_logs

from postfax.journey.expire import Expire
from store.lifecycle import JobState
from store.outbox import NoticeKind
from store.status import Status

DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def small(tmp_path: Path) -> AsyncIterator[SmallBook]:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100", "+12065550101", user=policy(lines=("old", "older")))
        await small.queued("+12065550102", user=policy(lines=("old", "main")))
        await small.queued("+12065550103")
        yield small


async def states(small: SmallBook) -> list[JobState]:
    counts = (await small.book.counts()).jobs
    return sorted(state for state, number in counts.items() for _ in range(number))


async def test_they_are_found_by_the_lines_that_they_wait_for(small: SmallBook) -> None:
    assert await small.book.lineless({"main"}) == {("old", "older"): 2}
    assert await small.book.lineless({"other"}) == {("old", "older"): 2, ("old", "main"): 1}
    assert await small.book.lineless({"main", "older"}) == {}


async def test_they_are_given_up_a_day_after_the_service_began_and_their_sender_is_told(
    small: SmallBook,
) -> None:
    small.clock.set_on(10 * DAY)  # the server stood still
    expire = Expire(small.book, ("main",), clock=small.clock)
    with capture_logs() as log:
        assert not await expire.step()
        small.clock.set_on(DAY - timedelta(seconds=1))
        assert not await expire.step()
        small.clock.set_on(timedelta(seconds=1))
        assert await expire.step()
        assert not await expire.step()
    assert [(entry["event"], entry.get("jobs")) for entry in log] == [
        ("jobs_without_a_line", 2),
        ("jobs_without_a_line_given_up", log[1]["jobs"]),
    ]
    assert await states(small) == [JobState.FAILED] * 2 + [JobState.QUEUED] * 2
    for job_id in log[1]["jobs"]:
        job = await small.book.job(job_id)
        assert job is not None
        assert (job.status, job.tries) == (Status.GENERAL_ERROR, 0)
        assert job.explanation == "None of the telephone lines that it may take is there any more."
        [told] = [notice for notice in await small.book.notices_of(job.mail_id) if notice.job_id == job_id]
        assert (told.kind, told.success) == (NoticeKind.DELIVERY, False)


async def test_a_fax_that_is_due_later_has_its_day_too(small: SmallBook) -> None:
    expire = Expire(small.book, ("main",), clock=small.clock)
    small.clock.set_on(DAY / 2)
    await small.queued("+12065550104", user=policy(lines=("old",)))
    small.clock.set_on(DAY / 2)
    assert await expire.step()
    assert await small.book.lineless({"main"}) == {("old",): 1}


async def test_a_line_that_is_back_takes_what_waited_for_it(small: SmallBook) -> None:
    small.clock.set_on(2 * DAY)
    expire = Expire(small.book, ("main", "old"), clock=small.clock)
    small.clock.set_on(2 * DAY)
    assert not await expire.step()
    claims = [await small.book.claim_call({"old": 9}, LEASE, header) for _ in range(5)]
    assert sum(claim is not None for claim in claims) == 4


async def test_a_fax_without_a_choice_of_lines_goes_by_any_although_its_last_one_is_gone(
    small: SmallBook,
) -> None:
    claimed = await small.book.claim_call({"gone": 1}, LEASE, header)
    assert claimed is not None
    refused = small.outcome(Status.FAST_BUSY)
    await small.book.record_outcome(claimed[1].id, refused, small.clock(), of_the_line=True)
    assert ("*", "gone") not in await small.book.lineless({"new"})
    again = await small.book.claim_call({"new": 1}, LEASE, header)
    assert again is not None
    assert (again[0].id, again[1].line) == (claimed[0].id, "new")
