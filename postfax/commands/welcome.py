"""`postfax welcome`: tell users how to fax, and have those who log in set up a password."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import click

from config.notifications import WelcomeKind
from config.policy import Policy, read_policy
from config.server import ServerSettings
from config.settings import UserPolicy
from postfax.commands.user.accounts import account_of
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, now, run, settings_in
from postfax.person import person
from postfax.terminal import print_json
from store.setup_code import GOOD_FOR

_Sent = Literal["welcome", "welcome_with_credentials"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Message:
    """One message that is to go out."""

    user: UserPolicy
    kind: _Sent


@click.command("welcome")
@click.argument("users", metavar="[USER]...", nargs=-1)
@click.option("--department", metavar="NAME", help="Everybody in a department and below it.")
@click.option("--all", "everybody", is_flag=True, help="Everybody in the policy.")
@click.option(
    "--type", "kind", type=click.Choice(["welcome", "welcome_with_credentials"]),
    help="What is sent; by default what the policy says (notifications.welcome).",
)  # fmt: skip
@click.option("--with-credentials", is_flag=True, help="The same as --type welcome_with_credentials.")
@click.option("--dry-run", is_flag=True, help="Only say who would get what.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str,
    users: tuple[str, ...],
    department: str | None,
    everybody: bool,  # noqa: FBT001 - click passes it by name
    kind: _Sent | None,
    with_credentials: bool,  # noqa: FBT001 - as above
    dry_run: bool,  # noqa: FBT001 - as above
    as_json: bool,  # noqa: FBT001 - as above
) -> None:
    """Send users a mail that says how to fax, with their own rules in it.

    With credentials it has a code that works once, for 7 days: entered as the password in a mail program,
    directly followed by a password of the user's own, the whole is their password from then on. A password
    that they have goes on until then.

    USER is an account address, or one that the user sends from. The running service sends the mails.
    """
    if with_credentials and kind == "welcome":
        raise click.UsageError("--with-credentials and --type welcome contradict each other")
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    chosen = _chosen(policy, users, department, everybody=everybody)
    wanted: _Sent | None = "welcome_with_credentials" if with_credentials else kind
    messages = [_Message(user=user, kind=_kind(user, wanted)) for user in chosen]
    _check_log_in(settings, messages)
    at = now()
    if not dry_run:
        run(_send(settings, messages, at))
    _tell(messages, at + GOOD_FOR, dry_run=dry_run, as_json=as_json)


def _chosen(
    policy: Policy, users: Sequence[str], department: str | None, *, everybody: bool
) -> list[UserPolicy]:
    """Who is meant, each once, in the order of the command line or the policy."""
    if sum((bool(users), department is not None, everybody)) != 1:
        raise click.UsageError("name users, or a --department, or --all")
    if users:
        found = [account_of(policy, username) for username in users]
        return list({user.email: user for user in found}.values())
    if department is None:
        return list(policy.users)
    inside = [user for user in policy.users if department in user.departments]
    if not inside:
        raise Failure(f"nobody is in a department {department}.", ExitCode.NOT_FOUND)
    return inside


def _kind(user: UserPolicy, wanted: _Sent | None) -> _Sent:
    """What this user gets.

    Raises:
        Failure: The policy sends nothing by itself, and nothing was asked for.
    """
    by_policy: WelcomeKind = user.settings.notifications.welcome
    if wanted is None and by_policy == "none":
        raise Failure(
            f"the policy sends {user.email} no welcome message (notifications.welcome: none). Say which one "
            "is meant: --type welcome, or --with-credentials."
        )
    return wanted or cast("_Sent", by_policy)


def _check_log_in(settings: ServerSettings, messages: Sequence[_Message]) -> None:
    from postfax.journey.welcoming import login_door

    with_code = any(message.kind == "welcome_with_credentials" for message in messages)
    if with_code and login_door(settings) is None:
        raise Failure(
            "nobody can log in, so a code would be of no use: the settings need a certificate (mail.tls) and "
            "a listener with auth: optional or required."
        )


async def _send(settings: ServerSettings, messages: Sequence[_Message], at: datetime) -> None:
    from postfax.setup_codes import kept, new_code

    by = person()
    async with make_book(settings) as book:
        for message in messages:
            email = message.user.email
            code = new_code() if message.kind == "welcome_with_credentials" else ""
            setup = kept(code, email, by=by, now=at) if code else None
            await book.welcome(email, email, by=by, code=code, setup=setup)


def _tell(messages: Sequence[_Message], until: datetime, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "user": message.user.email,
                "type": message.kind,
                "code_good_until": until if message.kind == "welcome_with_credentials" else None,
            }
            for message in messages
        ]
        print_json(rows)
        return
    for message in messages:
        code = f" with a code, good until {until:%Y-%m-%d %H:%M} UTC"
        told = code if message.kind == "welcome_with_credentials" else ""
        would = "would get" if dry_run else "gets"
        click.echo(f"{message.user.email} {would} a welcome message{told}")
