"""How the archives stand, and what became of a wish to have a copy tried again."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from config.archive import ArchiveSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveStanding:
    """The copies of one archive that are in the record."""

    archive: ArchiveSettings
    """As the policy had it when the faxes ended."""
    waiting: int = 0
    given_up: int = 0
    delivered: int = 0
    oldest: datetime | None = None
    """When the fax ended whose copy has been waiting longest."""
    last_delivered: datetime | None = None
    next_try: datetime | None = None
    """Of the copy that is due first."""
    trouble: str = ""
    """What went wrong with the newest copy that waits after a try; or else that was given up."""


class Retry(Enum):
    """What became of the wish to have a copy tried again."""

    OWED = "owed"
    """It is due now, and has its days of tries again."""
    UNDER_WAY = "under way"
    """It is being delivered at this moment."""
    DELIVERED = "delivered"
    """It is there already."""
    NOT_KEPT = "not kept"
    """The pages are not kept any more."""
