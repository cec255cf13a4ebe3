"""Results as people read them, group by group, and as JSON."""

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import click

from notify.wording import count
from postfax.doctor.check import CheckResult
from postfax.doctor.finding import Finding, State
from postfax.terminal import printable

_COLOURS = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.FAILURE: "red",
    State.NOT_CHECKED: "bright_black",
}
_STATE_WIDTH = max(map(len, State))
_NARROWEST = 40
_ARROW = "→ "
_WIDE = 10_000
"""Columns where nobody looks: a pipe gets whole lines."""


class Report:
    """Prints results as they come, each group under its title."""

    def __init__(self, *, name_width: int, width: int | None = None) -> None:
        """`name_width` is that of the longest name of a check; `width` the terminal's, unless it is told."""
        self._name_width = name_width
        self._width = width or (shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE)
        self._group = ""

    def add(self, result: CheckResult) -> None:
        """Print one result."""
        if result.check.group != self._group:
            click.echo(("\n" if self._group else "") + click.style(result.check.group, bold=True))
            self._group = result.check.group
        for number, finding in enumerate(result.findings):
            self._print(result.check.name if number == 0 else "", finding)

    def _print(self, name: str, finding: Finding) -> None:
        state = click.style(f"{finding.state:<{_STATE_WIDTH}}", fg=_COLOURS[finding.state])
        indent = 2 + _STATE_WIDTH + 2 + self._name_width + 2
        room = max(_NARROWEST, self._width - indent)
        told = f"{finding.subject}: {finding.found}" if finding.subject else finding.found
        first, *others = textwrap.wrap(printable(told), room, break_on_hyphens=False) or [""]
        click.echo(f"  {state}  {name:<{self._name_width}}  {first}".rstrip())
        advice = textwrap.wrap(printable(finding.advice), room - len(_ARROW), break_on_hyphens=False)
        pointed = [f"{_ARROW if number == 0 else '  '}{line}" for number, line in enumerate(advice)]
        for line in (*others, *pointed):
            click.echo(f"{'':{indent}}{line}")


def summary(results: Iterable[CheckResult]) -> str:
    """One line for everything."""
    found = counts(results)
    told = [f"{found[State.OK]} ok"]
    told += [count(found[state], state.value) for state in (State.WARNING, State.FAILURE) if found[state]]
    told += [f"{found[State.NOT_CHECKED]} not checked"] if found[State.NOT_CHECKED] else []
    return ", ".join(told)


def counts(results: Iterable[CheckResult]) -> Counter[State]:
    """How many findings there are of each state."""
    return Counter(finding.state for result in results for finding in result.findings)


def plain(results: Sequence[CheckResult]) -> dict[str, Any]:
    """The results for programs: one entry for each finding."""
    found = counts(results)
    return {
        "findings": [
            {
                "check": result.check.name,
                "group": result.check.group,
                "subject": finding.subject,
                "state": finding.state.value,
                "found": finding.found,
                "advice": finding.advice,
                "seconds": round(result.seconds, 3),
            }
            for result in results
            for finding in result.findings
        ],
        "counts": {state.value.replace(" ", "_"): found[state] for state in State},
    }
