"""One thing done to many faxes: what it came to for each, told as it goes, and the exit code of all."""

import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import Any

import click

from postfax.failures import ExitCode, Failure
from postfax.terminal import print_json, printable

SHOWN_SINGLY = 50
"""Of so many faxes each is told; of more the number, and those with which something is not as wanted."""


class End(Enum):
    """What it came to for one fax."""

    DONE = "done"
    REFUSED = "refused"
    NOT_FOUND = "not found"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What is told of one fax."""

    job_id: str
    end: End
    words: str
    """`cancelled`, or why not."""
    facts: dict[str, Any]
    """What programs get beside these."""


def confirm(count: int, verb: str, *, yes: bool) -> None:
    """Let a person think again about many faxes that they did not name one by one.

    Args:
        count: Faxes.
        verb: `cancel`, `send again`.
        yes: Whether they said that they have thought.

    Raises:
        Failure: There is nothing, or nobody to ask.
        click.Abort: They do not want it.
    """
    if not count:
        raise Failure("no fax matches; nothing was changed.", ExitCode.NOT_FOUND)
    what = f"{verb} {count} {'fax' if count == 1 else 'faxes'}"
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"this would {what}. Say --yes if that is meant.", ExitCode.USAGE)
    click.confirm(f"This will {what}. Go on?", abort=True, err=True)


async def do_to_each(
    ids: Sequence[str], do: Callable[[str], Awaitable[Told]], *, as_json: bool, done: str
) -> ExitCode:
    """Do it to one after the other, tell what it came to, and give the exit code of all.

    Args:
        ids: Of jobs, as they were written.
        do: To be done to each.
        as_json: Whether programs are told.
        done: `cancelled`, for the sum.
    """
    told: list[Told] = []
    shown = len(ids) > SHOWN_SINGLY and sys.stderr.isatty()
    bar = click.progressbar(length=len(ids), file=sys.stderr, show_pos=True) if shown else nullcontext()
    with bar as progress:
        for job_id in ids:
            told.append(await do(job_id))
            if progress is not None:
                progress.update(1)
    if as_json:
        print_json([_plain(each) for each in told])
    else:
        _print(told, done)
    return exit_code(told)


def _plain(told: Told) -> dict[str, Any]:
    return {"id": told.job_id, "result": told.end.value, "detail": told.words, **told.facts}


def _print(told: Sequence[Told], done: str) -> None:
    few = len(told) <= SHOWN_SINGLY
    for each in told:
        if few or each.end is not End.DONE:
            click.echo(printable(f"{each.job_id}  {each.words}"))
    if len(told) > 1:
        ends = Counter(each.end for each in told)
        rest = [f"{ends[end]} {end.value}" for end in (End.REFUSED, End.NOT_FOUND) if ends[end]]
        click.echo(", ".join([f"{ends[End.DONE]} {done}", *rest]))


def exit_code(told: Sequence[Told]) -> ExitCode:
    """0 if all were done, 1 if only some, 3 if one is not there, 4 if none could be."""
    ends = {each.end for each in told}
    if ends == {End.DONE}:
        return ExitCode.DONE
    if End.DONE in ends:
        return ExitCode.PARTLY
    return ExitCode.NOT_FOUND if End.NOT_FOUND in ends else ExitCode.REFUSED
