"""`postfax stats`: how the service stands in a few lines."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from postfax.commands.layers import datetimes_of
from postfax.opening import now, open_book, run
from postfax.reports import REPORTS, count_words, seconds_words
from postfax.terminal import print_facts, print_json
from store.activity import ActivityFilter
from store.book import Book
from store.lifecycle import FINAL_STATES, JobState
from store.mail import MailState
from store.outbox import DeliveryState
from store.tally import Counted, Measure, Period

_MEASURES = (*REPORTS["usage"].measures, *REPORTS["first-dial"].measures)


@click.command("stats")
@click.option("--zone", metavar="ZONE", default="", help="Time zone, in place of the policy's.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, zone: str, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Tell what waits, and what was done today and in the last hour."""
    told = run(_ask(settings_file, zone))
    if as_json:
        print_json(told)
    else:
        _print(told)


async def _ask(settings_file: str, zone: str) -> dict[str, Any]:
    moment = now()
    async with open_book(settings_file) as book:
        there = ZoneInfo((await datetimes_of(book, zone)).time_zone)
        local = moment.astimezone(there)
        midnight = datetime(local.year, local.month, local.day, tzinfo=there)
        periods = [
            Period(begin=midnight, end=moment),
            Period(begin=moment - timedelta(hours=1), end=moment),
        ]
        today, hour = await book.tally(periods, _MEASURES)
        counts = await book.counts()
        return {
            "at": local.isoformat(timespec="seconds"),
            "mails_to_decide": counts.mails[MailState.RECEIVED],
            "jobs": {state.value: counts.jobs[state] for state in JobState if state not in FINAL_STATES},
            "oldest_unfinished": await _oldest(book, there),
            "notices_pending": counts.notices[DeliveryState.PENDING],
            "notices_given_up": counts.notices[DeliveryState.GIVEN_UP],
            "copies_pending": counts.copies[DeliveryState.PENDING],
            "copies_given_up": counts.copies[DeliveryState.GIVEN_UP],
            "today": _figures(today),
            "last_hour": _figures(hour),
        }


async def _oldest(book: Book, zone: ZoneInfo) -> str | None:
    """When the oldest fax was made that is not at its end."""
    unfinished = await book.matching_jobs(ActivityFilter(unfinished=True))
    job = await book.job(unfinished[-1]) if unfinished else None
    return job.created_at.astimezone(zone).isoformat(timespec="seconds") if job else None


def _figures(found: Mapping[str, Counted]) -> dict[str, Any]:
    counted = found.get("") or dict.fromkeys(Measure, 0)
    figures = {figure.name: figure.value(counted) for figure in REPORTS["usage"].figures}
    [average] = [figure for figure in REPORTS["first-dial"].figures if figure.name == "average_seconds"]
    return {**figures, "seconds_to_first_dial": average.value(counted)}


def _print(told: dict[str, Any]) -> None:
    jobs = {state: count for state, count in told["jobs"].items() if count}
    waiting = ", ".join(f"{count:,} {state}" for state, count in jobs.items()) or "nothing"
    print_facts(
        (
            ("mails to decide", count_words(told["mails_to_decide"])),
            ("faxes under way", waiting),
            ("oldest of them", str(told["oldest_unfinished"] or "")),
            ("notices", f"{told['notices_pending']:,} pending, {told['notices_given_up']:,} given up"),
            ("copies", f"{told['copies_pending']:,} pending, {told['copies_given_up']:,} given up"),
            ("today", _words(told["today"])),
            ("last hour", _words(told["last_hour"])),
        )
    )


def _words(figures: dict[str, Any]) -> str:
    if not figures["faxes"]:
        return "no faxes"
    dial = seconds_words(figures["seconds_to_first_dial"])
    return (
        f"{figures['faxes']:,} faxes, {figures['successful']:,} sent, {figures['failed']:,} failed, "
        f"{figures['pages']:,} pages, first dial after {dial}"
    )
