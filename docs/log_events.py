"""Every event that the service logs, read from the code: its name, its level, what it carries, who says it.

An event is a call such as `log.warning("line_down", line=name)`. What a name means is in its words; what it
carries stands beside it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_ROOMS = (
    "postfax", "mta", "submission", "convert", "transmit", "notify", "archive", "store", "sandbox", "config",
)  # fmt: skip
_LEVELS = {"debug": 0, "info": 1, "warning": 2, "error": 3, "exception": 4, "critical": 5}
_NO_COMMAND = ("postfax/commands/", "postfax/demonstration/")


@dataclass(slots=True)
class Event:
    """One kind of line in the log."""

    levels: set[str] = field(default_factory=set)
    carries: set[str] = field(default_factory=set)
    said_in: set[str] = field(default_factory=set)


def events_in(root: Path) -> dict[str, Event]:
    """Every event, by its name."""
    found: dict[str, Event] = {}
    for room in _ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            place = file.relative_to(root).as_posix()
            if not place.startswith(_NO_COMMAND):
                for call in _calls(ast.parse(file.read_text("utf-8"))):
                    _note(found, call, place)
    return dict(sorted(found.items()))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _LEVELS
            and ast.unparse(node.func.value).rpartition(".")[2] in {"log", "_log"}
        ):
            yield node


def _note(found: dict[str, Event], call: ast.Call, place: str) -> None:
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - as _calls has found it
    for name in _names(call.args[0]) if call.args else ():
        event = found.setdefault(name, Event())
        event.levels.add("error" if call.func.attr == "exception" else call.func.attr)
        event.carries |= {word.arg for word in call.keywords if word.arg and word.arg != "exc_info"}
        event.said_in.add(place.partition("/")[0])


def _names(argument: ast.expr) -> Iterator[str]:
    """The names that an argument may be: a text, or one of two."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from _names(argument.body)
        yield from _names(argument.orelse)


def log_page(root: Path) -> str:
    """The page of the reference."""
    rows = [
        f"| `{name}` | {_most(event.levels)} | {', '.join(sorted(event.carries))} | "
        f"{', '.join(sorted(event.said_in))} |"
        for name, event in events_in(root).items()
    ]
    return "\n".join(
        [
            "# Events of the log\n\nWritten by `./dev docs` from the code.",
            "Each line of the service's log is one event: a JSON object with `event`, `level`, `timestamp`",
            "(UTC) and what stands under *carries*; `log_format: console` writes the same for people.",
            "Events of a fax carry its `job`, those of a mail its `mail`. None carries a document, a mail's",
            "text or a secret. *By* is the part of the program ([architecture](../architecture.md)). What to",
            "do about those that matter: [operations](../operations.md).\n",
            "| event | level | carries | by |\n|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _most(levels: set[str]) -> str:
    return " or ".join(sorted(levels, key=_LEVELS.__getitem__))
