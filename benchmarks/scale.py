"""How much of its book a site needs: faxes through it with several processes, few and very many waiting.

    python benchmarks/scale.py [--databases sqlite,postgresql] [--processes 1,2,4] [--waiting 1000,1000000]

Each process is a host of its own as far as the book can tell. It has `--lives` faxes under way, and takes
each through everything that a fax means for the book: the mail taken on, claimed, decided, claimed again, its
document kept, its call claimed and ended, both notices claimed and delivered. Mails, documents, calls and
notices themselves are nothing here; they cost what their own benchmarks tell. Before that, so many other
faxes wait in the book, all of them due.

Printed: faxes a second of all processes; processor milliseconds a fax, of the processes and of the database
server; p50 and p99 of the claim of a call; octets that a fax adds to the book; and the memory of a process,
with what a thousand waiting faxes more add to it. PostgreSQL flushes its log as its own default is.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import uvloop
from backlog import USER, fax_document, fill, now
from book_accept import mail
from book_places import BookPlace, book_places
from figures import percentile, print_heading, print_table

from postfax.logging import silence
from store.book import Book
from store.job import NewJob, Outcome, Recipient
from store.mail import MailState
from store.status import Status

_LEASE = timedelta(minutes=10)
_CHANNELS = {"main": 1_000_000}
_SIZE = 5_000
_DEPARTMENTS = 20
_STARTING_SECONDS = 4.0
"""From the start of the first process to the moment from which all of them count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worked:
    """What one process did in its time."""

    faxes: int
    cpu: float
    """Seconds."""
    claims: list[float]
    """Seconds of each claim of a call."""
    memory: int
    """Resident at most, octets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What all processes did with one book."""

    worked: list[Worked]
    seconds: float
    server_cpu: float
    grown: int
    """Octets of the database more than before."""

    @property
    def faxes(self) -> int:
        """Of all processes."""
        return sum(each.faxes for each in self.worked)

    @property
    def claims(self) -> list[float]:
        """Of all processes, milliseconds."""
        return [1000 * took for each in self.worked for took in each.claims] or [0.0]

    @property
    def memory(self) -> float:
        """Of the largest process, MiB."""
        return max(each.memory for each in self.worked) / 2**20


# --- One process --------------------------------------------------------------------------------------------


class Lives:
    """Takes faxes through the book, one life after the other."""

    def __init__(self, book: Book, folder: Path, process: int, begin: float, end: float) -> None:
        self._book = book
        self._document = fax_document(folder)
        self._numbers = iter(range(process << 24, (process + 1) << 24))
        self._begin, self._end = begin, end
        self.faxes = 0
        self.claims: list[float] = []

    async def go_on(self) -> None:
        """One after the other until the end."""
        while time.time() < self._end:
            await self._accept_and_decide()
            await self._make()
            await self._call()
            await self._tell()
            self.faxes += time.time() >= self._begin

    async def _accept_and_decide(self) -> None:
        number = next(self._numbers)
        await self._book.accept_mail(mail(number + 2, _SIZE))
        if claim := await self._book.claim_mail(MailState.RECEIVED, _LEASE):
            new = [NewJob(recipient=Recipient(number=f"+1{7_000_000_000 + number}"))]
            await self._book.record_submission(
                claim.mail.id, subject="Referral", message_id="", references=(), user=USER, jobs=new
            )

    async def _make(self) -> None:
        if claim := await self._book.claim_mail(MailState.SUBMITTED, _LEASE):
            jobs = await self._book.group(claim.mail.id)
            await self._book.record_documents(claim.mail.id, {job.id: self._document for job in jobs})

    async def _call(self) -> None:
        begun = time.perf_counter()
        claimed = await self._book.claim_call(_CHANNELS, _LEASE, lambda *_: "header")
        self.claims.append(time.perf_counter() - begun)
        if claimed:
            outcome = Outcome(status=Status.SUCCESS, cause="", ended_at=now(), pages_confirmed=1)
            await self._book.record_outcome(claimed[1].id, outcome, None)

    async def _tell(self) -> None:
        for _ in range(2):
            if notice := await self._book.claim_notice(_LEASE):
                await self._book.notice_delivered(notice.id)


async def _process(options: argparse.Namespace) -> Worked:
    folder = Path(options.folder) / f"process-{options.process}"
    folder.mkdir()
    async with Book(options.url, Path(options.folder) / "documents", clock=now) as book:
        await asyncio.sleep(max(0.0, options.begin - time.time()))
        cpu = time.process_time()
        lives = Lives(book, folder, options.process, options.begin, options.begin + options.seconds)
        await asyncio.gather(*(lives.go_on() for _ in range(options.lives)))
        return Worked(
            faxes=lives.faxes,
            cpu=time.process_time() - cpu,
            claims=lives.claims,
            memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        )


# --- All of them --------------------------------------------------------------------------------------------


def run(place: BookPlace, processes: int, options: argparse.Namespace) -> Measured:
    """So many processes at one time on this book."""
    begin = time.time() + _STARTING_SECONDS
    octets, server_cpu = place.octets(), place.server_cpu()
    started = [
        subprocess.Popen(
            [
                *(sys.executable, __file__, "--process", str(number), "--begin", str(begin)),
                *("--url", place.url, "--folder", str(place.folder)),
                *("--seconds", str(options.seconds), "--lives", str(options.lives)),
            ],
            stdout=subprocess.PIPE,
        )
        for number in range(processes)
    ]
    said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise SystemExit("scale: a process failed")
    return Measured(
        worked=[Worked(**json.loads(figures)) for figures in said],
        seconds=options.seconds,
        server_cpu=place.server_cpu() - server_cpu,
        grown=place.octets() - octets,
    )


def measure(database: str, options: argparse.Namespace, folder: Path) -> dict[tuple[int, int], Measured]:
    """Every number of waiting faxes with every number of processes, each in a book of its own."""
    measured = {}
    with book_places(database, folder) as places:
        for waiting in options.waiting:
            for processes in options.processes:
                place = next(places)
                asyncio.run(fill(place.url, place.folder, waiting, _DEPARTMENTS))
                measured[waiting, processes] = run(place, processes, options)
    return measured


def _row(database: str, waiting: int, processes: int, figures: Measured, least: Measured) -> list[str]:
    claim, memory = percentile(figures.claims, 50), figures.memory - least.memory
    return [
        f"{database}, {waiting:,} waiting",
        str(processes),
        f"{figures.faxes / figures.seconds:,.0f}",
        f"{1000 * sum(each.cpu for each in figures.worked) / max(1, figures.faxes):.1f}",
        f"{1000 * figures.server_cpu / max(1, figures.faxes):.1f}",
        f"{claim:.1f}",
        f"{percentile(figures.claims, 99):.1f}",
        f"{claim / percentile(least.claims, 50):.2f}",
        f"{figures.grown / max(1, figures.faxes):,.0f}",
        f"{figures.memory:.0f}",
        f"{1000 * 1024 * memory / waiting:+.1f}",
    ]


_COLUMNS = (
    "book", "processes", "faxes/s", "CPU ms/fax", "server ms/fax", "claim p50 ms", "p99 ms", "/ fewest",
    "octets/fax", "MiB", "KiB/1,000 waiting",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--databases", type=_words, default=_words("sqlite,postgresql"))
    parser.add_argument("--processes", type=_numbers, default=_numbers("1,2,4"))
    parser.add_argument("--waiting", type=_numbers, default=_numbers("1000,1000000"))
    parser.add_argument("--lives", type=int, default=8, help="faxes under way in each process")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--folder", default=".", help="where the books are made; on the disk that matters")
    for name, kind in (("url", str), ("process", int), ("begin", float)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    silence()
    if options.url:
        print(json.dumps(asdict(uvloop.run(_process(options)))))
        return
    print_heading(f"faxes through the book, {options.lives} under way in each process")
    rows = []
    for database in options.databases:
        with tempfile.TemporaryDirectory(dir=options.folder, prefix="postfax-scale-") as folder:
            figures = measure(database, options, Path(folder).resolve())
        for (waiting, processes), measured in figures.items():
            least = figures[options.waiting[0], processes]
            rows.append(_row(database, waiting, processes, measured, least))
    print_table(_COLUMNS, rows)


def _words(written: str) -> list[str]:
    return written.split(",")


def _numbers(written: str) -> list[int]:
    return [int(word) for word in written.split(",")]


if __name__ == "__main__":
    main()
