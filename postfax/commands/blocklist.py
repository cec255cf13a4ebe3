"""`postfax blocklist`: numbers that may not be faxed, changed while the service runs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import click

from postfax.commands import blocklist_export, blocklist_lookup
from postfax.commands.pattern_arguments import Wanted, wanted_patterns
from postfax.failures import ExitCode
from postfax.opening import open_book, run
from postfax.person import person
from postfax.terminal import print_json, print_table
from store.block import Block, BlockChange
from store.book import Book
from store.job_filter import JobFilter
from store.lifecycle import FINAL_STATES, JobState
from submission.allowance import Blocks

_TOLD_SINGLY = 20
"""Of so many patterns each is told; of more only how many there are."""


@click.group("blocklist")
def command() -> None:
    """See to the numbers that may not be faxed, beside those of the policy.

    A PATTERN is a number with + and country code, as +12065551234; * at its end stands for all that begin so
    (+1900*), and ? for any one digit (+1???976*). Spaces, dots, dashes and brackets do not count. Put it in
    quotes, or the shell takes * and ? for itself. A change holds within a second, and before every call.
    """


command.add_command(blocklist_lookup.command)
command.add_command(blocklist_export.command)


@command.command("show")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs; the whole list.")
@click.pass_obj
def show_command(settings_file: str, limit: int, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Show the live list: what is blocked, why, by whom, and since when."""
    blocks = run(_blocks(settings_file))
    if as_json:
        print_json([asdict(block) for block in blocks])
    elif blocks:
        _print(blocks[:limit])
        if len(blocks) > limit:
            click.echo(f"… and {len(blocks) - limit} more; `postfax blocklist export` has them all")
    else:
        click.echo("the live list is empty; what the policy blocks is in its files")


async def _blocks(settings_file: str) -> tuple[Block, ...]:
    async with open_book(settings_file) as book:
        return await book.blocks()


def _print(blocks: Iterable[Block]) -> None:
    print_table(
        ("BLOCKED", "REASON", "BY", "SINCE"),
        (
            (block.pattern, block.reason, block.by, f"{block.at.astimezone():%Y-%m-%d %H:%M}")
            for block in blocks
        ),
        folding=("REASON",),
    )


@command.command("add")
@click.argument("patterns", metavar="[PATTERN]…", nargs=-1)
@click.option("--reason", metavar="TEXT", default="", help="Why, for whoever looks at the list.")
@click.option(
    "--file", "file", metavar="FILE",
    help="Take patterns from a file, one a line; - is standard input. Behind # stands the reason of a line.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def add_command(
    settings_file: str,
    patterns: tuple[str, ...],
    reason: str,
    file: str | None,
    as_json: bool,  # noqa: FBT001 - passed by name
) -> None:
    """Block numbers, all that are named or none.

    What is on the list already stays as it is, with its first reason.
    """
    wanted = wanted_patterns(patterns, file, reason)
    change, known, waiting = run(_add(settings_file, wanted))
    if as_json:
        print_json({"added": change.changed, "there_already": change.unchanged, "waiting_jobs": waiting})
        return
    _tell_each(change.changed, dict.fromkeys(change.changed, "blocked"))
    _tell_each(change.unchanged, {block.pattern: _known_words(block) for block in known})
    _tell_sum("blocked", change, "there already")
    if waiting:
        faxes = "fax that waits goes" if waiting == 1 else "faxes that wait go"
        click.echo(f"{waiting} {faxes} to such a number and will end as Blocked")


async def _add(settings_file: str, wanted: Wanted) -> tuple[BlockChange, list[Block], int]:
    async with open_book(settings_file) as book:
        change = await book.block(list(wanted), by=person(), reasons=wanted)
        known = frozenset(change.unchanged)
        before = [block for block in await book.blocks() if block.pattern in known] if known else []
        return change, before, await _waiting(book, Blocks(change.changed)) if change.changed else 0


async def _waiting(book: Book, blocks: Blocks) -> int:
    """How many faxes wait that go to numbers of these."""
    jobs = await book.jobs(JobFilter(states=frozenset(JobState) - FINAL_STATES, limit=None))
    return sum(bool(blocks.blocking(job.recipient.number)) for job in jobs)


@command.command("remove")
@click.argument("patterns", metavar="[PATTERN]…", nargs=-1)
@click.option("--reason", metavar="TEXT", default="", help="Why, for `postfax audit`.")
@click.option(
    "--file", "file", metavar="FILE", help="Take patterns from a file, one a line; - is standard input."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def remove_command(
    settings_file: str,
    patterns: tuple[str, ...],
    reason: str,
    file: str | None,
    as_json: bool,  # noqa: FBT001 - passed by name
) -> ExitCode:
    """Take patterns off the live list, each as it stands there.

    Exit code 0 if all were removed, 1 if only some were, 3 if none is on the list.
    """
    wanted = wanted_patterns(patterns, file, reason)
    change, others = run(_remove(settings_file, wanted, reason))
    if as_json:
        print_json({"removed": change.changed, "not_there": change.unchanged})
    else:
        _tell_each(change.changed, dict.fromkeys(change.changed, "removed from the live list"))
        _tell_each(change.unchanged, others)
        _tell_sum("removed", change, "not on the list")
    if not change.unchanged:
        return ExitCode.DONE
    return ExitCode.PARTLY if change.changed else ExitCode.NOT_FOUND


async def _remove(settings_file: str, wanted: Wanted, reason: str) -> tuple[BlockChange, dict[str, str]]:
    async with open_book(settings_file) as book:
        change = await book.unblock(list(wanted), by=person(), reason=reason)
        others = {}
        for pattern in change.unchanged[:_TOLD_SINGLY]:
            wider = await book.blocking(pattern) if pattern[1:].isdecimal() else ""
            others[pattern] = f"is not on the list, but {wider} is" if wider else "is not on the list"
        return change, others


def _known_words(block: Block) -> str:
    why = f": {block.reason}" if block.reason else ""
    return f"was blocked already, by {block.by} on {block.at.astimezone():%Y-%m-%d}{why}"


def _tell_each(patterns: tuple[str, ...], words: Mapping[str, str]) -> None:
    if len(patterns) <= _TOLD_SINGLY:
        for pattern in patterns:
            click.echo(f"{pattern}  {words[pattern]}")


def _tell_sum(done: str, change: BlockChange, otherwise: str) -> None:
    if len(change.changed) + len(change.unchanged) > 1:
        rest = f", {len(change.unchanged)} {otherwise}" if change.unchanged else ""
        click.echo(f"{len(change.changed)} {done}{rest}")
