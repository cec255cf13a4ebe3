"""What may stand in a file of the policy."""

from typing import Annotated

from pydantic import Field

from config.section import Section
from config.settings import ContactSettings, Settings
from config.values import EmailAddress, Name, PasswordHash, SendingAddress


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

    @property
    def overlaps(self) -> bool:
        """Whether the entry speaks of a group both in its settings and beside them."""
        return bool(_SHORTHANDS & self.model_fields_set & self.settings.model_fields_set)

    @property
    def own_settings(self) -> tuple[tuple[tuple[str, ...], Settings], ...]:
        """What the entry says, by where it stands in it."""
        shorthands = {name: getattr(self, name) for name in _SHORTHANDS & self.model_fields_set}
        written = (("settings",), self.settings)
        return (written, ((), Settings(**shorthands))) if shorthands else (written,)


_SHORTHANDS = {"contact", "custom_fields"}


class DepartmentEntry(Section):
    """A department: its settings, its users, its own departments."""

    settings: Settings = Settings()
    """What applies to everybody in it."""
    users: tuple[UserEntry, ...] = ()
    """Who is in it."""
    departments: dict[Name, "DepartmentEntry"] = {}
    """Departments within it, by name."""


class PolicyFile(DepartmentEntry):
    """A file: a company, or a part of one."""

    company: Name = ""
    """The company's name. One of the files says it."""
