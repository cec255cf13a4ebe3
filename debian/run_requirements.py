"""Of requirements.lock what the product runs with, and not what it is tested with: to the standard output.

    run_requirements.py requirements.in requirements.lock

requirements.in has both, the second under its own heading. The lock says of every package by what it was
asked for (`# via`), which leads from the names above that heading to all that they need.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

TESTED_WITH = "# What it is tested"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def run_requirements(wanted: str, lock: str) -> str:
    """The part of a lock that a program runs with.

    Args:
        wanted: requirements.in; what stands below the heading `TESTED_WITH` is left out.
        lock: what `uv pip compile` made of it.
    """
    run_with = {_normal(name) for name in _names(wanted.partition(TESTED_WITH)[0])}
    entries = dict(_entries(lock))
    kept: set[str] = set()
    more = {name for name in entries if name in run_with}
    while more:
        kept |= more
        more = {name for name, entry in entries.items() if name not in kept and _asked_for_by(entry) & more}
    return "".join(entries[name] for name in sorted(kept))


def _names(wanted: str) -> Iterator[str]:
    for line in wanted.splitlines():
        if name := _NAME.match(line):
            yield name.group()


def _entries(lock: str) -> Iterator[tuple[str, str]]:
    """Each package's lines: its pin, its hashes, and who asked for it."""
    for entry in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE):
        if name := _NAME.match(entry):
            yield _normal(name.group()), entry


def _asked_for_by(entry: str) -> set[str]:
    _, _, via = entry.partition("# via")
    return {_normal(name) for name in re.findall(r"[a-z0-9][\w.-]*", via.replace("-r requirements.in", ""))}


def _normal(name: str) -> str:
    """A name as PyPA compares it (Names and normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.stdout.write(run_requirements(*(Path(name).read_text("utf-8") for name in sys.argv[1:3])))
