"""What all benchmarks share: turns, medians and tables.

Figures of different runs are never compared: machines are noisy. Within one run the contenders take turns
(A B A B …), so that whatever else the machine does meets all alike, and a ratio is the median of the ratios
of the rounds.
"""

import os
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


def take_turns(rounds: int, contenders: Mapping[str, Callable[[], Result]]) -> dict[str, list[Result]]:
    """The results of every contender, which run one after the other, round for round."""
    results: dict[str, list[Result]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            results[name].append(run())
    return results


def median_ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median over the rounds of one contender's figure as a multiple of the other's."""
    return statistics.median(a / b for a, b in zip(of, to, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many of a hundred lie; the nearest that was measured."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


@contextmanager
def logs_thrown_away() -> Iterator[None]:
    """Let what is printed on the error stream go nowhere, also by child processes: they log every mail."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def print_heading(what: str) -> None:
    """What is measured, and on what."""
    print(f"\n{what}\n{machine()}\n")


def machine() -> str:
    """This machine, and how much else it does."""
    load = ", ".join(f"{average:.2f}" for average in os.getloadavg())
    return f"{os.cpu_count()} cores ({_processor()}), Linux {platform.release()}, load average {load} before"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Lines of text: the first column to the left, figures to the right."""
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    for cells in (columns, ["-" * width for width in widths], *rows):
        first, *others = cells
        figures = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *figures]))
