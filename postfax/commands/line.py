"""`postfax line`: the telephone lines, held and released while the service runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from config.line_kinds import LINE_KINDS, LineSettings
from config.lines import SipLine
from config.server import ServerSettings
from config.values import did_you_mean
from postfax.commands.deeds import Deeds, json_option
from postfax.doctor.finding import Finding
from postfax.doctor.site import Site
from postfax.doctor.trunk import trunk
from postfax.failures import ExitCode, Failure
from postfax.logging import silence
from postfax.opening import make_book, now, run, settings_in
from postfax.person import person
from postfax.terminal import age, print_facts, print_json, print_table
from store.held_line import HeldLine


@dataclass(frozen=True, kw_only=True, slots=True)
class _ShownLine:
    """A line as it stands."""

    name: str
    settings: LineSettings
    calls: int
    held: HeldLine | None


@click.group("line")
def command() -> None:
    """See to the telephone lines. NAME is the line's name in the settings."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_command(settings_file: str, *, as_json: bool) -> None:
    """List the lines: where they go, what they carry, calls in progress, who holds them."""
    lines = run(_lines(settings_in(settings_file)))
    if as_json:
        print_json([_plain(line) for line in lines])
    elif lines:
        print_table(
            ("LINE", "GOES TO", "CARRIES", "COST", "CALLS", "STATE"),
            (
                (
                    line.name,
                    line.settings.goes_to,
                    _carries(line.settings),
                    str(line.settings.cost),
                    f"{line.calls} of {line.settings.channels}",
                    _state(line),
                )
                for line in lines
            ),
            folding=("CARRIES", "STATE"),
        )
    else:
        click.echo("there is no line; name one under lines: in the settings")


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show_command(settings_file: str, name: str, *, as_json: bool) -> None:
    """Show one line."""
    line = _found(run(_lines(settings_in(settings_file))), name)
    if as_json:
        print_json(_plain(line))
        return
    settings = line.settings
    print_facts(
        [
            ("kind", _kind(settings)),
            ("goes to", settings.goes_to),
            *(_of_trunk(settings) if isinstance(settings, SipLine) else ()),
            ("carries", _carries(settings)),
            ("cost", str(settings.cost)),
            ("calls", f"{line.calls} of {settings.channels}"),
            ("state", _state(line)),
        ]
    )


@command.command("hold")
@click.argument("name")
@click.option("--reason", default="", help="For whoever looks at the line.")
@json_option
@click.pass_obj
def hold_command(settings_file: str, name: str, reason: str, *, as_json: bool) -> int:
    """Have no new call begin on a line. Calls in progress go on; faxes take other lines, or wait."""
    settings = settings_in(settings_file)
    _named(settings.lines, name)
    deeds, held = Deeds(as_json=as_json), run(_hold(settings, name, reason))
    words = f"is held; `postfax line release {name}` lets it take calls again" if held else "is held already"
    deeds.tell(name, f"{name} {words}", changed=held)
    deeds.end()
    return ExitCode.DONE if held else ExitCode.PARTLY


@command.command("release")
@click.argument("name")
@click.option("--reason", default="", help="For the record of who did what.")
@json_option
@click.pass_obj
def release_command(settings_file: str, name: str, reason: str, *, as_json: bool) -> int:
    """Let a line take calls again."""
    deeds, released = Deeds(as_json=as_json), run(_release(settings_in(settings_file), name, reason))
    deeds.tell(name, f"{name} {'takes calls again' if released else 'was not held'}", changed=released)
    deeds.end()
    return ExitCode.DONE if released else ExitCode.PARTLY


@command.command("test")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def test_command(settings_file: str, name: str, *, as_json: bool) -> int:
    """Ask where a line goes to whether it is there (a trunk by SIP OPTIONS). No call is placed."""
    settings = settings_in(settings_file)
    only = settings.model_copy(update={"lines": {name: _named(settings.lines, name)}})
    silence()
    site = Site(settings_file=Path(settings_file), settings=only, now=now())
    findings = run(_asked(site))
    if as_json:
        print_json(findings)
    else:
        for one in findings:
            click.echo(" ".join(filter(None, (f"{name}: {one.found}.", one.advice))))
    return ExitCode.DONE if all(one.state == "ok" for one in findings) else ExitCode.UNREACHABLE


async def _asked(site: Site) -> Sequence[Finding]:
    return await trunk(site)


async def _lines(settings: ServerSettings) -> list[_ShownLine]:
    async with make_book(settings) as book:
        held = {line.line: line for line in await book.held_lines()}
        calls = await book.calls_by_line()
    return [
        _ShownLine(name=name, settings=line, calls=calls.get(name, 0), held=held.get(name))
        for name, line in settings.lines.items()
    ]


async def _hold(settings: ServerSettings, name: str, reason: str) -> bool:
    async with make_book(settings) as book:
        return await book.hold_line(name, by=person(), reason=reason)


async def _release(settings: ServerSettings, name: str, reason: str) -> bool:
    async with make_book(settings) as book:
        return await book.release_line(name, by=person(), reason=reason)


def _found(lines: list[_ShownLine], name: str) -> _ShownLine:
    by_name = {line.name: line for line in lines}
    _named({known: line.settings for known, line in by_name.items()}, name)
    return by_name[name]


def _named(lines: Mapping[str, LineSettings], name: str) -> LineSettings:
    if name not in lines:
        known = did_you_mean(name, list(lines)) or f"there are {', '.join(lines)}."
        raise Failure(f"there is no line {name}; {known}", ExitCode.NOT_FOUND)
    return lines[name]


def _kind(line: LineSettings) -> str:
    return next(setting for setting, kind in LINE_KINDS.by_setting.items() if isinstance(line, kind))


def _of_trunk(trunk: SipLine) -> list[tuple[str, str]]:
    return [
        ("transport", trunk.transport),
        ("registers", f"as {trunk.username}" if trunk.register_for else ""),
        ("T.38", trunk.t38),
    ]


def _carries(line: LineSettings) -> str:
    return ", ".join(line.numbers) or "all numbers"


def _state(line: _ShownLine) -> str:
    if line.held is None:
        return "open"
    why = f": {line.held.reason}" if line.held.reason else ""
    return f"held for {age(line.held.at, now())} by {line.held.by}{why}"


def _plain(line: _ShownLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "kind": _kind(line.settings),
        "trunk": line.settings.goes_to,
        "numbers": line.settings.numbers,
        "cost": line.settings.cost,
        "channels": line.settings.channels,
        "calls": line.calls,
        "held": line.held,
    }
