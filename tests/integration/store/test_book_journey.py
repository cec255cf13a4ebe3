"""A mail's way through the book: accepted, decided, its documents made, called, told and filed."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from small_book import ARCHIVE, LEASE, SmallBook, header, new_mail, policy, refused, small_book, to, wished

from config.notifications import NoticeSwitches
from store.errors import AttemptClosed, NotInBook
from store.job import Priority, Refusal
from store.job_filter import JobFilter
from store.lifecycle import JobState, Transition
from store.mail import MailState
from store.outbox import DeliveryState, NoticeKind
from store.records.schedule import Work
from store.status import Status


async def test_a_mail_is_there_as_it_was_given(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        given = new_mail()
        accepted = await small.book.accept_mail(given)
        mail = await small.book.mail(accepted.mail_id)
        assert mail is not None
        assert (mail.envelope, mail.proof, mail.size) == (given.envelope, given.proof, given.size)
        assert (mail.state, mail.received_at) == (MailState.RECEIVED, small.clock())
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert await small.book.body(claim.body) == given.body


async def test_the_same_mail_twice_is_one(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        first = await small.book.accept_mail(new_mail(1))
        second = await small.book.accept_mail(new_mail(1))
        assert (first.duplicate, second.duplicate) == (False, True)
        assert first.mail_id == second.mail_id
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 1


async def test_from_mail_to_sent_fax(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100", user=policy(archives=(ARCHIVE,)))
        assert queued.state is JobState.QUEUED
        assert queued.user == policy(archives=(ARCHIVE,))
        job, attempt = await small.call()
        assert (job.id, attempt.id, attempt.called) == (queued.id, f"{queued.id}#1", "+12065550100")
        assert attempt.header == "+12065550100 main 09:00"
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        sent = await small.book.job(queued.id)
        assert sent is not None
        assert (sent.state, sent.status, sent.tries, sent.pages_confirmed) == (
            JobState.SENT,
            Status.SUCCESS,
            1,
            1,
        )
        assert sent.attempts[0].outcome == small.outcome()
        notices = await small.book.notices_of(queued.mail_id)
        assert [(notice.kind, notice.success) for notice in notices] == [
            (NoticeKind.INITIAL, True),
            (NoticeKind.DELIVERY, True),
        ]
        assert {notice.address for notice in notices} == {"Ana@hospital.example"}
        (copy,) = await small.book.copies_of(queued.id)
        assert (copy.id, copy.archive) == (f"{queued.id}:1", ARCHIVE)
        history = [entry.transition for entry in await small.book.transitions_of(queued.id)]
        assert history == [Transition.ACCEPT, Transition.QUEUE, Transition.DIAL, Transition.CONFIRM]


async def test_a_mail_that_is_refused_altogether_is_answered_at_once(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, (job,) = await small.submitted([refused("911")])
        assert (job.state, job.status) == (JobState.FAILED, Status.INVALID_FAX_NUMBER)
        assert (job.explanation, job.advice) == ("911 is too short.", "Add it.")
        mail = await small.book.mail(mail_id)
        assert mail is not None
        assert (mail.state, mail.subject) == (MailState.ANSWERED, "Referral")
        (notice,) = await small.book.notices_of(mail_id)
        assert (notice.id, notice.success) == (f"initial:{mail_id}", False)


async def test_refused_and_accepted_recipients_share_one_initial_notice(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, jobs = await small.submitted([*to("+12065550100"), refused("911")])
        assert [job.id for job in jobs] == [f"{mail_id}-1", f"{mail_id}-2"]
        assert await small.book.notices_of(mail_id) == ()
        await small.book.record_documents(mail_id, {jobs[0].id: small.document()})
        (notice,) = await small.book.notices_of(mail_id)
        assert notice.success is False
        assert (await small.call())[0].id == jobs[0].id


async def test_a_sender_without_a_policy_can_only_be_refused(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id = (await small.book.accept_mail(new_mail())).mail_id
        decide = partial(small.book.record_submission, mail_id, subject="", message_id="", references=())
        with pytest.raises(ValueError, match="without a policy"):
            await decide(user=None, jobs=to("+12065550100"))
        (job,) = await decide(user=None, jobs=[refused("911")])
        assert (job.user.name, job.user.email) == ("", "account@hospital.example")
        assert len(await small.book.notices_of(mail_id)) == 1


async def test_a_mail_without_recipients_is_a_mistake(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        with pytest.raises(ValueError, match="no recipients"):
            await small.submitted([])
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 1


async def test_steps_repeated_after_a_crash_change_nothing(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100")
        again = await small.book.record_submission(
            queued.mail_id,
            subject="other",
            message_id="",
            references=(),
            user=policy(),
            jobs=to("+1", "+2"),
        )
        assert again == (queued,)
        refusal = Refusal(status=Status.INVALID_ATTACHMENT, explanation="scan.exe cannot be faxed.")
        assert await small.book.record_documents(queued.mail_id, {}, refusal=refusal) == (queued,)
        assert len(await small.book.notices_of(queued.mail_id)) == 1


async def test_documents_that_cannot_be_made_fail_all_jobs(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, _ = await small.submitted(to("+12065550100", "+12065550101"))
        refusal = Refusal(status=Status.INVALID_ATTACHMENT, explanation="scan.exe cannot be faxed.")
        jobs = await small.book.record_documents(mail_id, {}, refusal=refusal)
        assert {(job.state, job.status, job.explanation) for job in jobs} == {
            (JobState.FAILED, Status.INVALID_ATTACHMENT, "scan.exe cannot be faxed.")
        }
        assert [notice.success for notice in await small.book.notices_of(mail_id)] == [False]


async def test_a_missing_document_is_a_mistake_and_nothing_is_written(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, jobs = await small.submitted(to("+12065550100", "+12065550101"))
        with pytest.raises(ValueError, match=jobs[1].id):
            await small.book.record_documents(mail_id, {jobs[0].id: small.document()})
        assert {job.state for job in await small.book.group(mail_id)} == {JobState.CONVERTING}


async def test_documents_of_a_mail_that_was_not_decided_are_refused(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id = (await small.book.accept_mail(new_mail())).mail_id
        with pytest.raises(NotInBook):
            await small.book.record_documents(mail_id, {})
        assert (await small.book.counts()).notices[DeliveryState.PENDING] == 0


async def test_a_later_send_time_schedules_the_job(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        at = small.clock() + timedelta(hours=3)
        mail_id, (job,) = await small.submitted(wished("+12065550100", not_before=at))
        (scheduled,) = await small.book.record_documents(mail_id, {job.id: small.document()})
        assert (scheduled.state, scheduled.due_at) == (JobState.SCHEDULED, at)
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        small.clock.set_on(timedelta(hours=3))
        assert (await small.call())[0].id == job.id


async def test_a_job_whose_time_is_up_is_cancelled_and_its_sender_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        end = small.clock() + timedelta(hours=1)
        mail_id, (job,) = await small.submitted(wished("+12065550100", expires_at=end))
        await small.book.record_documents(mail_id, {job.id: small.document()})
        assert (await small.book.outlook(small.clock())).next_due[Work.EXPIRY] == end
        assert await small.book.expire_jobs() == ()
        small.clock.set_on(timedelta(hours=1))
        assert Work.EXPIRY in (await small.book.outlook(small.clock())).due
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        expired = await small.book.job(job.id)
        assert expired is not None
        assert (expired.state, expired.status) == (JobState.CANCELLED, Status.JOB_CANCELLED)
        assert "has passed" in expired.explanation
        assert [notice.id for notice in await small.book.notices_of(mail_id)] == [
            f"initial:{mail_id}",
            f"delivery:{job.id}",
        ]


async def test_a_call_in_progress_outlives_its_jobs_time(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        end = small.clock() + timedelta(minutes=1)
        mail_id, (job,) = await small.submitted(wished("+12065550100", expires_at=end))
        await small.book.record_documents(mail_id, {job.id: small.document()})
        _, attempt = await small.call()
        small.clock.set_on(timedelta(hours=1))
        assert await small.book.expire_jobs() == ()
        sent = await small.book.record_outcome(attempt.id, small.outcome(), None)
        assert sent.state is JobState.SENT


async def test_the_higher_priority_is_called_first(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for number, priority in (("+12065550100", Priority.BULK), ("+12065550101", Priority.HIGH)):
            mail_id, (job,) = await small.submitted(wished(number, priority=priority))
            await small.book.record_documents(mail_id, {job.id: small.document()})
            small.clock.set_on(timedelta(minutes=1))
        assert (await small.call())[0].recipient.number == "+12065550101"


async def test_a_job_may_have_a_policy_of_its_own(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        usual, own = policy(), policy(lines=("second",), attempts=1)
        jobs = [*to("+12065550100"), replace(to("+12065550101")[0], user=own)]
        _, recorded = await small.submitted(jobs, usual)
        assert [job.user for job in recorded] == [usual, own]


@pytest.mark.parametrize("success", [True, False])
async def test_switches_that_are_off_keep_notices_back(tmp_path: Path, *, success: bool) -> None:
    off = NoticeSwitches(success=not success, failure=success)
    async with small_book(tmp_path) as small:
        jobs = to("+12065550100") if success else [*to("+12065550100"), refused("911")]
        mail_id, recorded = await small.submitted(jobs, policy(initial=off, delivery=off))
        await small.book.record_documents(mail_id, {recorded[0].id: small.document()})
        _, attempt = await small.call()
        status = Status.SUCCESS if success else Status.BUSY
        await small.book.record_outcome(attempt.id, small.outcome(status), None)
        assert await small.book.notices_of(mail_id) == ()


async def test_a_failed_call_is_made_again_until_it_is_given_up(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (queued,) = await small.queued("+12065550100", user=policy(archives=(ARCHIVE,)))
        later = small.clock() + timedelta(minutes=5)
        _, first = await small.call()
        waiting = await small.book.record_outcome(first.id, small.outcome(Status.BUSY, 0), later)
        assert (waiting.state, waiting.status, waiting.due_at) == (JobState.WAITING, Status.BUSY, later)
        assert await small.book.claim_call({"main": 1}, LEASE, header) is None
        small.clock.set_on(timedelta(minutes=5))
        _, second = await small.call()
        broken = small.outcome(Status.TRANSMISSION_FAILED, 1)
        failed = await small.book.record_outcome(second.id, broken, None, "It broke on page 2.")
        assert (failed.state, failed.status, failed.tries, failed.pages_confirmed) == (
            JobState.FAILED,
            Status.TRANSMISSION_FAILED,
            2,
            1,
        )
        assert (failed.explanation, failed.finished_at) == ("It broke on page 2.", small.clock())
        notice = (await small.book.notices_of(queued.mail_id))[-1]
        assert (notice.id, notice.success) == (f"delivery:{queued.id}", False)
        assert len(await small.book.copies_of(queued.id)) == 1


async def test_an_outcome_is_recorded_once(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
        _, attempt = await small.call()
        once = await small.book.record_outcome(attempt.id, small.outcome(), None)
        assert await small.book.record_outcome(attempt.id, small.outcome(), None) == once
        with pytest.raises(AttemptClosed):
            await small.book.record_outcome(attempt.id, small.outcome(Status.BUSY, 0), None)
        assert (await small.book.counts()).notices[DeliveryState.PENDING] == 2
        with pytest.raises(NotInBook, match="attempt"):
            await small.book.record_outcome("K7Q2-M9#7", small.outcome(), None)


async def test_only_archives_that_want_it_get_a_copy(tmp_path: Path) -> None:
    off = ARCHIVE.model_copy(update={"enabled": False})
    inbound = ARCHIVE.model_copy(update={"outbound": False})
    async with small_book(tmp_path) as small:
        (job,) = await small.queued("+12065550100", user=policy(archives=(off, ARCHIVE, inbound, ARCHIVE)))
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        assert [copy.id for copy in await small.book.copies_of(job.id)] == [f"{job.id}:2", f"{job.id}:4"]


async def _outbox_is_empty(small: SmallBook) -> bool:
    return await small.book.claim_notice(LEASE) is None and await small.book.claim_copy(LEASE) is None


async def test_notices_and_copies_are_delivered_put_off_and_given_up(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (job,) = await small.queued("+12065550100", user=policy(archives=(ARCHIVE,)))
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        first, second = await small.book.claim_notice(LEASE), await small.book.claim_notice(LEASE)
        copy = await small.book.claim_copy(LEASE)
        assert first
        assert second
        assert copy
        assert await _outbox_is_empty(small)
        later = small.clock() + timedelta(minutes=1)
        await small.book.notice_delivered(first.id)
        await small.book.postpone_notice(second.id, later, "connection refused")
        await small.book.postpone_copy(copy.id, later, "no such folder", give_up=True)
        small.clock.set_on(timedelta(minutes=1))
        again = await small.book.claim_notice(LEASE)
        assert again is not None
        assert (again.id, again.tries, again.last_error) == (second.id, 1, "connection refused")
        assert await _outbox_is_empty(small)
        (told, _) = sorted(await small.book.notices_of(job.mail_id), key=lambda notice: notice.state)
        assert (told.state, told.delivered_at, told.tries) == (
            DeliveryState.DELIVERED,
            later - timedelta(minutes=1),
            1,
        )
        (given_up,) = await small.book.copies_of(job.id)
        assert (given_up.state, given_up.last_error) == (DeliveryState.GIVEN_UP, "no such folder")


async def test_a_delivered_copy_says_where_it_is(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (job,) = await small.queued("+12065550100", user=policy(archives=(ARCHIVE,)))
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        copy = await small.book.claim_copy(LEASE)
        assert copy is not None
        await small.book.copy_delivered(copy.id, "archive@hospital.example")
        await small.book.copy_delivered(copy.id, "elsewhere")
        (filed,) = await small.book.copies_of(job.id)
        assert (filed.state, filed.place, filed.tries) == (
            DeliveryState.DELIVERED,
            "archive@hospital.example",
            1,
        )


async def test_jobs_are_found_by_what_people_ask(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.submitted([refused("911")])
        small.clock.set_on(timedelta(minutes=1))
        (busy, queued) = await small.queued("+12065550100", "+12065550101")
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(Status.BUSY, 0), small.clock())
        book = small.book

        async def found(wanted: JobFilter) -> list[str]:
            return [job.recipient.number for job in await book.jobs(wanted)]

        assert await found(JobFilter()) == ["+12065550100", "+12065550101", "911"]
        assert await found(JobFilter(limit=1)) == ["+12065550100"]
        assert await found(JobFilter(failed=True)) == ["+12065550100", "911"]
        assert await found(JobFilter(states=frozenset({JobState.QUEUED}))) == ["+12065550101"]
        assert await found(JobFilter(statuses=frozenset({Status.BUSY}))) == ["+12065550100"]
        assert await found(JobFilter(since=small.clock())) == ["+12065550100", "+12065550101"]
        assert await found(JobFilter(number="+12065550101")) == ["+12065550101"]
        assert len(await found(JobFilter(user="ACCOUNT@hospital.example"))) == 3
        assert len(await found(JobFilter(user="ana@HOSPITAL.example"))) == 3
        assert await found(JobFilter(user="nobody@hospital.example")) == []
        assert await book.job(queued.id.lower().replace("-", "", 1)) == queued
        assert await book.job("not an id") is None
        assert await book.job(busy.mail_id) is None
        assert len(await book.group(busy.mail_id.lower())) == 2
        assert await book.mail("2222-22") is None


async def test_refused_submissions_are_listed_newest_first(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for reason in ("550 5.7.23 SPF", "550 5.7.1 Unauthorized"):
            await small.book.record_refused(
                client_address="192.0.2.66",
                helo="spam.example",
                envelope=new_mail().envelope,
                header_from="ana@hospital.example",
                reason=reason,
            )
            small.clock.set_on(timedelta(minutes=1))
        listed = await small.book.refused()
        assert [entry.reason for entry in listed] == ["550 5.7.1 Unauthorized", "550 5.7.23 SPF"]
        assert listed[0].envelope == new_mail().envelope
        assert await small.book.refused(since=listed[0].at) == listed[:1]
        assert await small.book.refused(limit=1) == listed[:1]
