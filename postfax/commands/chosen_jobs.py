"""Commands that do one thing to faxes: to those that are named, or to all that their layers let through."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import click

from postfax.commands.each_job import End, Told, confirm, do_to_each
from postfax.commands.layers import Layers, layer_options, wanted_jobs
from postfax.commands.show import find_job
from postfax.failures import ExitCode, Failure
from postfax.opening import open_book
from store.activity import ActivityFilter
from store.book import Book
from store.job import FaxJob

Function = TypeVar("Function", bound=Callable[..., Any])
Deed = Callable[[Book, FaxJob], Awaitable[Told]]


def chosen_jobs_options(command: Function) -> Function:
    """The options of such a command, as `do_to_chosen` takes them: jobs, layers, --yes, --json."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="For programs."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        layer_options,
        click.argument("job_ids", metavar="[JOB]…", nargs=-1),
    ):
        command = option(command)
    return command


async def do_to_chosen(
    settings_file: str,
    deed: Deed,
    among: ActivityFilter,
    *,
    verb: str,
    done: str,
    unknown: Mapping[str, Any],
    job_ids: tuple[str, ...],
    yes: bool,
    as_json: bool,
    **layers: Any,
) -> ExitCode:
    """Do it to one after the other; the exit code of all.

    Args:
        settings_file: Of the server.
        deed: What is done to a fax.
        among: Which faxes it can be done to, where none is named.
        verb: `cancel`, for the question.
        done: `cancelled`, for the sum.
        unknown: What programs are told of a fax that is not there.
        job_ids: Those that are named.
        yes: Whether nobody is asked.
        as_json: Whether programs are told.
        layers: As `Layers` has them.
    """
    async with open_book(settings_file) as book:
        ids = await wanted_jobs(book, job_ids, Layers(**layers), among)
        if not job_ids:
            confirm(len(ids), verb, yes=yes)
        return await do_to_each(ids, partial(_found, book, deed, unknown), as_json=as_json, done=done)


async def _found(book: Book, deed: Deed, unknown: Mapping[str, Any], job_id: str) -> Told:
    try:
        job = await find_job(book, job_id)
    except Failure as problem:
        return Told(job_id=job_id, end=End.NOT_FOUND, words=str(problem), facts=dict(unknown))
    return await deed(book, job)
