"""A book is backed up while it is in use, restored elsewhere, and goes on without sending anything twice."""

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from postgresql_cluster import programs, shared_cluster
from small_book import (
    ARCHIVE,
    LEASE,
    SmallBook,
    directly,
    header,
    lay_out,
    new_mail,
    policy,
    small_book,
)
from sqlalchemy import text

from store.access import BookAccess
from store.address import access_to
from store.backup import BackupNote, BackupRefused, back_up, read_note
from store.book import Book
from store.copying import CopyRefused
from store.errors import BookUnavailable, BookVersionError
from store.job_filter import JobFilter
from store.lifecycle import JobState
from store.mail import MailState
from store.postgresql import connect, read_address
from store.records.restored import OnTheWay
from store.restoring import Restored, keep_back_in, let_go_in, restore
from store.version import KNOWN

LARGE = bytes(200_000)


def nothing_told(_what: str, _done: int, _total: int) -> None: ...


async def backed_up(
    folder: Path,
    target: str = "backup",
    told: Callable[[str, int, int], None] = nothing_told,
    like: Path | None = None,
) -> BackupNote:
    book, documents = folder / "book.db", folder / "documents"
    return await asyncio.to_thread(back_up, book, documents, folder / target, told, like=like)


async def restored(folder: Path, *, as_it_was: bool = False) -> Restored:
    """Restored into `folder/new`."""
    book, documents = folder / "new" / "book.db", folder / "new" / "documents"
    source = folder / "backup"
    return await asyncio.to_thread(
        restore, source, book, documents, nothing_told, owner="a/1/1", as_it_was=as_it_was
    )


def access(url: str) -> BookAccess:
    return access_to(url, clock=lambda: datetime.now(UTC), owner="a/2/2")


@asynccontextmanager
async def filled(folder: Path) -> AsyncIterator[SmallBook]:
    """One of everything that can be on its way, and one fax that has gone."""
    async with small_book(folder, owner="gone/1/1") as small:
        await small.queued("+12065550100", user=policy(archives=[ARCHIVE]))
        _, sent = await small.call()
        await small.book.record_outcome(sent.id, small.outcome(), None)
        await small.queued("+12065550101")
        await small.call()
        await small.queued("+12065550102", "+12065550103")
        await small.book.accept_mail(new_mail(100, LARGE))
        yield small


async def has_something_to_do(book: Book) -> list[str]:
    claims = {
        "call": await book.claim_call({"main": 9}, LEASE, header),
        "mail": await book.claim_mail(MailState.RECEIVED, LEASE),
        "notice": await book.claim_notice(LEASE),
        "copy": await book.claim_copy(LEASE),
    }
    return [what for what, claim in claims.items() if claim is not None]


async def test_what_was_on_its_way_waits_after_a_restore_until_it_is_let_go(tmp_path: Path) -> None:
    async with filled(tmp_path):
        note = await backed_up(tmp_path)
    assert (note.mails, note.faxes, note.files, note.octets, note.missing) == (4, 4, 1, len(LARGE), ())
    kept = (await restored(tmp_path)).kept_back
    assert kept == OnTheWay(faxes=3, mails=1, notices=4, copies=1)
    async with small_book(tmp_path / "new") as small:
        small.clock.set_on(timedelta(days=400))
        assert await has_something_to_do(small.book) == []
        for job in await small.book.jobs(JobFilter(states=frozenset({JobState.HELD}))):
            last = (await small.book.transitions_of(job.id))[-1]
            assert last.by.startswith("a restore: the backup is of ")
            assert last.by.endswith(", and it may have been sent since")
        assert await let_go_in(access(f"sqlite:{tmp_path / 'new' / 'book.db'}"), "olga") == kept
        small.clock.time = datetime.now(UTC)
        assert await has_something_to_do(small.book) == ["call", "mail", "notice", "copy"]
        with directly(tmp_path / "new") as connection:
            [large] = connection.scalars(text("SELECT body FROM mails WHERE dedupe_key = 'key-100'"))
        assert await small.book.body(large) == LARGE


async def test_a_call_in_progress_is_interrupted_and_not_called_again_by_itself(tmp_path: Path) -> None:
    async with filled(tmp_path):
        await backed_up(tmp_path)
    await restored(tmp_path)
    async with small_book(tmp_path / "new") as small:
        held = await small.book.jobs(JobFilter(states=frozenset({JobState.HELD})))
        calls = [job for each in held if (job := await small.book.job(each.id)) and job.attempts]
        assert [job.attempts[-1].interrupted for job in calls] == [True]
        assert (await small.book.counts()).jobs[JobState.DIALLING] == 0


async def test_a_fax_that_is_new_after_a_restore_is_called_at_once(tmp_path: Path) -> None:
    async with filled(tmp_path):
        await backed_up(tmp_path)
    await restored(tmp_path)
    async with small_book(tmp_path / "new", seed=8) as small:
        small.mails = 200
        [job] = await small.queued("+12065550199")
        assert (await small.call())[0].id == job.id


async def test_whoever_knows_that_nothing_was_sent_since_has_it_go_on_as_it_was(tmp_path: Path) -> None:
    async with filled(tmp_path):
        await backed_up(tmp_path)
    assert (await restored(tmp_path, as_it_was=True)).kept_back is None
    async with small_book(tmp_path / "new") as small:
        assert await has_something_to_do(small.book) == ["call", "mail", "notice", "copy"]


async def test_what_a_person_held_before_stays_held_when_the_rest_is_let_go(tmp_path: Path) -> None:
    async with small_book(tmp_path, owner="gone/1/1") as small:
        own, other = await small.queued("+12065550100", "+12065550101")
        await small.book.hold(own.id, "olga")
        await backed_up(tmp_path)
    await restored(tmp_path)
    assert (await let_go_in(access(f"sqlite:{tmp_path / 'new' / 'book.db'}"), "olga")).faxes == 1
    async with small_book(tmp_path / "new") as small:
        states = [job.state for job in await small.book.group(own.mail_id)]
        assert states == [JobState.HELD, JobState.QUEUED]
        assert other.mail_id == own.mail_id


# --- While it is in use -----------------------------------------------------------------------------------


async def test_mails_that_come_in_meanwhile_are_in_it_whole_or_not_at_all(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:

        async def come_in() -> None:
            for number in range(30):
                await small.book.accept_mail(new_mail(number, LARGE if number % 2 else b"small"))

        coming = asyncio.create_task(come_in())
        notes = [await backed_up(tmp_path, f"backup{number}") for number in range(3)]
        await coming
    for number, note in enumerate(notes):
        files = [path for path in (tmp_path / f"backup{number}" / "documents").rglob("*") if path.is_file()]
        assert (len(files), note.missing) == (note.files, ())
        assert all(path.stat().st_size == len(LARGE) for path in files)


async def test_what_is_removed_meanwhile_is_removed_from_the_copy_too(tmp_path: Path) -> None:
    def remove(what: str, _done: int, _total: int) -> None:
        if what == "copying documents" and not gone:
            with directly(tmp_path) as connection:
                [last] = connection.scalars(text("SELECT max(reference) FROM bodies"))
                purge = text("UPDATE bodies SET purged_at = 1 WHERE reference = :last")
                connection.execute(purge, {"last": last})
            (tmp_path / "documents" / last.removeprefix("file:")).unlink()
            gone.append(last)

    gone: list[str] = []
    async with small_book(tmp_path) as small:
        for number in range(2):
            await small.book.accept_mail(new_mail(number, LARGE))
        note = await backed_up(tmp_path, told=remove)
    assert (note.files, note.missing) == (1, ())
    await restored(tmp_path, as_it_was=True)
    with directly(tmp_path / "new") as connection:
        purged = connection.scalars(text("SELECT reference FROM bodies WHERE purged_at IS NOT NULL"))
        assert list(purged) == gone


async def test_a_document_that_was_lost_before_is_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail(1, LARGE))
    [lost] = (tmp_path / "documents").rglob("*.eml")
    lost.unlink()
    note = await backed_up(tmp_path)
    assert (note.files, note.missing) == (0, (f"file:{lost.parent.name}/{lost.name}",))


async def test_a_backup_like_an_earlier_one_links_what_that_has(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail(1, LARGE))
        await backed_up(tmp_path, "first")
        await small.book.accept_mail(new_mail(2, LARGE))
        await backed_up(tmp_path, "second", like=tmp_path / "first")
    links = sorted(path.stat().st_nlink for path in (tmp_path / "second" / "documents").rglob("*.eml"))
    assert links == [1, 2]


# --- What is refused --------------------------------------------------------------------------------------


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    async with filled(tmp_path):
        await backed_up(tmp_path)
        with pytest.raises(BackupRefused, match=r"holds something already\. Name a folder that is empty"):
            await backed_up(tmp_path)
    await restored(tmp_path)
    with pytest.raises(BackupRefused, match=r"/new/book\.db is there\. Move the old book away first"):
        await restored(tmp_path)
    (tmp_path / "new" / "book.db").unlink()
    (tmp_path / "new" / "book.db-wal").write_bytes(b"of the old book")
    with pytest.raises(BackupRefused, match=r"/new/book\.db-wal is there\. Move the old book away first"):
        await restored(tmp_path)


async def test_a_target_without_room_is_told_with_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def execute(self, *_: object) -> None:
            problem = sqlite3.OperationalError("database or disk is full")
            problem.sqlite_errorcode, problem.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
            raise problem

        def close(self) -> None: ...

    async with small_book(tmp_path):
        monkeypatch.setattr("store.backup.connect_book", lambda _: Full())
        with pytest.raises(
            BookUnavailable, match=rf"The disk with the book {tmp_path}/backup/book\.db is full"
        ):
            await backed_up(tmp_path)


async def test_a_backup_that_was_broken_off_is_none(tmp_path: Path) -> None:
    async with filled(tmp_path):
        await backed_up(tmp_path)
    note = tmp_path / "backup" / "backup.json"
    whole = note.read_text()
    note.write_text(whole[:40])
    with pytest.raises(BackupRefused, match=r"backup\.json cannot be understood"):
        await restored(tmp_path)
    note.write_text(whole.replace(f'"{KNOWN[-1]}"', '"0999"'))
    with pytest.raises(BackupRefused, match="version 0999, which this program does not know"):
        await restored(tmp_path)
    note.unlink()
    with pytest.raises(
        BackupRefused, match=r"is no backup, or one that was broken off: it has no backup\.json"
    ):
        await restored(tmp_path)
    assert not (tmp_path / "new").exists()


async def test_a_restore_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    async with filled(tmp_path):
        await backed_up(tmp_path)
    [document] = (tmp_path / "backup" / "documents").rglob("*.eml")
    half = tmp_path / "new" / "documents" / document.parent.name / document.name
    half.parent.mkdir(parents=True)
    half.write_bytes(LARGE[:1000])
    (tmp_path / "new" / "book.restoring").write_bytes(b"half a book")
    await restored(tmp_path)
    assert half.read_bytes() == LARGE
    assert not (tmp_path / "new" / "book.restoring").exists()


async def test_a_damaged_book_is_not_taken_for_a_backup(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for number in range(40):
            await small.book.accept_mail(new_mail(number, b"x" * 60_000))
    with (tmp_path / "book.db").open("r+b") as file:
        file.seek(400 * 1024)
        file.write(b"\xff" * 1_000_000)
    with pytest.raises(BookUnavailable, match=r"is damaged\. Stop the service and restore the last backup"):
        await backed_up(tmp_path)
    with pytest.raises(BackupRefused, match="is no backup"):
        read_note(tmp_path / "backup")


async def test_there_must_be_a_book(tmp_path: Path) -> None:
    with pytest.raises(BookVersionError, match="there is no book"):
        await backed_up(tmp_path)


# --- In PostgreSQL: pg_dump and pg_restore, as docs/admin/backup.md has it -------------------------------


@pytest.fixture
def on_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("small_book.database.name", "postgresql")


def on_the_server(program: str, *arguments: str | Path) -> None:
    subprocess.run([programs() / program, *arguments], check=True, capture_output=True)


async def test_a_book_on_a_server_is_dumped_and_restored_and_waits(tmp_path: Path, on_server: None) -> None:
    target = shared_cluster().new_database()
    async with filled(tmp_path) as small:
        on_the_server("pg_dump", "-Fc", "-f", tmp_path / "dump", (tmp_path / "book.url").read_text())
        shutil.copytree(tmp_path / "documents", tmp_path / "new" / "documents")
        # The service goes on: what it sends now must not be sent again by the restored one.
        await small.book.claim_notice(LEASE)
    on_the_server("pg_restore", "--no-owner", "-d", target, tmp_path / "dump")
    kept = await asyncio.to_thread(keep_back_in, target, datetime.now(UTC), "a/1/1")
    assert kept == OnTheWay(faxes=3, mails=1, notices=4, copies=1)
    (tmp_path / "new" / "book.url").write_text(target)
    async with small_book(tmp_path / "new") as small:
        assert await has_something_to_do(small.book) == []
        assert await let_go_in(access(target), "olga") == kept
        small.clock.time = datetime.now(UTC)
        assert await has_something_to_do(small.book) == ["call", "mail", "notice", "copy"]


async def test_nothing_is_kept_back_under_a_service_that_runs(tmp_path: Path, on_server: None) -> None:
    url = lay_out(tmp_path)
    with (
        connect(read_address(url), write=True),
        pytest.raises(CopyRefused, match="a service or a command uses"),
    ):
        await asyncio.to_thread(keep_back_in, url, datetime.now(UTC), "a/1/1")
