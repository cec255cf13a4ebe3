"""A process that removes what was kept long enough is killed: the next one ends what it began."""

import asyncio
import random
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from small_book import SmallBook, new_mail, policy, small_book, to

from config.notifications import NoticeSwitches
from config.upkeep import RetentionSettings
from store.bodies import ROW_LIMIT
from store.mail import MailState

MAILS, KILLS = 30, 3
SECRET = b"Gertrude-Hallmann-1947"
SILENT = NoticeSwitches(success=False, failure=False)

PURGER = """
import asyncio, os, sys
from datetime import datetime
from pathlib import Path
from config.upkeep import RetentionSettings
from store.book import Book
from store.records import retention

folder, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
retention.GROUP = 1

async def main():
    async with Book(f"sqlite:{folder / 'book.db'}", folder / "documents", clock=lambda: now) as book:
        remove = book._bodies.remove
        def told(references):
            os.write(1, b".")
            remove(references)
        book._bodies.remove = told
        await book.purge_faxes(lambda _: None, RetentionSettings(), everything=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def ended(small: SmallBook, number: int) -> None:
    """A mail with whose one fax nothing is to be done any more."""
    octets = SECRET * (2 * ROW_LIMIT // len(SECRET) if number % 2 else 40)
    accepted = await small.book.accept_mail(new_mail(number, octets))
    [job] = await small.book.record_submission(
        accepted.mail_id,
        subject="x",
        message_id="",
        references=(),
        user=policy(initial=SILENT, delivery=SILENT),
        jobs=to(f"+12065550{number:03}"),
    )
    await small.book.record_documents(accepted.mail_id, {job.id: small.document(octets)})
    await small.book.cancel(job.id, by="root")


async def purge_and_be_killed(folder: Path, now: datetime) -> int:
    """How many groups were removed before the end."""
    told = folder / "told"
    with told.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PURGER, str(folder), now.isoformat(), stdout=out
        )
    try:
        while told.stat().st_size < 3:
            assert process.returncode is None
            await asyncio.sleep(0.005)
        await asyncio.sleep(random.uniform(0, 0.05))  # noqa: S311 - any moment
    finally:
        process.kill()
        await process.wait()
    return told.stat().st_size


async def test_what_one_began_the_next_one_ends(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for number in range(MAILS):
            await ended(small, number)
        (tmp_path / "document.tif").unlink()
        now = small.clock.set_on(timedelta(days=7))
    for _ in range(KILLS):
        await purge_and_be_killed(tmp_path, now)
    async with small_book(tmp_path) as small:
        small.clock.time = datetime.now(UTC) + timedelta(hours=2)
        await small.book.sweep_bodies()  # as at each start, for files that nothing needs
        small.clock.time = now
        kept = (await small.book.counts()).mails
        assert kept[MailState.PURGED] >= 3 * KILLS
        await small.book.purge_faxes(lambda _: None, RetentionSettings(), everything=True)
        assert (await small.book.counts()).mails[MailState.PURGED] == MAILS
        small.clock.set_on(timedelta(days=83))
        assert (await small.book.purge_faxes(lambda _: None, RetentionSettings())).records == MAILS
    files = [file for file in (tmp_path / "book.db", tmp_path / "book.db-wal") if file.exists()]
    assert not any(SECRET in file.read_bytes() for file in files)
    assert not [file for file in (tmp_path / "documents").rglob("*") if file.is_file()]
    with closing(sqlite3.connect(tmp_path / "book.db")) as book:
        assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert book.execute("PRAGMA foreign_key_check").fetchall() == []
        assert book.execute("SELECT count(*) FROM bodies").fetchone() == (0,)
