"""`postfax refused`: submissions that were refused during SMTP, and why."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from postfax.commands.list import Moment
from postfax.opening import open_book, run
from postfax.terminal import print_json, print_table, printable, show_lines
from store.refused import RefusedSubmission

_NARROWEST = 40
_INDENT = "    "


@click.command("refused")
@click.option("--since", type=Moment(), help="Only since: today, 30min, 2h, 3d, or 2026-11-23.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, since: datetime | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """List submissions that were refused at the door, newest first."""
    refused = run(_refused(settings_file, since, limit))
    if as_json:
        print_json([_plain(submission) for submission in refused])
    elif refused and sys.stdout.isatty():
        show_lines([line for entry in refused for line in _lines(entry, shutil.get_terminal_size().columns)])
    elif refused:
        _print_table(refused)
    else:
        click.echo("nothing was refused")


def _print_table(refused: Sequence[RefusedSubmission]) -> None:
    """One line for each, for those who filter lines."""
    print_table(
        ("WHEN", "CLIENT", "RETURN PATH", "FROM", "TO", "ANSWER"),
        (
            (
                _when(entry),
                entry.client_address,
                entry.envelope.return_path or "<>",
                entry.header_from,
                _recipient_words(entry.envelope.recipients),
                entry.reason,
            )
            for entry in refused
        ),
    )


def _lines(entry: RefusedSubmission, columns: int) -> Iterator[str]:
    """When and who, and below it the answer, on a terminal of any width."""
    sender = entry.header_from or "no author"
    if entry.envelope.return_path != entry.header_from:
        sender += f" (return path {entry.envelope.return_path or '<>'})"
    to = _recipient_words(entry.envelope.recipients)
    way = f"{sender} → {to}" if to else sender
    yield f"{click.style(_when(entry), bold=True)}  {printable(entry.client_address)}"
    for text in (way, entry.reason):
        yield from textwrap.wrap(
            printable(text), max(_NARROWEST, columns), initial_indent=_INDENT, subsequent_indent=_INDENT
        )


def _when(entry: RefusedSubmission) -> str:
    return f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}"


async def _refused(settings_file: str, since: datetime | None, limit: int) -> tuple[RefusedSubmission, ...]:
    async with open_book(settings_file) as book:
        return await book.refused(since=since, limit=limit)


def _recipient_words(recipients: tuple[str, ...]) -> str:
    more = f" and {len(recipients) - 1} more" if len(recipients) > 1 else ""
    return f"{recipients[0]}{more}" if recipients else ""


def _plain(entry: RefusedSubmission) -> dict[str, object]:
    return {
        "at": entry.at,
        "client": entry.client_address,
        "helo": entry.helo,
        "return_path": entry.envelope.return_path,
        "recipients": entry.envelope.recipients,
        "from": entry.header_from,
        "answer": entry.reason,
    }
