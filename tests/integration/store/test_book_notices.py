"""Notices as the sender asked for them (NOTIFY), who else gets them, and how many go to one address."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from small_book import LEASE, SmallBook, new_mail, policy, refused, small_book, to, wished

from config.notifications import NoticeSwitches
from config.settings import UserPolicy
from store.bodies import ROW_LIMIT
from store.job import FaxJob, NewJob, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, NoticeRequest, NotifyOn, ReturnContent
from store.outbox import DeliveryState, Notice, NoticeKind
from store.status import Status

NEVER = frozenset({NotifyOn.NEVER})
SUCCESS = frozenset({NotifyOn.SUCCESS})
FAILURE = frozenset({NotifyOn.FAILURE})
OFF = NoticeSwitches(success=False, failure=False)
SILENT = policy(initial=OFF, delivery=OFF)
AT_MOST_THREE = policy(failures_an_hour=3)


def address_of(number: str) -> str:
    return f"{number}@fax.example.com"


async def answered(
    small: SmallBook,
    asked: dict[str, frozenset[NotifyOn] | None],
    *,
    user: UserPolicy | None = None,
    refuse: str = "",
) -> tuple[FaxJob, ...]:
    """The jobs of a mail to these numbers, each with its NOTIFY; one of them may be refused."""
    small.mails += 1
    envelope = Envelope(
        return_path="ana@hospital.example",
        recipients=tuple(map(address_of, asked)),
        envelope_id="QQ314159",
        return_content=ReturnContent.FULL,
        notice_requests={
            address_of(number): NoticeRequest(
                notify=notify, original_recipient=f"rfc822;{address_of(number)}"
            )
            for number, notify in asked.items()
            if notify is not None
        },
    )
    accepted = await small.book.accept_mail(replace(new_mail(small.mails), envelope=envelope))
    jobs = [
        replace(
            refused(number) if number == refuse else NewJob(recipient=Recipient(number=number)),
            addresses=(address_of(number),),
        )
        for number in asked
    ]
    recorded = await small.book.record_submission(
        accepted.mail_id,
        subject="Referral",
        message_id="<1@hospital.example>",
        references=(),
        user=user or policy(),
        jobs=jobs,
    )
    if all(job.state.final for job in recorded):
        return recorded
    waiting = [job for job in recorded if not job.state.final]
    return await small.book.record_documents(accepted.mail_id, {job.id: small.document() for job in waiting})


async def notices(small: SmallBook, jobs: tuple[FaxJob, ...]) -> list[tuple[NoticeKind, bool]]:
    return [(notice.kind, notice.success) for notice in await small.book.notices_of(jobs[0].mail_id)]


async def test_what_was_asked_for_is_kept(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (job,) = await answered(small, {"+12065550100": SUCCESS | FAILURE})
        mail = await small.book.mail(job.mail_id)
        assert mail is not None
        assert job.addresses == ("+12065550100@fax.example.com",)
        assert mail.envelope.envelope_id == "QQ314159"
        assert mail.envelope.return_content is ReturnContent.FULL
        assert mail.envelope.notice_requests == {
            "+12065550100@fax.example.com": NoticeRequest(
                notify=SUCCESS | FAILURE, original_recipient="rfc822;+12065550100@fax.example.com"
            )
        }


async def test_never_silences_a_fax_from_its_mail_to_its_end(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        jobs = await answered(small, {"+12065550100": NEVER})
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        assert await notices(small, jobs) == []


async def test_success_is_told_against_the_switch_and_failure_is_not(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        delivered = await answered(small, {"+12065550100": SUCCESS}, user=SILENT)
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        assert await notices(small, delivered) == [(NoticeKind.DELIVERY, True)]
        cancelled = await answered(small, {"+12065550101": SUCCESS}, user=SILENT)
        await small.book.cancel(cancelled[0].id, by="root")
        assert await notices(small, cancelled) == []


async def test_a_refusal_is_told_against_the_switch_if_failure_was_asked_for(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        jobs = await answered(small, {"12": FAILURE}, user=SILENT, refuse="12")
        assert await notices(small, jobs) == [(NoticeKind.INITIAL, False)]
        jobs = await answered(small, {"12": None}, user=SILENT, refuse="12")
        assert await notices(small, jobs) == []


async def test_a_refused_recipient_with_never_makes_no_failure_of_the_others(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        jobs = await answered(small, {"+12065550100": None, "12": NEVER}, refuse="12")
        assert await notices(small, jobs) == [(NoticeKind.INITIAL, True)]


async def refused_mail(small: SmallBook) -> Notice:
    jobs = await answered(small, {"12": None}, user=AT_MOST_THREE, refuse="12")
    [notice] = await small.book.notices_of(jobs[0].mail_id)
    return notice


async def test_over_the_hourly_limit_a_failure_is_withheld(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for _ in range(3):
            small.clock.set_on(timedelta(minutes=10))
            assert (await refused_mail(small)).state is DeliveryState.PENDING
        withheld = await refused_mail(small)
        assert withheld.state is DeliveryState.WITHHELD
        assert withheld.last_error == "3 failure notices went to this address within an hour"
        claimed = 0
        while notice := await small.book.claim_notice(LEASE):
            assert notice.id != withheld.id
            claimed += 1
        assert claimed == 3
        # Other kinds go on, and so does this one when the first is an hour old; what was withheld stays so.
        accepted = await answered(small, {"+12065550100": None})
        assert await notices(small, accepted) == [(NoticeKind.INITIAL, True)]
        small.clock.set_on(timedelta(minutes=41))
        assert (await refused_mail(small)).state is DeliveryState.PENDING
        assert (await small.book.counts()).notices[DeliveryState.WITHHELD] == 1


async def test_the_beginning_of_a_mail_small_or_large(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for number, size in ((1, 100), (2, 3 * ROW_LIMIT)):
            body = bytes(range(256)) * (size // 256 + 1)
            accepted = await small.book.accept_mail(new_mail(number, body))
            beginning = await small.book.beginning_of_mail(accepted.mail_id, 50)
            assert body.startswith(beginning)
            assert len(beginning) >= 50
            assert await small.book.beginning_of_mail(accepted.mail_id, len(body) + 1) == body


def also_told(*addresses: str, delivery: NoticeSwitches | None = None) -> UserPolicy:
    """A user of whose faxes others get the delivery notice too."""
    user = policy(delivery=delivery)
    notifications = user.settings.notifications.model_copy(update={"extra_recipients": addresses})
    settings = user.settings.model_copy(update={"notifications": notifications})
    return user.model_copy(update={"settings": settings})


async def delivered_to(small: SmallBook, user: UserPolicy, **wishes: Any) -> dict[str, Notice]:
    """The delivery notices of a fax that was sent, by address."""
    mail_id, (job,) = await small.submitted(wished("+12065550100", **wishes), user)
    await small.book.record_documents(mail_id, {job.id: small.document()})
    _, attempt = await small.call()
    await small.book.record_outcome(attempt.id, small.outcome(), None)
    notices = await small.book.notices_of(mail_id)
    return {notice.address: notice for notice in notices if notice.kind is NoticeKind.DELIVERY}


async def test_others_get_the_delivery_notice_each_in_a_mail_of_its_own(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        user = also_told("desk@hospital.example", "ANA@hospital.example", "Head@hospital.example")
        told = await delivered_to(small, user, notify=("head@hospital.example", "clinic@acme.example"))
        sender = told.pop("Ana@hospital.example")
        assert sender.to_sender
        assert {address: notice.id for address, notice in told.items()} == {
            "desk@hospital.example": f"{sender.id}:2",
            "Head@hospital.example": f"{sender.id}:3",
            "clinic@acme.example": f"{sender.id}:4",
        }
        assert not any(notice.to_sender for notice in told.values())
        # Each is put off and given up by itself.
        await small.book.postpone_notice(f"{sender.id}:2", small.clock(), "full", give_up=True)
        await small.book.notice_delivered(f"{sender.id}:3")
        states = {notice.id: notice.state for notice in await small.book.notices_of(sender.mail_id)}
        assert states[f"{sender.id}:2"] is DeliveryState.GIVEN_UP
        assert states[f"{sender.id}:3"] is DeliveryState.DELIVERED
        assert states[sender.id] is states[f"{sender.id}:4"] is DeliveryState.PENDING


async def test_the_switches_are_for_others_as_well(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        silent = also_told("desk@hospital.example", delivery=NoticeSwitches(success=False))
        assert await delivered_to(small, silent, notify=("head@hospital.example",)) == {}


async def test_never_silences_the_sender_alone(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        jobs = await answered(small, {"+12065550100": NEVER}, user=also_told("desk@hospital.example"))
        await small.book.cancel(jobs[0].id, by="root")
        [notice] = await small.book.notices_of(jobs[0].mail_id)
        assert (notice.address, notice.success) == ("desk@hospital.example", False)


async def test_a_mail_over_the_pages_of_the_day_is_refused_as_a_whole(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        user = limited(3)
        await small.queued("+12065550100", "+12065550101", user=user)
        large = b"II*\0" * ROW_LIMIT
        mail_id, jobs = await small.submitted(to("+12065550102", "+12065550103"), user)
        refused_jobs = await small.book.record_documents(
            mail_id, {job.id: small.document(large) for job in jobs}
        )
        assert {(job.state, job.status, job.document) for job in refused_jobs} == {
            (JobState.FAILED, Status.BLOCKED, None)
        }
        assert refused_jobs[0].explanation == (
            "This mail makes 2 fax pages, and 2 of the 3 that you may fax in a day are used."
        )
        assert refused_jobs[0].advice.startswith("Send it again after 2026-11-24 00:00 UTC")
        assert refused_jobs[0].quotes_nothing
        assert [(notice.kind, notice.success) for notice in await small.book.notices_of(mail_id)] == [
            (NoticeKind.INITIAL, False)
        ]
        assert not list((tmp_path / "documents").rglob("*.tif")), "nothing is left of the documents"
        [fits] = await small.queued("+12065550104", user=user)
        assert fits.state is JobState.QUEUED
        small.clock.set_on(timedelta(hours=15))
        both = await small.queued("+12065550105", "+12065550106", user=user)
        assert [job.state for job in both] == [JobState.QUEUED] * 2


async def test_the_pages_of_others_do_not_count(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        other = limited(3).model_copy(update={"email": "other@hospital.example"})
        await small.queued("+12065550100", "+12065550101", user=other)
        both = await small.queued("+12065550102", "+12065550103", user=limited(3))
        assert [job.state for job in both] == [JobState.QUEUED] * 2


def limited(pages: int) -> UserPolicy:
    """A user with so many pages a day."""
    user = policy()
    fax = user.settings.fax.model_copy(update={"pages_per_day": pages})
    return user.model_copy(update={"settings": user.settings.model_copy(update={"fax": fax})})


# --- A summary in place of many ---------------------------------------------------------------------------


def summing_up(*others: str) -> UserPolicy:
    user = also_told(*others)
    notifications = user.settings.notifications.model_copy(update={"summary": True})
    settings = user.settings.model_copy(update={"notifications": notifications})
    return user.model_copy(update={"settings": settings})


async def last_words(small: SmallBook, mail_id: str) -> list[str]:
    notices = await small.book.notices_of(mail_id)
    return [notice.id for notice in notices if notice.kind is not NoticeKind.INITIAL]


def numbers(count: int) -> list[str]:
    return [f"+120655501{number:02}" for number in range(count)]


async def test_a_mail_to_many_has_one_notice_when_the_last_fax_has_ended(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        jobs = await small.queued(*numbers(11), user=summing_up("desk@hospital.example"))
        mail_id = jobs[0].mail_id
        for job in jobs[:-1]:
            await small.book.cancel(job.id, by="root")
        assert await last_words(small, mail_id) == []
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        assert await last_words(small, mail_id) == [f"summary:{mail_id}", f"summary:{mail_id}:2"]
        own, other = (notice for notice in await small.book.notices_of(mail_id) if "summary" in notice.id)
        assert (own.to_sender, own.success, own.job_id) == (True, False, "")
        assert (other.to_sender, other.address) == (False, "desk@hospital.example")


async def test_up_to_ten_recipients_have_a_notice_each(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        jobs = await small.queued(*numbers(10), user=summing_up())
        for job in jobs:
            await small.book.cancel(job.id, by="root")
        assert sorted(await last_words(small, jobs[0].mail_id)) == sorted(
            f"delivery:{job.id}" for job in jobs
        )


async def test_faxes_that_run_out_of_time_together_make_one_summary(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        until = small.clock() + timedelta(hours=1)
        new = [job for number in numbers(12) for job in wished(number, expires_at=until)]
        mail_id, jobs = await small.submitted(new, summing_up())
        await small.book.record_documents(mail_id, {job.id: small.document() for job in jobs})
        small.clock.set_on(timedelta(hours=2))
        while await small.book.expire_jobs():
            pass
        assert await last_words(small, mail_id) == [f"summary:{mail_id}"]
