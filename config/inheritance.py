"""How what two places say becomes one: pure, over any section of settings.

Nearest wins, down to the single value, by `model_fields_set`: what a level does not say, it takes from above.
Tables (custom fields, per-status retries) come together name by name. `Inheritance` marks the exceptions.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

from config.section import Inheritance, Section

AnySection = TypeVar("AnySection", bound=Section)
SettingPath = tuple[str, ...]
"""The names that lead to a setting: `("coverpage", "mode")`."""


def overlay(above: AnySection, nearer: AnySection) -> AnySection:
    """What applies where `nearer` stands below `above`; what stays at its level is not taken over."""
    changed = {
        name: _overlaid(getattr(above, name), getattr(nearer, name), inheritance_of(type(nearer), name))
        for name in nearer.model_fields_set
        if inheritance_of(type(nearer), name) is not Inheritance.STAYS
    }
    return above.model_copy(update=changed) if changed else above


def joined(first: AnySection, second: AnySection) -> AnySection:
    """What one level says in two places that say nothing twice."""
    stays = {
        name: getattr(second, name)
        for name in second.model_fields_set
        if inheritance_of(type(second), name) is Inheritance.STAYS
    }
    return overlay(first, second).model_copy(update=stays)


def said(section: Section) -> Iterator[SettingPath]:
    """The path of every value that a section says itself; a setting that stays at its level counts as one."""
    for name in section.model_fields_set:
        if inheritance_of(type(section), name) is Inheritance.STAYS:
            yield (name,)
        else:
            yield from _said((name,), getattr(section, name))


def _said(setting: SettingPath, value: Any) -> Iterator[SettingPath]:
    if isinstance(value, Section):
        yield from ((*setting, *rest) for rest in said(value))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _said((*setting, key), item)
    else:
        yield setting


def inheritance_of(section: type[Section], name: str) -> Inheritance | None:
    """The exception that a field is marked with; None where nearest wins."""
    marks = section.model_fields[name].metadata
    return next((mark for mark in marks if isinstance(mark, Inheritance)), None)


def _overlaid(above: Any, nearer: Any, inheritance: Inheritance | None) -> Any:
    if isinstance(above, Section) and isinstance(nearer, type(above)):
        return overlay(above, nearer)
    if isinstance(nearer, dict):
        shared = {key: _overlaid(above[key], nearer[key], None) for key in nearer if key in above}
        return {**above, **nearer, **shared}
    if inheritance is Inheritance.ADDS_UP:
        return tuple(dict.fromkeys((*above, *nearer)))
    return nearer
