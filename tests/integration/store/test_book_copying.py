"""A book is copied into another database: whole, going on where it was, and only while nobody uses either."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from moved_bodies import moved_out
from postgresql_cluster import shared_cluster
from small_book import LEASE, Clock, lay_out, new_mail, small_book
from sqlalchemy import text

from store import copying
from store.book import Book
from store.copy_ends import copy
from store.copying import CopyDiffers, CopyRefused
from store.errors import BookVersionError
from store.job_filter import JobFilter
from store.lifecycle import JobState
from store.postgresql import connect, read_address
from store.sqlite import write_engine
from store.status import Status


async def filled(folder: Path) -> str:
    """A book with something in nearly every table; its address."""
    async with small_book(folder) as small:
        for number in range(5):
            jobs = await small.queued(f"+120655501{number:02}", f"+120655502{number:02}")
            small.clock.set_on(timedelta(minutes=1))
        await small.book.accept_mail(new_mail(100, bytes(200_000)))
        for status in (Status.SUCCESS, Status.BUSY):
            _, attempt = await small.call()
            await small.book.record_outcome(attempt.id, small.outcome(status), None)
        await small.book.cancel(jobs[0].id, by="olga")
        await small.book.block(["+1900*"], by="olga", reason="dear\0")
        await small.book.set_password("ana@hospital.example", "hash", by="root")
        await small.book.keep_day("2026-11-23", {})
    await moved_out(folder)
    return f"sqlite:{folder / 'book.db'}"


READER = """
import sqlite3, sys
book = sqlite3.connect(sys.argv[1])
book.execute("SELECT 1 FROM mails")
print(flush=True)
input()
"""


@contextlib.contextmanager
def reading(book: Path) -> Iterator[int]:
    """A process that has a book open: of a process's own locks the kernel says nothing to it."""
    arguments = [sys.executable, "-c", READER, str(book)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


async def run(source: str, target: str, *, anew: bool = False) -> copying.Copied:
    return await asyncio.to_thread(copy, source, target, lambda *_: None, anew=anew)


async def test_octets_in_the_book_do_not_go_to_a_server(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail())
    target = shared_cluster().new_database()
    with pytest.raises(CopyRefused, match=r"^1 small mails .* migrate-bodies --out-of-book` first"):
        await run(f"sqlite:{tmp_path / 'book.db'}", target)


async def test_a_copy_is_the_same_and_is_gone_on_with(tmp_path: Path) -> None:
    source, target = await filled(tmp_path), shared_cluster().new_database()
    copied = await run(source, target)
    assert (copied.rows["mails"], copied.rows["jobs"], copied.before) == (6, 10, 0)
    async with small_book(tmp_path) as old, Book(target, tmp_path / "documents", clock=Clock()) as new:
        assert await new.counts() == await old.book.counts()
        notice, before = await new.claim_notice(LEASE), await old.book.claim_notice(LEASE)
        assert notice == before
        assert (await new.accept_mail(new_mail(100))).duplicate
        # What the database counts goes on behind what was copied.
        number = await new.last_happening()
        [job, *_] = await new.jobs(JobFilter(states=frozenset({JobState.QUEUED})))
        await new.hold(job.id, by="olga")
        assert await new.last_happening() == number + 1
    with pytest.raises(CopyRefused, match="holds a book already"):
        await run(source, target)


async def test_a_copy_that_is_broken_off_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = await filled(tmp_path), shared_cluster().new_database()
    monkeypatch.setattr(copying, "GROUP", 3)
    done: list[str] = []

    def break_off(what: str, *_: int) -> None:
        done.append(what)
        if done.count("copying jobs") == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await asyncio.to_thread(copy, source, target, break_off)
    with pytest.raises(BookVersionError, match="is not whole"):
        async with Book(target, tmp_path / "documents", clock=Clock()):
            pass
    with pytest.raises(BookVersionError, match="is not whole"):
        await Book.migrate(target)
    copied = await run(source, target)
    assert copied.before > 6
    assert copied.rows["jobs"] == 10


async def test_a_source_that_was_written_between_two_runs_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = await filled(tmp_path), shared_cluster().new_database()
    with monkeypatch.context() as patch:
        patch.setattr(copying, "_compare", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await run(source, target)
    engine = write_engine(tmp_path / "book.db")
    with engine.begin() as connection:
        connection.execute(text("UPDATE mails SET subject = 'changed'"))
    engine.dispose()
    with pytest.raises(CopyDiffers, match=r"mails has other values.*--anew"):
        await run(source, target)
    assert (await run(source, target, anew=True)).rows["mails"] == 6


async def test_nothing_is_copied_while_somebody_uses_either(tmp_path: Path) -> None:
    source, target = await filled(tmp_path), shared_cluster().new_database()
    with (
        reading(tmp_path / "book.db") as process,
        pytest.raises(CopyRefused, match=f"process {process} uses"),
    ):
        await run(source, target)
    other = contextlib.closing(connect(read_address(target), write=True))
    with other, pytest.raises(CopyRefused, match="uses postgresql:"):
        await run(source, target)


async def test_another_source_and_the_same_book_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = await filled(tmp_path), shared_cluster().new_database()
    with monkeypatch.context() as patch:
        patch.setattr(copying, "_compare", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await run(source, target)
    (tmp_path / "other").mkdir()
    with pytest.raises(CopyRefused, match="another book is being copied"):
        await run(lay_out(tmp_path / "other"), target)
    with pytest.raises(CopyRefused, match="the same book"):
        await run(source, source)
    with pytest.raises(CopyRefused, match="there is no book"):
        await run(f"sqlite:{tmp_path / 'nowhere.db'}", target)


async def test_the_way_back(tmp_path: Path) -> None:
    source, target = await filled(tmp_path), shared_cluster().new_database()
    await run(source, target)
    (tmp_path / "back").mkdir()
    back = await run(target, f"sqlite:{tmp_path / 'back' / 'book.db'}")
    assert back.rows["jobs"] == 10
