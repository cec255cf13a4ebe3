"""`postfax user lock` and `unlock`: who may not send for the time being."""

from collections.abc import Awaitable, Callable

import click

from postfax.commands.deeds import Deeds, json_option
from postfax.commands.user.accounts import account_of, policy_of, waiting_jobs, waiting_words
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, run, settings_in
from postfax.person import person
from store.book import Book
from store.lock import Lock

_REASON_HELP = "Why, for whoever looks at the user and for `postfax audit`."


@click.command("lock")
@click.argument("users", metavar="USER…", nargs=-1, required=True)
@click.option("--reason", metavar="TEXT", default="", help=_REASON_HELP)
@json_option
@click.pass_obj
def lock_command(settings_file: str, users: tuple[str, ...], reason: str, *, as_json: bool) -> None:
    """Take no more mails from users, and let nobody log in as them.

    It holds within a second. Faxes that were accepted before go out; the command says how to end them.
    """
    settings = settings_in(settings_file)
    policy = policy_of(settings)
    accounts = [account_of(policy, user).email for user in users]
    deeds = Deeds(as_json=as_json)

    async def lock(book: Book, account: str) -> None:
        before = (
            None
            if await book.lock(account, by=person(), reason=_one_line(reason))
            else await book.lock_of(account)
        )
        words = lock_words(before) if before else "is locked"
        deeds.tell(account, f"{account} {words}", changed=before is None)
        waiting = await waiting_jobs(book, account)
        deeds.add(waiting_words(waiting), waiting=[job.id for job in waiting])

    run(_for_each(make_book(settings), accounts, lock))
    deeds.end()


@click.command("unlock")
@click.argument("users", metavar="USER…", nargs=-1, required=True)
@click.option("--reason", metavar="TEXT", default="", help=_REASON_HELP)
@json_option
@click.pass_obj
def unlock_command(settings_file: str, users: tuple[str, ...], reason: str, *, as_json: bool) -> ExitCode:
    """Take mails from users again.

    Exit code 0 if all were locked, 1 if only some were, 3 if none was.
    """
    settings = settings_in(settings_file)
    policy = policy_of(settings)
    known = [policy.account(user) for user in users]
    # A user who is not in the policy any more can be locked still.
    accounts = [found.email if found else user for user, found in zip(users, known, strict=True)]
    unlocked: list[str] = []
    deeds = Deeds(as_json=as_json)

    async def unlock(book: Book, account: str) -> None:
        if await book.unlock(account, by=person(), reason=_one_line(reason)):
            unlocked.append(account)
            deeds.tell(account, f"{account} may send again")
        else:
            deeds.tell(account, f"{account} is not locked", changed=False)

    run(_for_each(make_book(settings), accounts, unlock))
    deeds.end()
    if len(unlocked) == len(accounts):
        return ExitCode.DONE
    return ExitCode.PARTLY if unlocked else ExitCode.NOT_FOUND


def lock_words(lock: Lock) -> str:
    """Since when and by whom somebody is locked, and why."""
    why = f": {lock.reason}" if lock.reason else ""
    return f"is locked since {lock.at.astimezone():%Y-%m-%d %H:%M}, by {lock.by}{why}"


async def _for_each(book: Book, accounts: list[str], work: Callable[[Book, str], Awaitable[None]]) -> None:
    async with book:
        for account in accounts:
            await work(book, account)


def _one_line(reason: str) -> str:
    line = " ".join(reason.split())
    if len(line) > _LONGEST_REASON:
        raise Failure(f"a reason may have {_LONGEST_REASON} characters.", ExitCode.USAGE)
    return line


_LONGEST_REASON = 200
