"""What administrators ask of the record: which faxes, and what is told of each of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from store.job import Outcome
from store.sender import Sender


class Field(Enum):
    """What a fax can be searched by."""

    JOB = "job"
    STATE = "state"
    STATUS = "status"
    USER = "user"
    SENDER = "sender"
    DEPARTMENT = "department"
    NUMBER = "number"
    NAME = "name"
    COMPANY = "company"
    REFERENCE = "reference"
    BILLING = "billing"
    COVER = "cover"
    SUBJECT = "subject"
    PAGES = "pages"
    CONFIRMED = "confirmed"
    TRIES = "tries"
    RESEND_OF = "resend_of"
    LINE = "line"
    STATION = "station"
    CAUSE = "cause"
    CUSTOM = "custom"


NUMERIC = frozenset({Field.PAGES, Field.CONFIRMED, Field.TRIES})
"""Those that are compared as numbers."""
OF_A_CALL = frozenset({Field.LINE, Field.STATION, Field.CAUSE})
"""Those of which it is enough that one call of the fax has them."""


class Comparison(Enum):
    """How a field is compared."""

    IS = "="
    IS_NOT = "!="
    LEAST = ">="
    MOST = "<="
    MORE = ">"
    LESS = "<"


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One layer of a filter."""

    field: Field
    comparison: Comparison
    values: tuple[str, ...]
    """One of them has to fit, and with `IS_NOT` none may. In texts `*` stands for any characters and `?` for
    one; numbers are decimal."""
    custom: str = ""
    """The name of the custom field, where it is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityFilter:
    """Layers that all must let a fax through."""

    since: datetime | None = None
    """Made at this time or later."""
    until: datetime | None = None
    """Made before this time."""
    failed: bool = False
    """Only those whose last word is a status other than Success, those that are tried again included."""
    unfinished: bool = False
    """Only those that are not at their end."""
    conditions: tuple[Condition, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it lets every fax through."""
        return self == ActivityFilter()


@dataclass(frozen=True, kw_only=True, slots=True)
class LastCall:
    """The last call of a fax."""

    started_at: datetime
    line: str
    outcome: Outcome | None
    """None while it is in progress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """A fax as lists and exports tell it."""

    id: str
    mail_id: str
    state: str
    status: str
    """Empty while there is none."""
    explanation: str
    sender: str
    """The From address."""
    department: str
    """From the top down, ` › ` between; empty for the company itself."""
    user: Sender
    number: str
    subaddress: str
    recipient_name: str
    recipient_company: str
    subject: str
    reference: str
    billing: str
    priority: int
    cover_template: str
    pages: int
    pages_confirmed: int
    tries: int
    created_at: datetime
    first_call_at: datetime | None
    finished_at: datetime | None
    resend_of: str
    last_call: LastCall | None = field(default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One page of what was found."""

    rows: tuple[Activity, ...]
    total: int
    """How many there are, counted to `COUNTED` at most."""


COUNTED = 10_000
"""Beyond that nobody is helped by the exact number, and counting them takes long."""
