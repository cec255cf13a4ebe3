"""A book with the faxes of ninety days in it, for measuring what administrators ask of it.

Three months of a large hospital group: a few thousand users in twenty departments, weekdays from seven to
seven, nine of ten faxes confirmed, some numbers that are busy all the time. Rows are written by SQL and not
through the journey: what is measured is how they are found again. The same `seed` makes the same book.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from config.settings import Settings, UserPolicy
from store.migrations import migrate
from store.status import Status

DEPARTMENTS = 20
USERS = 2_000
NUMBERS = 40_000
DAYS = 90
END = datetime(2026, 11, 1, tzinfo=UTC)
"""The end of the last day: the last month is a whole one."""

_GROUP = 20_000
_MICROSECONDS = 1_000_000
_FAILURES = (Status.BUSY, Status.NO_ANSWER, Status.OPERATOR_MESSAGE, Status.TRANSMISSION_FAILED)
_PROOF = json.dumps(
    {
        "method": "spf", "client_address": "192.0.2.1", "helo": "mail.hospital.example", "spf_result": "pass",
        "spf_domain": "hospital.example", "aligned": True, "detail": "", "results": "",
    }
)  # fmt: skip


def make_book(path: Path, *, jobs: int, calls: int, seed: int = 7) -> None:
    """Make a book with so many faxes and about so many calls in all."""
    migrate(f"sqlite:{path}")
    rng = Random(seed)  # noqa: S311 - figures, no secrets
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-400000"):
            book.execute(f"PRAGMA {pragma}").close()
        book.execute("BEGIN")
        users = keep_users(book)
        book.execute("INSERT INTO bodies (reference, size, octets) VALUES ('row:one.eml', 5, x'48656c6c6f')")
        faxes = fax_rows(jobs, calls / jobs - 1, users, rng)
        while group := list(islice(faxes, _GROUP)):
            for table, rows in zip(("mails", "jobs", "attempts"), zip(*group, strict=True), strict=True):
                flat = [row for each in rows for row in (each if isinstance(each, list) else [each])]
                insert_rows(book, table, flat)
        book.execute("COMMIT")


def insert_rows(book: sqlite3.Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows that have the same columns."""
    names = ", ".join(rows[0])
    marks = ", ".join("?" * len(rows[0]))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
    book.executemany(statement, [tuple(row.values()) for row in rows])


def keep_users(book: sqlite3.Connection) -> list[UserPolicy]:
    """Write the policies of all users; the users."""
    users = list(_users())
    policies = [(f"{number:064x}", user.model_dump_json()) for number, user in enumerate(users)]
    book.executemany("INSERT INTO policies VALUES (?, ?)", policies)
    return users


def _users() -> Iterator[UserPolicy]:
    settings = Settings(custom_fields={"cost_center": "R-17"})
    for number in range(USERS):
        department = number % DEPARTMENTS
        yield UserPolicy(
            name=f"User {number}",
            email=f"user{number}@hospital.example",
            company="General Hospital",
            departments=(f"Department {department // 2}", f"Unit {department}"),
            settings=settings,
        )


def fax_rows(
    jobs: int, more_calls: float, users: list[UserPolicy], rng: Random
) -> Iterator[tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]]:
    """For so many faxes with so many further calls: rows of a mail, of its job, and of its calls."""
    begin = END - timedelta(days=DAYS)
    times = sorted(_time(begin, rng) for _ in range(jobs))
    again = min(0.75, more_calls / (1 + more_calls))
    for number, at in enumerate(times):
        user = rng.randrange(len(users))
        place = int(NUMBERS * rng.random() ** 3)  # a few numbers get much of it
        yield _fax(number, at, (user, users[user]), place, again, rng)


def _time(begin: datetime, rng: Random) -> int:
    """Microseconds since 1970 of a moment in the working day."""
    day = rng.randrange(DAYS)
    seconds = int(rng.triangular(7 * 3600, 19 * 3600, 11 * 3600))
    return (int(begin.timestamp()) + day * 86400 + seconds) * _MICROSECONDS + rng.randrange(_MICROSECONDS)


def _fax(
    number: int, at: int, sender: tuple[int, UserPolicy], place: int, again: float, rng: Random
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    digest, user = sender
    fax_id = f"{number:06X}"
    called = f"+1206{5_000_000 + place * 7:07d}"
    pages = 1 + min(40, int(rng.expovariate(0.3)))
    calls = [1]
    while rng.random() < again and len(calls) < 4:
        calls.append(len(calls) + 1)
    sent = rng.random() < 0.93 if len(calls) < 4 else rng.random() < 0.5
    first = at + rng.randrange(2, 40) * _MICROSECONDS
    rows = [_call(fax_id, call, calls[-1], called, first, pages, sent=sent, rng=rng) for call in calls]
    status = rows[-1]["status"]
    mail = {
        "id": fax_id, "state": "answered", "received_at": at, "return_path": user.email,
        "recipients": f'["{called}@fax.example.com"]', "header_from": user.email, "user_email": user.email,
        "proof": _PROOF, "message_id": f"<{number}@hospital.example>", "subject": f"Referral {number}",
        "thread": "[]", "size": 5, "body": "row:one.eml", "dedupe_key": f"key-{number}", "due_at": at,
        "owner": "", "tries": 0, "last_error": "",
    }  # fmt: skip
    job = {
        "id": fax_id, "mail_id": fax_id, "position": 0, "state": "sent" if sent else "failed",
        "status": status, "explanation": "", "advice": "", "number": called, "subaddress": "",
        "recipient_name": "Dr. Young",
        "recipient_company": "Clinic", "policy": f"{digest:064x}", "user_email": user.email,
        "sender": user.email, "lines": "[]", "cover_template": "healthcare",
        "reference": f"ref-{number % 200_000}" if number % 3 == 0 else "", "billing": f"{number % 50}",
        "created_at": at, "due_at": at, "dialable": 0, "finished_at": rows[-1]["ended_at"],
        "tries": len(calls), "interruptions": 0, "pages_confirmed": pages if sent else 0,
        "cancel_requested_by": "", "department": " › ".join(user.departments), "pages": pages,
        "first_call_at": first,
    }  # fmt: skip
    return mail, job, rows


def _call(
    fax_id: str, call: int, last: int, called: str, first: int, pages: int, *, sent: bool, rng: Random
) -> dict[str, Any]:
    good = sent and call == last
    status = Status.SUCCESS if good else rng.choices(_FAILURES, (5, 3, 1, 1))[0]
    begun = first + (call - 1) * 300 * _MICROSECONDS
    seconds = 12 + 30 * pages if good else 20
    return {
        "id": f"{fax_id}#{call}", "job_id": fax_id, "number": call, "line": "main" if call % 2 else "spare",
        "called": called, "header": "", "started_at": begun, "owner": "", "leased_until": begun,
        "interrupted": 0, "ended_at": begun + seconds * _MICROSECONDS, "status": status.value,
        "cause": "MCF" if good else "486", "answered_at": begun + 6 * _MICROSECONDS if good else None,
        "pages_confirmed": pages if good else 0, "sip_code": 200 if good else 486, "q850_cause": None,
        "t30_code": 0 if good else None, "t30_result": "", "transport": "T.38" if good else "",
        "bit_rate": 14400 if good else None, "ecm": 1 if good else None, "compression": "MMR" if good else "",
        "remote_csid": f"STATION {called[-4:]}" if good else "", "bad_rows": 0, "retransmissions": 0,
    }  # fmt: skip
