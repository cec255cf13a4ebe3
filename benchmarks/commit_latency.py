"""How long a commit takes when several processes write the book: accept workers, and claimers beside them.

    python benchmarks/commit_latency.py [--workers 4] [--callers 5] [--claimers 2] [--seconds 5]

Each worker is a process that has `--callers` mails under way at all times; each claimer is one that claims a
received mail and gives it back, again and again. All of them share one book and its lock. Printed: mails and
claims a second of all together, and p50, p99 and the longest of one `Book.accept_mail`, and of one claim.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import uvloop
from book_accept import mail, now
from figures import percentile, print_heading, print_table

from postfax.logging import silence
from store.book import Book
from store.mail import MailState

LEASE = timedelta(minutes=10)
_SIZE = 5_000
_STARTING_SECONDS = 3.0
"""From the start of the first process to the moment from which all of them count."""


async def accept(book: Book, process: int, callers: int, begin: float, end: float) -> list[float]:
    """Accept mails until the end; the seconds that each took of those since the beginning."""
    took: list[float] = []
    numbers = iter(range(process << 40, (process + 1) << 40))

    async def one_after_the_other() -> None:
        while (begun := time.time()) < end:
            await book.accept_mail(mail(next(numbers), _SIZE))
            if begun >= begin:
                took.append(time.time() - begun)

    await asyncio.gather(*(one_after_the_other() for _ in range(callers)))
    return took


async def claim(book: Book, begin: float, end: float) -> list[float]:
    """Claim mails and give them back until the end; the seconds that each claim took."""
    took: list[float] = []
    while (begun := time.time()) < end:
        claimed = await book.claim_mail(MailState.RECEIVED, LEASE)
        if claimed is None:
            await asyncio.sleep(0.01)
            continue
        if begun >= begin:
            took.append(time.time() - begun)
        await book.release_mail(claimed.mail.id, now())
    return took


async def _process(options: argparse.Namespace) -> list[float]:
    folder, end = Path(options.folder), options.begin + options.seconds
    async with Book(f"sqlite:{folder / 'book.db'}", folder / "documents", clock=now) as book:
        if options.role == "claim":
            return await claim(book, options.begin, end)
        return await accept(book, options.process, options.callers, options.begin, end)


def _run_all(options: argparse.Namespace, folder: Path) -> tuple[list[float], list[float]]:
    asyncio.run(Book.migrate(f"sqlite:{folder / 'book.db'}"))
    begin = time.time() + _STARTING_SECONDS
    roles = ["accept"] * options.workers + ["claim"] * options.claimers
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, __file__, "--role", role, "--process", str(number), "--begin", str(begin)),
                *("--folder", str(folder), "--seconds", str(options.seconds)),
                *("--callers", str(options.callers)),
            ]
        )
        for number, role in enumerate(roles)
    ]
    accepts: list[float] = []
    claims: list[float] = []
    for number, (process, role) in enumerate(zip(processes, roles, strict=True)):
        if process.wait():
            raise SystemExit(f"commit_latency: process {number} failed")
        took = json.loads(_figures(folder, number).read_text())
        (accepts if role == "accept" else claims).extend(took)
    return accepts, claims


def _figures(folder: Path, process: int) -> Path:
    return folder / f"figures-{process}.json"


def _line(name: str, took: list[float], seconds: float) -> list[str]:
    milliseconds = [1000 * each for each in took] or [0.0]
    return [
        name,
        f"{len(took) / seconds:,.0f}",
        *(f"{percentile(milliseconds, percent):.1f}" for percent in (50, 99)),
        f"{max(milliseconds):.1f}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="commit_latency", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--callers", type=int, default=5, help="mails under way in each worker")
    parser.add_argument("--claimers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--folder", type=Path, help="where the book is made; on the disk that matters")
    for name, kind in (("role", str), ("process", int), ("begin", float)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    silence()
    if options.role:
        took = uvloop.run(_process(options))
        _figures(options.folder, options.process).write_text(json.dumps(took))
        return
    print_heading(f"{options.workers} accept workers × {options.callers} mails, {options.claimers} claimers")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="postfax-commit-") as folder:
        accepts, claims = _run_all(options, Path(folder))
    print_table(
        ("commit", "per second", "p50 ms", "p99 ms", "longest ms"),
        [_line("mail accepted", accepts, options.seconds), _line("mail claimed", claims, options.seconds)],
    )


if __name__ == "__main__":
    main()
