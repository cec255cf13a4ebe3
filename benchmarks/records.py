"""What administrators ask of a record with two million calls: activity, reports, the call detail record.

The book has the faxes of ninety days (`records_book`): 1.7 million faxes and two million calls, half a
million of them sent in its last month. It is made first, which takes minutes; `--book FILE` keeps it for
the next time. The activity list is asked with each of some twenty filters, as `postfax activity` asks; its
figures are over filters and rounds. Each report is asked over all ninety days, by day where it has days, as
`postfax report` asks. The call detail record is written by the program itself, with its peak of memory.
*CPU* is what it cost the processor: it says more than the clock where other work is done beside it.
"""

import argparse
import asyncio
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from figures import percentile, print_heading, print_table
from records_book import DAYS, END, make_book

from postfax.conditions import read_conditions
from postfax.periods import Step, periods
from postfax.reports import REPORTS
from store.activity import ActivityFilter
from store.book import Book
from store.tally import Apart, Period

ROWS = 50
FILTERS: tuple[tuple[str, ...], ...] = (
    (), ("status=BUSY",), ("status!=Success",), ("state=failed",), ("department=Unit 7",),
    ("department=Department 3",), ("department=Department 3", "status=BUSY"),
    ("user=user77@hospital.example",), ("sender=user77@hospital.example",),
    ("user=user77@hospital.example", "status=No Answer"), ("number=+12065000070",), ("number=+120651*",),
    ("number=+12065279*",), ("reference=ref-4710",), ("reference=nothing",), ("billing=17",),
    ("custom.cost_center=R-17", "status=BUSY"), ("cover=healthcare",), ("line=spare",),
    ("pages>=20", "department=Unit 3"), ("tries>=4",), ("pages>=39",),
)  # fmt: skip
"""As people write them; the last ones are answered by no index."""

WHOLE = Period(begin=END - timedelta(days=DAYS), end=END)
_PROGRAM = """
import sys
from postfax.command import postfax
postfax.main(sys.argv[1:], standalone_mode=False)
print(open("/proc/self/status").read())
"""
"""The program, which then tells its memory: what the kernel tells of children begins with ours."""
_HIGHEST = re.compile(r"VmHWM:\s+(\d+) kB")
Measured = tuple[float, float]
"""Seconds, and seconds of the processor."""


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, and print a table each."""
    parser = argparse.ArgumentParser(prog="./dev bench records", description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--book", type=Path, help="Keep the book here, or take the one that is there.")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        book = options.book or Path(folder) / "book.db"
        if not book.exists():
            make_book(book, jobs=options.calls * 17 // 20, calls=options.calls)
        print_heading(f"A record of {options.calls:,} calls")
        asyncio.run(_ask(book, Path(folder), options.rounds))
        _write_cdr(book, Path(folder))


async def _ask(path: Path, folder: Path, rounds: int) -> None:
    async with Book(f"sqlite:{path}", folder / "documents", clock=lambda: datetime.now(UTC)) as book:
        await _activity(book, rounds)
        await _reports(book, rounds)


async def _activity(book: Book, rounds: int) -> None:
    measured: list[tuple[float, float, str]] = []
    for _ in range(rounds):
        for texts in FILTERS:
            wanted = ActivityFilter(conditions=read_conditions(texts))
            clock, cpu = await _timed(lambda wanted=wanted: book.activity(wanted, rows=ROWS))  # type: ignore[misc]  # bound at once
            measured.append((clock, cpu, " ".join(texts) or "no filter"))
    clocks, cpus = [each[0] for each in measured], [each[1] for each in measured]
    slowest = max(measured)
    rows = [
        [name, *(f"{percentile(values, percent) * 1000:,.0f}" for percent in (50, 75, 95))]
        for name, values in (("activity, ms", clocks), ("CPU, ms", cpus))
    ]
    print_table(("", "p50", "p75", "p95"), rows)
    print(f"slowest: {slowest[2]}, {slowest[0]:.1f} s (CPU {slowest[1]:.1f} s)\n")


async def _reports(book: Book, rounds: int) -> None:
    days = list(periods(WHOLE, Step.DAY, ZoneInfo("America/Los_Angeles")))
    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "busy": lambda: book.most_busy(WHOLE),
        "volume": lambda: book.highest_volume(WHOLE),
    }
    for name, report in REPORTS.items():
        apart = Apart.STATUS if name == "failures" else Apart.NOTHING
        asked[f"{name} by day"] = lambda report=report, apart=apart: book.tally(  # type: ignore[misc]  # bound at once
            days, report.measures, apart=apart
        )
    asked["usage by department"] = lambda: book.tally(
        [WHOLE], REPORTS["usage"].measures, apart=Apart.DEPARTMENT
    )
    rows = []
    for name, ask in asked.items():
        measured = [await _timed(ask) for _ in range(rounds)]
        rows.append([name, *(f"{sorted(each)[len(each) // 2]:.2f}" for each in zip(*measured, strict=True))])
    print_table(("report of 90 days", "s", "CPU, s"), rows)


async def _timed(ask: Callable[[], Awaitable[object]]) -> Measured:
    began, before = time.perf_counter(), os.times()
    await ask()
    after = os.times()
    return time.perf_counter() - began, after.user + after.system - before.user - before.system


def _write_cdr(book: Path, folder: Path) -> None:
    """By the program itself, in a process of its own."""
    settings = folder / "postfax.yaml"
    settings.write_text(
        "domain: fax.example.com\n"
        "mail: {smarthost: {host: 127.0.0.1, port: 9}}\n"
        f"store: sqlite:{book.absolute()}\ndocuments: file:{folder}/documents\npolicy: {folder}/policy.yaml\n"
        'lines: {main: {sip: "sip:127.0.0.1:9", caller: "+12065550100"}}\n',
        encoding="utf-8",
    )
    month = f"{END - timedelta(days=1):%Y-%m}"
    command = [
        *(sys.executable, "-c", _PROGRAM, "-c", str(settings)),
        *("cdr", month, "-o", str(folder / "cdr.zip")),
    ]
    began = time.perf_counter()
    said, _, status = subprocess.run(command, check=True, capture_output=True, text=True).stdout.partition(
        "\n"
    )
    clock = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    what, cpu = said.split("  ")[1].strip(), used.ru_utime + used.ru_stime
    memory = int(_HIGHEST.findall(status)[0]) / 1000
    print(f"\ncdr {month}: {what}; {clock:.1f} s (CPU {cpu:.1f} s), {memory:.0f} MB at most")


if __name__ == "__main__":
    main(sys.argv[1:])
