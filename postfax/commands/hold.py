"""`postfax hold`: keeps faxes from being called until they are released."""

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
from store.job import FaxJob
from store.lifecycle import IllegalTransition, JobState, Transition

_WAITING = Condition(
    field=Field.STATE,
    comparison=Comparison.IS,
    values=tuple(sorted(state.value for state in Transition.HOLD.sources)),
)


@click.command("hold")
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
    """Keep faxes that wait for a call from being called, until `postfax release`.

    Those that are named, or all that the options let through. A call in progress goes on.
    Exit code 0 if all were held, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    return run(_hold_all(settings_file, job_ids, Layers(**layers), yes=yes, as_json=as_json))


async def _hold_all(
    settings_file: str, job_ids: tuple[str, ...], layers: Layers, *, yes: bool, as_json: bool
) -> ExitCode:
    async with open_book(settings_file) as book:
        ids = await wanted_jobs(book, job_ids, layers, ActivityFilter(conditions=(_WAITING,)))
        if not job_ids:
            confirm(len(ids), "hold", yes=yes)
        return await do_to_each(ids, partial(_hold, book), as_json=as_json, done="held")


async def _hold(book: Book, job_id: str) -> Told:
    try:
        job = await find_job(book, job_id)
    except Failure as problem:
        return Told(job_id=job_id, end=End.NOT_FOUND, words=str(problem), facts={"state": None})
    try:
        held = await book.hold(job.id, person())
    except IllegalTransition as problem:
        words = await _why_not(book, job, problem.state)
        state = problem.state.value if problem.state else None
        return Told(job_id=job.id, end=End.REFUSED, words=words, facts={"state": state})
    return Told(job_id=job.id, end=End.DONE, words="held", facts={"state": held.state.value})


async def _why_not(book: Book, job: FaxJob, state: JobState | None) -> str:
    if state is JobState.HELD:
        last = (await book.transitions_of(job.id))[-1]
        return f"was held already, by {last.by} at {last.at.astimezone():%Y-%m-%d %H:%M:%S}"
    if state is JobState.DIALLING:
        return "is in a call, which goes on; `postfax cancel` would hang up"
    if state is JobState.CONVERTING:
        return "has no pages yet; hold it when it is queued"
    return f"is {state.value if state else 'gone'} and waits for no call; nothing was changed"
