"""Questions after people: whose an address is, who is in a department, for whom a setting has a value."""

from collections.abc import Iterator
from dataclasses import dataclass

from config.inheritance import SettingPath
from config.levels import BETWEEN, Level
from config.policy import Policy
from config.policy_tree import User, address_key
from config.written import leaves, written


@dataclass(frozen=True, kw_only=True, slots=True)
class MayFax:
    """One user, and how their mails are known."""

    name: str
    email: str
    department: str
    """From the top down, ` › ` between; empty for the company itself."""
    sending_emails: tuple[str, ...]
    """Empty for a user who can send only after logging in."""


class UnknownName(LookupError):  # noqa: N818 - named as what happened
    """There is no such department, level or setting."""


def everybody(policy: Policy) -> Iterator[User]:
    """All users, in the order of the policy."""
    return iter(policy.accounts.values())


def of_address(policy: Policy, address: str) -> list[User]:
    """The user whose account or whose mails an address is; none, or one, or two where those differ."""
    if address.startswith("*@"):
        key = address_key(address)
        return [user for user in everybody(policy) if key in map(address_key, user.sending_emails)]
    found = (policy.accounts.get(address_key(address)), policy.sender_of(address))
    return list({id(user): user for user in found if user is not None}.values())


def in_department(policy: Policy, department: str) -> list[User]:
    """The users of a department and of those within it.

    Raises:
        UnknownName: There is none.
    """
    name = department_named(policy, department)
    return [
        user
        for user in everybody(policy)
        if (BETWEEN.join(user.departments) + BETWEEN).startswith(name + BETWEEN)
    ]


def department_named(policy: Policy, name: str) -> str:
    """A department's names from the top down; `A/B` and `A › B` are as good as each other.

    Raises:
        UnknownName: There is none.
    """
    meant = BETWEEN.join(part.strip() for part in name.replace("›", "/").split("/"))
    for known in policy.departments:
        if known.casefold() in {meant.casefold(), name.casefold()}:
            return known
    listed = ", ".join(policy.departments) or "none"
    raise UnknownName(f"there is no department {name}; there are: {listed}.")


def with_setting(users: list[User], setting: str, value: str) -> list[User]:
    """The users to whom a value applies, as it would be written.

    Raises:
        UnknownName: There is no such setting for anybody.
    """
    path = tuple(setting.split("."))
    known = False
    having = []
    texts: dict[int, str | None] = {}
    for user in users:
        level = user.level if user.entry.own_settings else user.above
        if id(level) not in texts or level is not user.above:
            texts[id(level)] = _text(level, path)
        text = texts[id(level)]
        known = known or text is not None
        if text == value:
            having.append(user)
    if users and not known:
        raise UnknownName(f"there is no setting {setting} with a value.")
    return having


def set_by(policy: Policy, users: list[User], level_name: str) -> dict[str, list[User]]:
    """For each setting that a level says: the users of `users` whose value comes from it.

    Raises:
        UnknownName: There is no such level.
    """
    level = (
        policy.company_level
        if level_name.casefold() in {"company", policy.company.casefold()}
        else policy.departments[department_named(policy, level_name)]
    )
    below = [user for user in users if level in user.above.chain]
    result: dict[str, list[User]] = {}
    for setting in sorted(level.said):
        result[".".join(setting)] = [user for user in below if _decides(user, level, setting)]
    return result


def may_fax(user: User) -> MayFax:
    """What is told of a user."""
    return MayFax(
        name=user.entry.name,
        email=user.entry.email,
        department=BETWEEN.join(user.departments),
        sending_emails=user.sending_emails,
    )


def _decides(user: User, level: Level, setting: SettingPath) -> bool:
    """Whether no level nearer to the user says the setting."""
    chain = user.level.chain if user.entry.own_settings else user.above.chain
    return next((one for one in chain if setting in one.said), None) is level


def _text(level: Level, path: SettingPath) -> str | None:
    for setting, value in leaves(level.effective):
        if setting == path:
            return written(value)
    return None
