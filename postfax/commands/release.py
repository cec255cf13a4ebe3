"""`postfax release`: lets held faxes be called again."""

from functools import partial
from typing import Any

import click

from postfax.commands.each_job import End, Told, confirm, do_to_each
from postfax.commands.layers import Layers, layer_options, wanted_jobs
from postfax.commands.show import find_job
from postfax.failures import ExitCode, Failure
from postfax.opening import open_book, run
from postfax.person import person
from store.activity import ActivityFilter, Comparison, Condition, Field
from store.book import Book
from store.lifecycle import IllegalTransition, JobState

_HELD = Condition(field=Field.STATE, comparison=Comparison.IS, values=(JobState.HELD.value,))


@click.command("release")
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
    """Let held faxes be called: at the time that they were due, or at once if that is past.

    Those that are named, or all that the options let through.
    Exit code 0 if all were released, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    return run(_release_all(settings_file, job_ids, Layers(**layers), yes=yes, as_json=as_json))


async def _release_all(
    settings_file: str, job_ids: tuple[str, ...], layers: Layers, *, yes: bool, as_json: bool
) -> ExitCode:
    async with open_book(settings_file) as book:
        ids = await wanted_jobs(book, job_ids, layers, ActivityFilter(conditions=(_HELD,)))
        if not job_ids:
            confirm(len(ids), "release", yes=yes)
        return await do_to_each(ids, partial(_release, book), as_json=as_json, done="released")


async def _release(book: Book, job_id: str) -> Told:
    try:
        job = await find_job(book, job_id)
    except Failure as problem:
        return Told(job_id=job_id, end=End.NOT_FOUND, words=str(problem), facts={"state": None})
    try:
        released = await book.release(job.id, person())
    except IllegalTransition as problem:
        state = problem.state.value if problem.state else "gone"
        words = f"is {state} and not held; nothing was changed"
        return Told(job_id=job.id, end=End.REFUSED, words=words, facts={"state": state})
    return Told(job_id=job.id, end=End.DONE, words="released", facts={"state": released.state.value})
