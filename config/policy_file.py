"""What may stand in a file of the policy."""

from typing import Annotated, Any, NamedTuple

from pydantic import Field

from config.inheritance import SettingPath, said
from config.mail_values import EmailAddress, PasswordHash, SendingAddress
from config.section import Section, WrittenAs
from config.settings import ContactSettings, Settings
from config.values import Name


class UserEntry(Section):
    """One person, or one desk, that faxes."""

    name: Name
    """As on cover pages and in header lines."""
    email: EmailAddress
    """The account: the address that names the user everywhere."""
    sending_emails: tuple[SendingAddress, ...] | None = None
    """The addresses that the user's mails come from; by default the account's. `*@example.com` is every
    address of a domain. With an empty list the user can send only after logging in."""
    password_hash: Annotated[PasswordHash | None, Field(repr=False)] = None
    """The hash of the password that the user may log in with (AUTH), as `postfax user password --hash-only`
    prints it. A password that `postfax user password` has set counts instead."""
    contact: ContactSettings = ContactSettings()
    """What cover pages say of the user."""
    custom_fields: dict[str, str] = {}
    """Free facts, such as cost_center."""
    settings: Settings = Settings()
    """What applies to this user alone."""


class UserRecord(NamedTuple):
    """What the policy keeps of an entry: a sixth of its size, for there may be 50,000."""

    name: str
    email: str
    sending_emails: tuple[str, ...] | None
    password_hash: str | None
    contact: dict[str, str] | None
    """What is said of `ContactSettings`."""
    custom_fields: dict[str, str] | None
    settings: Settings | None
    """Each of the last three only if it is said."""

    def sets(self, *groups: str) -> bool:
        """Whether the entry's settings speak of one of these groups."""
        return self.settings is not None and not self.settings.model_fields_set.isdisjoint(groups)

    @property
    def said(self) -> set[SettingPath]:
        """The settings that the entry says."""
        groups = {"contact": self.contact, "custom_fields": self.custom_fields}
        beside: set[SettingPath] = {(name, key) for name, group in groups.items() for key in group or ()}
        return beside | set(said(self.settings)) if self.settings else beside

    @property
    def overlaps(self) -> bool:
        """Whether the entry speaks of a group both in its settings and beside them."""
        said = self.settings.model_fields_set if self.settings else frozenset()
        return bool(said & self._shorthands.keys())

    @property
    def own_settings(self) -> tuple[tuple[tuple[str, ...], Settings], ...]:
        """What the entry says, by where it stands in it."""
        written = ((("settings",), self.settings),) if self.settings else ()
        shorthands = self._shorthands
        return (*written, ((), Settings(**shorthands))) if shorthands else written

    @property
    def _shorthands(self) -> dict[str, Any]:
        groups: dict[str, Any] = {}
        if self.contact is not None:
            groups["contact"] = ContactSettings(**self.contact)
        if self.custom_fields is not None:
            groups["custom_fields"] = self.custom_fields
        return groups

    def says_the_same(self, other: "UserRecord") -> bool:
        """Whether both say the same of what applies to the user, whatever they are called."""
        return self[1:] == other[1:]


def _record(entry: UserEntry) -> UserRecord:
    said = entry.model_fields_set
    return UserRecord(
        name=entry.name,
        email=entry.email,
        sending_emails=entry.sending_emails,
        password_hash=entry.password_hash,
        contact=entry.contact.model_dump(exclude_unset=True) if "contact" in said else None,
        custom_fields=entry.custom_fields if "custom_fields" in said else None,
        settings=entry.settings if "settings" in said else None,
    )


class DepartmentEntry(Section):
    """A department: its settings, its users, its own departments."""

    settings: Settings = Settings()
    """What applies to everybody in it."""
    users: tuple[Annotated[UserRecord, WrittenAs(model=UserEntry, kept_as=_record)], ...] = ()
    """Who is in it."""
    departments: dict[Name, "DepartmentEntry"] = {}
    """Departments within it, by name."""


class PolicyFile(DepartmentEntry):
    """A file: a company, or a part of one."""

    company: Name = ""
    """The company's name. One of the files says it."""
