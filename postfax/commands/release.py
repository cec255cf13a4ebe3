"""`postfax release`: lets held faxes be called again."""

from typing import Any

import click

from postfax.commands.chosen_jobs import chosen_jobs_options, do_to_chosen
from postfax.commands.each_job import End, Told
from postfax.opening import run
from postfax.person import person
from store.activity import ActivityFilter, Comparison, Condition, Field
from store.book import Book
from store.job import FaxJob
from store.lifecycle import IllegalTransition, JobState

_HELD = Condition(field=Field.STATE, comparison=Comparison.IS, values=(JobState.HELD.value,))


@click.command("release")
@chosen_jobs_options
@click.pass_obj
def command(settings_file: str, /, **chosen: Any) -> int:
    """Let held faxes be called: at the time that they were due, or at once if that is past.

    Those that are named, or all that the options let through.
    Exit code 0 if all were released, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    return run(
        do_to_chosen(
            settings_file,
            _release,
            ActivityFilter(conditions=(_HELD,)),
            verb="release",
            done="released",
            unknown={"state": None},
            **chosen,
        )
    )


async def _release(book: Book, job: FaxJob) -> Told:
    try:
        released = await book.release(job.id, person())
    except IllegalTransition as problem:
        state = problem.state.value if problem.state else "gone"
        words = f"is {state} and not held; nothing was changed"
        return Told(job_id=job.id, end=End.REFUSED, words=words, facts={"state": state})
    return Told(job_id=job.id, end=End.DONE, words="released", facts={"state": released.state.value})
