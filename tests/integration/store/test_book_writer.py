"""The writer: groups, failures that stay with their caller, locks and full disks that are told and pass."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from small_book import Clock, lay_out, new_mail, small_book
from sqlalchemy import Connection, text

from store.book import Book
from store.errors import BookUnavailable
from store.mail import MailState
from store.sqlite_transactions import SqliteTransactions
from store.writer import Writer

COUNT = text("SELECT count(*) FROM policies")
INSERT = text("INSERT INTO policies VALUES (:name, '')")


@asynccontextmanager
async def writer(
    folder: Path, *, patience: float = 30.0, changed: Callable[[], None] = lambda: None
) -> AsyncIterator[Writer]:
    lay_out(folder)
    made = Writer(SqliteTransactions(folder / "book.db"), patience=patience, changed=changed)
    made.start()
    try:
        yield made
    finally:
        await asyncio.to_thread(made.stop)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / "book.lock", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def insert(name: str) -> Callable[[Connection], None]:
    def run(connection: Connection) -> None:
        connection.execute(INSERT, {"name": name})

    return run


def count(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "book.db")) as connection:
        found: tuple[int] = connection.execute(str(COUNT)).fetchone()
        return found[0]


async def test_a_commit_is_on_the_disk_and_what_is_deleted_is_gone(tmp_path: Path) -> None:
    def ask(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        return {name: connection.scalar(text(f"PRAGMA {name}")) for name in names}

    async with writer(tmp_path) as book:
        assert await book.write(ask) == {
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "secure_delete": 1,
            "foreign_keys": 1,
        }


async def test_what_waits_together_is_committed_together(tmp_path: Path) -> None:
    commits: list[None] = []
    async with writer(tmp_path, changed=lambda: commits.append(None)) as book:
        with locked(tmp_path):
            writes = [asyncio.ensure_future(book.write(insert(str(number)))) for number in range(50)]
            await asyncio.sleep(0.05)
            assert count(tmp_path) == 0
        await asyncio.gather(*writes)
        assert count(tmp_path) == 50
        assert len(commits) <= 2


async def test_items_of_callers_who_come_at_one_time_are_gathered(tmp_path: Path) -> None:
    groups: list[int] = []

    def together(_: Connection, items: Sequence[int]) -> Sequence[int]:
        groups.append(len(items))
        return items

    async def one_after_the_other(book: Writer) -> None:
        for number in range(30):
            assert await book.write_together(together, number) == number

    async with writer(tmp_path) as book:
        await one_after_the_other(book)
        assert groups == [1] * 30
        groups.clear()
        await asyncio.gather(*(one_after_the_other(book) for _ in range(8)))
        assert sum(groups) == 8 * 30
        assert len(groups) < 60


async def test_what_is_being_gathered_is_written_before_the_end(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await asyncio.gather(*(small.book.accept_mail(new_mail(number)) for number in range(5)))
        last = asyncio.ensure_future(small.book.accept_mail(new_mail(5)))
        await asyncio.sleep(0)
    assert (await asyncio.wait_for(last, 60)).mail_id


async def test_one_that_fails_is_undone_alone(tmp_path: Path) -> None:
    def fails(connection: Connection) -> None:
        insert("half")(connection)
        raise LookupError("my own")

    async with writer(tmp_path) as book:
        with locked(tmp_path):
            writes = [
                asyncio.ensure_future(book.write(function))
                for function in (insert("a"), fails, insert("b"), insert("a"))
            ]
            await asyncio.sleep(0.05)
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [type(result).__name__ for result in results] == [
            "NoneType",
            "LookupError",
            "NoneType",
            "IntegrityError",
        ]
        assert count(tmp_path) == 2


async def test_one_that_fails_with_nobody_beside_it_leaves_nothing(tmp_path: Path) -> None:
    def fails(connection: Connection) -> None:
        insert("half")(connection)
        raise LookupError("my own")

    async with writer(tmp_path) as book:
        with pytest.raises(LookupError, match="my own"):
            await book.write(fails)
        await book.write(insert("half"))
        assert count(tmp_path) == 1


async def test_an_item_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    runs: list[int] = []

    def insert_all(connection: Connection, names: Sequence[str]) -> Sequence[str]:
        runs.append(len(names))
        for name in names:
            connection.execute(INSERT, {"name": name})
        return [name.upper() for name in names]

    async with writer(tmp_path) as book:
        assert await book.write_together(insert_all, "a") == "A"
        with locked(tmp_path):
            first = asyncio.ensure_future(book.write(lambda _: None))
            await asyncio.sleep(0.5)
            writes = [asyncio.ensure_future(book.write_together(insert_all, name)) for name in "bacd"]
            await asyncio.sleep(0.05)
        await first
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [str(result)[:1] for result in results] == ["B", "(", "C", "D"]
        assert runs == [1, 4, 1, 1, 1, 1]
        assert count(tmp_path) == 4


async def test_a_lock_that_stays_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    async with writer(tmp_path, patience=0.1) as book:
        with locked(tmp_path):
            with pytest.raises(BookUnavailable, match=r"locked for 0\.1 seconds") as told:
                await book.write(insert("late"))
            assert "fuser" in told.value.sentence
        await book.write(insert("next"))
        assert count(tmp_path) == 1


async def test_a_caller_that_leaves_before_its_turn_has_nothing_written(tmp_path: Path) -> None:
    async with writer(tmp_path) as book:
        with locked(tmp_path):
            task = asyncio.ensure_future(book.write(insert("gone")))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await book.write(insert("next"))
        assert count(tmp_path) == 1


async def test_a_caller_that_leaves_in_its_turn_has_it_written(tmp_path: Path) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(60)
        insert("slow")(connection)

    async with writer(tmp_path, patience=0.1) as book:
        task = asyncio.ensure_future(book.write(slow))
        await begun.wait()
        await asyncio.sleep(0.2)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        await book.write(insert("next"))
        assert count(tmp_path) == 2


async def test_what_is_queued_is_written_before_the_end(tmp_path: Path) -> None:
    async with writer(tmp_path) as book:
        writes = [asyncio.ensure_future(book.write(insert(str(number)))) for number in range(500)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*writes)) == 500
    assert count(tmp_path) == 500
    with pytest.raises(BookUnavailable, match="is ending"):
        await book.write(insert("late"))


async def test_another_program_in_the_book_is_told_and_waited_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.sqlite._BUSY_SECONDS", 0.1)
    async with writer(tmp_path) as book:
        with closing(sqlite3.connect(tmp_path / "book.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writes = [book.write(insert("a")), book.write(insert("b"))]
            told = await asyncio.gather(*writes, return_exceptions=True)
            assert [type(error) for error in told] == [BookUnavailable, BookUnavailable]
            assert "keeps the book" in str(told[0])
        await book.write(insert("a"))
        assert count(tmp_path) == 1


async def test_a_writer_that_is_locked_out_does_not_hold_up_the_end(tmp_path: Path) -> None:
    lay_out(tmp_path)
    made = Writer(SqliteTransactions(tmp_path / "book.db"), patience=0.2, changed=lambda: None)
    made.start()
    with locked(tmp_path):
        with pytest.raises(BookUnavailable):
            await made.write(insert("late"))
        await asyncio.wait_for(asyncio.to_thread(made.stop), 60)
    made.stop()
    assert count(tmp_path) == 0


async def test_an_id_that_is_taken_is_not_given_again(tmp_path: Path) -> None:
    async with small_book(tmp_path, seed=1) as small:
        first = await small.book.accept_mail(new_mail(1))
    async with small_book(tmp_path, seed=1) as small:
        second = await small.book.accept_mail(new_mail(2))
        assert first.mail_id != second.mail_id
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 2


async def test_when_every_id_is_taken_it_is_told(tmp_path: Path) -> None:
    class Stuck(Random):
        def random(self) -> float:
            return 0.5

    url = lay_out(tmp_path)
    async with Book(url, tmp_path / "documents", clock=Clock(), rng=Stuck()) as book:
        await book.accept_mail(new_mail(1))
        with pytest.raises(BookUnavailable, match="run out of ids"):
            await book.accept_mail(new_mail(2))


async def test_a_damaged_book_is_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail())
    path = tmp_path / "book.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    with pytest.raises(BookUnavailable, match="damaged"):
        async with small_book(tmp_path) as small:
            await small.book.accept_mail(new_mail(2))


async def test_a_disk_that_is_nearly_full_is_told_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small_book(tmp_path) as small:
        await small.book.check_writable()
        monkeypatch.setattr("store.disk.check_space.__defaults__", (1 << 62,))
        with pytest.raises(BookUnavailable, match="are needed"):
            await small.book.check_writable()


async def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        shutil.rmtree(tmp_path / "documents")
        with pytest.raises(BookUnavailable, match="may not be written"):
            await small.book.check_writable()


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from small_book import new_mail, small_book
from store.errors import BookUnavailable

async def main():
    async with small_book(Path(sys.argv[1])) as small:
        first = (await small.book.accept_mail(new_mail(1))).mail_id
        # A file that may not grow fails a write as a full disk does.
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        told = []
        number = 1
        while len(told) < 3:
            number += 1
            try:
                await small.book.accept_mail(new_mail(number, body=bytes(60_000)))
            except BookUnavailable as error:
                told.append(error.sentence)
        try:
            await small.book.accept_mail(new_mail(1000, body=bytes(400_000)))
        except BookUnavailable as error:
            told.append(error.sentence)
        assert await small.book.mail(first) is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await small.book.accept_mail(new_mail(2000, body=bytes(400_000)))
        await small.book.accept_mail(new_mail(number))
        print(number, (await small.book.counts()).mails)
        print(*told, sep="\\n")

asyncio.run(main())
"""


def test_a_full_disk_is_told_and_the_service_goes_on(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    counts, *told = run.stdout.splitlines()[-5:]
    assert len(told) == 4
    assert all("disk" in sentence for sentence in told[:3]), told
    assert told[3].startswith(f"{tmp_path / 'documents'}: File too large.")
    # All before the first refusal, the first one itself when there was room again, and the large one.
    accepted = int(counts.split()[0]) - 3 + 2
    assert f"'received'>: {accepted}," in counts
    assert not list((tmp_path / "documents").rglob("*.partial"))
