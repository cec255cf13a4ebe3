"""`postfax convert`: fax pages of documents, without sending them."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postfax.failures import ExitCode, Failure
from postfax.terminal import SECONDS_PER_OCTET, octets_for_people
from postfax.whole_file import STANDARD_OUTPUT

if TYPE_CHECKING:
    from convert.request import ConvertedFax


@click.command("convert")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The TIFF or PDF to write; - for a TIFF on standard output.",
)
@click.option(
    "--resolution", type=click.Choice(["standard", "fine", "superfine"]), default="fine", show_default=True,
    help="204×98, 204×196 or 204×391 dpi.",
)  # fmt: skip
@click.option(
    "--paper",
    type=click.Choice(["A4", "Letter", "Legal"]),
    help="The sheet; without it each page keeps its length.",
)
@click.option(
    "--turn", type=click.Choice(["wide", "always", "never"]), default="wide", show_default=True,
    help="Which pages that are wider than high lie on their side: those that do not fit upright, all, none.",
)  # fmt: skip
@click.option("--keep-blank", is_flag=True, help="Keep blank pages at the end of a file.")
@click.option("--explain", is_flag=True, help="Say how each page was made, and what it costs on the line.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(files: tuple[Path, ...], output: Path, **options: Any) -> None:
    """Make fax pages of documents: PDF, TIFF, pictures, office files, web pages, text, and mails.

    The pages are those that a fax would have, without cover page and header line.
    """
    from convert.one_shot import convert_files
    from convert.request import InvalidDocument
    from postfax.unpacked_files import unpacked
    from sandbox.temporary_folder import TemporaryFolder

    if output == STANDARD_OUTPUT:
        if options["as_json"] or options["explain"]:
            raise click.UsageError("the pages go to standard output; --json and --explain need a file")
        if sys.stdout.isatty():
            raise Failure("pages are no text for a terminal. Say -o FILE.", ExitCode.USAGE)
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise Failure(f"{missing[0]} is not there.", ExitCode.NOT_FOUND)
    try:
        with TemporaryFolder("convert") as folder:
            fax = convert_files(
                unpacked(files, folder),
                folder / "fax.tif",
                resolution=options["resolution"],
                paper=options["paper"],
                turn=options["turn"],
                drop_blank_ends=not options["keep_blank"],
                before_office=_quiet,
            )
            _write(fax.path, output)
    except InvalidDocument as problem:
        raise Failure(f"{problem}.") from problem
    except OSError as problem:
        raise Failure(f"{output} cannot be written: {problem.strerror}.") from problem
    if options["as_json"]:
        _print_json(fax, output)
    elif options["explain"]:
        _explain(fax)
        _print_sum(fax, output)
    elif sys.stdout.isatty():
        _print_sum(fax, output)


def _quiet() -> None:
    from postfax.logging import silence

    silence()


def _write(fax_tiff: Path, output: Path) -> None:
    """Put the pages where they are wanted: as they are, or as a PDF with the same coded pages."""
    if output == STANDARD_OUTPUT:
        sys.stdout.buffer.write(fax_tiff.read_bytes())
        sys.stdout.buffer.flush()
    elif output.suffix.lower() == ".pdf":
        from archive.document import as_archived

        output.write_bytes(as_archived(fax_tiff, "pdf"))
    else:
        shutil.copyfile(fax_tiff, output)


def _print_sum(fax: "ConvertedFax", output: Path) -> None:
    from notify.wording import count

    octets = sum(page.octets for page in fax.made)
    size, seconds = octets_for_people(octets), octets * SECONDS_PER_OCTET
    click.echo(f"{output}: {count(len(fax.made), 'page')}, {size} ≈ {seconds:.0f} s on the line")


def _explain(fax: "ConvertedFax") -> None:
    from convert.page_account import WORDS
    from postfax.terminal import print_table

    rows = [
        (
            str(number),
            page.origin,
            f"{page.rows}",
            f"{page.octets:,} B",
            f"{page.octets * SECONDS_PER_OCTET:.1f} s",
            " → ".join(WORDS[step] for step in page.steps),
        )
        for number, page in enumerate(fax.made, 1)
    ]
    print_table(("PAGE", "FILE", "ROWS", "SIZE", "LINE", "HOW"), rows, folding=("HOW",), shortening=("FILE",))


def _print_json(fax: "ConvertedFax", output: Path) -> None:
    from postfax.terminal import print_json

    pages = [
        {
            "origin": page.origin,
            "rows": page.rows,
            "octets": page.octets,
            "line_seconds": page.octets * SECONDS_PER_OCTET,
            "steps": page.steps,
        }
        for page in fax.made
    ]
    octets = sum(page.octets for page in fax.made)
    print_json(
        {
            "file": str(output),
            "pages": pages,
            "octets": octets,
            "line_seconds": octets * SECONDS_PER_OCTET,
        }
    )
