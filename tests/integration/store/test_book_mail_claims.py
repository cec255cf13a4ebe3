"""Mails are claimed by one at a time, and come back."""

from datetime import timedelta
from pathlib import Path

from small_book import LEASE, new_mail, small_book, to, wished

from store.mail import MailState
from store.records.claims import Claims
from store.records.schedule import Outlook, Work

MINUTE = timedelta(minutes=1)


async def test_a_mail_is_claimed_by_one(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        ids = [(await small.book.accept_mail(new_mail(number))).mail_id for number in range(2)]
        claimed = [await small.claimed_mail(), await small.claimed_mail()]
        assert sorted(claimed) == sorted(ids)
        assert await small.book.claim_mail(MailState.RECEIVED, LEASE) is None


async def test_a_claim_comes_back_when_its_lease_ends(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail())
        mail_id = await small.claimed_mail()
        small.clock.set_on(LEASE - MINUTE)
        assert await small.book.claim_mail(MailState.RECEIVED, LEASE) is None
        assert await small.book.renew(Claims(mails=[mail_id]), LEASE) == frozenset()
        small.clock.set_on(MINUTE)
        assert await small.book.claim_mail(MailState.RECEIVED, LEASE) is None
        small.clock.set_on(LEASE)
        assert await small.claimed_mail() == mail_id


async def test_a_released_mail_comes_back_as_it_was(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail())
        mail_id = await small.claimed_mail()
        await small.book.release_mail(mail_id, small.clock())
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert (claim.mail.id, claim.tries) == (mail_id, 0)


async def test_a_postponed_mail_comes_back_later_with_its_error(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail())
        mail_id = await small.claimed_mail()
        await small.book.postpone_mail(mail_id, small.clock() + MINUTE, "no memory")
        assert await small.book.claim_mail(MailState.RECEIVED, LEASE) is None
        small.clock.set_on(MINUTE)
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert (claim.tries, claim.last_error) == (1, "no memory")


async def test_a_claim_that_went_elsewhere_is_left_there(tmp_path: Path) -> None:
    async with (
        small_book(tmp_path, owner="here/1/a") as slow,
        small_book(tmp_path, owner="here/2/b") as other,
    ):
        await slow.book.accept_mail(new_mail())
        mail_id = await slow.claimed_mail()
        other.clock.set_on(LEASE)
        assert await other.claimed_mail() == mail_id
        await slow.book.release_mail(mail_id, slow.clock())
        await slow.book.postpone_mail(mail_id, slow.clock(), "late")
        assert await other.book.claim_mail(MailState.RECEIVED, LEASE) is None


async def test_a_decided_mail_is_claimed_with_its_jobs(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, jobs = await small.submitted(to("+12065550100", "+12065550101"))
        await small.book.cancel(jobs[0].id, "ana")
        assert await small.book.claim_mail(MailState.RECEIVED, LEASE) is None
        claim = await small.book.claim_mail(MailState.SUBMITTED, LEASE)
        assert claim is not None
        assert (claim.mail.id, claim.jobs, claim.mail.references) == (
            mail_id,
            (jobs[1],),
            ("<0@hospital.example>",),
        )


async def test_a_mail_whose_owner_died_has_one_try_more(tmp_path: Path) -> None:
    async with small_book(tmp_path, owner="here/1/a") as dead:
        await dead.book.accept_mail(new_mail())
        mail_id = await dead.claimed_mail()
    async with small_book(tmp_path, owner="here/2/b") as small:
        await small.book.release_dead_owners(lambda _: True)
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert (claim.mail.id, claim.tries) == (mail_id, 1)
        await small.book.release_own_claims()
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert claim.tries == 1


async def test_the_outlook_tells_what_is_due_and_what_comes_after(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        start = small.clock()
        assert await small.book.outlook(start) == Outlook(due=frozenset(), next_due={})
        await small.book.accept_mail(new_mail(99))
        assert await small.book.outlook(start - MINUTE) == Outlook(
            due=frozenset(), next_due={Work.RECEIVED_MAIL: start}
        )
        assert await small.book.outlook(start) == Outlook(due=frozenset({Work.RECEIVED_MAIL}), next_due={})
        await small.claimed_mail()
        lease_ends = {Work.RECEIVED_MAIL: start + LEASE}
        assert await small.book.outlook(start) == Outlook(due=frozenset(), next_due=lease_ends)
        mail_id, (job,) = await small.submitted(wished("+12065550100", not_before=start + MINUTE))
        await small.book.record_documents(mail_id, {job.id: small.document()})
        notice = await small.book.claim_notice(LEASE)
        assert notice is not None
        await small.book.postpone_notice(notice.id, start + MINUTE / 2, "down")
        assert await small.book.outlook(start + MINUTE / 2) == Outlook(
            due=frozenset({Work.NOTICE}), next_due={**lease_ends, Work.CALL: start + MINUTE}
        )
