"""When a LibreOffice is worn out: it keeps what it has once taken, and is replaced by a fresh one. Pure."""

from dataclasses import dataclass

_CONVERSIONS = 500
_SECONDS = 12 * 3600.0
_MEMORY = 600 << 20
"""Octets. A fresh one has 85 MB, and 340 after a corpus of documents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeWear:
    """What one LibreOffice has behind it."""

    conversions: int
    seconds: float
    """Since it was started."""
    memory: int
    """Octets that it has now, all its processes together."""


def worn_by(wear: OfficeWear) -> str:
    """What it is worn out by, for the log; empty while it is good."""
    if wear.memory > _MEMORY:
        return "memory"
    if wear.conversions >= _CONVERSIONS:
        return "conversions"
    return "age" if wear.seconds > _SECONDS else ""
