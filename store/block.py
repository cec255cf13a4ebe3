"""Numbers that are blocked while the service runs, beside those of the policy."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One entry of the live list."""

    pattern: str
    """As in the policy: an E.164 number, one with `?` for any one digit, or either with a trailing `*`."""
    reason: str
    """Empty if none was given."""
    at: datetime
    by: str
    """The person who blocked it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockChange:
    """What adding or removing patterns came to."""

    changed: tuple[str, ...]
    """The patterns that were added or removed."""
    unchanged: tuple[str, ...]
    """Those that were there already, or that were not there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LivePatterns:
    """All patterns of the live list at one time."""

    patterns: tuple[str, ...]
    version: tuple[int, int]
    """Another one after every change."""
