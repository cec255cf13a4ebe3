"""`postfax user list` and `show`: who there is."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from config.policy_tree import User, address_key
from postfax.commands.user.accounts import account_of, department_words, policy_of, waiting_jobs
from postfax.commands.user.locks import lock_words
from postfax.opening import make_book, run, settings_in
from postfax.terminal import print_facts, print_json, print_table
from store.audit_entry import AuditEntry, AuditFilter
from store.book import Book
from store.credential import Credential
from store.job import FaxJob
from store.lock import Lock

_DEEDS = 5
"""How many of what people did to a user are shown."""


@click.command("list")
@click.argument("text", metavar="[TEXT]", default="")
@click.option("--locked", is_flag=True, help="Only those who are locked.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs; all of them.")
@click.pass_obj
def list_command(settings_file: str, text: str, locked: bool, limit: int, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """List the users of the policy.

    All of them, or those with TEXT in their address, name or department.
    """
    settings = settings_in(settings_file)
    users = [user for user in policy_of(settings).accounts.values() if text.casefold() in _searched(user)]
    locks = run(_locks(make_book(settings)))
    if locked:
        users = [user for user in users if user.entry.email.lower() in locks]
    if as_json:
        print_json([_plain(user, locks) for user in users])
    elif users:
        _print(users[:limit], locks)
        if len(users) > limit:
            click.echo(f"… and {len(users) - limit} more")
    else:
        click.echo("no user matches" if text or locked else "the policy has no users")


def _searched(user: User) -> str:
    return f"{user.entry.email}\n{user.entry.name}\n{department_words(user.departments)}".casefold()


async def _locks(book: Book) -> Mapping[str, Lock]:
    async with book:
        return {lock.user_email: lock for lock in await book.locks()}


def _print(users: Iterable[User], locks: Mapping[str, Lock]) -> None:
    rows = []
    for user in users:
        lock = locks.get(user.entry.email.lower())
        state = lock_words(lock).removeprefix("is locked ") if lock else ""
        rows.append((user.entry.email, user.entry.name, department_words(user.departments), state))
    print_table(("USER", "NAME", "DEPARTMENT", "LOCKED"), rows, folding=("DEPARTMENT", "LOCKED"))


def _plain(user: User, locks: Mapping[str, Lock]) -> dict[str, Any]:
    return {
        "email": user.entry.email,
        "name": user.entry.name,
        "departments": user.departments,
        "sending_emails": user.entry.sending_emails or [user.entry.email],
        "lock": locks.get(user.entry.email.lower()),
    }


@click.command("show")
@click.argument("user", metavar="USER")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show_command(settings_file: str, user: str, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Show one user.

    Where they are, whether they may send, which faxes wait, and what was done to them. Which settings
    apply to them is told by `postfax policy explain`.
    """
    settings = settings_in(settings_file)
    policy = policy_of(settings)
    account = account_of(policy, user)
    place = policy.accounts[address_key(account.email)]
    lock, credential, waiting, deeds = run(_of_book(make_book(settings), account.email))
    if as_json:
        found = {**_plain(place, {account.email.lower(): lock} if lock else {}), "credential": credential}
        print_json({**found, "waiting_jobs": [job.id for job in waiting], "audit": deeds})
        return
    written = place.source.place()
    print_facts(
        (
            ("user", account.email),
            ("name", account.name),
            ("department", department_words(account.departments) or account.company),
            ("written in", f"{written.file.name}:{written.line}"),
            ("sends from", _senders(place)),
            ("locked", lock_words(lock).removeprefix("is locked ") if lock else "no"),
            ("password", _password(credential, in_policy=bool(policy.password_hash(account.email)))),
            ("waiting", "\n".join(job.id for job in waiting)),
            ("done", "\n".join(map(_deed, deeds))),
        )
    )


_OfBook = tuple[Lock | None, Credential | None, tuple[FaxJob, ...], tuple[AuditEntry, ...]]


async def _of_book(book: Book, account: str) -> _OfBook:
    async with book:
        deeds = await book.audit(AuditFilter(subject=account.lower(), limit=_DEEDS))
        waiting = await waiting_jobs(book, account)
        return await book.lock_of(account), await book.credential(account), waiting, deeds


def _senders(user: User) -> str:
    if user.entry.sending_emails is None:
        return user.entry.email
    return "\n".join(user.entry.sending_emails) or "only after logging in"


def _password(credential: Credential | None, *, in_policy: bool) -> str:
    if credential:
        return f"set {credential.set_at.astimezone():%Y-%m-%d %H:%M}, by {credential.set_by}"
    return "as the policy says" if in_policy else "none: cannot log in"


def _deed(entry: AuditEntry) -> str:
    detail = f": {entry.detail}" if entry.detail else ""
    return f"{entry.at.astimezone():%Y-%m-%d %H:%M} {entry.action.value}, by {entry.by}{detail}"
