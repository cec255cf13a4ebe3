"""`postfax restore`: a backup becomes the book again; what was on its way waits until somebody has looked."""

from datetime import datetime
from pathlib import Path

import click

from config.server import ServerSettings
from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.how_far import clear, tell
from postfax.opening import documents_folder, now, run, settings_in
from postfax.person import person
from postfax.terminal import print_json
from store.address import access_to, is_on_server, shown
from store.backup import BackupRefused
from store.copying import CopyRefused
from store.owner import this_process
from store.records.restored import OnTheWay
from store.restoring import Restored, keep_back_in, let_go_in, restore
from store.sqlite import book_path


@click.command("restore")
@click.argument(
    "source", metavar="[FOLDER]", required=False, type=click.Path(path_type=Path, file_okay=False)
)
@click.option("--as-it-was", is_flag=True, help="Keep nothing back: nothing was sent after the backup.")
@click.option(
    "--keep-back", "made_at", metavar="TIME", type=click.DateTime(),
    help="Of a book that pg_restore wrote: keep back what was on its way at this time.",
)  # fmt: skip
@click.option("--let-go", is_flag=True, help="Let everything go on that was kept back.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str,
    source: Path | None,
    as_it_was: bool,  # noqa: FBT001 - options, by name
    made_at: datetime | None,
    let_go: bool,  # noqa: FBT001 - as above
    as_json: bool,  # noqa: FBT001 - as above
) -> int:
    """Put a backup back, where the settings expect the book and the documents.

    The service must be stopped, and the old book be moved away. What was on its way when the backup was made
    may have been sent after it, so nothing of it goes out by itself: faxes are held, and mails that were not
    decided yet, notices and copies wait. Look at them (postfax activity --where state=held), then `postfax
    release` or `postfax cancel` each, or let all of them go on with --let-go. New mails are faxed at once.
    """
    if [source is not None, made_at is not None, let_go].count(True) != 1:
        raise Failure("give the FOLDER of a backup, or --keep-back, or --let-go.", ExitCode.USAGE)
    settings = settings_in(settings_file)
    try:
        if let_go:
            gone = run(_let_go(settings))
            came_to: Restored | OnTheWay = gone
            words = f"{_faxes_and_others(gone)} go on." if gone.anything else "nothing was kept back."
        elif source is not None:
            came_to = restored = _restore(settings, source, as_it_was=as_it_was)
            words = _restored_words(settings, source, restored)
        else:
            came_to = kept = keep_back_in(settings.store, _with_zone(made_at), this_process())
            words = f"{shown(settings.store)}: {_kept_back_words(kept)}"
    except (BackupRefused, CopyRefused) as problem:
        raise Failure(str(problem)) from None
    finally:
        clear()
    if as_json:
        print_json(came_to)
    else:
        click.echo(words)
    return ExitCode.DONE


def _restore(settings: ServerSettings, source: Path, *, as_it_was: bool) -> Restored:
    if is_on_server(settings.store):
        raise Failure(
            f"the book is to be in {shown(settings.store)}: write it with pg_restore, copy the documents to "
            "their folder, and then have what was on its way kept back: postfax restore --keep-back TIME"
        )
    return restore(
        source, book_path(settings.store), documents_folder(settings), tell,
        owner=this_process(), as_it_was=as_it_was,
    )  # fmt: skip


async def _let_go(settings: ServerSettings) -> OnTheWay:
    return await let_go_in(access_to(settings.store, clock=now, owner=this_process()), person())


def _with_zone(time: datetime | None) -> datetime:
    """A time as it was typed is of this host's zone."""
    return (time or now()).astimezone()


def _restored_words(settings: ServerSettings, source: Path, restored: Restored) -> str:
    note = restored.note
    has = f"{count(note.mails, 'mail')}, {count(note.faxes, 'fax job')} and {count(note.files, 'document')}"
    of = f"{note.made_at.astimezone():%Y-%m-%d %H:%M:%S}"
    lines = [f"{shown(settings.store)} is the book of {of} again, with {has}. What came later is not in it."]
    if restored.kept_back is not None:
        lines.append(_kept_back_words(restored.kept_back))
    if note.missing:
        lines.append(f"{count(len(note.missing), 'document')} had been lost before the backup was made.")
    lines.append(f"{source} is as it was. Start the service: systemctl start postfax")
    return "\n".join(lines)


def _kept_back_words(kept: OnTheWay) -> str:
    if not kept.anything:
        return "Nothing was on its way."
    return (
        f"Kept back, because it may have been sent after the backup was made: {_faxes_and_others(kept)}. See "
        "`postfax activity --where state=held`; then `postfax release` or `postfax cancel` each, or `postfax "
        "restore --let-go` for all."
    )


def _faxes_and_others(some: OnTheWay) -> str:
    return (
        f"{_several(some.faxes, 'fax', 'faxes')}, {count(some.mails, 'mail')} to be decided, "
        f"{count(some.notices, 'notice')}, {_several(some.copies, 'copy', 'copies')}"
    )


def _several(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
