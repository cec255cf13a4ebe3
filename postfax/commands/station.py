"""`postfax station`: the receiving end, to rehearse and to test."""

import asyncio
import contextlib
import signal
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from config.number_text import international
from config.values import Address, HostPort
from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.opening import run
from postfax.terminal import printable
from transmit.station.record import CallRecord

_ADDRESS: TypeAdapter[HostPort] = TypeAdapter(Address)


@click.command("station")
@click.option("--listen", default="127.0.0.1:5070", show_default=True, help="Where it answers SIP calls.")
@click.option(
    "--keep", "folder", default="station", show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where received pages go: DIR/received/*.tif and *.json.",
)  # fmt: skip
@click.option(
    "--number", "numbers", metavar="DIGITS=BEHAVIOUR", multiple=True,
    help="What happens to calls of numbers that end in DIGITS; may be repeated.",
)  # fmt: skip
@click.option(
    "--clock", type=click.IntRange(1, 50), default=1, show_default=True, help="Faster than real time."
)
def command(listen: str, folder: Path, numbers: tuple[str, ...], clock: int) -> None:
    """Be a fax machine on this host: answer calls over SIP and keep the pages.

    \b
    Behaviours that receive the fax:
      fax, passive (the caller has to wish for T.38), refuse-t38, glare, standard-only,
      no-ecm, slow, lossy PERCENT
    that begin to receive it:
      garbled, hang-up, drop-after PAGES, drop-at SECONDS
    that refuse the call, or let it ring:
      busy, fail CODE [Q850], no-answer
    that answer and are heard:
      voice, silence, busy-tone, reorder-tone, ring-tone, sit, sit-intercept,
      sit-vacant, sit-reorder, sit-no-circuit, modem, endless
    that are heard before the answer (183), and refuse the call then, or never do:
      early voice, early sit 404, early busy-tone 486 17, ...

    Each is for all calls, or with `for N` behind it for the first N of a number. For example
    --number 0199=busy --number 0142="fail 404" --number 0150="drop-after 2 for 1". What the calls
    come to stands in docs/admin/calls.md.
    """  # noqa: D301 - \b is click's
    run(_receive(_address(listen), folder, _behaviours(numbers), clock))


def _address(text: str) -> HostPort:
    try:
        return _ADDRESS.validate_python(text)
    except ValidationError as problem:
        raise Failure(f"--listen {text} is not an address with a port.", ExitCode.USAGE) from problem


def _behaviours(numbers: tuple[str, ...]) -> dict[str, str]:
    pairs = [number.partition("=") for number in numbers]
    for digits, equals, behaviour in pairs:
        if not (digits.isdigit() and equals and behaviour):
            raise Failure(f"--number {digits}{equals}{behaviour} is not DIGITS=BEHAVIOUR.", ExitCode.USAGE)
    return {digits: behaviour for digits, _, behaviour in pairs}


async def _receive(listen: HostPort, folder: Path, behaviours: dict[str, str], clock: int) -> None:
    from transmit.engine.pool import EnginePool
    from transmit.station.station import Station

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pool = EnginePool()
    try:
        station = Station(listen, folder, pool, behaviours=behaviours, clock=clock, on_record=_tell)
    except ValueError as problem:
        raise Failure(str(problem), ExitCode.USAGE) from problem
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(pool.stop)
        await pool.start()
        try:
            address = await station.start()
        except OSError as problem:
            sentence = f"{listen} cannot be opened: {problem.strerror}. Choose another with --listen."
            raise Failure(sentence) from problem
        stack.push_async_callback(station.stop)
        click.echo(f"listening on {address}, pages go to {folder}/received; ends with Ctrl-C")
        await stop.wait()


def _tell(record: CallRecord) -> None:
    facts = (
        f"{record.ended_at.astimezone():%H:%M:%S}",
        international(record.number),
        f"from {record.caller or 'unknown'}",
        count(record.pages, "page"),
        record.ending,
        record.document,
    )
    click.echo("  ".join(printable(fact) for fact in facts if fact))
