"""Hashes of passwords in the book."""

from datetime import timedelta
from pathlib import Path

from small_book import small_book

from store.credential import Credential

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$c29tZWhhc2g"


async def test_an_account_has_the_password_that_was_set_last(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.password_hash("ana@hospital.example") is None
        assert await small.book.credential("ana@hospital.example") is None
        await small.book.set_password("Ana@Hospital.example", HASH, "root")
        first_set = small.clock()
        assert await small.book.credential("ana@hospital.example") == Credential(
            user_email="ana@hospital.example", set_at=first_set, set_by="root"
        )
        small.clock.set_on(timedelta(days=1))
        await small.book.set_password("ana@hospital.example", HASH + "2", "olga")
        assert await small.book.password_hash("ANA@hospital.example") == HASH + "2"
        assert await small.book.credential("ana@hospital.example") == Credential(
            user_email="ana@hospital.example", set_at=small.clock(), set_by="olga"
        )
        assert await small.book.password_hash("ben@hospital.example") is None


async def test_a_removed_password_is_gone(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.set_password("ana@hospital.example", HASH, "root")
        assert await small.book.remove_password("Ana@hospital.example", "olga")
        assert await small.book.password_hash("ana@hospital.example") is None
        assert not await small.book.remove_password("ana@hospital.example", "olga")


async def test_a_password_survives_the_service(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.set_password("ana@hospital.example", HASH, "root")
    async with small_book(tmp_path) as small:
        assert await small.book.password_hash("ana@hospital.example") == HASH
