"""How long the choice of the next call takes, with few faxes waiting and with very many.

    python benchmarks/dispatch.py [--databases sqlite,postgresql] [--waiting 1000,1000000]
        [--departments 20] [--claims 300]

A book is filled with so many faxes that are due, of several departments, and calls are claimed from it and
ended as busy, one after the other, as the service does. Printed: p50 and p99 of one claim, and of one
outcome; and each size's p50 as a multiple of the smallest's, in turns within one run.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from backlog import fill, now
from book_places import BookPlace, book_places
from figures import percentile, print_heading, print_table

from postfax.logging import silence
from store.book import Book
from store.job import Outcome
from store.status import Status

_LEASE = timedelta(minutes=10)
_CHANNELS = {"main": 100}
_AGAIN = timedelta(days=1)
_ROUNDS = 5


@dataclass
class Took:
    """Seconds of each."""

    claims: list[float] = field(default_factory=list)
    outcomes: list[float] = field(default_factory=list)


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


async def measure(
    places: Iterator[BookPlace], sizes: Sequence[int], departments: int, claims: int
) -> dict[int, Took]:
    """All sizes in turns."""
    books = {}
    for size, place in zip(sizes, places, strict=False):
        books[size] = (place.url, place.folder)
        await fill(*books[size], size, departments)
    took = {size: Took() for size in sizes}
    for _ in range(_ROUNDS):
        for size, (url, folder) in books.items():
            await dispatch(url, folder, claims // _ROUNDS, took[size])
    return took


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waiting", default="1000,1000000", help="faxes that are due, several with commas")
    parser.add_argument("--departments", type=int, default=20)
    parser.add_argument("--claims", type=int, default=300)
    parser.add_argument("--databases", default="sqlite,postgresql", help="one or several with commas")
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.waiting.split(",")]
    silence()
    print_heading(f"dispatch: the choice of the next call, {options.departments} departments")
    rows = []
    for database in options.databases.split(","):
        with (
            tempfile.TemporaryDirectory(dir=".", prefix="postfax-dispatch-") as folder,
            book_places(database, Path(folder).resolve()) as places,
        ):
            took = asyncio.run(measure(places, sizes, options.departments, options.claims))
        rows += _rows(database, sizes, took)
    columns = ["book", "faxes due", "claim p50 ms", "claim p99 ms", "outcome p50 ms", "claim / first"]
    print_table(columns, rows)


def _rows(database: str, sizes: Sequence[int], took: dict[int, Took]) -> list[list[str]]:
    least = statistics.median(took[sizes[0]].claims)
    return [
        [
            database,
            f"{size:,}",
            *(f"{1000 * percentile(took[size].claims, percent):.2f}" for percent in (50, 99)),
            f"{1000 * percentile(took[size].outcomes, 50):.2f}",
            f"{statistics.median(took[size].claims) / least:.2f}",
        ]
        for size in sizes
    ]


if __name__ == "__main__":
    main()
