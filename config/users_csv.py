"""Users from a table (CSV), as a spreadsheet or another system writes them: pure.

The first row names the columns, in any order: name, email, department (`A › B` or `A/B`), sending_emails
(several with spaces between, `none` for a user who logs in), title, phone, fax, address, and `custom:NAME`
for custom fields. Fields are divided by commas, semicolons or tabs.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from config.editing import NewUser
from config.mistakes import quoted
from config.policy import Policy
from config.policy_file import UserEntry
from config.policy_tree import User, address_key
from config.validating import expectation
from config.values import did_you_mean

CONTACT = ("title", "phone", "fax", "address")
COLUMNS = ("name", "email", "department", "sending_emails", *CONTACT)
CUSTOM = "custom:"

Department = tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class UserTable:
    """What a table holds."""

    users: dict[Department, list[NewUser]] = field(default_factory=dict)
    """Those to be written, by department, in the order of the table."""
    there: list[str] = field(default_factory=list)
    """The addresses of those whom the policy has just so."""
    mistakes: list[str] = field(default_factory=list)
    """Each with its row and column."""


def users_in(text: str, policy: Policy | None = None) -> UserTable:
    """The users of a table, held against each other and against a policy."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    table = UserTable()
    if not text.strip():
        table.mistakes.append(
            "the table is empty; its first row must name the columns, such as name,email,department"
        )
        return table
    try:
        columns = [_column(name) for name in next(reader, [])]
        table.mistakes += _column_mistakes(columns)
        if not table.mistakes:
            _Rows(table, columns, policy).read(reader)
    except csv.Error as error:
        table.mistakes.append(f"row {reader.line_num}: the quotes do not fit ({error})")
    return table


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _column(name: str) -> str:
    bare = name.strip()
    if bare.casefold().startswith(CUSTOM):
        return CUSTOM + bare[len(CUSTOM) :].strip()
    return re.sub(r"[\s-]+", "_", bare.casefold())


def _column_mistakes(columns: Sequence[str]) -> Iterator[str]:
    for needed in ("name", "email"):
        if needed not in columns:
            yield f"row 1: there is no column {needed}; the first row must name the columns"
    for position, column in enumerate(columns):
        if column in columns[:position]:
            yield f"row 1, column {column}: is there twice"
        if column not in COLUMNS and not (column.startswith(CUSTOM) and column != CUSTOM):
            near = did_you_mean(column, list(COLUMNS))
            hint = near or f"known are {', '.join(COLUMNS)} and custom:NAME"
            yield f"row 1, column '{quoted(column)}': is not known; {hint}"


class _Rows:
    """Takes the rows one by one."""

    def __init__(self, table: UserTable, columns: Sequence[str], policy: Policy | None) -> None:
        self._table = table
        self._columns = columns
        self._policy = policy
        self._rows: dict[str, int] = {}
        """The row that an address was in first."""

    def read(self, reader: Iterator[list[str]]) -> None:
        for cells in reader:
            row: int = reader.line_num  # type: ignore[attr-defined]
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(self._columns):
                self._mistake(row, "", f"has {len(cells)} fields, and the first row {len(self._columns)}")
                continue
            self._user(row, dict(zip(self._columns, (cell.strip() for cell in cells), strict=True)))

    def _user(self, row: int, cells: dict[str, str]) -> None:
        user = _new_user(cells)
        before = len(self._table.mistakes)
        self._validate(row, user, cells)
        if len(self._table.mistakes) > before or self._is_there(row, user, _department(cells)):
            return
        for column, address in _addresses(user):
            self._claim(row, column, address)
        if len(self._table.mistakes) == before:
            self._table.users.setdefault(_department(cells), []).append(user)

    def _validate(self, row: int, user: NewUser, cells: dict[str, str]) -> None:
        try:
            UserEntry.model_validate(user.as_written())
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                column = str(detail["loc"][0])
                value = str(detail["input"]) if column == "sending_emails" else cells.get(column, "")
                wanted, _ = expectation(detail)
                self._mistake(row, column, f"'{quoted(value)}' is not {wanted}" if value else "is empty")

    def _is_there(self, row: int, user: NewUser, department: Department) -> bool:
        """Whether the policy has the user, just so or otherwise."""
        known = self._policy.accounts.get(address_key(user.email)) if self._policy else None
        if known is None:
            return False
        if _same(known, user, department):
            self._table.there.append(user.email)
        else:
            where = known.source.place()
            told = f"{where.file.name}:{where.line}"
            self._mistake(row, "email", f"{user.email} is in the policy otherwise ({told}); change it there")
        return True

    def _claim(self, row: int, column: str, address: str) -> None:
        key = address_key(address)
        first = self._rows.setdefault(key, row)
        if first != row:
            self._mistake(row, column, f"'{address}' is in row {first} already")
        holder = self._holder(key)
        if holder is not None:
            self._mistake(row, column, f"'{address}' belongs to {holder.entry.name} in the policy")

    def _holder(self, key: str) -> User | None:
        if self._policy is None:
            return None
        return self._policy.senders.get(key)

    def _mistake(self, row: int, column: str, problem: str) -> None:
        place = f"row {row}, column {column}" if column else f"row {row}"
        self._table.mistakes.append(f"{place}: {problem}")


def _new_user(cells: dict[str, str]) -> NewUser:
    sending = cells.get("sending_emails", "")
    several = tuple(one for one in re.split(r"[\s,;]+", sending) if one)
    custom = {name.removeprefix(CUSTOM): cell for name, cell in cells.items() if name.startswith(CUSTOM)}
    return NewUser(
        name=" ".join(cells["name"].split()),
        email=cells["email"],
        sending_emails=None if not several else () if several == ("none",) else several,
        contact={name: cells[name] for name in CONTACT if cells.get(name)},
        custom_fields={name: cell for name, cell in custom.items() if cell},
    )


def _department(cells: dict[str, str]) -> Department:
    return tuple(part.strip() for part in re.split(r"[›/]", cells.get("department", "")) if part.strip())


def _addresses(user: NewUser) -> list[tuple[str, str]]:
    if user.sending_emails is None:
        return [("email", user.email)]
    sending = [
        ("sending_emails", one) for one in user.sending_emails if address_key(one) != address_key(user.email)
    ]
    return [("email", user.email), *sending]


def _same(known: User, user: NewUser, department: Department) -> bool:
    entry = UserEntry.model_validate(user.as_written())
    return (
        (known.entry.name, known.departments) == (entry.name, department)
        and (known.entry.sending_emails == entry.sending_emails)
        and (known.entry.contact or {}) == dict(user.contact)
        and (known.entry.custom_fields or {}) == dict(user.custom_fields)
    )
