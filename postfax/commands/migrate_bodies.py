"""`postfax migrate-bodies`: moves mails and documents to where the settings keep new ones."""

import click

from postfax.failures import ExitCode, Failure
from postfax.how_far import clear, tell
from postfax.opening import documents_folder, settings_in
from postfax.terminal import octets_for_people, print_json
from store.address import is_on_server
from store.body_folder import BodyFolder
from store.body_migration import Moved, move_bodies
from store.body_objects import BodyObjects
from store.body_places import BodyPlaces
from store.copying import CopyRefused
from store.object_store import ObjectStore


@click.command("migrate-bodies")
@click.option(
    "--out-of-book",
    is_flag=True,
    help="Also small ones that are in a book of SQLite, into the folder: before migrate-book to a server.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, out_of_book: bool, as_json: bool) -> int:  # noqa: FBT001 - options, by name
    """Move mails and documents to where the settings keep new ones.

    Into the object store, if there is one; else, for a book on a server, into the folder of documents. Each
    is compared before and after. Stop the service before. Broken off, it goes on where it was when it is run
    again. What is not there any more is left as it is, and told.
    Exit code 0 if all were moved, 1 if some are missing, 4 if nothing can be moved.
    """
    settings = settings_in(settings_file)
    store = ObjectStore(settings.object_store) if settings.object_store else None
    if store is None and not is_on_server(settings.store) and not out_of_book:
        raise Failure(
            "the settings keep mails and documents where they are: in the book and in its folder. "
            "Name an object_store, or say --out-of-book."
        )
    objects = BodyObjects(store) if store else None
    places = BodyPlaces(BodyFolder(documents_folder(settings)), objects=objects, rows=False)
    try:
        moved = move_bodies(settings.store, places, tell)
    except CopyRefused as problem:
        raise Failure(str(problem)) from None
    finally:
        clear()
    _say(moved, store.place if store else str(places.folder.folder), as_json=as_json)
    return ExitCode.PARTLY if moved.missing else ExitCode.DONE


def _say(moved: Moved, place: str, *, as_json: bool) -> None:
    if as_json:
        facts = {"place": place, "moved": moved.bodies, "octets": moved.octets, "missing": moved.missing}
        print_json(facts)
        return
    bodies = "1 mail or document" if moved.bodies == 1 else f"{moved.bodies:,} mails and documents"
    click.echo(f"{bodies} ({octets_for_people(moved.octets)}) moved to {place}, each compared.")
    for sentence in moved.missing:
        click.echo(f"not moved: {sentence}")
