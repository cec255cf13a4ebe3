"""`postfax user password`: what a user logs in with to send mail (AUTH)."""

import sys

import click

from config.policy import Policy, read_policy
from config.server import ServerSettings
from config.settings import UserPolicy
from postfax.commands.deeds import Deeds, json_option
from postfax.commands.user.accounts import account_of
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, run, settings_in
from postfax.person import person
from postfax.terminal import print_json

SHORTEST = 12
"""Characters. Length is what makes guessing hard; nothing else is asked for (NIST SP 800-63B §5.1.1.2)."""
LONGEST = 512
"""Characters; more does not fit through every mail program."""


@click.command("password")
@click.argument("user", metavar="USER", default="")
@click.option("--stdin", "from_stdin", is_flag=True, help="Take the first line of standard input.")
@click.option("--remove", is_flag=True, help="Remove the password that was set.")
@click.option("--hash-only", is_flag=True, help="Set nothing; print a hash for the policy's password_hash.")
@json_option
@click.pass_obj
def command(
    settings_file: str,
    user: str,
    from_stdin: bool,  # noqa: FBT001 - click passes it by name
    remove: bool,  # noqa: FBT001 - as above
    hash_only: bool,  # noqa: FBT001 - as above
    *,
    as_json: bool,
) -> None:
    """Set the password that a user logs in with, asking for it twice.

    USER is an account address, or one that the user sends from. The password is in force at once. Only a
    hash of it is kept (argon2id).
    """
    if remove and (from_stdin or hash_only):
        raise click.UsageError("--remove goes with neither --stdin nor --hash-only")
    if hash_only:
        hashed = _hash_of(_new_password(from_stdin=from_stdin))
        if as_json:
            print_json({"password_hash": hashed})
        else:
            click.echo(hashed)
        return
    if not user:
        raise click.UsageError("USER is missing")
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    account = account_of(policy, user)
    deeds = Deeds(as_json=as_json)
    if remove:
        _remove(settings, policy, account, deeds)
    else:
        _set(settings, account, _hash_of(_new_password(from_stdin=from_stdin)), deeds)
    deeds.end()


def _new_password(*, from_stdin: bool) -> str:
    """The password that somebody types, or that a program gives.

    Raises:
        Failure: It is too short, too long, or cannot be typed.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if len(password) < SHORTEST:
        raise Failure(
            f"the password is too short: it needs {SHORTEST} characters or more. Several words are easy to "
            "remember."
        )
    if len(password) > LONGEST:
        raise Failure(f"the password is too long: it may have {LONGEST} characters.")
    if not password.isprintable():
        raise Failure("the password has a character in it that cannot be typed.")
    return password


def _hash_of(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def _set(settings: ServerSettings, account: UserPolicy, password_hash: str, deeds: Deeds) -> None:
    async def work() -> None:
        async with make_book(settings) as book:
            await book.set_password(account.email, password_hash, person())

    run(work())
    deeds.tell(account.email, f"{account.email} logs in with this password from now on")
    if settings.mail.tls is None:
        click.echo("but nobody can log in as long as the settings have no mail.tls: AUTH needs TLS", err=True)


def _remove(settings: ServerSettings, policy: Policy, account: UserPolicy, deeds: Deeds) -> None:
    async def work() -> bool:
        async with make_book(settings) as book:
            return await book.remove_password(account.email, person())

    if not run(work()):
        raise Failure(f"{account.email} has no password that was set with this command.", ExitCode.NOT_FOUND)
    words = f"removed; {account.email} cannot log in any more"
    if place := policy.password_place(account.email):
        words = f"removed; the password_hash in {place.file.name}:{place.line} counts for {account.email} now"
    deeds.tell(account.email, words)
