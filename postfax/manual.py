"""The manual pages, made of the commands' own help: `man postfax`, `man postfax-activity` and so on.

roff of the man macros (groff_man(7)), which every `man` formats. What a page says is what `--help` says, so
that both cannot differ.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from postfax.command import COMMANDS, command_named, postfax

_EXIT_CODES = (
    ("0", "done"),
    ("1", "done in part"),
    ("2", "the command was not understood"),
    ("3", "not found"),
    ("4", "refused"),
    ("5", "the record or another service cannot be reached"),
)
_FILES = (
    ("/etc/postfax/postfax.yaml", "the server's settings; another file with --config or POSTFAX_CONFIG"),
    ("~/.config/postfax/queries.json", "the saved queries of postfax activity"),
)


def pages() -> dict[str, str]:
    """Every page, by the name of its file."""
    found = {"postfax.1": _top()}
    for name in COMMANDS:
        command = command_named(name)
        found[f"postfax-{name}.1"] = _page(f"postfax {name}", command, COMMANDS[name])
    return found


def write_pages(folder: Path) -> int:
    """Write every page into a folder, which is made if it is missing; how many there are.

    Raises:
        OSError: One cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return len(made)


def _top() -> str:
    lines = [*_head("postfax", "mail in, fax out"), *_usage(postfax, "postfax"), ".SH DESCRIPTION"]
    lines += ["Takes faxes as mail, calls, and tells the sender what became of them.", ".SH COMMANDS"]
    for name, what in COMMANDS.items():
        lines += [".TP", f".BR postfax-{_plain(name)} (1)", _text(what)]
    return _joined([*lines, *_options(postfax), *_tail([])])


def _page(name: str, command: click.Command, what: str) -> str:
    lines = [*_head(name.replace(" ", "-"), what.rstrip(".")), *_usage(command, name)]
    lines += [".SH DESCRIPTION", *_paragraphs(command.help or what), *_options(command)]
    if isinstance(command, click.Group):
        for word, sub in sorted(command.commands.items()):
            lines += [
                f".SH {_plain(f'{name} {word}').upper()}",
                *_usage(sub, f"{name} {word}", heading=False),
            ]
            lines += [".PP", *_paragraphs(sub.help or ""), *_options(sub, heading=False)]
    return _joined([*lines, *_tail(["postfax (1)"])])


def _head(name: str, what: str) -> list[str]:
    return [
        f'.TH "{_plain(name).upper()}" "1" "" "Postfax" "Postfax"',
        ".SH NAME",
        f"{_plain(name)} \\- {_text(what)}",
    ]


def _usage(command: click.Command, name: str, *, heading: bool = True) -> Iterator[str]:
    with click.Context(command, info_name=name) as context:
        pieces = " ".join(command.collect_usage_pieces(context))
    if heading:
        yield ".SH SYNOPSIS"
    yield f".B {_plain(name)}"
    yield _text(pieces)


def _paragraphs(text: str) -> Iterator[str]:
    """A help text; what stands behind click's own mark keeps its lines."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        lines = [line.strip() for line in paragraph.splitlines()]
        if lines and lines[0] == "\b":
            yield from (".nf", *map(_text, lines[1:]), ".fi")
        else:
            yield _text(" ".join(lines))


def _options(command: click.Command, *, heading: bool = True) -> Iterator[str]:
    with click.Context(command, info_name="postfax") as context:
        records = [
            option.get_help_record(context)
            for option in command.get_params(context)
            if isinstance(option, click.Option)
        ]
    if heading and any(records):
        yield ".SH OPTIONS"
    for record in records:
        if record:
            yield ".TP"
            yield f".B {_text(record[0])}"
            yield _text(record[1])


def _tail(see: list[str]) -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, what in _EXIT_CODES:
        yield from (".TP", f".B {code}", what)
    yield ".SH FILES"
    for file, what in _FILES:
        yield from (".TP", f".I {_plain(file)}", _text(what))
    if see:
        yield from (".SH SEE ALSO", *(f".BR {each}" for each in see))


def _text(text: str) -> str:
    """A line of text: nothing in it is taken for a request of roff (groff(7), Escape Sequences)."""
    plain = _plain(" ".join(text.split()))
    return f"\\&{plain}" if plain[:1] in {".", "'"} else plain


def _plain(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
