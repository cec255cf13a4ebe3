"""What calls have taught about a number, so that the next one need not fail first."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """A number that was in a fax call."""

    number: str
    """E.164 with its plus sign."""
    finest: str = ""
    """The finest resolution that its machine takes (DIS, T.30 §5.3.6.2): `standard`, `fine` or `superfine`;
    empty while no machine said."""
    max_rate: int | None = None
    """bit/s that a call to it must keep to; None for what the line does."""
    transport: str = ""
    """`T.38` or `G.711`, where only the one was seen to work; empty for what the line does."""
    learned_at: datetime
    """When the last call taught something."""
