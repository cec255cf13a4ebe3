"""Welcome messages in the book, and the codes that set up passwords."""

from datetime import timedelta
from pathlib import Path

from small_book import LEASE, SmallBook, small_book
from sqlalchemy import text

from store.audit_entry import AuditAction, AuditFilter
from store.outbox import DeliveryState, NoticeKind
from store.setup_code import GOOD_FOR, SetupCode

ANA = "ana@hospital.example"
CODE = "K7Q2-M9PX-3HTW"


def setup(small: SmallBook, code_hash: str = "hash") -> SetupCode:
    return SetupCode(user_email=ANA, code_hash=code_hash, expires_at=small.clock() + GOOD_FOR, set_by="olga")


async def codes_in_the_clear(small: SmallBook) -> list[str]:
    return await small.book._access.read(
        lambda connection: list(connection.scalars(text("SELECT remark FROM notices WHERE remark > ''")))
    )


async def test_a_message_is_owed_and_its_code_forgotten_with_its_delivery(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        identity = await small.book.welcome(
            "Ana@hospital.example", ANA, by="olga", code=CODE, setup=setup(small)
        )
        notice = await small.book.claim_notice(LEASE)
        assert notice
        assert (notice.id, notice.kind, notice.topic, notice.remark) == (
            identity,
            NoticeKind.WELCOME,
            ANA,
            CODE,
        )
        assert not notice.to_sender
        await small.book.notice_delivered(notice.id)
        assert await codes_in_the_clear(small) == []
        assert await small.book.setup_code(ANA, small.clock()) == setup(small)
        [entry] = await small.book.audit(AuditFilter(actions=frozenset({AuditAction.WELCOME})))
        assert (entry.by, entry.subject, entry.detail) == ("olga", ANA, "with a set-up code")


async def test_a_message_that_is_given_up_leaves_no_code_in_the_clear(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.welcome(ANA, ANA, by="olga", code=CODE, setup=setup(small))
        notice = await small.book.claim_notice(LEASE)
        assert notice
        await small.book.postpone_notice(notice.id, small.clock(), "later")
        assert await codes_in_the_clear(small) == [CODE]
        await small.book.postpone_notice(notice.id, small.clock(), "refused", give_up=True)
        assert await codes_in_the_clear(small) == []


async def test_a_newer_message_takes_the_place_of_one_that_waits(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.welcome(ANA, ANA, by="olga", code=CODE, setup=setup(small, "first"))
        small.clock.set_on(timedelta(minutes=1))
        second = await small.book.welcome(ANA, ANA, by="olga", code="new", setup=setup(small, "second"))
        assert await codes_in_the_clear(small) == ["new"]
        notice = await small.book.claim_notice(LEASE)
        assert notice
        assert notice.id == second
        found = await small.book.setup_code(ANA, small.clock())
        assert found
        assert found.code_hash == "second"
        assert (await small.book.counts()).notices[DeliveryState.WITHHELD] == 1


async def test_a_code_is_used_once_and_in_its_time(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.set_password(ANA, "before", "olga")
        await small.book.welcome(ANA, ANA, by="olga", code=CODE, setup=setup(small))
        code = await small.book.setup_code(ANA, small.clock())
        assert code
        assert await small.book.password_hash(ANA) == "before"
        assert await small.book.redeem(code, "after")
        assert await small.book.password_hash(ANA) == "after"
        assert not await small.book.redeem(code, "stolen")
        assert await small.book.password_hash(ANA) == "after"
        assert await small.book.setup_code(ANA, small.clock()) is None


async def test_a_code_that_has_run_out_sets_up_nothing(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        code = setup(small)
        await small.book.welcome(ANA, ANA, by="olga", code=CODE, setup=code)
        small.clock.set_on(GOOD_FOR)
        assert await small.book.setup_code(ANA, small.clock()) is None
        assert not await small.book.redeem(code, "late")
        assert await small.book.password_hash(ANA) is None


async def test_a_message_without_credentials_leaves_a_code_as_it_is(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.welcome(ANA, ANA, by="olga", code=CODE, setup=setup(small))
        small.clock.set_on(timedelta(minutes=1))
        await small.book.welcome(ANA, ANA, by="olga")
        assert await small.book.setup_code(ANA, small.clock()) is not None
