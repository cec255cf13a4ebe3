"""What a fax costs: the processor's time by kind of process, and what stays on the disk.

    python benchmarks/fax_cost.py [--faxes 30] [--channels 10] [--pages 3] [--clock 1] [--folder DIR]

So many mails, each with a PDF of text of `--pages` pages, go the whole way: taken on, a cover page put before
them, faxed over so many channels of a T.38 trunk to a station in other processes, both notices sent, a copy
filed over SFTP. A few before them warm everything. `--clock 10` lets the pages go over the line ten times as
fast as in life; a fax costs about the same then, as no more is sent.

Printed: processor seconds a fax of each kind of process of the service, of all together, and octets a fax in
the database and in the folder of documents.
"""

import argparse
import asyncio
import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from figures import logs_thrown_away, print_heading, print_table
from sample_pdfs import letter
from smtp_load import Connection, mail_with

from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import World
from postfax.logging import silence
from postfax.opening import open_book
from store.book import Book
from store.job_filter import JobFilter
from store.outbox import DeliveryState

_WARM_UP_FAXES = 4
_FIRST_NUMBER = 12_062_000_000
_PATIENCE_SECONDS = 1800
_KINDS = {
    "postfax.acceptance.worker": "mail in: SMTP and sender proof",
    "postfax.command": "decisions, book, SIP, notices, archive",
    "sandbox.nursery_process": "documents and covers, confined",
    "transmit.engine.worker": "calls: T.30, T.38",
    "office": "office documents (here none)",
}
_POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100"}}
  coverpage: {{mode: automatic}}
  archive:
    enabled: true
    sftp:
      {{host: 127.0.0.1, port: {sftp_port}, user: fax, password_file: sftp.secret, known_host: {known_host}}}
users: [{{name: Ana Ruiz, email: {sender}}}]
# {archive_address} gets nothing here
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What was used so far."""

    seconds: Counter[str]
    """Of the processor, by kind of process."""
    octets: Counter[str]
    """On the disk: `database`, `documents`."""

    def since(self, before: "Spent") -> "Spent":
        """What was used more than before."""
        seconds, octets = Counter(self.seconds), Counter(self.octets)
        seconds.subtract(before.seconds)
        octets.subtract(before.octets)
        return Spent(seconds=seconds, octets=octets)


def spent_by(pid: int, state: Path) -> Spent:
    """What a service has used, and what its folder holds."""
    octets: Counter[str] = Counter()
    for file in state.rglob("*"):
        with suppress(OSError):
            if file.is_file():
                octets["database" if file.name.startswith("book.db") else "documents"] += file.stat().st_size
    seconds: Counter[str] = Counter()
    for kind, ticks in _used_by_the_family(pid):
        seconds[kind] += ticks / os.sysconf("SC_CLK_TCK")  # type: ignore[assignment] # a sum of seconds
    return Spent(seconds=seconds, octets=octets)


def _used_by_the_family(pid: int) -> Iterator[tuple[str, int]]:
    """Of a process and all below it: its kind, its ticks and those of its children that ended (proc(5))."""
    family = {str(pid)}
    for file in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda file: int(file.parent.name)):
        with suppress(OSError):  # it has just ended
            fields = file.read_text(encoding="utf-8").rpartition(")")[2].split()
            command = (file.parent / "cmdline").read_bytes().decode(errors="replace")
            if file.parent.name in family or fields[1] in family:
                family.add(file.parent.name)
                yield _kind_of(command), sum(map(int, fields[11:15]))


def _kind_of(command: str) -> str:
    return next((said for name, said in _KINDS.items() if name in command), "others")


async def send(service: ServeProcess, pdf: bytes, numbers: Iterator[int], faxes: int) -> None:
    """Mail so many, one after the other, over one connection."""
    connection = await Connection.open(service.smtp_port)
    await connection.greet()
    for _ in range(faxes):
        await connection.send(mail_with(pdf, number=f"+{next(numbers)}"))
    await connection.close()


async def until_all_is_done(book: Book, faxes: int) -> None:
    """Wait until all are sent, told and filed.

    Raises:
        SystemExit: one failed.
    """
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            jobs = await book.jobs(JobFilter(limit=None))
            counts = await book.counts()
            owed = counts.notices[DeliveryState.PENDING] + counts.copies[DeliveryState.PENDING]
            if len(jobs) == faxes and all(job.state.final for job in jobs) and not owed:
                break
            await asyncio.sleep(2)
    if failed := [job for job in jobs if job.state != "sent"]:
        raise SystemExit(f"fax_cost: {len(failed)} faxes failed, the first with {failed[0].status}")


async def measure(folder: Path, options: argparse.Namespace) -> Spent:
    """In an empty folder."""
    world = World(folder=folder, processes=1, clock=options.clock, channels=options.channels, policy=_POLICY)
    pdf, numbers = letter(pages=options.pages), itertools.count(_FIRST_NUMBER)
    async with world:
        service = ServeProcess(world.settings_file)
        await service.start()
        try:
            async with open_book(str(world.settings_file)) as book:
                await send(service, pdf, numbers, _WARM_UP_FAXES)
                await until_all_is_done(book, _WARM_UP_FAXES)
                before = spent_by(service.pid, folder / "state")
                await send(service, pdf, numbers, options.faxes)
                await until_all_is_done(book, _WARM_UP_FAXES + options.faxes)
                return spent_by(service.pid, folder / "state").since(before)
        finally:
            await service.stop()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="fax_cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faxes", type=int, default=30)
    parser.add_argument("--channels", type=int, default=10)
    parser.add_argument("--pages", type=int, default=3)
    parser.add_argument("--clock", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the book is; on the disk that matters")
    options = parser.parse_args(arguments)
    silence()
    print_heading(f"{options.faxes} faxes of a cover page and {options.pages} pages, line {options.clock}×")
    with (
        tempfile.TemporaryDirectory(dir=options.folder, prefix="postfax-cost-") as folder,
        logs_thrown_away(),
    ):
        spent = asyncio.run(measure(Path(folder).resolve(), options))
    rows = [[kind, f"{1000 * used / options.faxes:.0f}"] for kind, used in spent.seconds.most_common()]
    rows.append(["all", f"{1000 * sum(spent.seconds.values()) / options.faxes:.0f}"])
    print_table(("processes of the service", "CPU ms a fax"), rows)
    print()
    print_table(
        ("on the disk", "octets a fax"),
        [[where, f"{octets / options.faxes:,.0f}"] for where, octets in spent.octets.items()],
    )


if __name__ == "__main__":
    main()
