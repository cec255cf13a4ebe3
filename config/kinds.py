"""What may be written for a setting, read off the models: for the reference and for the JSON Schema."""

import types
import typing
from dataclasses import dataclass
from enum import Enum
from typing import Any

from annotated_types import Ge, Le, MaxLen
from pydantic.fields import FieldInfo

from config.forms import Form
from config.one_of import OneOf
from config.section import Section, WrittenAs


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Settings in a group of their own."""

    model: type[Section]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A list of one kind."""

    item: "Kind"
    most: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Names of one kind, each with a value of another."""

    name: "Kind"
    value: "Kind"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """A whole number."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Text:
    """Any text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternatives:
    """Settings in a group that is of one of several kinds."""

    models: dict[str, type[Section]]
    """By the setting that names the kind."""


Kind = Group | Alternatives | Listed | Table | Choice | Whole | Switch | Text | Form


def kind_of(field: FieldInfo) -> Kind:
    """What may stand for a field."""
    return _kind(field.annotation, tuple(field.metadata))


def _kind(annotation: Any, marks: tuple[Any, ...]) -> Kind:  # noqa: PLR0911 - one for each kind
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(arguments[0], (*arguments[1:], *marks))
    if group := _marked_group(marks):
        return group
    form = next((mark for mark in reversed(marks) if isinstance(mark, Form)), None)
    if annotation is bool:
        return Switch()
    if form:
        return form
    if origin in {typing.Union, types.UnionType}:
        return _kind(next(one for one in arguments if one is not type(None)), marks)
    if origin is tuple:
        most = next((mark.max_length for mark in marks if isinstance(mark, MaxLen)), None)
        return Listed(item=_kind(arguments[0], ()), most=most)
    if origin is dict:
        return Table(name=_kind(arguments[0], ()), value=_kind(arguments[1], ()))
    if origin is typing.Literal:
        return Choice(words=tuple(map(str, arguments)))
    return _single(annotation, marks)


def _marked_group(marks: tuple[Any, ...]) -> Kind | None:
    """What a mark says that the annotation does not."""
    for mark in marks:
        if isinstance(mark, WrittenAs):
            return Group(model=mark.model)
        if isinstance(mark, OneOf):
            return Alternatives(models=mark.by_setting)
    return None


def _single(annotation: Any, marks: tuple[Any, ...]) -> Kind:
    if issubclass(annotation, Section):
        return Group(model=annotation)
    if issubclass(annotation, Enum):
        return Choice(words=tuple(str(one.value) for one in annotation))
    if annotation is int:
        least = next((mark.ge for mark in marks if isinstance(mark, Ge)), None)
        most = next((mark.le for mark in marks if isinstance(mark, Le)), None)
        return Whole(least=least, most=most)  # type: ignore[arg-type]  # bounds of whole numbers are such
    return Text()


def words_of(kind: Kind) -> str:  # noqa: PLR0911 - one for each kind
    """What may stand there, for people; empty where it goes without saying."""
    match kind:
        case Form():
            return kind.words
        case Switch():
            return "true or false"
        case Choice():
            return f"one of {', '.join(kind.words)}"
        case Whole():
            return _range(kind)
        case Listed(item=Group()):
            return ""
        case Listed():
            most = f"at most {kind.most}; " if kind.most else ""
            return f"a list; {most}each {words_of(kind.item)}" if words_of(kind.item) else "a list"
        case Table(value=Group() | Alternatives()):
            return ""
        case Table():
            return "names with their values"
        case _:
            return ""


def _range(kind: Whole) -> str:
    if kind.least is not None and kind.most is not None:
        return f"a whole number from {kind.least} to {kind.most}"
    return f"a whole number of {kind.least} or more" if kind.least is not None else "a whole number"
