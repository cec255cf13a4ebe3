"""`postfax resend`: sends faxes again, to the same number or to another one."""

from functools import partial
from typing import Any

import click

from config.number_text import international
from config.policy import read_policy
from postfax.commands.each_job import End, Told, confirm, do_to_each
from postfax.commands.layers import Layers, layer_options, wanted_jobs
from postfax.commands.show import find_job
from postfax.failures import ExitCode, Failure
from postfax.opening import open_book, run, settings_in
from postfax.person import person
from postfax.resending import Rules, resend_of
from store.activity import ActivityFilter, Comparison, Condition, Field
from store.book import Book
from store.errors import BodyMissing, BodyPurged, removal_words
from store.job import FaxJob
from store.lifecycle import FINAL_STATES, JobState
from store.resend import ResendRefused
from submission.allowance import Blocks

_ENDED = Condition(
    field=Field.STATE,
    comparison=Comparison.IS,
    values=tuple(sorted(state.value for state in FINAL_STATES)),
)
_NOT_SENT = Condition(
    field=Field.STATE, comparison=Comparison.IS, values=(JobState.CANCELLED.value, JobState.FAILED.value)
)


@click.command("resend")
@click.argument("job_ids", metavar="[JOB]…", nargs=-1)
@click.option("--to", "to", metavar="NUMBER", default="", help="To another number; for one JOB.")
@click.option("--again", is_flag=True, help="Even if it is under way a second time already.")
@layer_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str,
    /,
    job_ids: tuple[str, ...],
    to: str,
    again: bool,  # noqa: FBT001 - passed by name
    yes: bool,  # noqa: FBT001 - passed by name
    as_json: bool,  # noqa: FBT001 - passed by name
    **layers: Any,
) -> int:
    """Send faxes again: each becomes a new job, by the policy that applies now.

    Those that are named, or all that the options let through; of these only faxes that were not sent,
    unless --where names a state. Cover page and header line are made anew. A fax whose document was removed,
    because it had been kept long enough, cannot be sent again.
    Exit code 0 if all were, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    if to and len(job_ids) != 1:
        raise Failure("--to is for one JOB.", ExitCode.USAGE)
    work = _resend_all(settings_file, job_ids, Layers(**layers), to=to, again=again, yes=yes, as_json=as_json)
    return run(work)


async def _resend_all(
    settings_file: str,
    job_ids: tuple[str, ...],
    layers: Layers,
    *,
    to: str,
    again: bool,
    yes: bool,
    as_json: bool,
) -> ExitCode:
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    named = any(text.lower().lstrip().startswith("state") for text in layers.where)
    async with open_book(settings_file) as book:
        base = ActivityFilter(conditions=(_ENDED if named else _NOT_SENT,))
        ids = await wanted_jobs(book, job_ids, layers, base)
        if not job_ids:
            confirm(len(ids), "send again", yes=yes)
        live = await book.live_patterns()
        rules = Rules(
            policy=policy,
            live_blocks=Blocks(live.patterns if live else ()),
            locked=await book.locked_accounts(),
        )
        again_one = partial(_resend, book, rules, to=to, again=again)
        return await do_to_each(ids, again_one, as_json=as_json, done="sent again")


async def _resend(book: Book, rules: Rules, job_id: str, *, to: str, again: bool) -> Told:
    try:
        job = await find_job(book, job_id)
    except Failure as problem:
        return Told(job_id=job_id, end=End.NOT_FOUND, words=str(problem), facts=_facts(None))
    try:
        new = await book.resend(job.id, resend_of(job, rules, to=to, again=again), by=person())
    except (Failure, ResendRefused) as problem:
        words = str(problem).removeprefix(f"{job.id} ")
    except BodyPurged as problem:
        words = (
            f"cannot be sent again: its document was removed on {problem.at.astimezone():%Y-%m-%d}, "
            f"{removal_words(problem.kept)}"
        )
    except BodyMissing as problem:
        words = f"cannot be sent again: {problem}"
    else:
        words = f"is sent again as {new.id} to {international(new.recipient.number)}"
        return Told(job_id=job.id, end=End.DONE, words=words, facts=_facts(new))
    return Told(job_id=job.id, end=End.REFUSED, words=words, facts=_facts(None))


def _facts(new: FaxJob | None) -> dict[str, str | None]:
    return {"new_id": new.id if new else None, "number": new.recipient.number if new else None}
