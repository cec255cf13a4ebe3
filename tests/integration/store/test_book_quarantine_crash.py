"""A process that files and releases automatic mail is killed: each mail is in one place, whole."""

import asyncio
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from small_book import lay_out, small_book

KILLS = 3

WRITER = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from store.book import Book
from store.mail import Envelope
from store.quarantine import NewQuarantined

folder, first = Path(sys.argv[1]), int(sys.argv[2])

def automatic(number):
    return NewQuarantined(
        client_address="192.0.2.1", helo="", header_from="ana@hospital.example", message_id="",
        mark="List-Id",
        envelope=Envelope(return_path="", recipients=("+12065550100@fax.example.com",)),
        dedupe_key=f"key-{number}", body=number.to_bytes(4, "big") * (25_000 if number % 10 == 0 else 500),
    )

async def work(book, numbers):
    for number in numbers:
        mail_id = await book.quarantine(automatic(number), limit=1_000_000)
        os.write(1, f"filed key-{number}\\n".encode())
        if number % 2:
            await book.release_quarantined(mail_id, user_email="ana@hospital.example", by="olga")
            os.write(1, f"released key-{number}\\n".encode())
        elif number % 3 == 0:
            await book.delete_quarantined(mail_id, by="olga")
            os.write(1, f"deleted key-{number}\\n".encode())

async def main():
    url = f"sqlite:{folder / 'book.db'}"
    async with Book(url, folder / "documents", clock=lambda: datetime.now(UTC)) as book:
        numbers = iter(range(first, first + 1_000_000))
        await asyncio.gather(*(work(book, numbers) for _ in range(10)))

asyncio.run(main())
"""


async def test_every_mail_is_in_one_place(tmp_path: Path) -> None:
    lay_out(tmp_path)
    told = tmp_path / "told"
    told.touch()
    for kill in range(KILLS):
        await _write_and_be_killed(tmp_path, kill * 1_000_000, told)
    said: dict[str, set[str]] = {"filed": set(), "released": set(), "deleted": set()}
    for line in told.read_text().splitlines():
        what, key = line.split()
        said[what].add(key)
    assert all(said.values())
    await _compare(tmp_path, said)


async def _write_and_be_killed(folder: Path, first: int, told: Path) -> None:
    size = told.stat().st_size
    with told.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(folder), str(first), stdout=out
        )
    try:
        while told.stat().st_size < size + 2000:
            assert process.returncode is None
            await asyncio.sleep(0.01)
        await asyncio.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - any moment
    finally:
        process.kill()
        await process.wait()


async def _compare(folder: Path, said: dict[str, set[str]]) -> None:
    with closing(sqlite3.connect(folder / "book.db")) as book:
        held = dict(book.execute("SELECT dedupe_key, body FROM quarantine"))
        taken_on = dict(book.execute("SELECT dedupe_key, body FROM mails"))
        bodies = book.execute("SELECT count(*) FROM bodies").fetchone()[0]
    assert not held.keys() & taken_on.keys()
    assert said["released"] <= taken_on.keys()
    assert not said["deleted"] & (held.keys() | taken_on.keys())
    # Of a mail whose deletion was under way, it is not known whether it was done.
    deletable = {key for key in said["filed"] if int(key[4:]) % 6 == 0}
    assert said["filed"] - deletable <= held.keys() | taken_on.keys()
    assert bodies == len(held) + len(taken_on)
    async with small_book(folder) as small:
        for key, reference in (held | taken_on).items():
            octets = await small.book.body(reference)
            assert octets == int(key[4:]).to_bytes(4, "big") * (len(octets) // 4)
