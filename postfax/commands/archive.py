"""`postfax archive`: how the archives stand, copies tried again, and the shape of the sidecars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import click

from archive.sidecar_schema import json_schema, xml_schema
from config.policy import Policy
from postfax.archive_now import archive_now, archives_of
from postfax.commands.each_job import End, Told, confirm, do_to_each
from postfax.failures import ExitCode, Failure
from postfax.live_policy import read_with_digest
from postfax.opening import make_book, now, run, settings_in
from postfax.person import person
from postfax.terminal import age, print_json, print_table, printable
from store.archive_standing import ArchiveStanding, Retry
from store.book import Book
from store.outbox import Copy, DeliveryState

_WORDS = {
    Retry.UNDER_WAY: "is being filed at this moment; look again in a minute",
    Retry.DELIVERED: "is there already",
    Retry.NOT_KEPT: "cannot be made any more: the pages are kept for as long as retention.documents says",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """All copies that go to one place."""

    target: str
    in_policy: bool
    waiting: int
    given_up: int
    delivered: int
    oldest: datetime | None
    last_delivered: datetime | None
    next_try: datetime | None
    trouble: str


@click.group("archive")
def command() -> None:
    """See to the archives that keep copies of faxes."""


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status_command(settings_file: str, *, as_json: bool) -> int:
    """Tell how each archive stands: what waits, was filed, went wrong.

    Every archive of the policy is told, and every one that has copies in the record. Exit code 1 if copies
    were given up, or wait after a try that failed.
    """
    places = run(_places(settings_file))
    if as_json:
        print_json(places)
    elif places:
        _print(places)
    else:
        click.echo("there is no archive; the policy sets one up under archive:")
    return ExitCode.PARTLY if any(place.trouble for place in places) else ExitCode.DONE


@command.command("retry")
@click.argument("job_ids", metavar="[JOB]…", nargs=-1)
@click.option(
    "--target", metavar="PLACE", default="", help="Copies for this archive: all or part of its name."
)
@click.option("--all", "everything", is_flag=True, help="Every copy that waits or was given up.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def retry_command(
    settings_file: str, *, job_ids: tuple[str, ...], target: str, everything: bool, yes: bool, as_json: bool
) -> int:
    """Have copies tried again at once: those that wait or were given up.

    Those of the faxes that are named, of one archive, or all. They go to the archive as the policy has it
    now. Who wanted it is written down (postfax audit).

    Exit code 0 if all are owed again, 1 if only some are, 3 if one is not there, 4 if none is.
    """
    if not (job_ids or target or everything):
        raise Failure("say which: faxes by their ids, --target PLACE, or --all.", ExitCode.USAGE)
    return run(_retry(settings_file, job_ids, target, yes=yes, as_json=as_json))


@command.command("schema")
@click.argument("form", type=click.Choice(["xml", "json"]))
def schema_command(form: str) -> None:
    """Print the schema of the sidecars with a fax's facts: XML Schema or JSON Schema."""
    if form == "json":
        print_json(json_schema())
    else:
        click.echo(xml_schema(), nl=False)


async def _places(settings_file: str) -> list[_Place]:
    settings = settings_in(settings_file)
    policy = read_with_digest(settings.policy, settings.lines).policy
    async with make_book(settings) as book:
        standings = await book.archives()
    by_target: dict[str, list[ArchiveStanding]] = {archive.goes_to: [] for archive in archives_of(policy)}
    known = set(by_target)
    for standing in standings:
        by_target.setdefault(standing.archive.goes_to, []).append(standing)
    return [_joined(target, found, in_policy=target in known) for target, found in by_target.items()]


def _joined(target: str, found: Sequence[ArchiveStanding], *, in_policy: bool) -> _Place:
    owing = [standing for standing in found if standing.waiting]
    troubled = sorted(
        (standing for standing in found if standing.trouble), key=lambda standing: -standing.waiting
    )
    return _Place(
        target=target,
        in_policy=in_policy,
        waiting=sum(standing.waiting for standing in found),
        given_up=sum(standing.given_up for standing in found),
        delivered=sum(standing.delivered for standing in found),
        oldest=min((standing.oldest for standing in owing if standing.oldest), default=None),
        last_delivered=max(
            (standing.last_delivered for standing in found if standing.last_delivered), default=None
        ),
        next_try=min((standing.next_try for standing in owing if standing.next_try), default=None),
        trouble=troubled[0].trouble if troubled else "",
    )


def _print(places: Sequence[_Place]) -> None:
    moment = now()
    print_table(
        ("ARCHIVE", "WAIT", "GIVEN UP", "FILED", "OLDEST", "LAST FILED", "NEXT TRY"),
        (
            (
                place.target if place.in_policy else f"{place.target} (not in the policy)",
                f"{place.waiting:,}",
                f"{place.given_up:,}",
                f"{place.delivered:,}",
                age(place.oldest, moment) if place.oldest else "",
                f"{place.last_delivered.astimezone():%Y-%m-%d %H:%M}" if place.last_delivered else "never",
                f"{place.next_try.astimezone():%Y-%m-%d %H:%M}" if place.next_try else "",
            )
            for place in places
        ),
        folding=("ARCHIVE",),
        to_the_right=("WAIT", "GIVEN UP", "FILED"),
    )
    for place in places:
        if place.trouble:
            click.echo(f"\n{place.target}:")
            click.echo(click.wrap_text(printable(place.trouble), initial_indent="  ", subsequent_indent="  "))
    if any(place.given_up for place in places):
        click.echo()
        click.echo(
            "Copies that were given up are filed by `postfax archive retry`, when the trouble is mended."
        )


async def _retry(
    settings_file: str, job_ids: Sequence[str], target: str, *, yes: bool, as_json: bool
) -> ExitCode:
    settings = settings_in(settings_file)
    policy = read_with_digest(settings.policy, settings.lines).policy
    async with make_book(settings) as book:
        chosen = await _chosen(book, job_ids, target)
        if not job_ids:
            confirm(len(chosen), "try again to file", yes=yes)
        return await do_to_each(
            list(chosen), partial(_retried, book, policy, chosen), as_json=as_json, done="owed again"
        )


async def _chosen(book: Book, job_ids: Sequence[str], target: str) -> dict[str, Copy | None]:
    """The copies that are meant, by their ids; None with the id of a fax that has none."""
    chosen: dict[str, Copy | None] = {}
    if not job_ids:
        copies = await book.copies_to_retry()
        return {copy.id: copy for copy in copies if target.lower() in copy.archive.goes_to.lower()}
    for job_id in job_ids:
        copies = await book.copies_of(job_id)
        meant = {copy.id: copy for copy in copies if target.lower() in copy.archive.goes_to.lower()}
        chosen |= meant
        if not meant:
            chosen[job_id] = None
    return chosen


async def _retried(book: Book, policy: Policy, chosen: Mapping[str, Copy | None], identity: str) -> Told:
    copy = chosen[identity]
    job = await book.job(copy.job_id) if copy else None
    if copy is None or job is None:
        words = (
            "no archive has, or is owed, a copy of this fax" if await book.job(identity) else "is not there"
        )
        return Told(job_id=identity, end=End.NOT_FOUND, words=words, facts={"job": None, "target": None})
    archive = archive_now(copy, job.user, policy)
    result = await book.retry_copy(copy.id, archive, by=person())
    facts = {"job": job.id, "target": archive.goes_to}
    if result is Retry.OWED:
        return Told(job_id=copy.id, end=End.DONE, words=f"goes to {archive.goes_to}", facts=facts)
    words = _WORDS[result]
    if copy.state is DeliveryState.DELIVERED and copy.delivered_at:
        words = f"is there already: {copy.place}, since {copy.delivered_at.astimezone():%Y-%m-%d %H:%M}"
    return Told(job_id=copy.id, end=End.REFUSED, words=words, facts=facts)
