"""`postfax cover preview`: what a cover page looks like."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from postfax.failures import ExitCode, Failure
from postfax.terminal import print_json


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    """What is asked for on the command line."""

    template: str
    output: Path
    user: str | None
    paper: str | None
    resolution: str | None
    is_long: bool
    text: str
    as_json: bool


@click.command("preview", short_help="Draw a cover page with sample data.")
@click.argument("template", metavar="NAME|FILE")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A PNG or a PDF.")
@click.option("--user", metavar="USER", help="Whose policy it is made with; else a sample's.")
@click.option("--paper", type=click.Choice(["A4", "Letter", "Legal"]), help="Other than the policy's.")
@click.option(
    "--resolution", type=click.Choice(["standard", "fine", "superfine"]), help="Other than the policy's."
)
@click.option(
    "--long", "is_long", is_flag=True, help="With names that fill lines and a text that fills pages."
)
@click.option("--text", default="", help="The mail's text, instead of the sample's.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, /, **wishes: Any) -> int:
    """Draw a cover page with sample data: the very pixels of the fax, with the header line.

    A PNG has one page; further pages are written beside it, with their numbers in the names.
    """
    return _preview(settings_file, _Wishes(**wishes))


def _preview(settings_file: str, wishes: _Wishes) -> int:
    from config.fax import Paper
    from convert.cover_once import draw_once
    from convert.header import stamp
    from postfax.chosen_template import chosen
    from postfax.logging import silence
    from postfax.opening import now
    from postfax.sample_fax import sample_facts, sample_header, sample_job
    from sandbox.temporary_folder import TemporaryFolder

    if wishes.output.suffix.lower() not in {".png", ".pdf"}:
        raise click.UsageError(f"{wishes.output} ends neither in .png nor in .pdf")
    moment = now()
    name, file, user = chosen(settings_file, wishes.template, wishes.user)
    job = sample_job(user, name, moment, long=wishes.is_long)
    facts = sample_facts(job, moment, text=wishes.text, long=wishes.is_long)
    paper = Paper(wishes.paper) if wishes.paper else facts.paper
    facts = replace(facts, own_file=str(file or ""), paper=paper)
    resolution = wishes.resolution or user.settings.fax.resolution
    with TemporaryFolder("preview") as folder:
        made = draw_once(facts, folder, resolution=resolution, before_office=silence)
        stamped = folder / "stamped.tif"
        count = len(made.pages) + (facts.pages_following or 0)
        stamp(made.path, stamped, sample_header(job, moment), count=count)
        files = _written(stamped, wishes.output)
    _tell(files, made.cover_trouble, as_json=wishes.as_json)
    return ExitCode.PARTLY if made.cover_trouble else ExitCode.DONE


def _written(fax: Path, output: Path) -> list[Path]:
    from archive.document import as_archived
    from convert.cover_preview import write_pictures

    try:
        if output.suffix.lower() == ".png":
            return write_pictures(fax, output)
        output.write_bytes(as_archived(fax, "pdf"))
    except OSError as problem:
        raise Failure(f"{output} cannot be written: {problem.strerror}.") from problem
    return [output]


def _tell(files: list[Path], trouble: str, *, as_json: bool) -> None:
    if trouble:
        click.echo(f"postfax: {trouble}", err=True)
    if as_json:
        print_json({"files": files, "trouble": trouble or None})
    elif sys.stdout.isatty():
        click.echo("\n".join(map(str, files)))
