"""Where bodies are: in rows of the book, in files, in objects. All are read; new ones go to one place.

| the book is | there is an object store | new bodies go to |
|---|---|---|
| a file of SQLite | no | rows up to `ROW_LIMIT`, files above |
| on a server | no | files, however small: a server keeps what was deleted for longer than anybody promised |
| either | yes | objects, however small: then the store has all of them |

So a site can change its mind, and what was kept before is still read. Methods block.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from store.bodies import ROW_LIMIT, UNNAMED_FOR, FoundBody, KeptBody
from store.body_folder import BodyFolder
from store.body_objects import BodyObjects
from store.errors import BodiesUnavailable, BodyMissing
from store.incoming import IncomingBody


class Place(Protocol):
    """Where octets lie outside the book."""

    @property
    def scheme(self) -> str:
        """What its references begin with."""

    def keep(self, octets: bytes | IncomingBody, ending: str) -> str:
        """Make a body durable; its reference."""

    def remove(self, references: Sequence[str]) -> None:
        """Remove bodies that are there or not."""

    def read(self, found: FoundBody) -> bytes:
        """All octets, compared."""

    def beginning(self, found: FoundBody, octets: int) -> bytes:
        """So many octets from the beginning."""

    def path(self, found: FoundBody, folder: Path) -> Path:
        """A file with the octets, compared; its own or one in `folder`."""


class BodyPlaces:
    """Keeps and finds bodies.

    Args:
        folder: of files; what is arriving is there too, wherever it is kept then.
        objects: the object store, if there is one.
        rows: whether small bodies may go into rows.
    """

    def __init__(self, folder: BodyFolder, *, objects: BodyObjects | None = None, rows: bool = True) -> None:
        self.folder = folder
        self._objects = objects
        self._rows = rows and objects is None
        self._places: tuple[Place, ...] = (folder, objects) if objects else (folder,)
        self.left_behind = False
        """Whether something that was to be removed could not be reached, and no sweep has begun since."""

    @property
    def scheme(self) -> str:
        """What references of new bodies begin with that are in no row."""
        return self._places[-1].scheme

    # --- Written ------------------------------------------------------------------------------------------

    def is_for_a_row(self, octets: bytes | IncomingBody) -> bool:
        """Whether a body goes into its row, so that keeping it takes no time."""
        return self._rows and isinstance(octets, bytes) and len(octets) <= ROW_LIMIT

    def keep(self, octets: bytes | IncomingBody, ending: str) -> KeptBody:
        """Make a body durable, unless it goes into its row. `ending` is that of its name, as `.eml`.

        Raises:
            BodiesUnavailable: the object store cannot be used.
            OSError: the file could not be written; nothing is left of it.
        """
        if isinstance(octets, bytes) and self.is_for_a_row(octets):
            return KeptBody(size=len(octets), octets=octets)
        size, digest = self._facts(octets)
        reference = self._places[-1].keep(octets, ending)
        return KeptBody(size=size, octets=None, reference=reference, sha256=digest)

    def _facts(self, octets: bytes | IncomingBody) -> tuple[int, str]:
        """Size and SHA-256; no digest of a large mail that stays in the file into which it arrived.

        To read it once more would make taking it on by a half dearer. Its size is compared all the same.
        """
        if isinstance(octets, bytes):
            return len(octets), hashlib.sha256(octets).hexdigest()
        if self._objects is None:
            return octets.size, ""
        with octets.mapped() as mapped:
            return octets.size, hashlib.sha256(mapped).hexdigest()

    def discard(self, body: KeptBody) -> None:
        """Remove a body that certainly has no row; what cannot be reached is left to the sweep."""
        with suppress(BodiesUnavailable):
            self.remove([body.reference])

    def remove(self, references: Sequence[str]) -> None:
        """Remove what lies outside the book of bodies whose rows are gone or purged.

        Raises:
            BodiesUnavailable: the object store cannot be used; the sweep removes what is left.
        """
        for place in self._places:
            if own := [one for one in references if one.startswith(place.scheme)]:
                self._remove(place, own)

    def _remove(self, place: Place, references: Sequence[str]) -> None:
        try:
            place.remove(references)
        except BodiesUnavailable:
            self.left_behind = True
            raise

    # --- Read ---------------------------------------------------------------------------------------------

    def read(self, found: FoundBody) -> bytes:
        """All octets of a body.

        Raises:
            BodiesUnavailable: the object store cannot be used.
            BodyMissing: it is gone; `BodyAltered`, if it is not what was kept.
        """
        return found.octets if found.octets is not None else self._place_of(found).read(found)

    def beginning(self, found: FoundBody, octets: int) -> bytes:
        """At least so many octets of a body from its beginning, or all if it has no more; -1 for all.

        Raises:
            BodiesUnavailable, BodyMissing: as with `read`.
        """
        if found.octets is not None or octets < 0:
            return self.read(found)
        return self._place_of(found).beginning(found, octets)

    def path(self, found: FoundBody, folder: Path) -> Path:
        """A file with the octets, to be read only: the body's own, or one that is written into `folder`.

        Raises:
            BodiesUnavailable, BodyMissing: as with `read`.
            OSError: the file cannot be written.
        """
        if found.octets is None:
            return self._place_of(found).path(found, folder)
        path = folder / found.reference.removeprefix("row:")
        path.write_bytes(found.octets)
        return path

    def _place_of(self, found: FoundBody) -> Place:
        for place in self._places:
            if found.reference.startswith(place.scheme):
                return place
        raise BodyMissing(
            found.reference,
            f"the body {found.reference} is in an object store, and the settings name none. "
            "Put object_store back into them.",
        )

    # --- Looked after -------------------------------------------------------------------------------------

    @property
    def trouble(self) -> BodiesUnavailable | None:
        """Why the object store could not be used when it was asked last."""
        return self._objects.store.trouble if self._objects else None

    def check(self) -> None:
        """Pass if bodies can be written and read.

        Raises:
            BodiesUnavailable: they cannot.
        """
        if self._objects:
            self._objects.store.check()

    def may_be_unnamed(self, now: datetime, *, objects: bool = True) -> Iterator[str]:
        """References of what is so old that it would have a row if it were ever to have one.

        Args:
            now: the time.
            objects: whether also those in the object store.

        Raises:
            BodiesUnavailable: the object store cannot be used.
        """
        yield from self.folder.older_than(now - UNNAMED_FOR)
        if self._objects and objects:
            self.left_behind = False
            yield from self._objects.older_than(UNNAMED_FOR)
