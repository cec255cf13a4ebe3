"""`postfax policy diff`: what changes for whom between two policies."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from config.difference import Person, PolicyDifference, SettingChange, compare
from config.policy import read_policy
from notify.wording import count
from postfax.failures import ExitCode
from postfax.terminal import print_json, print_table
from postfax.vanishing import departments_of

_NAMED = 3
"""How many users of a change are named; the others are counted."""


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--allow-removal", is_flag=True, help="Users may vanish with their department.")
@click.option("--all", "everybody", is_flag=True, help="Name every user, not the first ones.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(old: Path, new: Path, *, allow_removal: bool, everybody: bool, as_json: bool) -> ExitCode:
    """Say what a change of the policy touches: whose settings, and who comes, goes and moves.

    OLD and NEW are files or folders, such as two check-outs of one repository. What counts is what applies to
    each user, not how it is written. Exit code 4 if a department is gone together with users who are nowhere
    else (a service takes no such policy over unless it is approved).
    """
    difference = compare(read_policy(old), read_policy(new))
    if as_json:
        print_json(_plain(difference))
    else:
        _print(difference, None if everybody else _NAMED)
    return ExitCode.REFUSED if difference.orphaned and not allow_removal else ExitCode.DONE


def _print(difference: PolicyDifference, most: int | None) -> None:
    if not difference:
        click.echo("nothing changes for anybody")
        return
    if difference.orphaned:
        _print_orphaned(difference.orphaned, most)
    _people("added", [(one.email, _to(one.department)) for one in difference.added], most)
    _people("removed", [(one.email, f"from {_place(one.department)}") for one in difference.removed], most)
    _people("moved", [(one.email, _way(one.before, one.after)) for one in difference.moved], most)
    _people("renamed", [(one.email, f"{one.before} → {one.after}") for one in difference.renamed], most)
    if difference.settings:
        rows = [_row(change, most) for change in difference.settings]
        print_table(("SETTING", "OLD", "NEW", "USERS", "WHO"), rows, folding=("OLD", "NEW", "WHO"))
    click.echo(f"touches {count(len(difference.touched), 'user')}")


def _print_orphaned(people: tuple[Person, ...], most: int | None) -> None:
    gone = f"GONE: {departments_of(people)}, and with it {count(len(people), 'user')} who are nowhere else:"
    click.secho(gone, fg="red", bold=True)
    _people("", [(one.email, f"was in {one.department}") for one in people], most)
    click.echo("a running service takes this policy over only after `postfax policy approve`")


def _people(what: str, people: list[tuple[str, str]], most: int | None) -> None:
    shown = people[:most]
    width = max((len(email) for email, _ in shown), default=0)
    for email, how in shown:
        click.echo(f"{what:<9}{email:<{width}}  {how}")
    if len(people) > len(shown):
        click.echo(f"{what:<9}… and {len(people) - len(shown)} more")


def _row(change: SettingChange, most: int | None) -> tuple[str, ...]:
    named = ", ".join(change.emails[:most])
    more = len(change.emails) - len(change.emails[:most])
    who = f"{named} and {more} more" if more else named
    return change.setting, change.before, change.after, str(len(change.emails)), who


def _to(department: str) -> str:
    return f"to {_place(department)}"


def _way(before: str, after: str) -> str:
    return f"{_place(before)} → {_place(after)}"


def _place(department: str) -> str:
    return department or "the company itself"


def _plain(difference: PolicyDifference) -> dict[str, Any]:
    return {**asdict(difference), "touched": sorted(difference.touched)}
