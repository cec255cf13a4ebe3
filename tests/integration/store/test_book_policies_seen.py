"""Which policies were in force, with whom in them, and which were approved."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from small_book import small_book

from store.audit_entry import AuditAction
from store.seen_policy import SeenPolicy

OLD, NEW = "0" * 64, "1" * 64
USERS = {"Radiology › CT": ["ana@hospital.example", "jürgen@hospital.example"]}


async def test_the_policy_that_was_in_force_last_is_known_with_its_users(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.policy_in_force() is None
        await small.book.policy_taken_over(NEW, {"Surgery": ["ben@hospital.example"]})
        small.clock.set_on(timedelta(days=1))
        await small.book.policy_taken_over(OLD, USERS)
    async with small_book(tmp_path) as small:
        seen = SeenPolicy(digest=OLD, in_force_at=small.clock() + timedelta(days=1), users=USERS)
        assert await small.book.policy_in_force() == seen


async def test_a_policy_comes_back_into_force(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for digest in (OLD, NEW, OLD):
            small.clock.set_on(timedelta(days=1))
            await small.book.policy_taken_over(digest, USERS)
        seen = await small.book.policy_in_force()
        assert seen is not None
        assert seen.digest == OLD


async def test_only_the_last_policys_users_are_kept(tmp_path: Path) -> None:
    many = {"Radiology": [f"user{number}@hospital.example" for number in range(50_000)]}
    async with small_book(tmp_path) as small:
        for digest in (OLD, NEW):
            small.clock.set_on(timedelta(days=1))
            await small.book.policy_taken_over(digest, many)
    with closing(sqlite3.connect(tmp_path / "book.db")) as book:
        kept = book.execute(
            "SELECT digest, length(users) FROM policies_seen WHERE users IS NOT NULL"
        ).fetchall()
    [(digest, octets)] = kept
    assert digest == NEW
    assert octets < 500_000


async def test_an_approval_is_kept_with_who_gave_it(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.policy_approved_by(NEW) == ""
        await small.book.approve_policy(NEW, by="olga", detail="2 users vanish")
        await small.book.policy_taken_over(NEW, USERS)
        assert await small.book.policy_approved_by(NEW) == "olga"
        assert await small.book.policy_approved_by(OLD) == ""
        [told] = await small.book.audit()
        assert (told.action, told.subject, told.by, told.detail) == (
            AuditAction.APPROVE_POLICY, NEW, "olga", "2 users vanish",
        )  # fmt: skip


async def test_an_approval_alone_is_no_policy_in_force(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.approve_policy(NEW, by="olga")
        assert await small.book.policy_in_force() is None
