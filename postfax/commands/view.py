"""`postfax view`: looks at the pages of a fax, in the terminal or in a window."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postfax.failures import ExitCode, Failure

if TYPE_CHECKING:
    from convert.text_layer import Words

_NARROWEST, _WIDEST = 20, 160
_PAGES = 3
"""So many are drawn where nothing is said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    job_id: str
    pages: str
    window: bool


@click.command("view")
@click.argument("job_id", metavar="JOB")
@click.option(
    "--pages", metavar="PAGES", default="", help="Only these: 3, 1-2,5 or 4-. The first three if not said."
)
@click.option("--window", is_flag=True, help="Open a PDF with the desktop's viewer instead.")
@click.pass_obj
def command(settings_file: str, /, **wishes: Any) -> None:
    """Look at the pages of a fax, drawn as wide as the terminal.

    What is drawn shows which document it is; to read it, use --window or `postfax download`.
    Who looked at what is kept in the audit record.
    """
    from postfax.opening import run

    run(_view(settings_file, _Wishes(**wishes)))


async def _view(settings_file: str, wishes: _Wishes) -> None:
    from postfax.commands.show import find_job
    from postfax.faxed_document import faxed_document, text_of
    from postfax.opening import open_book
    from postfax.person import person
    from sandbox.temporary_folder import TemporaryFolder
    from store.audit_entry import AuditAction

    async with open_book(settings_file) as book:
        job = await find_job(book, wishes.job_id)
        pages = wishes.pages or ("" if wishes.window or job.pages <= _PAGES else f"1-{_PAGES}")
        with TemporaryFolder("view") as folder:
            document = await faxed_document(book, job, folder, pages)
            await book.note_deed(AuditAction.VIEW, job.id, by=person(), detail=document.words)
            if wishes.window:
                _open_window(document.path, job.id, await text_of(book, job, document, folder))
                return
            for place, page in enumerate(document.pages):
                await _draw(document.path, folder, place)
                click.echo(f"── {job.id}, page {page + 1} of {document.count}")


async def _draw(document: Path, folder: Path, place: int) -> None:
    """Draw the page at a place among those that were chosen. It is decoded in a confined process."""
    from convert import fax_tiff
    from convert.first_page import TASK, first_page
    from postfax.page_drawing import drawn
    from sandbox import Nursery, TaskFailed, TaskRefused

    known = fax_tiff.read(document)
    one = folder / f"page-{place}.tif"
    fax_tiff.write(one, known.pages[place : place + 1], resolution=known.resolution)
    nursery = Nursery(preload=(TASK,), processes=1)
    await nursery.start()
    try:
        picture = await first_page(nursery, one, folder / f"picture-{place}")
        for line in drawn(picture.png, _columns()):
            click.echo(line)
    except (TaskFailed, TaskRefused, OSError, ValueError) as problem:
        raise Failure(f"the page cannot be drawn: {problem}.", ExitCode.PARTLY) from problem
    finally:
        await nursery.stop()


def _columns() -> int:
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns))


def _open_window(document: Path, job_id: str, text: "tuple[Words, ...]") -> None:
    """Hand a PDF to the desktop. The file stays: the viewer reads it after we are gone."""
    from archive.document import as_archived

    opener = shutil.which("xdg-open")
    if opener is None:
        raise Failure("this machine has no desktop (xdg-open). Use `postfax download`.", ExitCode.UNREACHABLE)
    kept = Path(tempfile.mkdtemp(prefix="postfax-view-")) / f"{job_id}.pdf"
    kept.write_bytes(as_archived(document, "pdf", title=f"Fax {job_id}", words=text))
    subprocess.run([opener, str(kept)], check=False)
    click.echo(f"{kept}  opened; remove it when you have seen it")
