"""Changes to a policy's files that leave everything else in them as it is: comments, order, layout.

A change is made in the text itself, where a user begins and ends (`config.layout`), and then held against
what was meant: the new text must say exactly what the old one says with the change made to it, and the policy
as a whole must be right. Only then is it written beside the file, made durable and put in its place; before
that, nothing has happened. Several editors take turns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.levels import BETWEEN
from config.places import Value
from config.policy import Policy, policy_files, read_policy
from config.policy_tree import User, address_key
from config.reading import parse_yaml
from config.replacing import locked, put_in_place
from config.text_edits import Department, UnusualLayout, insert_users, remove_user

_MARK = "\ufeff"
"""What some editors begin a file with."""


class CannotEdit(Exception):  # noqa: N818 - named as what happened
    """The policy is left as it was. The text says why, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUser:
    """A user to be written into the policy."""

    name: str
    email: str
    sending_emails: tuple[str, ...] | None = None
    """None for the account's address."""
    contact: Mapping[str, str] = field(default_factory=dict)
    custom_fields: Mapping[str, str] = field(default_factory=dict)

    def as_written(self) -> dict[str, Value]:
        """The entry."""
        entry: dict[str, Value] = {"name": self.name, "email": self.email}
        if self.sending_emails is not None:
            entry["sending_emails"] = list(self.sending_emails)
        for name, table in (("contact", self.contact), ("custom_fields", self.custom_fields)):
            if table:
                entry[name] = dict(table)
        return entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What was changed."""

    files: tuple[Path, ...]
    policy: Policy
    """As it is now."""


def add_user(
    path: Path,
    user: NewUser,
    department: Department = (),
    *,
    lines: Iterable[str] | None = None,
    create: bool = False,
) -> Change:
    """Write a user into the policy, at the end of a department's list.

    Args:
        path: The policy: a file or a folder.
        user: Who.
        department: Where.
        lines: The names of the lines that the server has (`read_policy`).
        create: Whether a department that is not there is made.

    Raises:
        CannotEdit: The department is not there, or the file is laid out too unusually.
        ConfigError: The policy has mistakes, or would have some with this user.
    """
    return add_users(path, {department: [user]}, lines=lines, create=create)


def add_users(
    path: Path,
    users: Mapping[Department, Sequence[NewUser]],
    *,
    into: Path | None = None,
    lines: Iterable[str] | None = None,
    create: bool = False,
) -> Change:
    """Write many users into the policy; as `add_user`, all or none. `into` names the file that they go to.

    Raises:
        CannotEdit: As `add_user`.
        ConfigError: As `add_user`.
    """
    with locked(path):
        edit = _Edit(path, lines)
        for department, new in users.items():
            entries = [user.as_written() for user in new]
            edit.insert(edit.file_for(department, into, create=create), department, entries)
        return edit.done()


def move_user(
    path: Path,
    email: str,
    department: Department,
    *,
    lines: Iterable[str] | None = None,
    create: bool = False,
) -> Change:
    """Move a user with all that their entry says to the end of another department's list.

    Raises:
        CannotEdit: There is no such user or department, the user is there already, or as `add_user`.
        ConfigError: As `add_user`.
    """
    with locked(path):
        edit = _Edit(path, lines)
        user = edit.user(email)
        if user.departments == department:
            raise CannotEdit(f"{user.entry.email} is in {_told(department)} already.")
        there = edit.file_for(department, None, create=create)
        edit.insert(there, department, [edit.remove(user)])
        return edit.done()


def delete_user(path: Path, email: str, *, lines: Iterable[str] | None = None) -> Change:
    """Take a user out of the policy.

    Raises:
        CannotEdit: There is no such user, or as `add_user`.
        ConfigError: As `add_user`.
    """
    with locked(path):
        edit = _Edit(path, lines)
        edit.remove(edit.user(email))
        return edit.done()


class _Edit:
    """One change: the texts of the files as they will be, and what they will say."""

    def __init__(self, path: Path, lines: Iterable[str] | None) -> None:
        self._path = path
        self._lines = None if lines is None else tuple(lines)
        self._policy = read_policy(path, lines=self._lines)
        self._before: dict[Path, str] = {}
        self._texts: dict[Path, str] = {}
        documents = (source.document for source in self._policy.company_level.sources)
        self._values: dict[Path, Value] = {document.file: document.value for document in documents}
        """What the texts say, or are meant to say."""

    def user(self, email: str) -> User:
        """The user with an account address."""
        found = self._policy.accounts.get(address_key(email))
        if found is None:
            raise CannotEdit(f"no user of the policy has the account address {email}.")
        return found

    def file_for(self, department: Department, into: Path | None, *, create: bool) -> Path:
        """The file that has users of a department, or at least speaks of it or of one above."""
        speaking = [
            file for file in policy_files(self._path) if _at(self._value(file), department) is not None
        ]
        if not speaking and not create:
            known = ", ".join(self._policy.departments) or "none"
            raise CannotEdit(f"there is no department {_told(department)}; there are: {known}.")
        if into is not None:
            return into
        if speaking:
            return max(speaking, key=lambda file: _has_users(_at(self._value(file), department)))
        return self.file_for(department[:-1], None, create=True)

    def insert(self, file: Path, department: Department, entries: list[dict[str, Value]]) -> None:
        """Put entries at the end of the department's users."""
        value = _with_users(self._value(file), department, lambda users: [*users, *entries])
        try:
            self._texts[file] = insert_users(self._text(file), department, entries)
        except UnusualLayout as problem:
            raise self._unusual(file, int(problem.args[0])) from problem
        self._values[file] = value

    def remove(self, user: User) -> dict[str, Value]:
        """Take a user's entry out; gives what it says."""
        file, position = user.source.document.file, user.position
        taken: list[Any] = []

        def without(users: list[Value]) -> list[Value]:
            taken.append(users[position])
            return [*users[:position], *users[position + 1 :]]

        value = _with_users(self._value(file), user.departments, without)
        try:
            self._texts[file] = remove_user(self._text(file), user.departments, position)
        except UnusualLayout as problem:
            raise self._unusual(file, int(problem.args[0])) from problem
        self._values[file] = value
        return taken[0]  # type: ignore[no-any-return]

    def done(self) -> Change:
        """Hold the texts against what is meant, the policy against its rules, and put them in place."""
        documents = {file: parse_yaml(file, text) for file, text in self._texts.items()}
        for file, document in documents.items():
            if document.mistakes or _plain(document.value) != _plain(self._values[file]):
                raise self._unusual(file, 0)
        policy = read_policy(self._path, lines=self._lines, instead=documents)
        # A user who moves to another file is in both for a moment rather than in none.
        for file in sorted(self._texts, key=lambda file: len(self._before[file]) - len(self._texts[file])):
            _replace(file, self._texts[file])
        return Change(files=tuple(self._texts), policy=policy)

    def _value(self, file: Path) -> Value:
        return self._values[file]

    def _text(self, file: Path) -> str:
        if file not in self._before:
            self._before[file] = file.read_bytes().decode().removeprefix(_MARK)
        return self._texts.get(file, self._before[file])

    def _unusual(self, file: Path, offset: int) -> CannotEdit:
        line = self._text(file).count("\n", 0, offset) + 1
        return CannotEdit(
            f"{file}:{line} is written in a way that cannot be changed by a command. Change it by hand; "
            "`postfax check` tells whether it is right."
        )


def _told(department: Department) -> str:
    return BETWEEN.join(department) or "the company itself"


def _at(value: Value, department: Department) -> dict[str, Value] | None:
    """What a file says of a department."""
    for name in department:
        inner = value.get("departments") if isinstance(value, dict) else None
        if not isinstance(inner, dict) or name not in inner:
            return None
        value = inner[name]
    return value if isinstance(value, dict) else {}


def _has_users(entry: dict[str, Value] | None) -> bool:
    return bool(entry and entry.get("users"))


def _with_users(
    value: Value, department: Department, change: Callable[[list[Value]], list[Value]]
) -> dict[str, Value]:
    """The same with other users in a department; what is not on the way to it is not copied."""
    table = dict(value) if isinstance(value, dict) else {}
    if not department:
        users = table.get("users")
        table["users"] = change(users if isinstance(users, list) else [])
        return table
    inner = table.get("departments")
    inner = dict(inner) if isinstance(inner, dict) else {}
    inner[department[0]] = _with_users(inner.get(department[0]), department[1:], change)
    table["departments"] = inner
    return table


def _plain(value: Value) -> Value:
    """The same, whether no users or no departments are written as an empty list or as nothing."""
    if not isinstance(value, dict):
        return {} if value is None else value
    inner = value.get("departments")
    departments = {name: _plain(one) for name, one in inner.items()} if isinstance(inner, dict) else {}
    return {**value, "users": value.get("users") or [], "departments": departments}


def _replace(file: Path, text: str) -> None:
    try:
        mark = _MARK if file.read_bytes().startswith(_MARK.encode()) else ""
        put_in_place(file.resolve(), mark + text)
    except OSError as problem:
        raise CannotEdit(f"{file} cannot be changed: {problem.strerror}.") from problem
