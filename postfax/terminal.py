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
_GAP = 2
"""Columns of the terminal between two of a table."""
_FEW = 8
"""Characters that a cell which folds has to a line, at least."""
_SHORT: dict[str, Any] = {"no_wrap": True, "overflow": "ellipsis"}


@cache
def console() -> "Console":
    """The console on standard output."""
    return _console(None if sys.stdout.isatty() else _WIDE)


def _console(width: int | None) -> "Console":
    """One of that width; None is the terminal's."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width)


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
    `shortening` end with an ellipsis; all others stand whole, even if the terminal has to break their lines:
    of half an id or figure nobody could tell what it is. Where that leaves no room for the former, they stand
    below their row. Figures stand `to_the_right`.
    """
    cells = [tuple(map(printable, row)) for row in rows]
    if _leaves_room(columns, cells, folding, shortening):
        show_lines(_drawn(columns, cells, folding, shortening, to_the_right))
        return
    kept = [place for place, column in enumerate(columns) if column not in folding]
    narrow = [tuple(row[place] for place in kept) for row in cells]
    titles = [columns[place] for place in kept]
    title, *lines = _drawn(titles, narrow, (), shortening, to_the_right)
    below = (_folded(columns, row, folding) for row in cells)
    show_lines([title, *(line for row, more in zip(lines, below, strict=True) for line in (row, *more))])


def _leaves_room(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    folding: Sequence[str],
    shortening: Sequence[str],
) -> bool:
    """Whether the columns that fold have at least a few characters each."""
    narrow = (*folding, *shortening)
    return not folding or _together(_widths(columns, rows, narrow, 0)) <= console().width


def _widths(
    columns: Sequence[str], rows: Sequence[Sequence[str]], narrow: Sequence[str], room: int
) -> list[int]:
    """What each column gets of the room: a narrow one a few characters at least, the others all of theirs."""
    from rich.cells import cell_len

    whole = [
        max(cell_len(column), *(cell_len(row[place]) for row in rows), 0)
        for place, column in enumerate(columns)
    ]
    widths = [
        max(cell_len(column), min(width, _FEW)) if column in narrow else width
        for column, width in zip(columns, whole, strict=True)
    ]
    wanting = sorted(range(len(columns)), key=lambda place: whole[place] - widths[place])
    spare = max(0, room - _together(widths))
    for number, place in enumerate(wanting):
        more = min(whole[place] - widths[place], spare // (len(wanting) - number))
        widths[place] += more
        spare -= more
    return widths


def _together(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _folded(columns: Sequence[str], row: Sequence[str], folding: Sequence[str]) -> list[str]:
    """The cells that stand below their row."""
    present = [
        (column, cell) for column, cell in zip(columns, row, strict=True) if column in folding and cell
    ]
    width = max(map(len, folding))
    room = max(_FEW, console().width - width - 2 * _GAP)
    return [
        f"{'':<{_GAP}}{'' if number else column.lower():<{width}}{'':<{_GAP}}{line}"
        for column, cell in present
        for number, line in enumerate(textwrap.wrap(cell, room))
    ]


def _drawn(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    folding: Sequence[str],
    shortening: Sequence[str],
    to_the_right: Sequence[str],
) -> list[str]:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    narrow = (*folding, *shortening)
    widths = _widths(columns, rows, narrow, console().width)
    for column, width in zip(columns, widths, strict=True):
        side: Literal["left", "right"] = "right" if column in to_the_right else "left"
        table.add_column(column, no_wrap=column not in narrow, overflow="fold", justify=side, width=width)
    for row in rows:
        table.add_row(
            *(
                Text(cell, style=_style_of(cell), **(_SHORT if column in shortening else {}))
                for column, cell in zip(columns, row, strict=True)
            )
        )
    canvas = console() if _together(widths) <= console().width else _console(_together(widths))
    with canvas.capture() as drawn:
        canvas.print(table)
    return [line.rstrip() for line in drawn.get().splitlines()]


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
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """One JSON document for programs."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


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
