"""`postfax cancel`: ends jobs that are not finished."""

from functools import partial
from typing import Any

import click

from postfax.commands.each_job import End, Told, confirm, do_to_each
from postfax.commands.layers import Layers, layer_options, wanted_jobs
from postfax.commands.show import find_job
from postfax.failures import ExitCode, Failure
from postfax.opening import open_book, run
from postfax.person import person
from store.activity import ActivityFilter
from store.book import Book
from store.job import FaxJob
from store.records.interventions import CancelResult


@click.command("cancel")
@click.argument("job_ids", metavar="[JOB]…", nargs=-1)
@layer_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str,
    /,
    job_ids: tuple[str, ...],
    yes: bool,  # noqa: FBT001 - passed by name
    as_json: bool,  # noqa: FBT001 - passed by name
    **layers: Any,
) -> int:
    """Cancel fax jobs, waiting or in a call: those that are named, or all that the options let through.

    Exit code 0 if all were cancelled, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    return run(_cancel_all(settings_file, job_ids, Layers(**layers), yes=yes, as_json=as_json))


async def _cancel_all(
    settings_file: str, job_ids: tuple[str, ...], layers: Layers, *, yes: bool, as_json: bool
) -> ExitCode:
    async with open_book(settings_file) as book:
        ids = await wanted_jobs(book, job_ids, layers, ActivityFilter(unfinished=True))
        if not job_ids:
            confirm(len(ids), "cancel", yes=yes)
        return await do_to_each(ids, partial(_cancel, book), as_json=as_json, done="cancelled")


async def _cancel(book: Book, job_id: str) -> Told:
    try:
        job = await find_job(book, job_id)
    except Failure as problem:
        return Told(job_id=job_id, end=End.NOT_FOUND, words=str(problem), facts={"outcome": None})
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
