"""`postfax demo`: watch a mail become a fax, everything on this machine."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import click

from postfax.failures import ExitCode, Failure
from postfax.terminal import print_json


@click.command("demo")
@click.option(
    "--keep", "folder", type=click.Path(path_type=Path, file_okay=False),
    help="Leave the fax, the notices and the copies in this folder.",
)  # fmt: skip
@click.option(
    "--clock",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="The fax line faster than real time.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(folder: Path | None, clock: int, as_json: bool) -> int:  # noqa: FBT001 - click passes it by name
    """Watch a mail become a fax: real SMTP, SPF, LibreOffice, SIP, T.38, T.30, and a receiving machine.

    It takes about a minute, at a fax line's own pace. Nothing leaves this machine.
    """
    if not as_json:
        click.echo("Postfax demonstration: everything on this machine, nothing leaves it")
    with tempfile.TemporaryDirectory(prefix="postfax-demo-") as temporary:
        place = folder or Path(temporary) / "demo"
        summary = _run(place, clock, quiet=as_json)
    if as_json:
        print_json(summary)
    elif folder:
        _say_where(folder, summary)
    return _exit_code(summary)


def _run(folder: Path, clock: int, *, quiet: bool) -> dict[str, Any]:
    from postfax.demonstration.serve_process import ServiceEnded
    from postfax.demonstration.show import Trouble, demonstrate
    from postfax.logging import silence

    silence()
    try:
        return asyncio.run(demonstrate(folder, _nothing if quiet else _say, clock=clock))
    except ServiceEnded as problem:
        raise Failure(f"the service ended by itself: {problem}", ExitCode.UNREACHABLE) from problem
    except Trouble as problem:
        raise Failure(
            f"something does not work on this machine: {problem}.", ExitCode.UNREACHABLE
        ) from problem
    except TimeoutError as problem:
        raise Failure("the fax did not come to its end in time.", ExitCode.UNREACHABLE) from problem
    except FileExistsError as problem:
        raise Failure(f"{problem}.", ExitCode.USAGE) from problem


def _say(seconds: float, step: str, what: str) -> None:
    click.echo(f"{seconds:6.1f} s  {step:<10}{what}")


def _nothing(_seconds: float, _step: str, _what: str) -> None:
    """Say nothing."""


def _say_where(folder: Path, summary: dict[str, Any]) -> None:
    job = summary["jobs"][0]
    click.echo(f"\nLook at {folder}/received/{job['id']}.png")
    click.echo(f"as sent      {folder}/sent/{job['id']}.tif")
    click.echo(f"notices      {folder}/notices/")
    click.echo(f"copies       {folder}/archive-sftp/ and {folder}/archive-mail/")
    click.echo(f"in numbers   {folder}/summary.json")


def _exit_code(summary: dict[str, Any]) -> ExitCode:
    job = summary["jobs"][0]
    return ExitCode.DONE if job["status"] == "Success" and job["identical"] else ExitCode.PARTLY
