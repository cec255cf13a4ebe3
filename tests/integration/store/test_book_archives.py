"""Copies that archives are owed: how they stand, and another try that a person wants."""

from datetime import timedelta
from pathlib import Path

import pytest
from small_book import ARCHIVE, LEASE, SmallBook, policy, small_book

from config.archive import ArchiveSettings, EmailTarget
from config.upkeep import RetentionSettings
from store.archive_standing import Retry
from store.errors import NotInBook
from store.outbox import DeliveryState

OTHER = ArchiveSettings(enabled=True, email=EmailTarget(to="other@hospital.example"))
DAYS = RetentionSettings(documents=timedelta(days=1))


async def finished(small: SmallBook, *archives: ArchiveSettings) -> str:
    (job,) = await small.queued("+12065550100", user=policy(archives=archives or (ARCHIVE,)))
    _, attempt = await small.call()
    await small.book.record_outcome(attempt.id, small.outcome(), None)
    return job.id


async def failed(small: SmallBook, *, give_up: bool) -> None:
    copy = await small.book.claim_copy(LEASE)
    assert copy is not None
    due_at = small.clock() + timedelta(hours=1)
    await small.book.postpone_copy(copy.id, due_at, "the server is full", give_up=give_up)


async def test_each_archive_stands_for_itself(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.archives() == ()
        began = small.clock()
        job = await finished(small, ARCHIVE, OTHER)
        copy = await small.book.claim_copy(LEASE)
        assert copy is not None
        await small.book.copy_delivered(copy.id, "there")
        small.clock.set_on(timedelta(minutes=1))
        await failed(small, give_up=False)
        first, second = sorted(await small.book.archives(), key=lambda standing: standing.waiting)
        assert (first.archive, first.delivered, first.last_delivered) == (copy.archive, 1, began)
        assert (first.waiting, first.trouble, first.next_try) == (0, "", None)
        assert {first.archive.goes_to, second.archive.goes_to} == {ARCHIVE.goes_to, OTHER.goes_to}
        assert (second.waiting, second.oldest, second.trouble) == (1, began, "the server is full")
        assert second.next_try == small.clock() + timedelta(hours=1)
        assert [copy.job_id for copy in await small.book.copies_to_retry()] == [job]


async def test_a_copy_that_was_given_up_is_due_again_with_all_its_tries(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        job = await finished(small)
        await failed(small, give_up=True)
        assert await small.book.claim_copy(LEASE) is None
        assert await small.book.retry_copy(f"{job}:1", OTHER, by="ana") is Retry.OWED
        copy = await small.book.claim_copy(LEASE)
        assert copy is not None
        assert (copy.archive, copy.tries, copy.last_error) == (OTHER, 0, "the server is full")
        assert await small.book.retry_copy(copy.id, ARCHIVE, by="ana") is Retry.UNDER_WAY
        await small.book.copy_delivered(copy.id, "there")
        assert await small.book.retry_copy(copy.id, ARCHIVE, by="ana") is Retry.DELIVERED
        (copy,) = await small.book.copies_of(job)
        assert (copy.state, copy.archive, copy.place) == (DeliveryState.DELIVERED, OTHER, "there")
        with pytest.raises(NotInBook):
            await small.book.retry_copy("no copy", ARCHIVE, by="ana")


async def test_pages_wait_for_a_copy_that_waits_and_not_for_one_that_was_given_up(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        job = await finished(small)
        notice = await small.book.claim_notice(LEASE)
        while notice:
            await small.book.notice_delivered(notice.id)
            notice = await small.book.claim_notice(LEASE)
        await failed(small, give_up=False)
        small.clock.set_on(timedelta(days=8))
        assert (await small.book.purge_faxes(lambda _: None, DAYS)).documents == 0
        await failed(small, give_up=True)
        small.clock.set_on(timedelta(days=8))
        assert (await small.book.purge_faxes(lambda _: None, DAYS)).documents == 1
        assert await small.book.retry_copy(f"{job}:1", ARCHIVE, by="ana") is Retry.NOT_KEPT
