"""What a writing function gets: the transaction, the time, and in whose name it writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One function's part of a transaction."""

    connection: Connection
    now: datetime
    owner: str
    """The process that writes, as `store.owner` names it: holder of claims, author of transitions."""
