"""Why a user has the settings that they have: the level and the line that set each effective value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config.inheritance import SettingPath, inheritance_of
from config.levels import Level
from config.policy import Policy
from config.section import Inheritance, Section
from config.written import written

BUILT_IN = "built-in"


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """One value and where it comes from."""

    setting: str
    """Its path, as `coverpage.mode`."""
    value: str
    """As it would be written."""
    level: str
    """`company`, the departments from the top down, `user` or `built-in`."""
    file: str
    """The name of the file that says it; empty for a built-in value."""
    line: int
    """From 1; 0 for a built-in value."""


class UnknownUser(LookupError):  # noqa: N818 - named as what happened
    """No user of the policy has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"no user of the policy has the address {address}")


def explain(policy: Policy, email: str, prefix: str = "") -> list[Explanation]:
    """Every effective value of a user, in the order of the reference.

    What adds up over the levels (blocked numbers, archives) has a row for each level that says it, the
    company first.

    Args:
        policy: The policy.
        email: The user's account address, or one that they send from.
        prefix: A setting or a group of them, such as `coverpage`; empty for all.

    Raises:
        UnknownUser: The policy has no such user.
    """
    level = policy.level(email)
    if level is None:
        raise UnknownUser(email)
    rows = _section_rows(level.effective, (), level.chain)
    return [row for row in rows if not prefix or f"{row.setting}.".startswith(f"{prefix}.")]


def _section_rows(section: Section, above: SettingPath, chain: tuple[Level, ...]) -> Iterator[Explanation]:
    for name in type(section).model_fields:
        setting, value = (*above, name), getattr(section, name)
        match inheritance_of(type(section), name):
            case Inheritance.ADDS_UP:
                yield from _sum_rows(setting, value, chain)
            case Inheritance.STAYS:
                yield from _archive_rows(setting, value, chain)
            case None:
                yield from _rows(setting, value, chain)


def _rows(setting: SettingPath, value: Any, chain: tuple[Level, ...]) -> Iterator[Explanation]:
    if isinstance(value, Section):
        yield from _section_rows(value, setting, chain)
    elif isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _rows((*setting, key), item, chain)
    else:
        yield _row(setting, value, next((level for level in chain if setting in level.said), None))


def _sum_rows(setting: SettingPath, value: Any, chain: tuple[Level, ...]) -> Iterator[Explanation]:
    """What each level adds, the company first."""
    adding = [level for level in reversed(chain) if setting in level.said]
    yield from (_row(setting, level.own_value(setting), level) for level in adding)
    if not adding:
        yield _row(setting, value, None)


def _archive_rows(setting: SettingPath, built_in: Section, chain: tuple[Level, ...]) -> Iterator[Explanation]:
    """Each level's archive, the company's first: what the level does not say of it is built in."""
    having = [level for level in reversed(chain) if setting in level.said]
    for level in having:
        yield from _own_rows(setting, level.own_value(setting), level)
    if not having:
        yield _row((*setting, "enabled"), built_in.model_dump()["enabled"], None)


def _own_rows(above: SettingPath, section: Section, level: Level) -> Iterator[Explanation]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _own_rows((*above, name), value, level)
        elif value is not None:
            yield _row((*above, name), value, level if name in section.model_fields_set else None)


def _row(setting: SettingPath, value: Any, level: Level | None) -> Explanation:
    place = level.place(setting) if level else None
    return Explanation(
        setting=".".join(setting),
        value=written(value),
        level=level.name if level else BUILT_IN,
        file=place.file.name if place else "",
        line=place.line if place else 0,
    )
