"""`postfax events`: what happens to faxes, as it happens."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import click

from config.number_text import international
from postfax.commands.layers import datetimes_of
from postfax.opening import open_book, run
from postfax.terminal import printable
from store.book import Book
from store.happening import Happening
from store.lifecycle import Transition

_LOOK_AGAIN = 5.0
"""Seconds, should a change be missed."""


@click.command("events")
@click.option("-f", "--follow", is_flag=True, help="Go on until interrupted (Ctrl-C).")
@click.option(
    "-n",
    "--last",
    "count",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    help="Begin with so many that were.",
)
@click.option("--user", metavar="ADDRESS", default="", help="Only faxes of this account.")
@click.option("--zone", metavar="ZONE", default="", help="Time zone, in place of the policy's.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object a line.")
@click.pass_obj
def command(settings_file: str, /, **wishes: Any) -> None:
    """Tell what happened to faxes, the newest last: accepted, dialled, sent, given up, cancelled and so on.

    Each has a number that goes up; with --json a program that remembers it misses nothing.
    """
    run(_events(settings_file, **wishes))


async def _events(
    settings_file: str, *, follow: bool, count: int, user: str, zone: str, as_json: bool
) -> None:
    async with open_book(settings_file) as book:
        there = ZoneInfo((await datetimes_of(book, zone)).time_zone)
        generation = book.generation
        newest = await book.newest_happenings(count) if count else ()
        after = newest[-1].number if newest else await book.last_happening()
        _tell(newest, there, user=user, as_json=as_json)
        while follow:
            after = await _catch_up(book, after, there, user=user, as_json=as_json)
            generation = await book.wait_for_change(_LOOK_AGAIN, since=generation)


async def _catch_up(book: Book, after: int, zone: ZoneInfo, *, user: str, as_json: bool) -> int:
    """Tell all that was recorded after a number; the number of the last."""
    while found := await book.happenings_after(after):
        _tell(found, zone, user=user, as_json=as_json)
        after = found[-1].number
    return after


def _tell(found: tuple[Happening, ...], zone: ZoneInfo, *, user: str, as_json: bool) -> None:
    for each in found:
        if user and each.user_email != user.lower():
            continue
        click.echo(json.dumps(_plain(each, zone), ensure_ascii=False) if as_json else _line(each, zone))


def _plain(each: Happening, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "number": each.number,
        "at": each.at.astimezone(zone).isoformat(timespec="milliseconds"),
        "job": each.job_id,
        "transition": each.transition.lower(),
        "event": Transition[each.transition].event,
        "state": each.state,
        "by": each.by,
        "status": each.status or None,
        "to": each.called,
        "user": each.user_email,
        "department": each.department or None,
        "pages": each.pages,
        "pages_confirmed": each.pages_confirmed,
    }


def _line(each: Happening, zone: ZoneInfo) -> str:
    transition = Transition[each.transition]
    words = [f"{each.at.astimezone(zone):%Y-%m-%d %H:%M:%S}", f"{each.job_id:<9}", transition.event]
    if transition.target.final or transition is Transition.RETRY:
        words.append(f"({each.status}, {each.pages_confirmed}/{each.pages} pages)")
    words.append(f"{each.user_email} → {international(each.called)}")
    if "/" not in each.by:
        words.append(f"by {each.by}")
    return printable("  ".join(words))
