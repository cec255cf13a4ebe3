"""How long the choice of the next call takes, with few faxes waiting and with very many.

    python benchmarks/dispatch.py [--waiting 1000,1000000] [--departments 20] [--claims 300]

A book is filled with so many faxes that are due, of several departments, and calls are claimed from it and
ended as busy, one after the other, as the service does. Printed: p50 and p99 of one claim, and of one
outcome; and each size's p50 as a multiple of the smallest's, in turns within one run.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from book_accept import mail
from figures import percentile, print_heading, print_table

from config.fax import Resolution
from config.settings import Settings, UserPolicy
from store.book import Book
from store.job import FaxPage, NewJob, Outcome, Recipient
from store.new_document import NewDocument
from store.sqlite import book_path
from store.status import Status

_LEASE = timedelta(minutes=10)
_CHANNELS = {"main": 100}
_USER = UserPolicy(name="Ana Ruiz", email="ana@hospital.example", company="Hospital", settings=Settings())
_AGAIN = timedelta(days=1)
_ROUNDS = 5
# Every fax is a copy of the first but for what tells them apart.
_MULTIPLY = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :more)
INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, numbers WHERE {table}.{key} = :first
"""


@dataclass
class Took:
    """Seconds of each."""

    claims: list[float] = field(default_factory=list)
    outcomes: list[float] = field(default_factory=list)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


async def fill(url: str, folder: Path, waiting: int, departments: int) -> None:
    """Make a book in which so many faxes are due."""
    await Book.migrate(url)
    async with Book(url, folder / "documents", clock=now) as book:
        mail_id = (await book.accept_mail(mail(1, 1000))).mail_id
        (job,) = await book.record_submission(
            mail_id, subject="", message_id="", references=(), user=_USER,
            jobs=[NewJob(recipient=Recipient(number="+12065550000"))],
        )  # fmt: skip
        document = folder / "document.tif"
        document.write_bytes(b"II*\0")
        page = FaxPage(width=1728, height=2200, octets=4, origin="letter.pdf")
        made = NewDocument(path=document, resolution=Resolution.FINE, pages=(page,))
        await book.record_documents(mail_id, {job.id: made})
    with closing(sqlite3.connect(book_path(url), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF").close()
        unlike = {
            "id": "'J' || n", "position": "n", "number": "'+1206' || (5550000 + n)", "due_at": "due_at + n",
            "department": f"'Department ' || (n % {departments})",
        }  # fmt: skip
        _multiply(connection, "jobs", "id", unlike, job.id, waiting - 1)
        _multiply(connection, "documents", "job_id", {"job_id": "'J' || n"}, job.id, waiting - 1)
        connection.execute("ANALYZE").close()


def _multiply(
    book: sqlite3.Connection, table: str, key: str, unlike: dict[str, str], first: str, more: int
) -> None:
    columns = [row[1] for row in book.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(unlike.get(column, f"{table}.{column}") for column in columns)
    statement = _MULTIPLY.format(table=table, key=key, columns=", ".join(columns), values=values)
    book.execute(statement, {"more": more, "first": first}).close()


async def dispatch(url: str, folder: Path, claims: int, took: Took) -> None:
    """Claim calls and end them, each time noting how long it took."""
    async with Book(url, folder / "documents", clock=now) as book:
        for _ in range(claims):
            begun = time.perf_counter()
            claimed = await book.claim_call(_CHANNELS, _LEASE, lambda *_: "header")
            claimed_at = time.perf_counter()
            if claimed is None:
                raise SystemExit("dispatch: no fax was due")
            outcome = Outcome(status=Status.BUSY, cause="", ended_at=now())
            await book.record_outcome(claimed[1].id, outcome, now() + _AGAIN)
            took.claims.append(claimed_at - begun)
            took.outcomes.append(time.perf_counter() - claimed_at)


async def measure(sizes: Sequence[int], departments: int, claims: int, folder: Path) -> dict[int, Took]:
    """All sizes in turns."""
    books = {}
    for size in sizes:
        place = folder / str(size)
        place.mkdir()
        books[size] = (f"sqlite:{place / 'book.db'}", place)
        await fill(*books[size], size, departments)
    took = {size: Took() for size in sizes}
    for _ in range(_ROUNDS):
        for size, (url, place) in books.items():
            await dispatch(url, place, claims // _ROUNDS, took[size])
    return took


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waiting", default="1000,1000000", help="faxes that are due, several with commas")
    parser.add_argument("--departments", type=int, default=20)
    parser.add_argument("--claims", type=int, default=300)
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.waiting.split(",")]
    print_heading(f"dispatch: the choice of the next call, {options.departments} departments")
    with tempfile.TemporaryDirectory(dir=".", prefix="postfax-dispatch-") as folder:
        took = asyncio.run(measure(sizes, options.departments, options.claims, Path(folder)))
    least = statistics.median(took[sizes[0]].claims)
    rows = [
        [
            f"{size:,}",
            *(f"{1000 * percentile(took[size].claims, percent):.2f}" for percent in (50, 99)),
            f"{1000 * percentile(took[size].outcomes, 50):.2f}",
            f"{statistics.median(took[size].claims) / least:.2f}",
        ]
        for size in sizes
    ]
    print_table(["faxes due", "claim p50 ms", "claim p99 ms", "outcome p50 ms", "claim / first"], rows)


if __name__ == "__main__":
    main()
