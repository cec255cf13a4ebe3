"""`postfax policy`: questions to the policy."""

from dataclasses import asdict, replace

import click

from config.explain import BUILT_IN, Explanation, UnknownUser, explain
from config.levels import USER
from config.policy import Policy, read_policy
from config.server import ServerSettings
from postfax.commands import policy_try
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, run, settings_in
from postfax.terminal import print_json, print_table
from store.errors import BookUnavailable, BookVersionError

_PASSWORD = "password"  # noqa: S105 - the name of the row


@click.group("policy")
def command() -> None:
    """Ask the policy what applies to whom, and why."""


command.add_command(policy_try.command)


@command.command("explain")
@click.argument("user", metavar="USER")
@click.argument("setting", metavar="[SETTING]", default="")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def explain_command(settings_file: str, user: str, setting: str, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Say which settings apply to a user, and which file, line and level set each.

    USER is an account address, or one that the user sends from. SETTING narrows it down: coverpage, or
    fax.resolution. The last row says whether the user has a password to log in with.
    """
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    try:
        rows = explain(policy, user, setting)
    except UnknownUser as problem:
        raise Failure(f"{problem}.", ExitCode.NOT_FOUND) from problem
    if setting in {"", _PASSWORD}:
        rows.append(run(_password_row(settings, policy, user)))
    if not rows:
        raise Failure(f"there is no setting {setting}.", ExitCode.NOT_FOUND)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_table(
            ("SETTING", "VALUE", "LEVEL", "WHERE"),
            ((row.setting, row.value, row.level, _place(row)) for row in rows),
            folding=("VALUE",),
        )


async def _password_row(settings: ServerSettings, policy: Policy, username: str) -> Explanation:
    """Whether the user can log in, which not only the policy says; never the hash."""
    account = policy.account(username)
    email = account.email if account else username
    try:
        async with make_book(settings) as book:
            credential = await book.credential(email)
    except (BookUnavailable, BookVersionError) as problem:
        return _row(f"not known: {problem}", "book")
    if credential:
        return _row(f"set {credential.set_at.astimezone():%Y-%m-%d %H:%M} by {credential.set_by}", "book")
    place = policy.password_place(email)
    if place:
        return replace(_row("set", USER), file=place.file.name, line=place.line)
    return _row("~", BUILT_IN)


def _row(value: str, level: str) -> Explanation:
    return Explanation(setting=_PASSWORD, value=value, level=level, file="", line=0)


def _place(row: Explanation) -> str:
    return f"{row.file}:{row.line}" if row.file else ""
