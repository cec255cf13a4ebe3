"""A line that takes no calls for the time being."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLine:
    """That somebody holds a line: calls that are in progress on it go on, and no new one begins."""

    line: str
    """Its name in the settings."""
    reason: str
    """Empty if none was given."""
    at: datetime
    by: str
    """The person who holds it."""
