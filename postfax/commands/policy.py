"""`postfax policy`: questions to the policy."""

from dataclasses import asdict

import click

from config.explain import Explanation, UnknownUser, explain
from config.policy import read_policy
from config.values import did_you_mean
from postfax.commands import (
    policy_approve,
    policy_diff,
    policy_import,
    policy_lint,
    policy_try,
    policy_who,
)
from postfax.commands.policy_live_rows import NAMES as LIVE_NAMES
from postfax.commands.policy_live_rows import live_rows
from postfax.failures import ExitCode, Failure
from postfax.opening import run, settings_in
from postfax.terminal import print_json, print_table


@click.group("policy")
def command() -> None:
    """Ask the policy what applies to whom, and why."""


for _module in (policy_approve, policy_diff, policy_import, policy_lint, policy_try, policy_who):
    command.add_command(_module.command)


@command.command("explain")
@click.argument("user", metavar="USER")
@click.argument("setting", metavar="[SETTING]", default="")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def explain_command(settings_file: str, user: str, setting: str, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Say which settings apply to a user, and which file, line and level set each.

    USER is an account address, or one that the user sends from. SETTING narrows it down: coverpage, or
    fax.resolution. The last rows say what applies beside the files: a password to log in with, a lock,
    and how many numbers are on the live list (`postfax blocklist`).
    """
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    try:
        rows = explain(policy, user, setting)
    except UnknownUser as problem:
        raise Failure(f"{problem}.", ExitCode.NOT_FOUND) from problem
    if not setting or setting in LIVE_NAMES:
        live = run(live_rows(settings, policy, user))
        rows += [row for row in live if not setting or setting in row.setting.split(", ")]
    if not rows:
        raise _no_setting(setting, [*(row.setting for row in explain(policy, user)), *LIVE_NAMES])
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_table(
            ("SETTING", "VALUE", "LEVEL", "WHERE"),
            ((row.setting, row.value, row.level, _place(row)) for row in rows),
            folding=("VALUE",),
        )


def _no_setting(setting: str, known: list[str]) -> Failure:
    groups = list(dict.fromkeys(name.partition(".")[0] for name in known))
    ending = [name for name in known if name.endswith(f".{setting}")]
    near = did_you_mean(setting, [*known, *groups])
    if ending:
        near = f"did you mean {' or '.join(dict.fromkeys(ending))}?"
    told = f"there is no setting {setting}"
    return Failure(
        f"{told}; {near}" if near else f"{told}; the groups are {', '.join(groups)}.", ExitCode.NOT_FOUND
    )


def _place(row: Explanation) -> str:
    return f"{row.file}:{row.line}" if row.file else ""
