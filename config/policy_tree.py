"""The files of a policy put together into one tree of levels and users.

What two files say of the same company or department is joined; what they both say is a mistake, and so is an
address that two users have. Nothing is raised here: the tree carries its mistakes.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from config.domain_name import ascii_domain
from config.inheritance import SettingPath, joined, said
from config.levels import BETWEEN, COMPANY, USER, Level, Source
from config.mistakes import Mistake, Step, path_text, quoted
from config.policy_file import DepartmentEntry, PolicyFile, UserRecord
from config.reading import Document
from config.settings import Settings, UserPolicy
from config.values import did_you_mean

_TEMPLATE = ("coverpage", "template")


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class User:
    """A user where the policy has them. What applies is put together when it is asked for."""

    entry: UserRecord
    place: "DepartmentPlace"
    position: int
    """In the list of users there, from 0."""

    @property
    def departments(self) -> tuple[str, ...]:
        """From the top down."""
        return self.place.departments

    @property
    def above(self) -> Level:
        """The level of the department."""
        return self.place.level

    @property
    def source(self) -> Source:
        """Where the entry stands."""
        return self.place.source.within("users", self.position)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the user's own settings stand."""
        return tuple(self.source.within(*way) for way, _ in self.entry.own_settings)

    @property
    def sending_emails(self) -> tuple[str, ...]:
        """The addresses that the user's mails come from."""
        written = self.entry.sending_emails
        return (self.entry.email,) if written is None else written

    @property
    def level(self) -> Level:
        """The user's own level."""
        own = Settings()
        for _, settings in self.entry.own_settings:
            own = joined(own, settings)
        return Level(name=USER, own=own, sources=self.sources, above=self.above)

    @property
    def policy(self) -> UserPolicy:
        """Everything that applies to the user."""
        level = self.level
        return UserPolicy(
            name=self.entry.name,
            email=self.entry.email,
            company=self.place.company,
            departments=self.departments,
            settings=level.effective,
            archives=level.archives,
            blocked_numbers=level.effective.fax.blocked_numbers,
        )


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class DepartmentPlace:
    """What one file says of a department, or of the company: what its users have in common."""

    company: str
    departments: tuple[str, ...]
    """From the top down."""
    source: Source
    level: Level


def address_key(address: str) -> str:
    """Equal for two spellings of one address.

    The case of neither part counts, nor how accents are put together (RFC 6532 §3.1), nor whether the domain
    is written with A-labels: a mail program that does not speak SMTPUTF8 writes them.
    """
    key = address.strip().lower()
    if not key.isascii():
        local_part, at, domain = unicodedata.normalize("NFC", key).rpartition("@")
        key = f"{local_part}{at}{ascii_domain(domain) or domain}"
    return address if key == address else key


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """What one file says of a department, or of the company."""

    source: Source
    entry: DepartmentEntry


class PolicyTree:
    """A company's levels and users."""

    def __init__(self, files: Sequence[tuple[Document, PolicyFile]], *, complete: bool) -> None:
        """Puts the files together; `complete` if none is left out for its mistakes."""
        self.mistakes: list[Mistake] = []
        self.levels: list[Level] = []
        """Company and departments."""
        self.users: list[User] = []
        self.accounts: dict[str, User] = {}
        """Users by `address_key` of their account."""
        self.senders: dict[str, User] = {}
        """Users by `address_key` of each sending address; `*@domain` for a whole domain."""
        self.company = self._company(files, complete=complete)
        top = [_Part(source=Source(document=document, steps=()), entry=entry) for document, entry in files]
        self._add_department((), top, None)
        if complete:
            self._check_templates()

    def __getstate__(self) -> dict[str, Any]:
        """For another process, in a form that is read in half the time; only a right policy goes there."""
        by_place = groupby(self.users, key=lambda user: user.place)
        users = [(place, [tuple(user.entry) for user in of_it]) for place, of_it in by_place]
        return {"company": self.company, "levels": self.levels, "users": users}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.mistakes, self.company, self.levels = [], state["company"], state["levels"]
        self.users = [
            User(entry=UserRecord._make(record), place=place, position=position)
            for place, records in state["users"]
            for position, record in enumerate(records)
        ]
        self.accounts = {address_key(user.entry.email): user for user in self.users}
        self.senders = {address_key(one): user for user in self.users for one in user.sending_emails}

    def _check_templates(self) -> None:
        """Each assigned cover page is there for the level that assigns it."""
        users = (user.level for user in self.users if user.entry.sets("coverpage"))
        for level in (*self.levels, *users):
            if _TEMPLATE in level.said and not level.knows_template:
                cover = level.effective.coverpage
                listed = ", ".join(cover.known_templates)
                place = level.place(_TEMPLATE)
                self.mistakes.append(
                    Mistake(
                        file=place.file,
                        line=place.line,
                        column=place.column,
                        path=path_text((*level.sources[0].steps, *_TEMPLATE)),
                        value=quoted(cover.template),
                        expected=f"one of the cover pages that are known here: {listed}",
                        hint=did_you_mean(cover.template, list(cover.known_templates)),
                    )
                )

    def _company(self, files: Sequence[tuple[Document, PolicyFile]], *, complete: bool) -> str:
        named = [(document, entry.company) for document, entry in files if entry.company]
        for document, company in named[1:]:
            if company != named[0][1]:
                problem = f"is '{named[0][1]}' in {named[0][0].file.name}; a policy has one company"
                self._mistake(document, ("company",), problem)
        if not named and files and complete:
            self._mistake(files[0][0], ("company",), "is missing: one file must say the company's name")
        return named[0][1] if named else ""

    def _add_department(self, names: tuple[str, ...], parts: list[_Part], above: Level | None) -> None:
        level = self._level(names, parts, above)
        self.levels.append(level)
        inner: dict[str, list[_Part]] = {}
        for part in parts:
            self._add_users(part, names, level)
            for name, entry in part.entry.departments.items():
                source = part.source.within("departments", name)
                inner.setdefault(name, []).append(_Part(source=source, entry=entry))
        for name, inner_parts in inner.items():
            self._add_department((*names, name), inner_parts, level)

    def _level(self, names: tuple[str, ...], parts: list[_Part], above: Level | None) -> Level:
        own = Settings()
        said_by: dict[SettingPath, Source] = {}
        sources = tuple(part.source.within("settings") for part in parts)
        for source, part in zip(sources, parts, strict=True):
            self._tell_said_twice(said_by, source, part.entry.settings)
            own = joined(own, part.entry.settings)
        return Level(name=BETWEEN.join(names) or COMPANY, own=own, sources=sources, above=above)

    def _add_users(self, part: _Part, departments: tuple[str, ...], level: Level) -> None:
        place = DepartmentPlace(
            company=self.company, departments=departments, source=part.source, level=level
        )
        for position, entry in enumerate(part.entry.users):
            user = User(entry=entry, place=place, position=position)
            self.users.append(user)
            self._add_addresses(user)
            if entry.overlaps:
                said_by: dict[SettingPath, Source] = {}
                for own_source, (_, settings) in zip(user.sources, entry.own_settings, strict=True):
                    self._tell_said_twice(said_by, own_source, settings)

    def _add_addresses(self, user: User) -> None:
        own_account = self._claim(self.accounts, user.entry.email, user, ("email",))
        if user.entry.sending_emails is None and own_account:
            self._claim(self.senders, user.entry.email, user, ("email",))
        for position, address in enumerate(user.entry.sending_emails or ()):
            self._claim(self.senders, address, user, ("sending_emails", position))

    def _claim(self, table: dict[str, User], address: str, user: User, steps: tuple[Step, ...]) -> bool:
        """Notes whose an address is; a second user cannot have it."""
        holder = table.setdefault(address_key(address), user)
        if holder is not user:
            problem = f"'{address}' already belongs to {holder.entry.name} ({_told(holder.source)})"
            self._mistake(user.source.document, (*user.source.steps, *steps), problem)
        return holder is user

    def _tell_said_twice(
        self, said_by: dict[SettingPath, Source], source: Source, settings: Settings
    ) -> None:
        """Notes who says what within one level; nothing may be said twice there."""
        for setting in said(settings):
            first = said_by.setdefault(setting, source)
            if first is not source:
                problem = f"is said twice; first in {_told(first.within(*setting))}"
                self._mistake(source.document, (*source.steps, *setting), problem)

    def _mistake(self, document: Document, steps: tuple[Step, ...], problem: str) -> None:
        place = document.place(steps)
        mistake = Mistake(
            file=document.file, line=place.line, column=place.column, path=path_text(steps), problem=problem
        )
        self.mistakes.append(mistake)


def _told(source: Source) -> str:
    return f"{source.document.file.name}:{source.place().line}"
