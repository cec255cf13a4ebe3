"""Which job is called next, what interrupts a call, and what people do to jobs."""

from datetime import timedelta
from pathlib import Path

import pytest
from small_book import ARCHIVE, LEASE, SmallBook, directly, header, policy, small_book, to
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from store.errors import NotInBook
from store.job import FaxJob
from store.lifecycle import IllegalTransition, JobState, Transition
from store.records.calls import FREE_INTERRUPTIONS, INTERRUPTED
from store.records.claims import Claims
from store.records.interventions import CancelResult
from store.status import Status

MINUTE = timedelta(minutes=1)


async def _state(small: SmallBook, job: FaxJob) -> JobState:
    found = await small.book.job(job.id)
    assert found is not None
    return found.state


async def test_the_job_that_has_been_due_longest_is_called_first(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (first,) = await small.queued("+12065550100")
        small.clock.set_on(MINUTE)
        (second,) = await small.queued("+12065550101")
        assert [(await small.call())[0].id, (await small.call())[0].id] == [first.id, second.id]
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None


async def test_a_number_has_one_call_at_a_time(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (first,) = await small.queued("+12065550100")
        (second,) = await small.queued("+12065550100")
        small.clock.set_on(MINUTE)
        (other,) = await small.queued("+12065550101")
        job, attempt = await small.call()
        assert job.id in {first.id, second.id}
        assert (await small.call())[0].id == other.id
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        assert (await small.call())[0].id == ({first.id, second.id} - {job.id}).pop()


async def test_the_database_itself_holds_one_call_a_number(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
        await small.queued("+12065550100")
        await small.call()
        with (
            directly(tmp_path) as other,
            pytest.raises(IntegrityError, match=r"jobs\.number|one_call_a_number"),
        ):
            other.execute(text("UPDATE jobs SET state = 'dialling', dialable = false"))


async def test_lines_are_chosen_by_the_policy_and_their_free_channels(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100", user=policy(lines=("trunk", "spare")))
        small.clock.set_on(MINUTE)
        (anywhere,) = await small.queued("+12065550101")
        claimed = await small.book.claim_call({"main": 1, "trunk": 0, "spare": 0}, LEASE, header)
        assert claimed is not None
        assert (claimed[0].id, claimed[1].line) == (anywhere.id, "main")
        claimed = await small.book.claim_call({"main": 1, "trunk": 0, "spare": 2}, LEASE, header)
        assert claimed is not None
        assert claimed[1].line == "spare"


@pytest.mark.parametrize(
    ("own", "tried"),
    [
        ((), ["main", "trunk", "spare", "main"]),
        (("spare", "trunk"), ["spare", "trunk", "spare", "trunk"]),
        (("trunk",), ["trunk"] * 4),
    ],
)
async def test_a_line_that_failed_is_taken_last(
    tmp_path: Path, own: tuple[str, ...], tried: list[str]
) -> None:
    there_are = {"main": 1, "trunk": 1, "spare": 1}
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100", user=policy(lines=own))
        found = []
        for _ in tried:
            claimed = await small.book.claim_call(there_are, LEASE, header)
            assert claimed is not None
            found.append(claimed[1].line)
            failed = small.outcome(Status.FAST_BUSY)
            await small.book.record_outcome(claimed[1].id, failed, small.clock(), of_the_line=True)
        assert found == tried


async def test_a_line_that_did_its_work_stays_the_first_choice(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
        for _ in range(2):
            claimed = await small.book.claim_call({"main": 1, "trunk": 1}, LEASE, header)
            assert claimed is not None
            assert claimed[1].line == "main"
            await small.book.record_outcome(claimed[1].id, small.outcome(Status.BUSY), small.clock())


async def test_without_a_free_channel_there_is_no_call(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
        assert await small.book.claim_call({"main": 0}, LEASE, header) is None
        assert await small.book.claim_call({}, LEASE, header) is None


async def test_a_header_that_cannot_be_made_opens_no_call(tmp_path: Path) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("no font")

    async with small_book(tmp_path) as small:
        (job,) = await small.queued("+12065550100")
        with pytest.raises(RuntimeError, match="no font"):
            await small.book.claim_call({"main": 1}, LEASE, broken)
        assert await _state(small, job) is JobState.QUEUED
        assert (await small.call())[1].number == 1


async def test_an_interrupted_call_does_not_count_at_first(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100", user=policy(attempts=2))
        for _ in range(FREE_INTERRUPTIONS):
            _, attempt = await small.call()
            job = await small.book.record_interrupted(attempt.id)
            assert (job.state, job.tries, job.due_at) == (JobState.WAITING, 0, small.clock())
        _, attempt = await small.call()
        assert (await small.book.record_interrupted(attempt.id)).tries == 1
        _, attempt = await small.call()
        job = await small.book.record_interrupted(attempt.id)
        assert (job.state, job.status, job.tries) == (JobState.FAILED, Status.GENERAL_ERROR, 2)
        assert (await small.book.notices_of(job.mail_id))[-1].id == f"delivery:{job.id}"
        assert await small.book.record_interrupted(attempt.id) == job


async def test_the_interrupted_attempt_says_so(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100")
        _, attempt = await small.call()
        await small.book.record_interrupted(attempt.id)
        job = await small.book.job(queued.id)
        assert job is not None
        (closed,) = job.attempts
        assert closed.interrupted
        assert closed.outcome is not None
        assert (closed.outcome.status, closed.outcome.cause) == (Status.GENERAL_ERROR, INTERRUPTED)


async def test_a_job_is_cancelled_wherever_it_is(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100", user=policy(archives=(ARCHIVE,)))
        assert await small.book.cancel(queued.id.lower(), "ana") is CancelResult.CANCELLED
        assert await small.book.cancel(queued.id, "ana") is CancelResult.ALREADY_FINAL
        job = await small.book.job(queued.id)
        assert job is not None
        assert (job.state, job.status, job.finished_at) == (
            JobState.CANCELLED,
            Status.JOB_CANCELLED,
            small.clock(),
        )
        last = (await small.book.transitions_of(queued.id))[-1]
        assert (last.transition, last.start, last.by) == (Transition.CANCEL, JobState.QUEUED, "ana")
        assert [notice.success for notice in await small.book.notices_of(job.mail_id)] == [True, False]
        assert len(await small.book.copies_of(job.id)) == 1
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None


async def test_a_job_cancelled_before_its_document_is_made_gets_none(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, jobs = await small.submitted(to("+12065550100", "+12065550101"), policy(archives=(ARCHIVE,)))
        await small.book.cancel(jobs[0].id, "ana")
        made = {job.id: small.document() for job in jobs}
        cancelled, queued = await small.book.record_documents(mail_id, made)
        assert (cancelled.state, cancelled.document) == (JobState.CANCELLED, None)
        assert queued.state is JobState.QUEUED
        assert await small.book.copies_of(cancelled.id) == ()
        assert [notice.id for notice in await small.book.notices_of(mail_id)] == [
            f"initial:{mail_id}",
            f"delivery:{cancelled.id}",
        ]


async def test_a_mail_whose_jobs_are_all_cancelled_is_still_answered(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, (job,) = await small.submitted(to("+12065550100"))
        await small.book.cancel(job.id, "ana")
        await small.book.record_documents(mail_id, {})
        assert [notice.id for notice in await small.book.notices_of(mail_id)] == [
            f"initial:{mail_id}",
            f"delivery:{job.id}",
        ]


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (Status.SUCCESS, (JobState.SENT, Status.SUCCESS)),
        (Status.JOB_CANCELLED, (JobState.CANCELLED, Status.JOB_CANCELLED)),
        (Status.BUSY, (JobState.CANCELLED, Status.JOB_CANCELLED)),
    ],
)
async def test_a_job_cancelled_in_its_call_ends_with_it(
    tmp_path: Path, status: Status, end: tuple[JobState, Status]
) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100")
        _, attempt = await small.call()
        assert await small.book.cancel(queued.id, "ana") is CancelResult.WILL_HANG_UP
        assert await small.book.calls_to_hang_up() == (queued.id,)
        again = small.clock() + MINUTE
        job = await small.book.record_outcome(attempt.id, small.outcome(status), again)
        assert (job.state, job.status) == end
        assert await small.book.calls_to_hang_up() == ()
        by = (await small.book.transitions_of(queued.id))[-1].by
        assert by == ("ana" if end[0] is JobState.CANCELLED else small.book.owner)


async def test_a_job_cancelled_in_an_interrupted_call_is_not_called_again(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100")
        _, attempt = await small.call()
        await small.book.cancel(queued.id, "ana")
        job = await small.book.record_interrupted(attempt.id)
        assert (job.state, job.status) == (JobState.CANCELLED, Status.JOB_CANCELLED)


async def test_a_held_job_waits_until_it_is_released(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100")
        assert (await small.book.hold(queued.id, "root")).state is JobState.HELD
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        assert (await small.book.release(queued.id, "root")).state is JobState.QUEUED
        assert (await small.call())[0].id == queued.id


async def test_what_cannot_happen_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100")
        with pytest.raises(IllegalTransition, match="RELEASE cannot happen"):
            await small.book.release(queued.id, "root")
        await small.call()
        with pytest.raises(IllegalTransition) as refusal:
            await small.book.hold(queued.id, "root")
        assert (refusal.value.job_id, refusal.value.state) == (queued.id, JobState.DIALLING)
        assert len(await small.book.transitions_of(queued.id)) == 3
        for act in (small.book.cancel, small.book.hold, small.book.release):
            for unknown in ("2222-22", "no id"):
                with pytest.raises(NotInBook):
                    await act(unknown, "root")


async def test_a_lease_can_be_renewed_by_its_owner_alone(tmp_path: Path) -> None:
    async with small_book(tmp_path, owner="here/1/a") as small:
        await small.queued("+12065550100")
        _, attempt = await small.call()
        held = Claims(attempts=[attempt.id, "K7Q2-M9#1"])
        assert await small.book.renew(held, LEASE) == {"K7Q2-M9#1"}
        async with small_book(tmp_path, owner="here/2/b") as other:
            assert await other.book.renew(held, LEASE) == {attempt.id, "K7Q2-M9#1"}


async def test_calls_of_dead_owners_are_interrupted(tmp_path: Path) -> None:
    async with small_book(tmp_path, owner="here/1/a") as dead:
        (queued,) = await dead.queued("+12065550100")
        _, attempt = await dead.call()
    async with small_book(tmp_path, owner="here/2/b") as small:
        assert (await small.book.release_dead_owners(lambda _: False)).interrupted == ()
        released = await small.book.release_dead_owners(lambda owner: owner == "here/1/a")
        assert (released.owners, released.interrupted) == (("here/1/a",), (attempt.id,))
        assert await _state(small, queued) is JobState.WAITING
        assert (await small.call())[1].number == 2


async def test_calls_of_another_host_come_back_when_their_lease_has_ended(tmp_path: Path) -> None:
    async with small_book(tmp_path, owner="there/1/a") as far:
        await far.queued("+12065550100")
        _, attempt = await far.call()
    async with small_book(tmp_path, owner="here/2/b") as small:
        assert (await small.book.release_dead_owners(lambda _: False)).interrupted == ()
        small.clock.set_on(LEASE + MINUTE)
        assert (await small.book.release_dead_owners(lambda _: False)).interrupted == (attempt.id,)


async def test_a_slow_call_of_this_host_is_left_alone(tmp_path: Path) -> None:
    async with small_book(tmp_path, owner="here/1/a") as slow:
        await slow.queued("+12065550100")
        await slow.call()
        async with small_book(tmp_path, owner="here/2/b") as small:
            small.clock.set_on(LEASE + MINUTE)
            assert (await small.book.release_dead_owners(lambda _: False)).interrupted == ()


async def test_an_owner_gives_back_all_it_holds_at_its_end(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
        _, attempt = await small.call()
        notice = await small.book.claim_notice(LEASE)
        assert await small.book.claim_notice(LEASE) is None
        assert await small.book.release_own_claims() == (attempt.id,)
        again = await small.book.claim_notice(LEASE)
        assert notice is not None
        assert again is not None
        assert again.id == notice.id
