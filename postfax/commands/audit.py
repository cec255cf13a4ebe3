"""`postfax audit`: who did what, when, and to what."""

from dataclasses import asdict
from datetime import datetime

import click

from config.number_pattern import NoPattern, read_pattern
from postfax.commands.list import Moment
from postfax.opening import open_book, run
from postfax.terminal import print_json, print_table
from store.audit_entry import AuditAction, AuditEntry, AuditFilter
from store.ids import read_id


@click.command("audit")
@click.option("--since", type=Moment(), help="Only since: today, 30min, 2h, 3d, or 2026-11-23.")
@click.option(
    "--subject",
    metavar="WHAT",
    default="",
    help="Only what was done to this: an account, a number pattern, or an id.",
)
@click.option("--by", metavar="PERSON", default="", help="Only what this person did.")
@click.option(
    "--action", "actions", multiple=True, type=click.Choice([action.value for action in AuditAction]),
    metavar="ACTION", help="Only this, as 'lock' or 'cancel'; may be repeated.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str,
    since: datetime | None,
    subject: str,
    by: str,
    actions: tuple[str, ...],
    limit: int,
    as_json: bool,  # noqa: FBT001 - passed by name
) -> None:
    """Show what people did by command: blocks, locks, passwords, approvals, and what they did to faxes.

    Faxes are cancelled, held, released, sent again, viewed and downloaded. The newest stands first. Each
    entry was written together with what was done, and cannot be changed.
    """
    kinds = frozenset(map(AuditAction, actions))
    wanted = AuditFilter(since=since, subject=_as_kept(subject), by=by, actions=kinds, limit=limit)
    entries = run(_entries(settings_file, wanted))
    if as_json:
        print_json([asdict(entry) for entry in entries])
    elif entries:
        _print(entries)
    else:
        click.echo("nothing was done" if wanted == AuditFilter(limit=limit) else "nothing matches")


async def _entries(settings_file: str, wanted: AuditFilter) -> tuple[AuditEntry, ...]:
    async with open_book(settings_file) as book:
        return await book.audit(wanted)


def _print(entries: tuple[AuditEntry, ...]) -> None:
    print_table(
        ("WHEN", "BY", "ACTION", "SUBJECT", "DETAIL"),
        (
            (
                f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}",
                entry.by,
                entry.action.value,
                _subject_words(entry),
                entry.detail,
            )
            for entry in entries
        ),
        folding=("SUBJECT", "DETAIL"),
    )


def _subject_words(entry: AuditEntry) -> str:
    """A policy's digest is told by its beginning."""
    return entry.subject[:12] if entry.action is AuditAction.APPROVE_POLICY else entry.subject


def _as_kept(subject: str) -> str:
    """A subject as the record has it: people write ids and numbers in many ways."""
    if "@" in subject:
        return subject.strip().lower()
    if subject.strip().startswith("+"):
        try:
            return read_pattern(subject)
        except NoPattern:
            return subject
    return read_id(subject) or subject
