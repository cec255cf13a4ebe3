"""Running a target whose parsers are other people's: changes of its seeds, through confined processes.

Nothing is instrumented there, so nothing watches what an input reaches; it is their number that counts.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from mutation import mutants

from postfax.logging import silence

_TOGETHER = 25
_EVERY = 10.0
"""Seconds between two lines of progress."""


class ConfinedTarget(Protocol):
    """What such a target has besides."""

    WORDS: tuple[bytes, ...]

    def check(self, octets: bytes) -> None:
        """Raise for an input that is not treated as it should be."""

    def try_many(self, inputs: Sequence[bytes]) -> Counter[str]:
        """The same of many; how often they came to what."""


def run(target: ConfinedTarget, seeds: Sequence[bytes], folder: Path, seconds: float) -> int:
    """Try inputs until the time is over; how many were found that are not treated as they should be.

    They are kept in `folder`.
    """
    silence()
    folder.mkdir(parents=True, exist_ok=True)
    start = random.randrange(1 << 32)  # noqa: S311 - a run can be repeated
    source = mutants(seeds, target.WORDS, random.Random(start))  # noqa: S311 - the same
    began, said_at, found = time.monotonic(), 0.0, 0
    came_to: Counter[str] = Counter()
    while (passed := time.monotonic() - began) < seconds:
        inputs = list(islice(source, _TOGETHER))
        try:
            came_to += target.try_many(inputs)
        except AssertionError:
            found += _keep(target, inputs, folder)
            came_to["looked into"] += len(inputs)
        if passed - said_at >= _EVERY:
            said_at = passed
            _say(f"{passed:6.0f} s  {came_to.total():9} executions  {_told(came_to)}")
    passed = time.monotonic() - began
    _say(f"{came_to.total()} executions in {passed:.0f} s from {start}: {_told(came_to)}; {found} found")
    return found


def _keep(target: ConfinedTarget, inputs: Sequence[bytes], folder: Path) -> int:
    """Keep those of the inputs that raise."""
    found = 0
    for octets in inputs:
        try:
            target.check(octets)
        except AssertionError as problem:
            found += 1
            file = folder / f"found-{time.time_ns()}"
            file.write_bytes(octets)
            _say(f"{file}: {problem}")
    return found


def _told(came_to: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in came_to.most_common())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
