"""`postfax cancel`: ends jobs that are not finished."""

from typing import Any

import click

from postfax.commands.chosen_jobs import chosen_jobs_options, do_to_chosen
from postfax.commands.each_job import End, Told
from postfax.opening import run
from postfax.person import person
from store.activity import ActivityFilter
from store.book import Book
from store.job import FaxJob
from store.records.interventions import CancelResult


@click.command("cancel")
@chosen_jobs_options
@click.pass_obj
def command(settings_file: str, /, **chosen: Any) -> int:
    """Cancel fax jobs, waiting or in a call: those that are named, or all that the options let through.

    Exit code 0 if all were cancelled, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    return run(
        do_to_chosen(
            settings_file,
            _cancel,
            ActivityFilter(unfinished=True),
            verb="cancel",
            done="cancelled",
            unknown={"outcome": None},
            **chosen,
        )
    )


async def _cancel(book: Book, job: FaxJob) -> Told:
    result = await book.cancel(job.id, person())
    words = await _words(book, job, result)
    end = End.REFUSED if result is CancelResult.ALREADY_FINAL else End.DONE
    return Told(job_id=job.id, end=end, words=words, facts={"outcome": result.value})


async def _words(book: Book, job: FaxJob, result: CancelResult) -> str:
    if result is CancelResult.CANCELLED:
        return "cancelled"
    if result is CancelResult.WILL_HANG_UP:
        first = job.cancel_requested_by
        asked = f", as {first} asked before" if first and first != person() else ""
        return f"is in a call, which will be hung up{asked}; confirmed pages stay sent"
    last = (await book.transitions_of(job.id))[-1]
    by = f" by {last.by}" if "/" not in last.by and last.end.value == "cancelled" else ""
    return (
        f"was {last.end.value}{by} at {last.at.astimezone():%Y-%m-%d %H:%M:%S} already; nothing was changed"
    )
