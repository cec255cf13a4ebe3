"""`postfax download`: the pages of a fax as a file."""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from postfax.failures import ExitCode, Failure
from postfax.terminal import octets_for_people, print_json

if TYPE_CHECKING:
    from convert.text_layer import Words

Kind = Literal["pdf", "tiff"]
_FOR_ITS_OWNER = 0o600
_ENDINGS: dict[str, Kind] = {".pdf": "pdf", ".tif": "tiff", ".tiff": "tiff"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    job_id: str
    output: str
    kind: Kind | None
    pages: str
    force: bool
    as_json: bool


@click.command("download")
@click.argument("job_id", metavar="JOB")
@click.option("-o", "--output", metavar="FILE", default="", help="Where to; - for standard output.")
@click.option("--format", "kind", type=click.Choice(["pdf", "tiff"]), help="PDF, unless FILE says TIFF.")
@click.option("--pages", metavar="PAGES", default="", help="Only these: 3, 1-2,5 or 4-.")
@click.option("--force", is_flag=True, help="Even if FILE is there.")
@click.option("--json", "as_json", is_flag=True, help="For programs: what was written.")
@click.pass_obj
def command(settings_file: str, /, **wishes: Any) -> None:
    """Write the pages of a fax into a file, as they were sent, with the header line.

    Without FILE it is named by the job. A PDF can be searched as an archived one can. Who looked at what is
    kept in the audit record.
    """
    from postfax.opening import run

    run(_download(settings_file, _Wishes(**wishes)))


async def _download(settings_file: str, wishes: _Wishes) -> None:
    from postfax.commands.show import find_job
    from postfax.faxed_document import faxed_document, text_of
    from postfax.opening import open_book
    from postfax.person import person
    from store.audit_entry import AuditAction

    async with open_book(settings_file) as book:
        job = await find_job(book, wishes.job_id)
        kind, target = _target(job.id, wishes)
        with tempfile.TemporaryDirectory(prefix="postfax-") as folder:
            document = await faxed_document(book, job, Path(folder), wishes.pages)
            text = await text_of(book, job, document, Path(folder)) if kind == "pdf" else ()
            octets = _made(job.id, document.path, kind, text)
        # Noted before it is handed out: whoever has the pages stands in the record.
        detail = f"{document.words} as {kind}"
        await book.note_deed(AuditAction.DOWNLOAD, job.id, by=person(), detail=detail)
    _write(octets, target, force=wishes.force)
    if wishes.as_json and target:
        pages = [page + 1 for page in document.pages]
        print_json({"id": job.id, "file": target, "format": kind, "pages": pages, "octets": len(octets)})
    elif target:
        click.echo(f"{target}  {document.words}, {octets_for_people(len(octets))}")


def _target(job_id: str, wishes: _Wishes) -> tuple[Kind, Path | None]:
    """The format, and the file; None for standard output.

    Raises:
        Failure: The file is there already, or standard output is a terminal.
    """
    if wishes.output == "-":
        if sys.stdout.isatty():
            raise Failure(
                "pages are no text for a terminal. Say -o FILE, or use `postfax view`.", ExitCode.USAGE
            )
        return wishes.kind or "pdf", None
    named = Path(wishes.output) if wishes.output else None
    kind = wishes.kind or (_ENDINGS.get(named.suffix.lower()) if named else None) or "pdf"
    target = named or Path(f"{job_id}.{'tif' if kind == 'tiff' else kind}")
    if target.is_dir():
        target /= f"{job_id}.{'tif' if kind == 'tiff' else kind}"
    if target.exists() and not wishes.force:
        raise Failure(f"{target} is there already. Say --force, or another name with -o.")
    return kind, target


def _made(job_id: str, document: Path, kind: Kind, text: "tuple[Words, ...]") -> bytes:
    from archive.document import as_archived
    from archive.trouble import ArchivePermanent

    try:
        return as_archived(document, kind, title=f"Fax {job_id}", words=text)
    except ArchivePermanent as problem:
        raise Failure(f"the pages cannot be read: {problem}") from problem


def _write(octets: bytes, target: Path | None, *, force: bool) -> None:
    if target is None:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if force else os.O_EXCL)
        with os.fdopen(os.open(target, flags, _FOR_ITS_OWNER), "wb") as file:
            file.write(octets)
    except FileExistsError:
        raise Failure(f"{target} is there already. Say --force, or another name with -o.") from None
    except OSError as problem:
        raise Failure(f"{target} cannot be written: {problem.strerror}.") from problem
