"""Whether mails are taken on while many documents are purged: mails a second, with the purge and without it.

    python benchmarks/purge.py [--faxes 50000] [--windows 8] [--seconds 5] [--workers 2] [--callers 5]

The book has that many faxes whose documents have been kept long enough, each with a mail of 4 KB and a
document of 16 KB, made by SQL. Accept workers, a process each, take mails of 5 KB on as fast as they can. In
a process of its own, as the service's housekeeping does it, the purge runs for one window and rests for the
next, in turn; the ratio is the median of those of neighbouring windows. Then it runs to its end, with mails
coming in all the time. At last the book and its log are searched for what stood in the documents.
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import uvloop
from book_accept import mail, now
from figures import percentile, print_heading, print_table
from records_book import END, fax_rows, insert_rows, keep_users

from config.upkeep import RetentionSettings
from postfax.logging import silence
from store.book import Book

_SIZE = 5_000
_MAIL, _DOCUMENT = 4_000, 16_000
_MARK = b"Gertrude-Hallmann-1947"
_STARTING_SECONDS = 3.0
_GROUP = 2_000
_OVER = END + timedelta(days=8)
"""When all documents have been kept long enough."""


def make_book(path: Path, faxes: int) -> None:
    """A book with faxes that were sent long ago and whose octets are all there."""
    rng = Random(7)  # noqa: S311 - figures, no secrets
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-200000"):
            book.execute(f"PRAGMA {pragma}").close()
        book.execute("BEGIN")
        users = keep_users(book)
        rows = fax_rows(faxes, 0.2, users, rng)
        while group := list(islice(rows, _GROUP)):
            insert_rows(book, "bodies", [body for fax in group for body in _bodies(fax[1]["id"], rng)])
            insert_rows(book, "mails", [{**fax[0], "body": f"row:{fax[1]['id']}.eml"} for fax in group])
            insert_rows(book, "jobs", [fax[1] for fax in group])
            insert_rows(book, "documents", [_document(fax[1]["id"]) for fax in group])
        book.execute("COMMIT")
        book.execute("PRAGMA journal_mode=WAL").close()


def _bodies(fax_id: str, rng: Random) -> Iterator[dict[str, Any]]:
    for ending, size in (("eml", _MAIL), ("tif", _DOCUMENT)):
        octets = rng.randbytes(size - len(_MARK)) + _MARK
        yield {"reference": f"row:{fax_id}.{ending}", "size": size, "octets": octets, "purged_at": None}


def _document(fax_id: str) -> dict[str, Any]:
    return {"job_id": fax_id, "body": f"row:{fax_id}.tif", "sha256": "", "resolution": "fine", "pages": "[]"}


async def _accept(book: Book, options: argparse.Namespace) -> list[float]:
    """Take mails on until the end file is there; when each was durable."""
    done: list[float] = []
    numbers = iter(range(options.process << 40, (options.process + 1) << 40))
    end = Path(options.folder) / "end"
    running = True

    async def one_after_the_other() -> None:
        while running:
            await book.accept_mail(mail(next(numbers), _SIZE))
            done.append(time.time())

    callers = asyncio.gather(*(one_after_the_other() for _ in range(options.callers)))
    while not end.exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.1)
    running = False
    await callers
    return done


async def _purge(book: Book, options: argparse.Namespace) -> list[float]:
    """Purge for a window and rest for one, in turn, then to the end; when the windows and the end were."""
    await asyncio.sleep(options.begin - time.time())
    times = []
    for _ in range(options.windows):
        await asyncio.sleep(options.seconds)
        times.append(time.time())
        purging = asyncio.create_task(_once(book))
        await asyncio.wait([purging], timeout=options.seconds)
        if purging.done():
            raise SystemExit("purge: there were too few faxes for so many windows; say --faxes")
        purging.cancel()
        await asyncio.wait([purging])
        times.append(time.time())
    await _once(book)
    times.append(time.time())
    (Path(options.folder) / "end").touch()
    return times


async def _once(book: Book) -> None:
    purged = await book.purge_faxes(lambda _: None, RetentionSettings())
    if not purged.wiped:
        await asyncio.sleep(1)
        await book.wipe()


async def _process(options: argparse.Namespace) -> list[float]:
    folder = Path(options.folder)
    work, clock = (_purge, lambda: _OVER) if options.role == "purge" else (_accept, now)
    async with Book(f"sqlite:{folder / 'book.db'}", folder / "documents", clock=clock) as book:
        return await work(book, options)


def _run_all(options: argparse.Namespace, folder: Path) -> tuple[list[float], list[float]]:
    begin = time.time() + _STARTING_SECONDS
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, __file__, "--role", role, "--process", str(number), "--begin", str(begin)),
                *("--folder", str(folder), "--seconds", str(options.seconds)),
                *("--callers", str(options.callers), "--windows", str(options.windows)),
            ]
        )
        for number, role in enumerate(["purge"] + ["accept"] * options.workers)
    ]
    said = []
    for number, process in enumerate(processes):
        if process.wait():
            (folder / "end").touch()
            raise SystemExit(f"purge: process {number} failed")
        said.append(json.loads((folder / str(number)).read_text()))
    return said[0], sorted(moment for each in said[1:] for moment in each)


def _report(options: argparse.Namespace, times: list[float], accepted: list[float], took: float) -> None:
    begins, ends, end = times[:-1:2], times[1:-1:2], times[-1]

    def rate(begin: float, until: float) -> float:
        return sum(begin <= moment < until for moment in accepted) / (until - begin)

    idle = [rate(begin - options.seconds, begin) for begin in begins]
    busy = [rate(begin, until) for begin, until in zip(begins, ends, strict=True)]
    ratios = [one / other for one, other in zip(busy, idle, strict=True) if other]
    print_table(
        ("mails a second", "idle", "during the purge", "ratio", "lowest ratio"),
        [
            (
                f"{options.workers} × {options.callers}",
                f"{statistics.median(idle):,.0f}",
                f"{statistics.median(busy):,.0f}",
                f"{statistics.median(ratios):.2f}",
                f"{percentile(ratios, 0):.2f}",
            )
        ],
    )
    print(f"to its end in {took:.0f} s, with {rate(ends[-1], end):,.0f} mails a second all the time")


def _remains(folder: Path) -> int:
    """How often something of the documents is found; the mails that came in have nothing of it."""
    found = 0
    for path in folder.glob("book.db*"):
        rest = b""
        with path.open("rb") as file:
            while piece := file.read(1 << 22):
                found += (rest + piece).count(_MARK)
                rest = piece[-len(_MARK) + 1 :]
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="./dev bench purge", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faxes", type=int, default=50_000)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--callers", type=int, default=5)
    parser.add_argument("--folder", default=None)
    for name, kind in (("--role", str), ("--process", int), ("--begin", float)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.role:
        silence()
        done = uvloop.run(_process(options))
        (Path(options.folder) / str(options.process)).write_text(json.dumps(done))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        asyncio.run(Book.migrate(f"sqlite:{folder / 'book.db'}"))
        make_book(folder / "book.db", options.faxes)
        print_heading(f"Purging {2 * options.faxes:,} documents and mails of {options.faxes:,} faxes")
        times, accepted = _run_all(options, folder)
        _report(options, times, accepted, times[-1] - times[-2])
        print(f"found of them afterwards, in the book and its log: {_remains(folder)}")


if __name__ == "__main__":
    main()
