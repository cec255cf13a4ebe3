"""`postfax list`: the jobs, newest first."""

import re
from collections.abc import Collection
from datetime import UTC, datetime

import click

from config.number_text import international
from postfax.moments import NoMoment, begin_of
from postfax.opening import now, open_book, run, settings_in
from postfax.plain import plain_job
from postfax.terminal import age, print_json, print_table
from store.call_time import waited_for
from store.job import FaxJob
from store.job_filter import JobFilter
from store.lifecycle import FINAL_STATES, JobState
from store.records.lineless import is_lineless


class Moment(click.ParamType[datetime]):
    """A time in the past (`postfax.moments`), in this machine's zone."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """See click."""
        if isinstance(value, datetime):
            return value
        moment = now()
        here = moment.astimezone().tzinfo or UTC
        try:
            return begin_of(value, moment, here)
        except NoMoment as problem:
            self.fail(str(problem), param, ctx)


@click.command("list")
@click.option("--failed", is_flag=True, help="Only jobs whose last call, or all of them, failed.")
@click.option("--open", "unfinished", is_flag=True, help="Only jobs that are not finished.")
@click.option("--since", type=Moment(), help="Only jobs made since: today, 30min, 2h, 3d, or 2026-11-23.")
@click.option("--from", "sender", metavar="ADDRESS", help="Only jobs of this sender.")
@click.option("--to", "number", metavar="NUMBER", help="Only jobs to this number, as +12065551234.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str,
    failed: bool,  # noqa: FBT001 - as above
    unfinished: bool,  # noqa: FBT001 - as above
    since: datetime | None,
    sender: str | None,
    number: str | None,
    limit: int,
    as_json: bool,  # noqa: FBT001 - as above
) -> None:
    """List fax jobs, newest first."""
    states = frozenset(JobState) - FINAL_STATES if unfinished else frozenset[JobState]()
    wanted = JobFilter(
        states=states, since=since, user=sender, number=_as_kept(number), failed=failed, limit=limit
    )
    jobs = run(_jobs(settings_file, wanted))
    if as_json:
        print_json([plain_job(job) for job in jobs])
    elif jobs:
        _print(jobs, settings_in(settings_file).lines)
    else:
        click.echo("no jobs" if wanted == JobFilter(limit=limit) else "no jobs match")


def _as_kept(number: str | None) -> str | None:
    """A number as the list shows it, without what is there for people."""
    return re.sub(r"[\s()./-]", "", number) if number else None


async def _jobs(settings_file: str, wanted: JobFilter) -> tuple[FaxJob, ...]:
    async with open_book(settings_file) as book:
        return await book.jobs(wanted)


def _print(jobs: tuple[FaxJob, ...], lines: Collection[str]) -> None:
    moment = now()
    print_table(
        ("JOB", "SENT BY", "TO", "PAGES", "STATUS", "TRIES", "AGE", "NEXT"),
        (
            (
                job.id,
                job.user.email,
                international(job.recipient.number),
                f"{job.pages_confirmed}/{job.pages}",
                status_words(job),
                tries_words(job),
                age(job.created_at, moment),
                "no line" if is_lineless(job, lines) else next_words(job, moment),
            )
            for job in jobs
        ),
        shortening=("SENT BY",),
    )


def status_words(job: FaxJob) -> str:
    """The status, or where the job is while it has none."""
    return job.status.value if job.status else job.state.value


def tries_words(job: FaxJob) -> str:
    """`2 of 4` while more may come, `2` in the end."""
    return str(job.tries) if job.state.final else f"{job.tries} of {job.user.settings.retry.attempts}"


def next_words(job: FaxJob, moment: datetime) -> str:
    """When the job goes on, in this machine's time; with the hours that it waits for."""
    if job.state in {JobState.WAITING, JobState.SCHEDULED}:
        local = job.due_at.astimezone()
        same_day = local.date() == moment.astimezone().date()
        hours = hours_words(job)
        return (f"{local:%H:%M}" if same_day else f"{local:%Y-%m-%d %H:%M}") + (f", {hours}" if hours else "")
    return "–" if job.state.final else job.state.value


def hours_words(job: FaxJob) -> str:
    """The hours that a job waits for, where it waits for some: `from 08:00 in Berlin`."""
    hours = waited_for(job)
    if hours is None:
        return ""
    return f"from {hours.there} in {hours.place}" if hours.place else "in hours of all its time zones"
