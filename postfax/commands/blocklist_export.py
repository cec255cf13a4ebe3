"""`postfax blocklist export`: the live list for a file, a spreadsheet, or the policy."""

import csv
import io
from collections.abc import Callable, Sequence

import click

from postfax.opening import open_book, run
from postfax.terminal import printable
from store.block import Block


@click.command("export")
@click.option(
    "--format", "form", type=click.Choice(["text", "csv", "yaml"]), default="text", show_default=True,
    help="text for `postfax blocklist add --file`, csv for spreadsheets, yaml for the policy.",
)  # fmt: skip
@click.pass_obj
def command(settings_file: str, form: str) -> None:
    """Print the whole live list.

    As text it can be read in again by `postfax blocklist add --file`, reasons included.
    """
    click.echo(_FORMS[form](run(_blocks(settings_file))), nl=False)


async def _blocks(settings_file: str) -> Sequence[Block]:
    async with open_book(settings_file) as book:
        return await book.blocks()


def _text(blocks: Sequence[Block]) -> str:
    return "".join(
        f"{block.pattern}{f'  # {printable(block.reason)}' if block.reason else ''}\n" for block in blocks
    )


def _csv(blocks: Sequence[Block]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("pattern", "reason", "by", "at"))
    rows.writerows((block.pattern, _cell(block.reason), block.by, block.at.isoformat()) for block in blocks)
    return out.getvalue()


def _cell(text: str) -> str:
    """What a spreadsheet would take for a formula has an apostrophe before it, which makes it text there."""
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text


def _yaml(blocks: Sequence[Block]) -> str:
    if not blocks:
        return "settings: {fax: {blocked_numbers: []}}\n"
    entries = "".join(f'      - "{block.pattern}"  # {_remark(block)}\n' for block in blocks)
    return f"settings:\n  fax:\n    blocked_numbers:\n{entries}"


def _remark(block: Block) -> str:
    why = f"{printable(block.reason)}; " if block.reason else ""
    return f"{why}{block.by}, {block.at.astimezone():%Y-%m-%d}"


_FORMS: dict[str, Callable[[Sequence[Block]], str]] = {"text": _text, "csv": _csv, "yaml": _yaml}
