"""`postfax cancel`: ends jobs that are not finished."""

from collections.abc import Iterable

import click

from postfax.commands.show import find_job
from postfax.failures import ExitCode, Failure
from postfax.opening import open_book, run
from postfax.person import person
from postfax.terminal import print_json
from store.records.interventions import CancelResult

_SAID = {
    CancelResult.CANCELLED: "cancelled",
    CancelResult.WILL_HANG_UP: "is in a call, which will be hung up; confirmed pages stay sent",
    CancelResult.ALREADY_FINAL: "was finished already; nothing was changed",
}


@click.command("cancel")
@click.argument("job_ids", metavar="JOB…", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, job_ids: tuple[str, ...], as_json: bool) -> int:  # noqa: FBT001 - passed by name
    """Cancel fax jobs, waiting or in a call.

    Exit code 0 if all were cancelled, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    results = run(_cancel(settings_file, job_ids))
    if as_json:
        print_json({job_id: result.value if result else None for job_id, result in results.items()})
    else:
        for job_id, result in results.items():
            click.echo(f"{job_id}  {_SAID[result] if result else 'is not the id of a job'}")
    return _exit_code(results.values())


async def _cancel(settings_file: str, job_ids: tuple[str, ...]) -> dict[str, CancelResult | None]:
    by = person()
    results: dict[str, CancelResult | None] = {}
    async with open_book(settings_file) as book:
        for job_id in job_ids:
            try:
                job = await find_job(book, job_id)
            except Failure:
                results[job_id] = None
            else:
                results[job.id] = await book.cancel(job.id, by)
    return results


def _exit_code(results: Iterable[CancelResult | None]) -> ExitCode:
    found = list(results)
    done = sum(result in {CancelResult.CANCELLED, CancelResult.WILL_HANG_UP} for result in found)
    if done == len(found):
        return ExitCode.DONE
    if done:
        return ExitCode.PARTLY
    return ExitCode.NOT_FOUND if None in found else ExitCode.REFUSED
