"""`postfax activity`: which faxes there were, by layers of conditions, as a list, a file, or for programs."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import click

from config.settings import DatetimeSettings
from config.values import did_you_mean
from postfax.activity_columns import (
    COLUMNS,
    NARROW,
    USUAL,
    Column,
    cell,
    columns_named,
    exported,
    moment_words,
    plain_activity,
)
from postfax.commands.layers import Layers, datetimes_of, filter_of, layer_options, with_query
from postfax.conditions import FIELDS
from postfax.conditions_completed import complete_condition, complete_query
from postfax.csv_file import csv_file
from postfax.opening import open_book, run
from postfax.progress import counting
from postfax.saved_queries import SavedQuery, forget_query, save_query, saved_queries
from postfax.terminal import print_json, print_table
from store.activity import COUNTED, ActivityFilter, Field, Found
from store.book import Book

_ROWS = 50
_WIDE = 110
"""Columns of a terminal that has room for all that the list usually shows."""
_FOLDING = frozenset({"EXPLANATION", "SUBJECT", "CAUSE", "CUSTOM FIELDS", "DEPARTMENT"})
_SHORTENING = frozenset(
    {"SENT BY", "FROM", "NAME", "COMPANY", "RECIPIENT", "RECIPIENT'S COMPANY", "STATION", "STATUS"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    """How what is found is told."""

    columns: str
    rows: int
    page: int
    csv: str
    save: str
    as_json: bool


@click.command("activity")
@click.argument("conditions", metavar="[CONDITION]…", nargs=-1, shell_complete=complete_condition)
@layer_options
@click.option(
    "--columns", metavar="NAMES", default="", help="These columns, as job,number,status; `all` for all."
)
@click.option("--rows", type=click.IntRange(1, 1000), help=f"So many a page: {_ROWS} if not said.")
@click.option("--page", type=click.IntRange(min=1), default=1, help="The first page has the newest faxes.")
@click.option(
    "--csv", metavar="FILE", default="", help="All that match, with all columns; - for standard output."
)
@click.option("--save", metavar="NAME", default="", help="Keep this query under a name, for --query.")
@click.option(
    "--forget", metavar="NAME", default="", shell_complete=complete_query, help="Remove a saved query."
)
@click.option("--queries", is_flag=True, help="List the saved queries.")
@click.option("--fields", is_flag=True, help="List what conditions and columns there are.")
@click.option("--json", "as_json", is_flag=True, help="For programs, with all columns.")
@click.pass_obj
def command(settings_file: str, /, **said: Any) -> None:
    """List faxes, newest first: all, or those that every CONDITION lets through.

    A CONDITION is FIELD=VALUE, such as status=BUSY, department=Radiology, number=+1206*, 'pages>=10',
    status!=Success; of several values behind commas one has to fit, * stands for any characters, ? for one.
    """
    if said.pop("fields"):
        _print_fields(as_json=said["as_json"])
        return
    if name := said.pop("forget"):
        forget_query(name)
        click.echo(f"{name}  forgotten")
        return
    if said.pop("queries"):
        _print_queries(as_json=said["as_json"])
        return
    wishes = _Wishes(
        rows=said.pop("rows") or 0,
        **{name: said.pop(name) for name in ("columns", "page", "csv", "save", "as_json")},
    )
    where = (*said.pop("where"), *said.pop("conditions"))
    run(_activity(settings_file, Layers(where=where, **said), wishes))


async def _activity(settings_file: str, layers: Layers, wishes: _Wishes) -> None:
    full, saved = with_query(layers)
    names = _column_names(wishes, saved)
    columns = columns_named(names or _usual())
    rows = wishes.rows or (saved.rows if saved else 0) or _ROWS
    async with open_book(settings_file) as book:
        datetimes = await datetimes_of(book, full.zone)
        wanted = filter_of(full, ZoneInfo(datetimes.time_zone))
        if wishes.save:
            _save(wishes, full, names)
        if wishes.csv:
            await _export(book, wanted, wishes.csv, datetimes)
            return
        found = await book.activity(wanted, rows=rows, before=(wishes.page - 1) * rows)
        nothing = "" if found.rows else await _why_nothing(book, wanted, wishes.page, datetimes)
    if wishes.as_json:
        print_json(_plain(found, wishes.page, rows, datetimes))
    elif found.rows:
        _print(found, columns, datetimes)
        _print_place(found, wishes.page, rows, datetimes)
    else:
        click.echo(nothing)


def _column_names(wishes: _Wishes, saved: SavedQuery | None) -> tuple[str, ...]:
    if wishes.columns.strip().lower() == "all":
        return tuple(COLUMNS)
    said = tuple(name for name in wishes.columns.split(",") if name.strip())
    return said or (saved.columns if saved else ())


def _usual() -> tuple[str, ...]:
    narrow = sys.stdout.isatty() and shutil.get_terminal_size().columns < _WIDE
    return NARROW if narrow else USUAL


def _save(wishes: _Wishes, layers: Layers, columns: tuple[str, ...]) -> None:
    query = SavedQuery(
        since=layers.since,
        until=layers.until,
        failed=layers.failed,
        unfinished=layers.unfinished,
        where=layers.where,
        zone=layers.zone,
        columns=columns,
        rows=wishes.rows,
    )
    known = save_query(wishes.save, query)
    click.echo(f"{wishes.save}  saved{', in place of the one before' if known else ''}", err=True)


def _print(found: Found, columns: Sequence[Column], datetimes: DatetimeSettings) -> None:
    titles = [column.title for column in columns]
    print_table(
        titles,
        [[cell(column, fax, datetimes) for column in columns] for fax in found.rows],
        folding=[title for title in titles if title in _FOLDING],
        shortening=[title for title in titles if title in _SHORTENING],
    )


def _print_place(found: Found, page: int, rows: int, datetimes: DatetimeSettings) -> None:
    """Where in the whole these rows are; for people alone, so that a pipe gets rows and nothing else."""
    if not sys.stdout.isatty():
        return
    first = (page - 1) * rows + 1
    last = first + len(found.rows) - 1
    total = f"more than {COUNTED:,}" if found.total >= COUNTED else f"{found.total:,}"
    more = f"; --page {page + 1} has older ones" if last < found.total or found.total >= COUNTED else ""
    click.echo(f"\n{first}–{last} of {total}, times in {datetimes.time_zone}{more}")


def _plain(found: Found, page: int, rows: int, datetimes: DatetimeSettings) -> dict[str, Any]:
    zone = ZoneInfo(datetimes.time_zone)
    return {
        "total": found.total,
        "total_is_exact": found.total < COUNTED,
        "page": page,
        "rows": rows,
        "zone": datetimes.time_zone,
        "faxes": [plain_activity(fax, zone) for fax in found.rows],
    }


async def _why_nothing(book: Book, wanted: ActivityFilter, page: int, datetimes: DatetimeSettings) -> str:
    """What to say where there is nothing to show."""
    if page > 1:
        return f"there is no page {page}: fewer faxes match"
    span = await book.recorded_span()
    if span is None:
        return "no faxes yet"
    known = await book.recorded_departments()
    for condition in wanted.conditions:
        if condition.field is Field.DEPARTMENT and (strange := _strange(condition.values, known)):
            return strange
    oldest, newest = (moment_words(moment, datetimes) for moment in span)
    return f"no fax matches; the record has faxes from {oldest} to {newest}"


def _strange(wanted: Sequence[str], known: Sequence[str]) -> str:
    """That a department is none that has sent, if so."""
    names = {name for path in known for name in path.split(" › ") if name}
    for value in wanted:
        last = value.replace("›", "/").split("/")[-1].strip()
        if last and last.casefold() not in {name.casefold() for name in names}:
            guess = did_you_mean(last, sorted(names))
            hint = f"; {guess}" if guess else ""
            return f"no fax matches: nothing in the record is of a department {value}{hint}"
    return ""


async def _export(book: Book, wanted: ActivityFilter, name: str, datetimes: DatetimeSettings) -> None:
    zone = ZoneInfo(datetimes.time_zone)
    rows = 0
    with counting("faxes") as tell, csv_file(name) as write:
        write(list(COLUMNS))
        async for fax in book.every_activity(wanted):
            write(exported(fax, zone))
            rows += 1
            tell(rows)
    if name != "-":
        click.echo(f"{name}  {rows:,} {'fax' if rows == 1 else 'faxes'}")


def _print_fields(*, as_json: bool) -> None:
    if as_json:
        conditions = {field.value: what for field, what in FIELDS.items()}
        print_json(
            {"conditions": conditions, "columns": {name: column.what for name, column in COLUMNS.items()}}
        )
        return
    print_table(("CONDITION", "IS ABOUT"), [(field.value, what) for field, what in FIELDS.items()])
    click.echo()
    print_table(("COLUMN", "HOLDS"), [(name, column.what) for name, column in COLUMNS.items()])


def _print_queries(*, as_json: bool) -> None:
    found = saved_queries()
    if as_json:
        print_json(found)
    elif found:
        print_table(("NAME", "QUERY"), [(name, _query_words(query)) for name, query in found.items()])
    else:
        click.echo("no saved queries; `postfax activity … --save NAME` keeps one")


def _query_words(query: SavedQuery) -> str:
    words = [*query.where]
    words += [f"--since {query.since}"] if query.since else []
    words += [f"--until {query.until}"] if query.until else []
    words += [flag for flag, on in (("--failed", query.failed), ("--open", query.unfinished)) if on]
    words += [f"--columns {','.join(query.columns)}"] if query.columns else []
    return " ".join(words)
