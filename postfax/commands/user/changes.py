"""`postfax user add`, `move` and `delete`: users come, move and go, in the policy's files.

What else stands in the files stays as it is (`config.editing`), and a change that would make a mistake is not
made. A service that runs sees the files change, and takes them over by itself.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from config.editing import CannotEdit, Change, NewUser, add_user, delete_user, move_user
from config.levels import BETWEEN
from config.policy import Policy
from config.server import ServerSettings
from postfax.commands.deeds import Deeds, json_option
from postfax.commands.user.accounts import (
    account_of,
    department_words,
    policy_of,
    waiting_jobs,
    waiting_words,
)
from postfax.commands.user.locks import lock_words
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, run, settings_in
from postfax.person import person
from store.audit_entry import AuditAction
from store.book import Book
from store.errors import BookUnavailable, BookVersionError

_DEPARTMENT_HELP = "From the top down, with / between: 'Radiology / CT'. Without it, the company itself."


@click.command("add")
@click.argument("email", metavar="EMAIL")
@click.argument("name", metavar="NAME")
@click.option("--department", metavar="DEPARTMENT", default="", help=_DEPARTMENT_HELP)
@click.option("--create", is_flag=True, help="Make the department if it is not there.")
@click.option(
    "--sends-from", "senders", metavar="ADDRESS", multiple=True, help="Instead of EMAIL; may be repeated."
)
@json_option
@click.pass_obj
def add_command(
    settings_file: str,
    email: str,
    name: str,
    department: str,
    create: bool,  # noqa: FBT001 - passed by name
    senders: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Write a user into the policy.

    EMAIL is the account's address, NAME stands on cover pages and in header lines.
    """
    settings = settings_in(settings_file)
    where = _department(policy_of(settings), department)
    user = NewUser(name=name, email=email, sending_emails=senders or None)
    change = _edited(lambda: add_user(settings.policy, user, where, lines=settings.lines, create=create))
    deeds = Deeds(as_json=as_json)
    here = department_words(where) or change.policy.company
    deeds.tell(email, f"{email} is in {here} now{_written(change)}", departments=where, files=_files(change))

    async def note(book: Book) -> None:
        await book.note_deed(AuditAction.ADD_USER, email.lower(), by=person(), detail=_to(where))
        if lock := await book.lock_of(email):
            deeds.add(f"but {email} {lock_words(lock)}; postfax user unlock {email}", locked=lock.at)

    _in_record(settings, note)
    deeds.end()


@click.command("move")
@click.argument("user", metavar="USER")
@click.argument("department", metavar="DEPARTMENT")
@click.option("--create", is_flag=True, help="Make the department if it is not there.")
@json_option
@click.pass_obj
def move_command(settings_file: str, user: str, department: str, *, create: bool, as_json: bool) -> None:
    """Move a user to another department.

    All that stands in their entry goes with them. DEPARTMENT is written from the top down, with /
    between: 'Radiology / CT'; . is the company itself. What the departments say applies to the user's
    next mail; faxes that were accepted before stay as they are.
    """
    settings = settings_in(settings_file)
    policy = policy_of(settings)
    account = account_of(policy, user)
    where = _department(policy, "" if department == "." else department)
    change = _edited(
        lambda: move_user(settings.policy, account.email, where, lines=settings.lines, create=create)
    )
    before, after = (department_words(place) or policy.company for place in (account.departments, where))
    deeds = Deeds(as_json=as_json)
    words = f"{account.email} moved from {before} to {after}{_written(change)}"
    deeds.tell(account.email, words, departments=where, files=_files(change))

    async def note(book: Book) -> None:
        detail = f"from {before} {_to(where)}"
        await book.note_deed(AuditAction.MOVE_USER, account.email.lower(), by=person(), detail=detail)

    _in_record(settings, note)
    deeds.end()


@click.command("delete")
@click.argument("user", metavar="USER")
@json_option
@click.pass_obj
def delete_command(settings_file: str, user: str, *, as_json: bool) -> None:
    """Take a user out of the policy.

    No more mails are taken from them. Their faxes stay in the record. A password that was set is removed.
    Faxes that were accepted before go out; the command says how to end them.
    """
    settings = settings_in(settings_file)
    policy = policy_of(settings)
    account = account_of(policy, user)
    change = _edited(lambda: delete_user(settings.policy, account.email, lines=settings.lines))
    deeds = Deeds(as_json=as_json)
    words = f"{account.email} is not a user any more; their faxes stay in the record{_written(change)}"
    deeds.tell(account.email, words, files=_files(change))

    async def note(book: Book) -> None:
        detail = f"from {department_words(account.departments) or policy.company}"
        await book.note_deed(AuditAction.DELETE_USER, account.email.lower(), by=person(), detail=detail)
        await book.remove_password(account.email, person())
        waiting = await waiting_jobs(book, account.email)
        deeds.add(waiting_words(waiting), waiting=[job.id for job in waiting])

    _in_record(settings, note)
    deeds.end()


def _department(policy: Policy, written: str) -> tuple[str, ...]:
    """A department as somebody writes it: a known one in any spelling of what is between, or a new one."""
    if written in policy.departments:
        return tuple(written.split(BETWEEN))
    spelled = written.replace("›", "/").replace(">", "/")
    names = tuple(part.strip() for part in spelled.split("/") if part.strip())
    for known in policy.departments:
        if BETWEEN.join(names).casefold() == known.casefold():
            return tuple(known.split(BETWEEN))
    return names


def _to(where: tuple[str, ...]) -> str:
    return f"to {department_words(where)}" if where else "to the company itself"


def _edited(edit: Callable[[], Change]) -> Change:
    """The change, once it is made.

    Raises:
        Failure: It cannot be made; the text says why.
        ConfigError: The policy has mistakes, or would have some.
    """
    try:
        return edit()
    except CannotEdit as problem:
        raise Failure(str(problem), ExitCode.REFUSED) from problem


def _written(change: Change) -> str:
    files = ", ".join(sorted({Path(file).name for file in _files(change)}))
    return f" ({files}); a service that runs takes it over within seconds"


def _files(change: Change) -> list[str]:
    return sorted(map(str, change.files))


def _in_record(settings: ServerSettings, note: Callable[[Book], Awaitable[None]]) -> None:
    """Tell the record of it. The policy is changed already, so trouble with the record is only told."""

    async def work() -> None:
        async with make_book(settings) as book:
            await note(book)

    try:
        run(work())
    except (BookUnavailable, BookVersionError) as problem:
        click.echo(f"it does not stand in the record who did it: {problem}", err=True)
