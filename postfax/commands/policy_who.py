"""`postfax policy who`: who may send, and who is affected by what."""

from dataclasses import asdict

import click

from config import who
from config.policy import Policy, read_policy
from config.policy_tree import User
from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.opening import settings_in
from postfax.terminal import print_json, print_table

_LOG_IN = "log-in only"


@click.command("who")
@click.argument("address", default="")
@click.option("--department", default="", metavar="NAME", help="In it, or in a department within it.")
@click.option("--setting", default="", metavar="NAME=VALUE", help="To whom this value applies.")
@click.option(
    "--set-by", default="", metavar="LEVEL", help="Whose settings come from a department, or company."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str, address: str, department: str, setting: str, set_by: str, *, as_json: bool
) -> ExitCode:
    """Say who may send faxes, from which addresses, and in which department they are.

    With ADDRESS: whose it is, exactly or as one of a whole domain (*@…). The options narrow it down:
    --setting coverpage.mode=none for those to whom a value applies, --department Radiology/CT,
    --set-by Radiology for those who have a setting from that level.
    """
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    try:
        users = _users(policy, address, department, setting)
        if set_by:
            return _print_settings(who.set_by(policy, users, set_by), as_json=as_json)
    except who.UnknownName as problem:
        raise Failure(str(problem), ExitCode.NOT_FOUND) from problem
    if as_json:
        print_json([asdict(who.may_fax(user)) for user in users])
    else:
        _print(users)
    return ExitCode.DONE if users else ExitCode.NOT_FOUND


def _users(policy: Policy, address: str, department: str, setting: str) -> list[User]:
    name, is_given, value = setting.partition("=")
    if setting and not is_given:
        raise click.UsageError("--setting takes a name and a value: coverpage.mode=none")
    users = who.of_address(policy, address) if address else list(who.everybody(policy))
    if department:
        there = {id(user) for user in who.in_department(policy, department)}
        users = [user for user in users if id(user) in there]
    return who.with_setting(users, name.strip(), value.strip()) if setting else users


def _print(users: list[User]) -> None:
    rows = [
        (one.name, one.email, ", ".join(one.sending_emails) or _LOG_IN, one.department)
        for one in map(who.may_fax, users)
    ]
    if rows:
        print_table(("NAME", "ACCOUNT", "SENDS FROM", "DEPARTMENT"), rows, folding=("SENDS FROM",))
    click.echo(count(len(rows), "user") if rows else "nobody")


def _print_settings(found: dict[str, list[User]], *, as_json: bool) -> ExitCode:
    if as_json:
        print_json({setting: [user.entry.email for user in users] for setting, users in found.items()})
        return ExitCode.DONE
    rows = [
        (name, str(len(users)), _named([user.entry.email for user in users])) for name, users in found.items()
    ]
    print_table(("SETTING", "USERS", "WHO"), rows, folding=("WHO",))
    return ExitCode.DONE


def _named(emails: list[str]) -> str:
    return ", ".join(emails[:3]) + (f" and {len(emails) - 3} more" if len(emails) > 3 else "")  # noqa: PLR2004 - as many as are named
