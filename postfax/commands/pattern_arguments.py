"""Patterns of numbers as a command gets them: in its arguments, and one a line in a file."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from config.number_pattern import NoPattern, read_pattern
from postfax.failures import ExitCode, Failure

LONGEST_REASON = 200
"""Characters."""

Wanted = Mapping[str, str]
"""The reason of each pattern."""


def wanted_patterns(arguments: Iterable[str], file: str | None, reason: str) -> Wanted:
    """All patterns that somebody names, each with its reason.

    Args:
        arguments: Patterns.
        file: With one on each line, and its reason behind a #; other lines may be empty or begin with #.
            `-` is standard input, None no file.
        reason: Of all that have none of their own.

    Raises:
        Failure: Some are no patterns; all of them are told, with their lines.
        click.UsageError: There are none.
        OSError: The file cannot be read.
    """
    mistakes: list[str] = []
    wanted: dict[str, str] = {}
    for place, written, own in (*(("", text, "") for text in arguments), *_lines(file)):
        try:
            wanted.setdefault(read_pattern(written), _one_line(own or reason))
        except NoPattern as problem:
            mistakes.append(f"{place}{problem}")
    if mistakes:
        raise Failure("nothing was changed:\n" + "\n".join(mistakes), ExitCode.USAGE)
    if not wanted:
        raise click.UsageError("name a PATTERN, or a --file with some")
    return wanted


def _lines(file: str | None) -> Iterator[tuple[str, str, str]]:
    """Place, pattern and reason of each line that has a pattern."""
    if file is None:
        return
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    name = "standard input" if file == "-" else file
    for number, line in enumerate(text.splitlines(), 1):
        pattern, _, reason = line.partition("#")
        if pattern.strip():
            yield f"{name}:{number}: ", pattern, reason


def _one_line(reason: str) -> str:
    """A reason as it is kept.

    Raises:
        Failure: It is too long.
    """
    line = " ".join(reason.split())
    if len(line) > LONGEST_REASON:
        raise Failure(f"a reason may have {LONGEST_REASON} characters: '{line[:40]}…'", ExitCode.USAGE)
    return line
