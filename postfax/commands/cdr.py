"""`postfax cdr`: the call detail record of a month."""

import re
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from postfax.cdr import Written, month_words, write_cdr
from postfax.cdr_shelf import kept_months, kept_zip
from postfax.commands.layers import datetimes_of
from postfax.failures import ExitCode, Failure
from postfax.moments import month_of
from postfax.opening import documents_folder, now, open_book, run, settings_in
from postfax.progress import counting
from postfax.terminal import octets_for_people, print_json, print_table
from postfax.whole_file import STANDARD_OUTPUT
from store.book import Book
from store.tally import Period

_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    month: str
    output: Path | None
    failures: bool
    zone: str
    force: bool
    as_json: bool


@click.command("cdr")
@click.argument("month", metavar="[MONTH]", default="")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="cdr-MONTH.zip if not said; - for standard output.",
)
@click.option("--failures", is_flag=True, help="With files of the faxes that were not sent, too.")
@click.option("--zone", metavar="ZONE", default="", help="Time zone, in place of the policy's.")
@click.option("--list", "listing", is_flag=True, help="Which closed months the service keeps.")
@click.option("--force", is_flag=True, help="Even if FILE is there.")
@click.option("--json", "as_json", is_flag=True, help="For programs: what was written.")
@click.pass_obj
def command(settings_file: str, /, listing: bool, **wishes: Any) -> None:  # noqa: FBT001 - passed by name
    """Write the call detail record of a MONTH, as 2026-10: a ZIP with a CSV of every fax that was sent.

    The month that goes on has a CSV for each day with activity, to yesterday. Without MONTH it is the last
    one that has ended. The service keeps those of the last six months, also when the record has forgotten.
    """
    folder = documents_folder(settings_in(settings_file))
    if listing:
        _list(folder, as_json=wishes["as_json"])
        return
    run(_cdr(settings_file, folder, _Wishes(**wishes)))


async def _cdr(settings_file: str, folder: Path, wishes: _Wishes) -> None:
    moment = now()
    async with open_book(settings_file) as book:
        datetimes = await datetimes_of(book, wishes.zone)
        zone = ZoneInfo(datetimes.time_zone)
        month, closed = _month(wishes.month, moment, zone)
        target = _target(wishes, month, zone)
        kept = kept_zip(folder, month_words(month, zone)) if closed and not wishes.zone else None
        try:
            if kept:
                written = kept.copy_to(target, failures=wishes.failures)
            else:
                written = await _from_record(book, target, month, zone, wishes, closed=closed)
        except OSError as problem:
            raise Failure(f"{target} cannot be written: {problem.strerror}.") from problem
    if target != STANDARD_OUTPUT:
        _tell(target, written, as_json=wishes.as_json)


async def _from_record(
    book: Book, target: Path, month: Period, zone: ZoneInfo, wishes: _Wishes, *, closed: bool
) -> Written:
    span = await book.recorded_span()
    if span is None or span[0] >= month.end:
        since = f"; the record begins on {span[0].astimezone(zone):%Y-%m-%d}" if span else ""
        until = "" if closed else " up to yesterday"
        raise Failure(f"there is no fax of {month_words(month, zone)}{until}{since}.", ExitCode.NOT_FOUND)
    with counting("rows") as tell:
        return await write_cdr(
            target,
            month,
            zone,
            book.detail_records,
            daily=not closed,
            failures=wishes.failures,
            tell=tell,
        )


def _month(text: str, moment: datetime, zone: ZoneInfo) -> tuple[Period, bool]:
    """The month that is meant, and whether it has ended. Of one that goes on the days to yesterday."""
    local = moment.astimezone(zone)
    today = datetime(local.year, local.month, local.day, tzinfo=zone)
    if not text:
        before = today.replace(day=1) - timedelta(days=1)
        text = f"{before:%Y-%m}"
    found = _MONTH.fullmatch(text)
    try:
        begin, end = month_of(int(found[1]), int(found[2]), zone) if found else (None, None)
    except ValueError:
        begin = end = None
    if begin is None or end is None:
        raise Failure(f"'{text}' is no month, such as 2026-10.", ExitCode.USAGE)
    if begin > moment:
        raise Failure(f"{text} has not come yet.", ExitCode.USAGE)
    if end <= moment:
        return Period(begin=begin, end=end), True
    if begin >= today:
        raise Failure(f"{text} has begun today; its first day can be had tomorrow.", ExitCode.NOT_FOUND)
    return Period(begin=begin, end=today), False


def _target(wishes: _Wishes, month: Period, zone: ZoneInfo) -> Path:
    target = wishes.output or Path(f"cdr-{month_words(month, zone)}.zip")
    if target == STANDARD_OUTPUT:
        if sys.stdout.isatty():
            raise Failure("a ZIP is no text for a terminal. Say -o FILE.", ExitCode.USAGE)
        return target
    if target.is_dir():
        target /= f"cdr-{month_words(month, zone)}.zip"
    if target.exists() and not wishes.force:
        raise Failure(f"{target} is there already. Say --force, or another name with -o.")
    return target


def _tell(target: Path, written: Written, *, as_json: bool) -> None:
    if as_json:
        files = [{"name": name, "rows": rows} for name, rows in written.files]
        print_json({"file": target, "rows": written.rows, "files": files})
        return
    number = "1 file" if len(written.files) == 1 else f"{len(written.files)} files"
    rows = f"{written.rows:,} {'row' if written.rows == 1 else 'rows'}"
    click.echo(f"{target}  {rows} in {number}, {octets_for_people(target.stat().st_size)}")


def _list(folder: Path, *, as_json: bool) -> None:
    kept = kept_months(folder)
    if as_json:
        print_json([{"month": each.month, "file": each.path, "octets": each.octets} for each in kept])
    elif kept:
        rows = [(each.month, octets_for_people(each.octets), str(each.path)) for each in kept]
        print_table(("MONTH", "SIZE", "FILE"), rows)
    else:
        click.echo("no closed month is kept yet; the service keeps each one from its end on")
