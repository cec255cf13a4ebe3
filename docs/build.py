"""The generated pages of docs/, and a check of every page's links: `./dev docs`, or `build.py --check`.

What the code says is written by the code: `reference/commands.md` from the commands' own help,
`reference/documents.md` from the table of formats, a table of `reference/json.md` from that of the activity
list's columns, `reference/settings.md` and its two schemas from the models of the settings, the schemas of
the sidecars from `archive/sidecar_schema.py`, `reference/log.md` from every call of the log. With `--check`
nothing is written, and a page that is not what it would be is a failure, so that code and documentation
cannot drift apart.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click
from log_events import log_page

from archive.sidecar_schema import json_schema, xml_schema
from convert.cover_tokens import TOKENS
from convert.formats import FORMATS, ROUTE_WORDS
from postfax.activity_columns import COLUMNS
from postfax.command import COMMANDS, command_named
from postfax.commands import config

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
_TOKENS, _END_OF_TOKENS = "<!-- tokens: written by ./dev docs -->", "<!-- end of tokens -->"
_COLUMNS, _END_OF_COLUMNS = "<!-- columns: written by ./dev docs -->", "<!-- end of columns -->"


def commands_page() -> str:
    """The help of every command."""
    parts = ["# Commands\n\nWritten by `./dev docs` from the commands' own help.\n"]
    for name in COMMANDS:
        command = command_named(name)
        parts += [_help(command, f"postfax {name}")]
        if isinstance(command, click.Group):
            named = sorted(command.commands.items())
            parts += [_help(sub, f"postfax {name} {word}") for word, sub in named]
    return "\n".join(parts)


def _help(command: click.Command, name: str) -> str:
    with click.Context(command, info_name=name, max_content_width=100, terminal_width=100) as context:
        return f"## {name}\n\n```\n{command.get_help(context)}\n```\n"


def documents_page() -> str:
    """Which documents become pages, and why others do not."""
    taken = [
        f"| {entry.words} | `{kind}` | {_code_words(entry.endings)} | {ROUTE_WORDS[entry.route]} |"
        for kind, entry in FORMATS.items()
        if entry.route in ROUTE_WORDS
    ]
    refused = [f"| {kind.value} | {entry.refusal} |" for kind, entry in FORMATS.items() if entry.refusal]
    return "\n".join(
        [
            "# Documents\n\nWritten by `./dev docs` from the table in `convert/formats.py`.",
            "A document's bytes say what it is, not its name. [How they become pages](../admin/documents.md)",
            "says more. The type is what `attachments.allowed` and `attachments.largest_of` call it.\n",
            "| document | type | usual names | how it becomes pages |\n|---|---|---|---|",
            *taken,
            "\nForwarded mails and Outlook's `winmail.dat` are taken apart when a mail comes in: what they",
            "hold is faxed as if it had been attached ([what is in a mail](../admin/mail-contents.md)).",
            "\n## Refused by name\n",
            "| kind | what the sender is told after “NAME cannot be faxed:” |\n|---|---|",
            *refused,
            "",
        ]
    )


def _code_words(words: str) -> str:
    return " ".join(f"`{word}`" if word != "…" else word for word in words.split())


def settings_page() -> str:
    """Every setting, with a remark and its built-in value."""
    parts = [
        "# Settings\n\nWritten by `./dev docs` from the models of the settings; `postfax config reference`",
        "prints the same. Every value that stands here is the built-in one. Editors complete and check YAML",
        "by the schemas [server.schema.json](server.schema.json) and",
        "[policy.schema.json](policy.schema.json).",
    ]
    for kind, (_, title) in config.FILES.items():
        parts.append(f"\n## {title}\n\n```yaml\n{config.reference(kind)}```")
    return "\n".join(parts) + "\n"


def cover_pages() -> str:
    """The page on cover pages: written by hand, but for the table of tokens."""
    page = (DOCS / "admin" / "cover-pages.md").read_text("utf-8")
    rows = [
        f"| `{{{{ {token.name} }}}}` | `~{token.field}~` | {token.meaning} | "
        + " ".join(f"`~{alias}~`" for alias in token.aliases)
        + " |"
        for token in TOKENS
    ]
    table = "\n".join(["| Jinja | anywhere | says | also |", "|---|---|---|---|", *rows])
    before, _, rest = page.partition(_TOKENS)
    return f"{before}{_TOKENS}\n{table}\n{_END_OF_TOKENS}{rest.partition(_END_OF_TOKENS)[2]}"


def json_page() -> str:
    """The page on what programs get: written by hand, but for the table of the activity list's columns."""
    page = (DOCS / "reference" / "json.md").read_text("utf-8")
    rows = [f"| `{name}` | {column.what} |" for name, column in COLUMNS.items()]
    table = "\n".join(["| name | holds |", "|---|---|", *rows])
    before, _, rest = page.partition(_COLUMNS)
    return f"{before}{_COLUMNS}\n{table}\n{_END_OF_COLUMNS}{rest.partition(_END_OF_COLUMNS)[2]}"


PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "reference" / "settings.md": settings_page,
    **{DOCS / "reference" / f"{kind}.schema.json": partial(config.schema, kind) for kind in config.FILES},
    DOCS / "reference" / "sidecar.schema.json": lambda: json.dumps(json_schema(), indent=2) + "\n",
    DOCS / "reference" / "sidecar.xsd": xml_schema,
    DOCS / "reference" / "commands.md": commands_page,
    DOCS / "reference" / "documents.md": documents_page,
    DOCS / "admin" / "cover-pages.md": cover_pages,
    DOCS / "reference" / "json.md": json_page,
    DOCS / "reference" / "log.md": lambda: log_page(ROOT),
}


def broken_links() -> Iterator[str]:
    """Every relative link that leads nowhere."""
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]:
        for target in _LINK.findall(page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: {target} is not there"


def stale_pages() -> Iterator[str]:
    """Every generated page that is not what the code says."""
    for page, made in PAGES.items():
        if not page.exists() or page.read_text("utf-8") != made():
            yield f"{page.relative_to(ROOT)} is not what the code says: run ./dev docs"


def main() -> int:
    """Write the pages, or check them; tell what is wrong."""
    parser = argparse.ArgumentParser(description="The generated pages of docs/, and its links.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args().check:
        for page, made in PAGES.items():
            page.parent.mkdir(exist_ok=True)
            page.write_text(made(), "utf-8")
    problems = [*stale_pages(), *broken_links()]
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
