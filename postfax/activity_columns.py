"""The columns of the activity list: their names, their titles, what they hold, and how they are told.

One table for the list, the export and `--json`: an export has all of them, in this order, and programs get
them by these names. Names are never changed and never used again for something else; new ones come at the end
(docs/reference/json.md).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.datetimes import date_of, time_of
from config.number_text import international
from config.settings import DatetimeSettings
from config.values import did_you_mean
from postfax.failures import ExitCode, Failure
from store.activity import Activity
from store.job import Priority

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With what begins what a spreadsheet takes for a formula."""

Value = str | int | float | bool | datetime | None | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    title: str
    what: str
    """One line for the documentation."""
    value: Callable[[Activity], Value]
    words: Callable[[Activity], str] | None = None
    """How people are told it, where that differs."""


def _call(read: Callable[[Any], Value]) -> Callable[[Activity], Value]:
    """A fact of the last call; None while there is none."""
    return lambda fax: read(fax.last_call) if fax.last_call else None


def _outcome(name: str) -> Callable[[Activity], Value]:
    """A fact of what the last call came to; None while it is not known."""

    def read(fax: Activity) -> Value:
        outcome = fax.last_call.outcome if fax.last_call else None
        found: Value = getattr(outcome, name) if outcome else None
        return None if found == "" else found

    return read


def _seconds(fax: Activity) -> float | None:
    """How long the last call took from its answer on."""
    outcome = fax.last_call.outcome if fax.last_call else None
    if outcome is None or outcome.answered_at is None:
        return None
    return round((outcome.ended_at - outcome.answered_at).total_seconds(), 1)


def _status(fax: Activity) -> str:
    return fax.status or fax.state


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("job", "JOB", "the job's id", lambda fax: fax.id),
        Column("mail", "MAIL", "the id of the mail that it came in", lambda fax: fax.mail_id),
        Column("created", "CREATED", "when it was taken on", lambda fax: fax.created_at),
        Column("first_call", "FIRST CALL", "when its first call was placed", lambda fax: fax.first_call_at),
        Column("finished", "FINISHED", "when it came to its end", lambda fax: fax.finished_at),
        Column("state", "STATE", "where it is: queued, waiting, sent, failed, …", lambda fax: fax.state),
        Column(
            "status",
            "STATUS",
            "what became of it, or of its last call",
            lambda fax: fax.status or None,
            _status,
        ),
        Column(
            "explanation",
            "EXPLANATION",
            "what its sender was told beyond the status",
            lambda fax: fax.explanation or None,
        ),
        Column("user", "SENT BY", "the account of its sender", lambda fax: fax.user.email),
        Column("user_name", "NAME", "the sender's name", lambda fax: fax.user.name or None),
        Column("sender", "FROM", "the address that the mail came from", lambda fax: fax.sender),
        Column("company", "COMPANY", "the sender's company", lambda fax: fax.user.company or None),
        Column(
            "department",
            "DEPARTMENT",
            "the sender's departments from the top down",
            lambda fax: fax.department or None,
        ),
        Column(
            "number",
            "TO",
            "whom it goes to, E.164",
            lambda fax: fax.number,
            lambda fax: international(fax.number),
        ),
        Column("subaddress", "SUBADDRESS", "the T.33 subaddress", lambda fax: fax.subaddress or None),
        Column("recipient_name", "RECIPIENT", "the recipient's name", lambda fax: fax.recipient_name or None),
        Column(
            "recipient_company",
            "RECIPIENT'S COMPANY",
            "the recipient's company",
            lambda fax: fax.recipient_company or None,
        ),
        Column("subject", "SUBJECT", "the mail's subject", lambda fax: fax.subject or None),
        Column("reference", "REFERENCE", "the sender's reference", lambda fax: fax.reference or None),
        Column("billing", "BILLING", "the sender's billing code", lambda fax: fax.billing or None),
        Column("priority", "PRIORITY", "high, normal, low or bulk", lambda fax: Priority(fax.priority).word),
        Column("cover", "COVER", "the cover page's template; none", lambda fax: fax.cover_template or None),
        Column(
            "pages",
            "PAGES",
            "pages of the document, the cover page included",
            lambda fax: fax.pages,
            lambda fax: f"{fax.pages_confirmed}/{fax.pages}",
        ),
        Column(
            "pages_confirmed",
            "CONFIRMED",
            "pages that the other side confirmed",
            lambda fax: fax.pages_confirmed,
        ),
        Column("tries", "TRIES", "calls that count", lambda fax: fax.tries),
        Column(
            "resend_of", "RESEND OF", "the job that it is sent again for", lambda fax: fax.resend_of or None
        ),
        Column(
            "call_started", "CALLED", "when its last call was placed", _call(lambda call: call.started_at)
        ),
        Column("line", "LINE", "the line of its last call", _call(lambda call: call.line)),
        Column("call_status", "LAST CALL", "what its last call came to", _outcome("status")),
        Column("cause", "CAUSE", "the code or event behind that", _outcome("cause")),
        Column("seconds", "SECONDS", "from the last call's answer to its end", _seconds),
        Column("station", "STATION", "the name that the called machine gave (CSID)", _outcome("remote_csid")),
        Column("transport", "TRANSPORT", "T.38 or G.711", _outcome("transport")),
        Column("bit_rate", "BIT/S", "bit/s of the pages", _outcome("bit_rate")),
        Column("ecm", "ECM", "whether errors were corrected", _outcome("ecm")),
        Column("compression", "CODING", "MH, MR or MMR", _outcome("compression")),
        Column("sip_code", "SIP", "the last call's SIP code", _outcome("sip_code")),
        Column("q850_cause", "Q.850", "the last call's Q.850 cause", _outcome("q850_cause")),
        Column(
            "custom_fields",
            "CUSTOM FIELDS",
            "the custom fields of the sender's policy",
            lambda fax: fax.user.custom_fields,
        ),
    )
}
"""By name, in the order of an export."""

USUAL = ("job", "created", "user", "number", "pages", "status", "tries", "finished")
"""What the list shows where nothing is said."""
NARROW = USUAL[:-2]
"""The same on a terminal of the usual 80 columns."""


def columns_named(names: Iterable[str]) -> tuple[Column, ...]:
    """The columns of these names.

    Raises:
        Failure: One of them is none.
    """
    found = []
    for written in names:
        name = written.strip().lower().replace("-", "_")
        column = COLUMNS.get(name)
        if column is None:
            guess = did_you_mean(name, list(COLUMNS))
            raise Failure(
                f"there is no column {written.strip()}{f'; {guess}' if guess else '.'} "
                f"There are: {', '.join(COLUMNS)}.",
                ExitCode.USAGE,
            )
        found.append(column)
    return tuple(found)


def plain_activity(fax: Activity, zone: ZoneInfo) -> dict[str, Any]:
    """All columns by name, for programs; times with the offset of the zone."""
    return {name: _plain(column.value(fax), zone) for name, column in COLUMNS.items()}


def _plain(value: Value, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value


def exported(fax: Activity, zone: ZoneInfo) -> list[str]:
    """All columns as cells of a CSV file."""
    return [csv_cell(_plain(column.value(fax), zone)) for column in COLUMNS.values()]


def csv_cell(value: Any) -> str:
    """A value as a spreadsheet takes it.

    What it would take for a formula has an apostrophe before it. A telephone number needs none: only digits
    follow its plus sign.
    """
    if isinstance(value, str):
        harmless = not value.startswith(_FORMULA) or (value[0] == "+" and value[1:].isdecimal())
        return value if harmless else f"'{value}"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return csv_cell("; ".join(f"{name}={text}" for name, text in value.items()))
    return csv_cell(str(value))


def cell(column: Column, fax: Activity, datetimes: DatetimeSettings) -> str:
    """A value as the list shows it, times as the policy writes them."""
    if column.words:
        return column.words(fax)
    value = column.value(fax)
    if isinstance(value, datetime):
        return moment_words(value, datetimes)
    return csv_cell(value) if isinstance(value, bool | Mapping) else "" if value is None else str(value)


def moment_words(moment: datetime, datetimes: DatetimeSettings) -> str:
    """A time as the policy writes times; the zone is told once, below the list."""
    return f"{date_of(moment, datetimes)} {time_of(moment, datetimes)}"
