"""`postfax hold`: keeps faxes from being called until they are released."""

from typing import Any

import click

from postfax.commands.chosen_jobs import chosen_jobs_options, do_to_chosen
from postfax.commands.each_job import End, Told
from postfax.opening import run
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
@chosen_jobs_options
@click.pass_obj
def command(settings_file: str, /, **chosen: Any) -> int:
    """Keep faxes that wait for a call from being called, until `postfax release`.

    Those that are named, or all that the options let through. A call in progress goes on.
    Exit code 0 if all were held, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    return run(
        do_to_chosen(
            settings_file,
            _hold,
            ActivityFilter(conditions=(_WAITING,)),
            verb="hold",
            done="held",
            unknown={"state": None},
            **chosen,
        )
    )


async def _hold(book: Book, job: FaxJob) -> Told:
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
