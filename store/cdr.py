"""One row of the call detail record: a fax that came to its end."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from store.sender import Sender

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A time as it is kept."""
    return (moment - _EPOCH) // _MICROSECOND


class DetailRecord(NamedTuple):
    """What is accounted for of a fax, with the facts of its last call.

    Times are microseconds since 1970 in UTC, as they are kept: there are millions of them in a month.
    """

    job_id: str
    finished_at: int
    created_at: int
    status: str | None
    user: Sender
    department: str
    sender: str
    number: str
    reference: str
    billing: str
    pages: int
    """Of the document."""
    pages_confirmed: int
    tries: int
    started_at: int | None
    """When the last call was placed; None for a fax that was never called."""
    answered_at: int | None
    ended_at: int | None
    line: str | None
    """None, as the times of the call, for a fax that was never called."""
    shares_call_of: str | None = None
    """Whose call it was, where several faxes went in one: the id of an attempt of another fax."""
