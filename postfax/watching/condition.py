"""What the service looked like a moment ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from store.gauges import Gauges


@dataclass(frozen=True, kw_only=True, slots=True)
class LineCondition:
    """A telephone line."""

    name: str
    channels: int
    calls: int
    held: bool
    """Whether somebody holds it."""
    down: str
    """Why it carries no calls; empty while it does."""

    @property
    def closed(self) -> bool:
        """Whether no call begins on it."""
        return self.held or bool(self.down)


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """The service at one moment."""

    at: datetime
    gauges: Gauges
    lines: tuple[LineCondition, ...]
    free: Mapping[str, int]
    """Octets on the disk of each folder that is written."""
    certificate_expires: datetime | None
    """When the certificate of `mail.tls` is not good any more; None without one."""
    bodies_away: str = ""
    """Why mails and documents cannot be written or read; empty while they can."""
    lost_hosts: tuple[str, ...] = ()
    """Hosts that were silent for so long that others have taken over."""
    clock_doubt: str = ""
    """Why this host's clock is not believed; empty while it is."""
