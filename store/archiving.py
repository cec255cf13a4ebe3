"""The part of the book that is about copies in archives: how they stand, and another try.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

from config.archive import ArchiveSettings
from store.archive_standing import ArchiveStanding, Retry
from store.live_facts import LiveFacts
from store.outbox import Copy
from store.records import archives


class Archiving(LiveFacts):
    """What an administrator asks of the archives."""

    async def archives(self) -> tuple[ArchiveStanding, ...]:
        """Every archive that has copies in the record, one for each way that its settings were."""
        return await self._access.read(archives.standings)

    async def copies_to_retry(self) -> tuple[Copy, ...]:
        """Every copy that waits or was given up, oldest first."""
        return await self._access.read(archives.copies_to_retry)

    async def retry_copy(self, copy_id: str, archive: ArchiveSettings, *, by: str) -> Retry:
        """Let a copy be due now, and go to an archive as it is set up now.

        Args:
            copy_id: of a copy that waits or was given up.
            archive: where it goes.
            by: the person; it is written down.

        Raises:
            NotInBook: there is no such copy.
        """
        return await self._access.write(archives.retry_copy, copy_id, archive, by=by)
