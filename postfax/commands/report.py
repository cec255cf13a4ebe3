"""`postfax report`: how long faxes take, where they fail, and how many there are."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from config.levels import BETWEEN
from config.number_text import international
from config.settings import DatetimeSettings
from config.values import did_you_mean
from postfax.activity_columns import csv_cell, moment_words
from postfax.chart import Chart, as_png, as_svg
from postfax.closing_days import KEPT
from postfax.commands.layers import Layers, datetimes_of, filter_of
from postfax.csv_file import csv_file
from postfax.failures import ExitCode, Failure
from postfax.opening import now, open_book, run
from postfax.periods import Step, begin_words, periods
from postfax.reports import DEFAULT_PERIOD, LISTS, REPORTS, Report, Value, count_words
from postfax.terminal import print_json, print_table, printable
from store.book import Book
from store.records.conditions import is_within
from store.tally import Apart, Counted, Leader, Measure, Period, together

HISTORY = "history"
_MOST_PERIODS = 5000
_COMPANY = "the company itself"
_FOLDING = "DEPARTMENT"
"""Its column goes on in the next line where a terminal is narrow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    report: str
    by: tuple[str, ...]
    departments: tuple[str, ...]
    csv: str
    chart: Path | None
    as_json: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A line of a report: what it is about, and its figures by their names."""

    about: dict[str, str]
    figures: dict[str, Value]
    words: tuple[str, ...]
    """The figures as people are told them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    title: str
    titles: tuple[str, ...]
    """Of the figures."""
    rows: tuple[_Row, ...]
    total: tuple[str, ...] = ()
    drawn: str = "count"


_HELP = """Report on what was faxed.

\b
first-dial  how long it took to the first call
completion  how long it took to the end
busy        the fifty numbers at which most calls found the line busy
volume      the fifty numbers to which most faxes went
failures    what faxes failed of, by status
usage       faxes, pages, successes and failures
history     the same of the last two years, by month, --by day or department
"""


@click.command("report", help=_HELP)
@click.argument("report", metavar="REPORT", type=click.Choice([*REPORTS, *LISTS, HISTORY]))
@click.option("--since", metavar="WHEN", default="", help="Since: 30d if not said; 2026-11 for a month, …")
@click.option("--until", metavar="WHEN", default="", help="Until then, the last day included.")
@click.option(
    "--by", multiple=True, type=click.Choice(["hour", "day", "department"]),
    help="A line for each; may be repeated.",
)  # fmt: skip
@click.option(
    "--department", "departments", metavar="NAME", multiple=True, help="Only it, and all within it."
)
@click.option("--zone", metavar="ZONE", default="", help="Time zone, in place of the policy's.")
@click.option("--csv", metavar="FILE", default="", help="Into a file; - for standard output.")
@click.option("--chart", metavar="FILE", type=click.Path(path_type=Path), help="As a picture: .svg or .png.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, /, since: str, until: str, zone: str, **wishes: Any) -> None:
    """Report on what was faxed."""
    run(_report(settings_file, Layers(since=since, until=until, zone=zone), _Wishes(**wishes)))


async def _report(settings_file: str, layers: Layers, wishes: _Wishes) -> None:
    _refuse(wishes)
    async with open_book(settings_file) as book:
        datetimes = await datetimes_of(book, layers.zone)
        zone = ZoneInfo(datetimes.time_zone)
        history = wishes.report == HISTORY
        whole = _whole(layers, zone, KEPT if history else DEFAULT_PERIOD)
        departments = None if history else await _departments(book, wishes.departments)
        if history:
            table = await _history(book, wishes, whole, zone)
        elif wishes.report in LISTS:
            table = await _leaders(book, wishes.report, whole, departments)
        else:
            table = await _figures(book, wishes, whole, departments, zone)
    below = _below(whole, datetimes, wishes.departments)
    if wishes.chart:
        _draw(table, wishes.chart, below)
    if wishes.csv:
        _export(table, wishes.csv)
    if wishes.as_json:
        print_json(_plain(table, wishes, whole, datetimes))
    elif not (wishes.chart or wishes.csv):
        _print(table, below)


def _refuse(wishes: _Wishes) -> None:
    """Refuse what cannot be asked, before the record is looked at."""
    if wishes.report in LISTS and wishes.by:
        raise Failure(f"{wishes.report} lists numbers; it has no --by.", ExitCode.USAGE)
    if wishes.report == "failures" and "department" in wishes.by:
        raise Failure("failures are told by status; name a --department.", ExitCode.USAGE)
    if wishes.report == HISTORY and "hour" in wishes.by:
        raise Failure("history is kept by day; --by day is the finest.", ExitCode.USAGE)
    if "hour" in wishes.by and "day" in wishes.by:
        raise Failure("--by hour or --by day, not both.", ExitCode.USAGE)
    if wishes.chart and wishes.chart.suffix.lower() not in {".svg", ".png"}:
        raise Failure(f"{wishes.chart} ends neither in .svg nor in .png.", ExitCode.USAGE)


def _whole(layers: Layers, zone: ZoneInfo, usual: timedelta) -> Period:
    """What the report is about: `usual` back from now, if nothing was said."""
    moment = now()
    wanted = filter_of(layers, zone, moment)
    since = wanted.since or moment - usual
    until = min(wanted.until or moment, moment)
    if until <= since:
        raise Failure(f"the period ends ({layers.until}) before it begins; say --since too.", ExitCode.USAGE)
    return Period(begin=since, end=until)


async def _departments(book: Book, wanted: Sequence[str]) -> tuple[str, ...] | None:
    """The departments of the record that are meant; None for all.

    Raises:
        Failure: One is not there.
    """
    if not wanted:
        return None
    known = await book.recorded_departments()
    for name in wanted:
        if not any(is_within(each, name) for each in known):
            names = sorted({part for path in known for part in path.split(BETWEEN) if part})
            guess = did_you_mean(name, names)
            sentence = f"nothing in the record is of a department {name}"
            raise Failure(f"{sentence}{f'; {guess}' if guess else '.'}", ExitCode.NOT_FOUND)
    return tuple(each for each in known if any(is_within(each, name) for name in wanted))


async def _leaders(book: Book, name: str, whole: Period, departments: Sequence[str] | None) -> _Table:
    ask = book.most_busy if name == "busy" else book.highest_volume
    found: Sequence[Leader] = await ask(whole, departments)
    rows = tuple(
        _Row(
            about={"number": leader.number},
            figures={"count": leader.count},
            words=(count_words(leader.count),),
        )
        for leader in found
    )
    title = "BUSY CALLS" if name == "busy" else "FAXES"
    return _Table(title=LISTS[name], titles=(title,), rows=rows)


async def _figures(
    book: Book, wishes: _Wishes, whole: Period, departments: Sequence[str] | None, zone: ZoneInfo
) -> _Table:
    report = REPORTS[wishes.report]
    step = next((Step(by) for by in wishes.by if by != "department"), None)
    parts = list(periods(whole, step, zone)) if step else [whole]
    if len(parts) > _MOST_PERIODS:
        raise Failure(f"that would be {len(parts):,} lines; take --by day or a shorter time.", ExitCode.USAGE)
    apart = Apart.DEPARTMENT if "department" in wishes.by else Apart.NOTHING
    apart = Apart.STATUS if wishes.report == "failures" else apart
    counted = await book.tally(parts, report.measures, departments=departments, apart=apart)
    rows = []
    for part, found in zip(parts, counted, strict=True):
        about = {step.value: begin_words(part, step, zone)} if step else {}
        keys = sorted(found, key=lambda key: _order(apart, key, found))
        rows += [_row(report, about | _about(apart, key), found[key]) for key in keys]
    every = [each for found in counted for each in found.values()]
    total = _row(report, {}, together(every, report.measures)).words
    titles = tuple(figure.title for figure in report.figures)
    many = total if len(rows) > 1 else ()
    return _Table(title=report.title, titles=titles, rows=tuple(rows), total=many, drawn=report.drawn)


async def _history(book: Book, wishes: _Wishes, whole: Period, zone: ZoneInfo) -> _Table:
    """What is kept of days, by month if nothing else is said."""
    first, last = (f"{moment.astimezone(zone):%Y-%m-%d}" for moment in (whole.begin, whole.end))
    report = REPORTS["usage"]
    step = "day" if "day" in wishes.by else "month"
    found: dict[tuple[str, str], list[Counted]] = {}
    for total in await book.days(first, last):
        if wishes.departments and not any(is_within(total.department, name) for name in wishes.departments):
            continue
        department = total.department if "department" in wishes.by else ""
        found.setdefault((total.day if step == "day" else total.day[:7], department), []).append(
            total.counted
        )
    rows = []
    for (when, department), counted in found.items():
        about = {step: when} | ({"department": department} if "department" in wishes.by else {})
        rows.append(_row(report, about, together(counted, report.measures)))
    every = [each for counted in found.values() for each in counted]
    total_words = _row(report, {}, together(every, report.measures)).words if len(rows) > 1 else ()
    titles = tuple(figure.title for figure in report.figures)
    return _Table(
        title=f"Usage by {step}", titles=titles, rows=tuple(rows), total=total_words, drawn=report.drawn
    )


def _order(apart: Apart, key: str, found: Mapping[str, Counted]) -> tuple[int, str]:
    """Statuses with most faxes first; departments by name."""
    return (-found[key][Measure.FAXES] if apart is Apart.STATUS else 0, key)


def _about(apart: Apart, key: str) -> dict[str, str]:
    return {} if apart is Apart.NOTHING else {apart.value: key}


def _row(report: Report, about: dict[str, str], counted: Counted) -> _Row:
    values = {figure.name: figure.value(counted) for figure in report.figures}
    words = tuple(figure.words(values[figure.name]) for figure in report.figures)
    return _Row(about=about, figures=values, words=words)


def _below(whole: Period, datetimes: DatetimeSettings, departments: Sequence[str]) -> str:
    of = f", {', '.join(departments)}" if departments else ""
    begin, end = moment_words(whole.begin, datetimes), moment_words(whole.end, datetimes)
    return f"{begin} to {end}, {datetimes.time_zone}{of}"


def _print(table: _Table, below: str) -> None:
    if not table.rows:
        click.echo(f"no faxes, {below}")
        return
    about = [name.upper() for name in table.rows[0].about]
    rows = [(*map(_told, row.about.items()), *row.words) for row in table.rows]
    if table.total and about:
        rows.append(("all", *[""] * (len(about) - 1), *table.total))
    names = tuple(title for title in about if title == _FOLDING)
    print_table((*about, *table.titles), rows, folding=names, to_the_right=table.titles)
    if sys.stdout.isatty():
        click.echo(f"\n{table.title}, {below}")


def _told(named: tuple[str, str]) -> str:
    name, value = named
    if name == "number":
        return international(value)
    return value or (_COMPANY if name == "department" else "")


def _plain(table: _Table, wishes: _Wishes, whole: Period, datetimes: DatetimeSettings) -> dict[str, Any]:
    zone = ZoneInfo(datetimes.time_zone)
    return {
        "report": wishes.report,
        "since": whole.begin.astimezone(zone).isoformat(timespec="seconds"),
        "until": whole.end.astimezone(zone).isoformat(timespec="seconds"),
        "zone": datetimes.time_zone,
        "departments": list(wishes.departments),
        "rows": [{**row.about, **row.figures} for row in table.rows],
    }


def _export(table: _Table, name: str) -> None:
    with csv_file(name) as write:
        if table.rows:
            write([*table.rows[0].about, *table.rows[0].figures])
        for row in table.rows:
            write([csv_cell(value) for value in (*row.about.values(), *row.figures.values())])
    if name != "-":
        click.echo(f"{name}  {len(table.rows)} {'row' if len(table.rows) == 1 else 'rows'}")


def _draw(table: _Table, target: Path, below: str) -> None:
    svg = as_svg(_chart(table, below))
    try:
        if target.suffix.lower() == ".svg":
            target.write_text(svg, encoding="utf-8")
        else:
            target.write_bytes(as_png(svg))
    except OSError as problem:
        raise Failure(f"{target} cannot be written: {problem.strerror}.") from problem
    click.echo(f"{target}  {table.title}", err=True)


def _chart(table: _Table, below: str) -> Chart:
    """Of periods standing bars, of names lying ones."""
    standing = (
        bool(table.rows)
        and set(table.rows[0].about) <= {"hour", "day", "month"}
        and bool(table.rows[0].about)
    )
    names = [printable(", ".join(map(_told, row.about.items()))) or "all" for row in table.rows]
    values = [row.figures[table.drawn] for row in table.rows]
    return Chart(
        title=table.title,
        below=below,
        unit="seconds" if table.drawn.endswith("seconds") else table.titles[0].lower(),
        names=tuple(names),
        values=tuple(float(value) if isinstance(value, int | float) else 0.0 for value in values),
        lying=not standing,
    )
