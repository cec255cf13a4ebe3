"""Who did what: a row with each deed, in its transaction, or none where nothing was done."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from small_book import small_book

from store.audit_entry import AuditAction, AuditFilter
from store.lifecycle import IllegalTransition
from store.status import Status


async def test_what_people_do_to_jobs_is_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        [held, waiting] = await small.queued("+12065550100", "+12065550101")
        await small.book.hold(held.id, "olga")
        await small.book.release(held.id, "ben")
        await small.book.cancel(waiting.id, "olga")
        await small.book.cancel(waiting.id, "ben")
        job, attempt = await small.call()
        await small.book.cancel(job.id, "olga")
        await small.book.cancel(job.id, "ben")
        told = [(entry.action, entry.subject, entry.by, entry.detail) for entry in await small.book.audit()]
        assert told[::-1] == [
            (AuditAction.HOLD, held.id, "olga", ""),
            (AuditAction.RELEASE, held.id, "ben", ""),
            (AuditAction.CANCEL, waiting.id, "olga", ""),
            (AuditAction.CANCEL, held.id, "olga", "in a call"),
        ]
        cancelled = await small.book.record_outcome(attempt.id, small.outcome(Status.BUSY, pages=0), None)
        assert cancelled.cancel_requested_by == "olga"


async def test_what_was_not_done_is_not_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        [job] = await small.queued("+12065550100")
        with pytest.raises(IllegalTransition):
            await small.book.release(job.id, "olga")
        assert not await small.book.remove_password("ana@hospital.example", "olga")
        assert await small.book.audit() == ()


async def test_a_deed_whose_transaction_fails_is_not_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        with closing(sqlite3.connect(tmp_path / "book.db")) as other:
            other.execute(
                "CREATE TRIGGER no_room BEFORE INSERT ON audit WHEN NEW.subject = '+2*' "
                "BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        with pytest.raises(Exception, match="no room"):
            await small.book.block(["+1*", "+2*"], by="olga")
        assert await small.book.blocks() == ()
        assert await small.book.audit() == ()


async def test_passwords_are_told_without_their_hash(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.set_password("Ana@hospital.example", "$argon2id$secret", "olga")
        await small.book.remove_password("ana@hospital.example", "ben")
        told = await small.book.audit()
        assert [(entry.action, entry.by, entry.subject) for entry in told] == [
            (AuditAction.REMOVE_PASSWORD, "ben", "ana@hospital.example"),
            (AuditAction.SET_PASSWORD, "olga", "ana@hospital.example"),
        ]
        assert "secret" not in str(told)


async def test_deeds_are_found_by_time_subject_person_and_kind(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        start = small.clock()
        for hour, (pattern, by) in enumerate((("+1*", "olga"), ("+2*", "ben"), ("+3*", "olga"))):
            small.clock.time = start + timedelta(hours=hour)
            await small.book.block([pattern], by=by)
        await small.book.note_deed(AuditAction.MOVE_USER, "ana@hospital.example", by="ben", detail="to CT")

        async def subjects(wanted: AuditFilter) -> list[str]:
            return [entry.subject for entry in await small.book.audit(wanted)]

        assert await subjects(AuditFilter()) == ["ana@hospital.example", "+3*", "+2*", "+1*"]
        assert await subjects(AuditFilter(since=start + timedelta(minutes=1), by="olga")) == ["+3*"]
        assert await subjects(AuditFilter(subject="+2*")) == ["+2*"]
        assert await subjects(AuditFilter(actions=frozenset({AuditAction.BLOCK}), limit=2)) == ["+3*", "+2*"]
