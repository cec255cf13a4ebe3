"""Accounts that are locked."""

from datetime import timedelta
from pathlib import Path

from small_book import small_book

from store.audit_entry import AuditAction, AuditFilter
from store.lock import Lock

ANA = "ana@hospital.example"


async def test_an_account_is_locked_until_it_is_unlocked(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.lock_of(ANA) is None
        assert await small.book.lock("Ana@Hospital.example", reason="left the house", by="olga")
        lock = Lock(user_email=ANA, reason="left the house", at=small.clock(), by="olga")
        small.clock.set_on(timedelta(hours=1))
        assert not await small.book.lock(ANA, reason="again", by="ben")
        assert await small.book.lock_of(ANA) == lock
        assert await small.book.locks() == (lock,)
        assert await small.book.locked_accounts() == {ANA}
        assert await small.book.unlock("ANA@hospital.example", by="ben")
        assert not await small.book.unlock(ANA, by="ben")
        assert await small.book.lock_of(ANA) is None
        assert await small.book.locked_accounts() == frozenset()


async def test_a_lock_survives_the_service(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.lock(ANA, by="olga")
    async with small_book(tmp_path) as small:
        assert await small.book.locked_accounts() == {ANA}


async def test_locking_and_unlocking_are_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.lock(ANA, reason="left", by="olga")
        await small.book.lock(ANA, reason="again", by="ben")
        await small.book.unlock(ANA, reason="is back", by="ben")
        await small.book.unlock(ANA, by="ben")
        told = await small.book.audit(AuditFilter(subject=ANA))
        assert [(entry.by, entry.action, entry.detail) for entry in told] == [
            ("ben", AuditAction.UNLOCK, "is back"),
            ("olga", AuditAction.LOCK, "left"),
        ]
