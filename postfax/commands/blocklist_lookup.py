"""`postfax blocklist lookup`: whether a number may be faxed, and which entry says that it may not."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from config.explain import UnknownUser
from config.levels import USER, Level
from config.number_text import international
from config.policy import Policy, read_policy
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, run, settings_in
from postfax.terminal import print_json, print_table
from store.block import Block
from store.book import Book
from submission.allowance import NO_BLOCKS, Blocks, refuse_number
from submission.number import FaxNumber, Unreadable, read_number

_SETTING = ("fax", "blocked_numbers")
LIVE = "live list"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """Something that blocks the number."""

    blocked_by: str
    """The pattern; empty where it is another setting."""
    level: str
    """`live list`, `company`, the departments, or the user's address."""
    place: str
    """File and line, or who did it and when."""
    reason: str


@click.command("lookup")
@click.argument("number", metavar="NUMBER")
@click.option(
    "--user", metavar="USER", help="Whether this user may fax it; otherwise all of the policy is looked at."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, number: str, user: str | None, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Say whether a number is blocked, and why.

    Every entry is told that blocks it: of the live list, and of which level of the policy.
    """
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    level = _level(policy, user)
    fax = _number(number, level)
    entries = [*_live(run(_blocks_on(make_book(settings), fax.e164))), *_of_policy(policy, user, fax)]
    if as_json:
        print_json({"number": fax.e164, "blocked": bool(entries), "by": [asdict(entry) for entry in entries]})
    elif entries:
        click.echo(f"{international(fax.e164)} is blocked{f' for {user}' if user else ''}")
        print_table(
            ("BLOCKED BY", "LEVEL", "WHERE", "REASON"),
            ((entry.blocked_by, entry.level, entry.place, entry.reason) for entry in entries),
            folding=("REASON",),
        )
    else:
        whom = user or "anybody"
        click.echo(f"{international(fax.e164)} is not blocked for {whom}")


def _level(policy: Policy, user: str | None) -> Level:
    if user is None:
        return policy.company_level
    level = policy.level(user)
    if level is None:
        raise Failure(f"{UnknownUser(user)}.", ExitCode.NOT_FOUND)
    return level


def _number(written: str, level: Level) -> FaxNumber:
    found = read_number(written, level.effective.fax.default_region)
    if isinstance(found, Unreadable):
        raise Failure(f"{found.explanation} {found.advice}".strip(), ExitCode.USAGE)
    return found


async def _blocks_on(book: Book, e164: str) -> list[Block]:
    async with book:
        return [block for block in await book.blocks() if Blocks([block.pattern]).blocking(e164)]


def _live(blocks: list[Block]) -> Iterator[_Entry]:
    for block in blocks:
        yield _Entry(
            blocked_by=block.pattern,
            level=LIVE,
            place=f"{block.by}, {block.at.astimezone():%Y-%m-%d %H:%M}",
            reason=block.reason,
        )


def _of_policy(policy: Policy, user: str | None, fax: FaxNumber) -> Iterator[_Entry]:
    for name, level in _levels(policy, user):
        if _SETTING in level.said:
            blocked = [
                pattern for pattern in level.own.fax.blocked_numbers if Blocks([pattern]).blocking(fax.e164)
            ]
            place = level.place(_SETTING)
            for pattern in blocked:
                yield _Entry(
                    blocked_by=pattern, level=name, place=f"{place.file.name}:{place.line}", reason=""
                )
    if user and (refusal := refuse_number(fax, _level(policy, user).effective.fax, NO_BLOCKS)):
        yield _Entry(blocked_by="", level=USER, place="", reason=refusal.explanation)


def _levels(policy: Policy, user: str | None) -> Iterator[tuple[str, Level]]:
    """The levels that count, each with its name."""
    if user:
        for level in reversed(_level(policy, user).chain):
            yield (user if level.name == USER else level.name), level
        return
    yield policy.company_level.name, policy.company_level
    yield from policy.departments.items()
    for account in policy.accounts.values():
        if account.entry.sets("fax"):
            yield account.entry.email, account.level
