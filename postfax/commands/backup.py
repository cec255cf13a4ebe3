"""`postfax backup`: copies the book and its documents while they are in use."""

from dataclasses import asdict
from pathlib import Path

import click

from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.how_far import clear, tell
from postfax.opening import documents_folder, settings_in
from postfax.terminal import octets_for_people, print_json
from store.address import is_on_server
from store.backup import BackupNote, BackupRefused, back_up
from store.sqlite import book_path

_ON_A_SERVER = (
    "the book is in PostgreSQL: `pg_dump -Fc` copies it while it is in use, and the documents' folder is to "
    "be copied after it. docs/admin/backup.md has both, and the way back."
)


@click.command("backup")
@click.argument("target", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--like", metavar="FOLDER", type=click.Path(path_type=Path, exists=True),
    help="An earlier backup on the same disk: what it has is linked and not copied again.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, target: Path, like: Path | None, as_json: bool) -> int:  # noqa: FBT001 - options, by name
    """Copy the book and its documents into a FOLDER, while the service goes on.

    The FOLDER is empty or not there. The book is copied as it is at one instant, and every document that it
    names. Settings and policy are not in it: they are under /etc/postfax. It holds what people faxed: keep it
    as safe as the original. The way back: postfax restore.
    Exit code 0 if everything is in it, 1 if documents had been lost before.
    """
    settings = settings_in(settings_file)
    if is_on_server(settings.store):
        raise Failure(_ON_A_SERVER)
    try:
        note = back_up(book_path(settings.store), documents_folder(settings), target, tell, like=like)
    except BackupRefused as problem:
        raise Failure(str(problem)) from None
    finally:
        clear()
    if as_json:
        print_json({"target": str(target.absolute()), **asdict(note)})
    else:
        click.echo(_words(target, note))
    return ExitCode.PARTLY if note.missing else ExitCode.DONE


def _words(target: Path, note: BackupNote) -> str:
    of = f"{note.made_at.astimezone():%Y-%m-%d %H:%M:%S}"
    files = f"{count(note.files, 'document')} ({octets_for_people(note.octets)})"
    records = f"{count(note.mails, 'mail')}, {count(note.faxes, 'fax job')}"
    lines = [f"{target} has the book of {of}, with {records} and {files}."]
    if note.elsewhere:
        lines.append(f"{count(note.elsewhere, 'document')} are in the object store and stay there.")
    if note.missing:
        named = "\n".join(f"  {reference}" for reference in note.missing)
        lines.append(f"Not there any more, though the book names them:\n{named}")
    return "\n".join(lines)
