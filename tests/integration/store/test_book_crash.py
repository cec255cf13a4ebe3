"""Nothing that was acknowledged is lost when a writing process is killed, or when several write."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_book import LEASE, directly, header, lay_out, new_mail, small_book, to
from sqlalchemy import text

from store.lifecycle import JobState
from store.mail import MailState
from store.owner import is_gone

KILLS = 4

WRITER = """
import asyncio, os, sys
from pathlib import Path
from datetime import UTC, datetime
sys.path.insert(0, sys.argv[2])
from small_book import new_mail, url_of
from store.book import Book

folder, first, last = Path(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])

async def accept(book, numbers):
    for number in numbers:
        body = number.to_bytes(4, "big") * (25_000 if number % 10 == 0 else 500)
        accepted = await book.accept_mail(new_mail(number, body))
        os.write(1, f"{number} {accepted.mail_id}\\n".encode())

async def main():
    async with Book(url_of(folder), folder / "documents", clock=lambda: datetime.now(UTC)) as book:
        numbers = iter(range(first, last))
        await asyncio.gather(*(accept(book, numbers) for _ in range(20)))

asyncio.run(main())
"""


def python(code: str, folder: Path) -> subprocess.Popen[str]:
    """A process of its own, with the folder of this file as its second argument."""
    arguments = [sys.executable, "-c", code, str(folder), str(Path(__file__).parent)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


@contextmanager
def writing(folder: Path, first: int, last: int, acknowledged: Path) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [sys.executable, "-c", WRITER, str(folder), str(Path(__file__).parent), str(first), str(last)]
    with acknowledged.open("ab") as out, subprocess.Popen(arguments, stdout=out) as process:
        try:
            yield process
        finally:
            process.kill()


def _rows(folder: Path, query: str) -> list[tuple[str, int, str]]:
    with directly(folder) as connection:
        return [(one, other, last) for one, other, last in connection.execute(text(query))]


async def _all_there(folder: Path, acknowledged: Path) -> int:
    """Compare every acknowledged mail with what is in the book; how many there are."""
    told = dict(line.split() for line in acknowledged.read_text().splitlines())
    async with small_book(folder) as small:
        for number, mail_id in told.items():
            again = await small.book.accept_mail(new_mail(int(number), b""))
            assert (again.duplicate, again.mail_id) == (True, mail_id)
        kept = _rows(folder, "SELECT message_id, size, body FROM mails")
        assert len(kept) >= len(told)
        for message_id, size, reference in kept:
            filled_with = int(message_id.strip("<").partition("@")[0])
            body = await small.book.body(reference)
            assert body == filled_with.to_bytes(4, "big") * (size // 4)
    return len(told)


async def test_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    lay_out(tmp_path)
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    for kill in range(KILLS):
        size = acknowledged.stat().st_size
        with writing(tmp_path, kill * 1_000_000, (kill + 1) * 1_000_000, acknowledged) as process:
            while acknowledged.stat().st_size == size:
                assert process.poll() is None
                await asyncio.sleep(0.01)
            await asyncio.sleep(random.uniform(0.02, 0.3))  # noqa: S311 - any moment
            process.send_signal(signal.SIGKILL)
    assert await _all_there(tmp_path, acknowledged) > KILLS


async def test_two_processes_write_at_one_time(tmp_path: Path) -> None:
    lay_out(tmp_path)
    acknowledged = tmp_path / "acknowledged"
    with writing(tmp_path, 0, 400, acknowledged) as one, writing(tmp_path, 400, 800, acknowledged) as two:
        assert (await asyncio.to_thread(one.wait), await asyncio.to_thread(two.wait)) == (0, 0)
    assert await _all_there(tmp_path, acknowledged) == 800


CLAIMER = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from datetime import UTC, datetime, timedelta
from pathlib import Path
from small_book import url_of
from store.book import Book
from store.mail import MailState

folder = Path(sys.argv[1])

async def main():
    async with Book(url_of(folder), folder / "documents", clock=lambda: datetime.now(UTC)) as book:
        while claim := await book.claim_mail(MailState.RECEIVED, timedelta(hours=1)):
            print(claim.mail.id)

asyncio.run(main())
"""


async def test_two_processes_never_claim_the_same(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        ids = [(await small.book.accept_mail(new_mail(number))).mail_id for number in range(200)]
    claimers = [python(CLAIMER, tmp_path) for _ in range(2)]
    outputs = await asyncio.gather(*(asyncio.to_thread(claimer.communicate) for claimer in claimers))
    claimed = [line for output, _ in outputs for line in output.split()]
    assert sorted(claimed) == sorted(ids)


DIALLER = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from small_book import small_book

async def main():
    async with small_book(Path(sys.argv[1])) as small:
        await small.call()
        print(small.book.owner, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_the_call_of_a_killed_process_is_made_again(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        (job,) = await small.queued("+12065550100")
        with python(DIALLER, tmp_path) as dialler:
            assert dialler.stdout is not None
            owner = (await asyncio.to_thread(dialler.stdout.readline)).strip()
            assert not is_gone(owner)
            assert (await small.book.release_dead_owners()).owners == ()
            dialler.kill()
            await _wait_until_gone(owner)
            released = await small.book.release_dead_owners()
            assert (released.owners, released.interrupted) == ((owner,), (f"{job.id}#1",))
        found = await small.book.job(job.id)
        assert found is not None
        assert (found.state, found.attempts[0].interrupted) == (JobState.WAITING, True)
        assert await small.book.claim_call({"main": 1}, LEASE, header) is not None


async def _wait_until_gone(owner: str) -> None:
    end = time.monotonic() + 60
    while not is_gone(owner):
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_a_group_of_jobs_is_decided_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small_book(tmp_path) as small:

        def fails(*_: object, **__: object) -> None:
            raise OSError(os.strerror(5))

        monkeypatch.setattr("store.records.submissions.advance_mail", fails)
        with pytest.raises(Exception, match="Input/output error"):
            await small.submitted(to("+12065550100", "+12065550101"))
        counts = await small.book.counts()
        assert (counts.mails[MailState.RECEIVED], counts.jobs[JobState.CONVERTING]) == (1, 0)
