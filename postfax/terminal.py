"""What people see on a terminal: tables without frames, ages, numbers, sizes; colour only on a terminal."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 10_000
"""Columns where nobody looks: a pipe gets whole lines."""
_SHORT: dict[str, Any] = {"no_wrap": True, "overflow": "ellipsis"}


@cache
def console() -> "Console":
    """The console on standard output."""
    from rich.console import Console

    on_terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not on_terminal, width=None if on_terminal else _WIDE)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    folding: Sequence[str] = (),
    shortening: Sequence[str] = (),
    to_the_right: Sequence[str] = (),
) -> None:
    """Print rows under their column titles.

    Where the terminal is too narrow, the columns named in `folding` go on in the next line and those in
    `shortening` end with an ellipsis; all others stand whole. Figures stand `to_the_right`.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        side: Literal["left", "right"] = "right" if column in to_the_right else "left"
        no_wrap = column not in (*folding, *shortening)
        table.add_column(column, no_wrap=no_wrap, overflow="fold", justify=side)
    for row in rows:
        table.add_row(
            *(
                Text(printable(cell), style=_style_of(cell), **(_SHORT if column in shortening else {}))
                for column, cell in zip(columns, row, strict=True)
            )
        )
    with console().capture() as drawn:
        console().print(table)
    show_lines([line.rstrip() for line in drawn.get().splitlines()])


def show_lines(lines: Sequence[str]) -> None:
    """Print lines; those that a terminal has no room for are looked at page by page (`PAGER`, or less)."""
    if not sys.stdout.isatty() or len(lines) < shutil.get_terminal_size().lines:
        for line in lines:
            click.echo(line)
        return
    # F: no pager where all fits after all; R: colours; X: what was shown stays on the screen.
    os.environ.setdefault("LESS", "-FRX")
    click.echo_via_pager("".join(f"{line}\n" for line in lines), color=True)


def _style_of(cell: str) -> str:
    if cell == "Success":
        return "green"
    return ""


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns; facts without a value are left out."""
    present = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in present), default=0)
    room = max(20, shutil.get_terminal_size().columns - width - 2) if sys.stdout.isatty() else _WIDE
    for name, value in present:
        lines = [part for line in value.splitlines() for part in textwrap.wrap(printable(line), room)]
        for number, line in enumerate(lines):
            click.echo(f"{'' if number else name:<{width}}  {line}")


def printable(text: str) -> str:
    """The text on one line, with its control characters and direction marks spelled out.

    Subjects, names and station identities come from outside, and must not steer the terminal of whoever
    reads them.
    """
    return "".join(
        " " if character.isspace() else character if character.isprintable() else ascii(character)[1:-1]
        for character in text
    )


def print_json(value: Any) -> None:
    """Print one JSON document for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest sensible unit."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def octets_for_people(octets: int) -> str:
    """A size as people write it, decimal."""
    for unit, size in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if octets >= size:
            return f"{octets / size:.1f} {unit}" if octets < 10 * size else f"{octets // size} {unit}"
    return f"{octets} B"


SECONDS_PER_OCTET = 8 / 14_400
"""On the line at V.17's full rate."""
