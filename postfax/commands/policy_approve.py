"""`postfax policy approve`: says that users are meant to vanish with their department."""

import click

from config.difference import Person
from postfax.commands.deeds import Deeds, json_option
from postfax.failures import ExitCode
from postfax.live_policy import ReadPolicy, read_with_digest
from postfax.opening import make_book, run, settings_in
from postfax.person import person
from postfax.terminal import print_table
from postfax.vanishing import Vanishing, departments_of, vanishing
from store.book import Book

_SHOWN = 20
"""How many users are shown; the others are counted."""


@click.command("approve")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def command(settings_file: str, *, yes: bool, as_json: bool) -> ExitCode:
    """Let users vanish with their department, as the policy's files say now.

    A service that runs takes over no policy in which a department is gone together with users who are nowhere
    else: a lost file looks like that. If it is meant, this says so, for exactly these files; the service
    takes them over within seconds. Whoever wants to put the department back need not do anything else.
    """
    settings = settings_in(settings_file)
    read = read_with_digest(settings.policy, tuple(settings.lines))
    gone = run(_vanishing(make_book(settings), read))
    deeds = Deeds(as_json=as_json)
    about, users = str(settings.policy), [one.email for one in gone.people]
    if not gone.people:
        words = "no user vanishes with a department; there is nothing to approve"
        deeds.tell(about, words, changed=False, users=users)
    elif gone.approved_by:
        deeds.tell(about, f"approved already, by {gone.approved_by}", changed=False, users=users)
    else:
        if not as_json:
            _show(gone.people)
        if not yes:
            click.confirm("Let them vanish?", abort=True, err=True)
        run(_approve(make_book(settings), read, gone.people))
        words = "approved; a service that runs takes the policy over within seconds"
        deeds.tell(about, words, users=users)
    deeds.end()
    return ExitCode.DONE


async def _vanishing(book: Book, read: ReadPolicy) -> Vanishing:
    async with book:
        return await vanishing(book, read.policy, read.digest)


async def _approve(book: Book, read: ReadPolicy, people: tuple[Person, ...]) -> None:
    async with book:
        verb = "vanishes" if len(people) == 1 else "vanish"
        detail = f"{_counted(people)} {verb} with {departments_of(people)}"
        await book.approve_policy(read.digest, by=person(), detail=detail)


def _show(people: tuple[Person, ...]) -> None:
    click.echo(f"{_counted(people)} would vanish with their department:")
    print_table(("USER", "DEPARTMENT"), ((one.email, one.department) for one in people[:_SHOWN]))
    if len(people) > _SHOWN:
        click.echo(f"… and {len(people) - _SHOWN} more")


def _counted(people: tuple[Person, ...]) -> str:
    return "1 user" if len(people) == 1 else f"{len(people)} users"
