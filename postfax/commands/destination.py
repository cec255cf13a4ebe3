"""`postfax destination`: what calls have taught about numbers, seen and forgotten."""

import click

from config.number_pattern import NoPattern, read_pattern
from config.number_text import international
from postfax.commands.deeds import Deeds, json_option
from postfax.failures import ExitCode, Failure
from postfax.opening import now, open_book, run
from postfax.person import person
from postfax.terminal import age, print_facts, print_json, print_table
from store.destination import Destination


@click.group("destination")
def command() -> None:
    """See to what calls have taught about numbers: resolution, rate, T.38 or G.711.

    The next call to a number begins with it; after some weeks it is forgotten by itself.
    """


@command.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_command(settings_file: str, limit: int, *, as_json: bool) -> None:
    """List the numbers that something is known of, the latest first."""
    known = run(_known(settings_file, limit))
    if as_json:
        print_json(known)
    elif known:
        moment = now()
        print_table(
            ("NUMBER", "FINEST", "RATE", "TRANSPORT", "LEARNED"),
            (
                (
                    international(one.number),
                    one.finest or "–",
                    _rate(one),
                    one.transport or "as the line does",
                    f"{age(one.learned_at, moment)} ago",
                )
                for one in known
            ),
        )
    else:
        click.echo("nothing was learned yet")


@command.command("show")
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show_command(settings_file: str, number: str, *, as_json: bool) -> None:
    """Show what is known of a number."""
    known = run(_of(settings_file, _number(number)))
    if known is None:
        raise Failure(f"nothing is known of {number}: no call has taught anything.", ExitCode.NOT_FOUND)
    if as_json:
        print_json(known)
        return
    print_facts(
        [
            ("number", international(known.number)),
            ("finest resolution", known.finest or "not known"),
            ("rate", _rate(known)),
            ("transport", known.transport or "as the line does"),
            ("learned", f"{known.learned_at.astimezone():%Y-%m-%d %H:%M}"),
        ]
    )


@command.command("forget")
@click.argument("numbers", metavar="NUMBER…", nargs=-1, required=True)
@json_option
@click.pass_obj
def forget_command(settings_file: str, numbers: tuple[str, ...], *, as_json: bool) -> int:
    """Forget what is known of numbers: the next call begins as the line does."""
    wanted = [_number(number) for number in numbers]
    forgotten = run(_forget(settings_file, wanted))
    deeds = Deeds(as_json=as_json)
    for number in wanted:
        known = number in forgotten
        words = "forgotten" if known else "nothing was known"
        deeds.tell(number, f"{international(number)}: {words}", changed=known)
    deeds.end()
    return ExitCode.DONE if len(forgotten) == len(wanted) else ExitCode.PARTLY


def _number(written: str) -> str:
    try:
        return read_pattern(written)
    except NoPattern as problem:
        raise Failure(f"{problem}", ExitCode.USAGE) from problem


def _rate(known: Destination) -> str:
    return f"{known.max_rate} bit/s at most" if known.max_rate else "as the line does"


async def _known(settings_file: str, limit: int) -> tuple[Destination, ...]:
    async with open_book(settings_file) as book:
        return await book.destinations(limit=limit)


async def _of(settings_file: str, number: str) -> Destination | None:
    async with open_book(settings_file) as book:
        return await book.destination(number)


async def _forget(settings_file: str, numbers: list[str]) -> tuple[str, ...]:
    async with open_book(settings_file) as book:
        return await book.forget_destinations(numbers, by=person())
