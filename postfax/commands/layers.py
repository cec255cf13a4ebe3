"""The options by which commands are told which faxes are meant, and what they come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from config.settings import DatetimeSettings
from postfax.conditions import NoCondition, read_conditions
from postfax.conditions_completed import complete_condition, complete_query
from postfax.failures import ExitCode, Failure
from postfax.moments import NoMoment, begin_of, end_of
from postfax.opening import now
from postfax.saved_queries import SavedQuery, saved_query
from store.activity import ActivityFilter
from store.book import Book

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """What somebody said of the faxes that are meant; nothing said lets all through."""

    since: str = ""
    until: str = ""
    failed: bool = False
    unfinished: bool = False
    where: tuple[str, ...] = ()
    query: str = ""
    """The name of a saved query, whose layers come first."""
    zone: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.since or self.until or self.failed or self.unfinished or self.where or self.query)


_OPTIONS = (
    click.option("--since", metavar="WHEN", default="", help="Since today, 2h, 3d, 2026-11, 2026-11-23."),
    click.option("--until", metavar="WHEN", default="", help="Until then, the last day included."),
    click.option("--failed", is_flag=True, help="Only faxes whose last call failed."),
    click.option("--open", "unfinished", is_flag=True, help="Only faxes that are not finished."),
    click.option(
        "--where",
        metavar="CONDITION",
        multiple=True,
        shell_complete=complete_condition,
        help="Only these, as status=BUSY, department=Radiology, 'pages>=10'; may be repeated.",
    ),
    click.option(
        "--query",
        metavar="NAME",
        default="",
        shell_complete=complete_query,
        help="As a query that was saved.",
    ),
    click.option("--zone", metavar="ZONE", default="", help="Time zone, in place of the policy's."),
)


def layer_options(command: Function) -> Function:
    """Add the options to a command, which gets them by the names of `Layers`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_query(layers: Layers) -> tuple[Layers, SavedQuery | None]:
    """The layers with those of the saved query that they name; what is said beside it goes first.

    Raises:
        Failure: There is no such query.
    """
    if not layers.query:
        return layers, None
    saved = saved_query(layers.query)
    both = replace(
        layers,
        since=layers.since or saved.since,
        until=layers.until or saved.until,
        failed=layers.failed or saved.failed,
        unfinished=layers.unfinished or saved.unfinished,
        where=(*saved.where, *layers.where),
        zone=layers.zone or saved.zone,
    )
    return both, saved


async def datetimes_of(book: Book, zone: str) -> DatetimeSettings:
    """How times are told: as the policy of the newest fax has it, in another zone if one is named.

    Raises:
        Failure: There is no such zone.
    """
    settings = await book.newest_datetimes()
    if not zone:
        return settings
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = f"there is no time zone {zone}; Europe/Berlin or UTC would be one."
        raise Failure(sentence, ExitCode.USAGE) from None
    return settings.model_copy(update={"time_zone": zone})


def filter_of(layers: Layers, zone: ZoneInfo, moment: datetime | None = None) -> ActivityFilter:
    """The filter that the layers come to.

    Raises:
        Failure: A condition or a time is none, or the period ends before it begins.
    """
    moment = moment or now()
    try:
        conditions = read_conditions(layers.where)
        since = begin_of(layers.since, moment, zone) if layers.since else None
        until = end_of(layers.until, moment, zone) if layers.until else None
    except (NoCondition, NoMoment) as problem:
        raise Failure(str(problem), ExitCode.USAGE) from None
    if since and until and until <= since:
        raise Failure(f"the period ends ({layers.until}) before it begins ({layers.since}).", ExitCode.USAGE)
    return ActivityFilter(
        since=since,
        until=until,
        failed=layers.failed,
        unfinished=layers.unfinished,
        conditions=conditions,
    )


async def wanted_jobs(
    book: Book, ids: Sequence[str], layers: Layers, base: ActivityFilter
) -> tuple[str, ...]:
    """Ids of the jobs that are meant: those that were named, or those that the layers let through.

    Args:
        book: Where they are.
        ids: As they were written.
        layers: What was said beside them.
        base: What the command adds to the layers: only faxes with which it can do something.

    Raises:
        Failure: Nothing was said, or both.
    """
    if ids:
        if not layers.empty:
            raise Failure("name jobs, or say which are meant by options; not both.", ExitCode.USAGE)
        return tuple(dict.fromkeys(ids))
    if layers.empty:
        raise Failure("name jobs, or say which are meant: --where status=BUSY, --since 2h, …", ExitCode.USAGE)
    full, _ = with_query(layers)
    datetimes = await datetimes_of(book, full.zone)
    wanted = filter_of(full, ZoneInfo(datetimes.time_zone))
    both = replace(
        wanted,
        unfinished=wanted.unfinished or base.unfinished,
        conditions=(*wanted.conditions, *base.conditions),
    )
    return await book.matching_jobs(both)
