"""`postfax policy`: questions to the policy."""

from dataclasses import asdict

import click

from config.explain import Explanation, UnknownUser, explain
from config.policy import read_policy
from postfax.failures import ExitCode, Failure
from postfax.opening import settings_in
from postfax.terminal import print_json, print_table


@click.group("policy")
def command() -> None:
    """Ask the policy what applies to whom, and why."""


@command.command("explain")
@click.argument("user", metavar="USER")
@click.argument("setting", metavar="[SETTING]", default="")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def explain_command(settings_file: str, user: str, setting: str, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Say which settings apply to a user, and which file, line and level set each.

    USER is an account address, or one that the user sends from. SETTING narrows it down: coverpage, or
    fax.resolution.
    """
    settings = settings_in(settings_file)
    try:
        rows = explain(read_policy(settings.policy, lines=settings.lines), user, setting)
    except UnknownUser as problem:
        raise Failure(f"{problem}.", ExitCode.NOT_FOUND) from problem
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


def _place(row: Explanation) -> str:
    return f"{row.file}:{row.line}" if row.file else ""
