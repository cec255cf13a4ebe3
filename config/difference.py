"""What changes for whom between two policies: pure, over two that are right as a whole.

A user is known by the account address. What counts is what applies, not how it is written: a setting that
moves from a user to the department changes nothing. `orphaned` are users who are gone together with their
department: what a reload refuses unless somebody says that it is meant.

A service that restarts has no old policy to compare with. It keeps a snapshot of the last one instead
(`snapshot_of`), and `orphaned_users` compares that.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from config.levels import BETWEEN, Level
from config.policy import Policy, policy_files
from config.policy_tree import User
from config.section import Section
from config.settings import Settings
from config.written import leaves, written

Snapshot = Mapping[str, Iterable[str]]
"""Department (from the top down, ` › ` between) to the account addresses of those who are in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A user, and where they are."""

    email: str
    """The account address."""
    department: str
    """From the top down, ` › ` between; empty for the company itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A user who is in another department."""

    email: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Renaming:
    """A user with another name."""

    email: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingChange:
    """One setting that changes in one way, and for whom."""

    setting: str
    """Its path, as `coverpage.mode`."""
    before: str
    """As it would be written; `-` where there was nothing."""
    after: str
    emails: tuple[str, ...]
    """Account addresses, in the order of the new policy."""


@dataclass(frozen=True, kw_only=True)
class PolicyDifference:
    """Everything that is not the same."""

    added: tuple[Person, ...] = ()
    removed: tuple[Person, ...] = ()
    moved: tuple[Move, ...] = ()
    renamed: tuple[Renaming, ...] = ()
    orphaned: tuple[Person, ...] = ()
    """Of `removed`, those whose department is gone too; with the department that they were in."""
    settings: tuple[SettingChange, ...] = ()
    """In the order of the reference; of one setting, what touches most users first."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any((self.added, self.removed, self.moved, self.renamed, self.settings))

    @cached_property
    def touched(self) -> frozenset[str]:
        """The account addresses of all for whom something changes."""
        people = tuple[Person | Move | Renaming, ...](
            (*self.added, *self.removed, *self.moved, *self.renamed)
        )
        return frozenset(one.email for one in people).union(*(change.emails for change in self.settings))


def compare(old: Policy, new: Policy) -> PolicyDifference:
    """What changes when the new policy takes the place of the old one."""
    both = [(old.accounts[key], user) for key, user in new.accounts.items() if key in old.accounts]
    return PolicyDifference(
        added=tuple(_person(user) for key, user in new.accounts.items() if key not in old.accounts),
        removed=tuple(_person(user) for key, user in old.accounts.items() if key not in new.accounts),
        moved=tuple(
            Move(email=b.entry.email, before=_department(a), after=_department(b))
            for a, b in both
            if a.departments != b.departments
        ),
        renamed=tuple(
            Renaming(email=b.entry.email, before=a.entry.name, after=b.entry.name)
            for a, b in both
            if a.entry.name != b.entry.name
        ),
        orphaned=orphaned_users(snapshot_of(old), new),
        settings=_setting_changes(both),
    )


def snapshot_of(policy: Policy) -> dict[str, list[str]]:
    """Who is in which department; users of the company itself are in none."""
    snapshot: dict[str, list[str]] = {}
    for user in policy.accounts.values():
        if user.departments:
            snapshot.setdefault(_department(user), []).append(user.entry.email)
    return snapshot


def orphaned_users(snapshot: Snapshot, new: Policy) -> tuple[Person, ...]:
    """The users of a snapshot who are not in the new policy, and whose department is not either."""
    return tuple(
        Person(email=email, department=department)
        for department, emails in snapshot.items()
        if department not in new.departments
        for email in emails
        if new.user(email) is None
    )


def policy_digest(path: Path) -> str:
    """SHA-256, in hexadecimal, of the names and contents of a policy's files.

    Raises:
        ConfigError: The folder cannot be read, or holds no policy.
        OSError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for file in policy_files(path):
        for part in (file.name.encode(), file.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _person(user: User) -> Person:
    return Person(email=user.entry.email, department=_department(user))


def _department(user: User) -> str:
    return BETWEEN.join(user.departments)


def _setting_changes(both: Iterable[tuple[User, User]]) -> tuple[SettingChange, ...]:
    levels = _LevelPairs()
    touched: dict[_Change, list[str]] = {}
    for old, new in both:
        for change in _changes(old, new, levels):
            touched.setdefault(change, []).append(new.entry.email)
    order = {setting: position for position, setting in enumerate(_reference_order())}
    changes = [
        SettingChange(setting=setting, before=before, after=after, emails=tuple(emails))
        for (setting, before, after), emails in touched.items()
    ]
    changes.sort(key=lambda one: (_rank(order, one.setting), one.setting, -len(one.emails)))
    return tuple(changes)


_Change = tuple[str, str, str]
"""A setting, what it was, what it is."""


class _LevelPairs:
    """What is not the same at two levels; each pair is looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[_Change, ...]] = {}

    def changes(self, old: Level, new: Level) -> tuple[_Change, ...]:
        pair = id(old), id(new)
        if pair not in self._known:
            self._known[pair] = tuple(_compared(_applying(old, new), _applying(new, old)))
        return self._known[pair]


def _changes(old: User, new: User, levels: _LevelPairs) -> Iterable[_Change]:
    """What changes for a user: where the entry is the same, what changes above it and is not said in it."""
    if not old.entry.says_the_same(new.entry) or new.entry.sets("fax", "archive"):  # they add up
        before, after = _own(old, new), _own(new, old)
        before |= _applying(old.level, new.level)
        after |= _applying(new.level, old.level)
        return _compared(before, after)
    above = levels.changes(old.above, new.above)
    if not above or not new.entry.own_settings:
        return above
    said = {".".join(setting) for setting in new.entry.said}
    return [change for change in above if change[0] not in said]


def _compared(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[_Change]:
    for setting in dict.fromkeys((*before, *after)):
        pair = before.get(setting, "-"), after.get(setting, "-")
        if pair[0] != pair[1]:
            yield setting, *pair


def _own(user: User, other: User) -> dict[str, str]:
    """What is a user's alone."""
    hashes = user.entry.password_hash, other.entry.password_hash
    password = "none" if hashes[0] is None else "set" if hashes[1] is None else _mark(hashes[0])
    return {"sending_emails": written(user.sending_emails), "password_hash": password}


def _applying(level: Level, other: Level) -> dict[str, str]:
    """What applies at a level, where it may be another thing at the other one."""
    facts: dict[str, str] = {}
    for name, value in _groups(level.effective):
        if value != getattr(other.effective, name):
            said = ((".".join(path), leaf) for path, leaf in leaves(value, (name,)) if leaf != {})
            facts |= {path: _written(leaf, level) for path, leaf in said}
    for position, archive in enumerate(level.archives):
        said = ((".".join(path), leaf) for path, leaf in leaves(archive) if leaf is not None)
        facts |= {f"archive[{position}].{name}": _written(leaf, level) for name, leaf in said}
    return facts


def _written(leaf: Any, level: Level) -> str:
    """As it would be written; a file of the policy's folder by its place there, wherever the folder is."""
    folder = level.chain[-1].sources[0].document.file.absolute().parent
    inside = isinstance(leaf, Path) and leaf.is_relative_to(folder)
    return written(leaf.relative_to(folder) if inside else leaf)


def _groups(settings: Settings) -> Iterator[tuple[str, Section]]:
    return ((name, getattr(settings, name)) for name in Settings.model_fields if name != "archive")


def _mark(secret: str) -> str:
    """Tells two hashes apart without showing them."""
    return f"set ({hashlib.sha256(secret.encode()).hexdigest()[:6]})"


def _reference_order() -> Iterator[str]:
    yield from ("sending_emails", "password_hash")
    yield from (".".join(path) for path, _ in leaves(Settings()))


def _rank(order: Mapping[str, int], setting: str) -> int:
    """Where a setting stands in the reference; a name within a table stands where the table does."""
    name = re.sub(r"\[\d+\]", "", setting)
    while name not in order and "." in name:
        name = name.rpartition(".")[0]
    return order.get(name, len(order))
