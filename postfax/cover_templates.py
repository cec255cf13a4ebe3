"""Which cover templates a policy has: at which level each is placed, who can use it, and who does.

An own template can be used at the level that names it and below; two levels may use one name for two files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from config.coverpage import BUILT_IN_TEMPLATES
from config.levels import Level
from config.policy import Policy
from config.settings import UserPolicy
from convert.templates import cover_template


class LevelKind(StrEnum):
    """Where a template may be placed."""

    BUILT_IN = "built-in"
    COMPANY = "company"
    DEPARTMENT = "department"
    USER = "user"


@dataclass(kw_only=True, slots=True)
class PlacedTemplate:
    """A template where it is placed."""

    name: str
    kind: LevelKind
    level: str
    """The name of the level: `company`, the departments from the top down, a user's address."""
    file: Path | None = None
    """None for a built-in one."""
    where: str = ""
    """The policy's file and line that name it."""
    description: str = ""
    users: list[str] = field(default_factory=list)
    """The addresses of those whose faxes get it unless they ask for another."""


def placed_templates(policy: Policy) -> list[PlacedTemplate]:
    """All templates: the built-in ones, then those of the company, of departments, of users."""
    templates = list(built_in_templates())
    levels = [policy.company_level, *policy.departments.values()]
    for level in levels:
        kind = LevelKind.COMPANY if level.above is None else LevelKind.DEPARTMENT
        templates += _placed_at(level, kind, level.name)
    by_use = {(template.name, template.file): template for template in templates}
    for user in policy.users:
        for own in _of_user(policy, user, by_use):
            templates.append(own)
            by_use[own.name, own.file] = own
        used = assigned_to(user)
        if used in by_use:
            by_use[used].users.append(user.email)
    return templates


def built_in_templates() -> Iterator[PlacedTemplate]:
    """Those that come with the product."""
    for name in BUILT_IN_TEMPLATES:
        yield PlacedTemplate(
            name=name,
            kind=LevelKind.BUILT_IN,
            level=LevelKind.BUILT_IN,
            description=cover_template(name).description,
        )


def assigned_to(user: UserPolicy) -> tuple[str, Path | None]:
    """The name and the file of the template that a user's faxes get."""
    cover = user.settings.coverpage
    name = cover.template_named(cover.template) or cover.template
    return name, cover.templates.get(name)


def usable_by(user: UserPolicy, template: PlacedTemplate) -> bool:
    """Whether a user may ask for a template."""
    cover = user.settings.coverpage
    if cover.restrict_to_assigned:
        return (template.name, template.file) == assigned_to(user)
    return template.file is None or cover.templates.get(template.name) == template.file


def _of_user(
    policy: Policy, user: UserPolicy, known: dict[tuple[str, Path | None], PlacedTemplate]
) -> list[PlacedTemplate]:
    """The templates that only this user has."""
    if all(item in known for item in user.settings.coverpage.templates.items()):
        return []
    level = policy.level(user.email)
    return list(_placed_at(level, LevelKind.USER, user.email)) if level else []


def _placed_at(level: Level, kind: LevelKind, name: str) -> Iterator[PlacedTemplate]:
    for template, file in level.own.coverpage.templates.items():
        place = level.place(("coverpage", "templates", template))
        yield PlacedTemplate(
            name=template, kind=kind, level=name, file=file, where=f"{place.file.name}:{place.line}"
        )
