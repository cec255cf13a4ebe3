"""A tree of nodes against a model: the model filled in, or every mistake in words and with its place.

The one place that knows pydantic's error types; none of its own words reach a person.
"""

import typing
from collections.abc import Mapping as Table
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.mistakes import Mistake, Step, path_text, quoted
from config.one_of import OneOf
from config.places import Place, Value
from config.reading import Document
from config.section import Section, WrittenAs
from config.values import did_you_mean

Model = TypeVar("Model", bound=Section)

_EXPECTED: Table[str, str] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "greater_than_equal": "a number of {ge} or more",
    "less_than_equal": "a number of {le} or less",
    "path_type": "a path",
    "model_type": "a group of settings",
    "dict_type": "a table of names with their values",
    "tuple_type": "a list",
    "too_long": "a list of at most {max_length}",
    "too_short": "a list of {min_length} or more",
    "string_too_short": "a text that is not empty",
    "literal_error": "one of {choices}",
    "enum": "one of {choices}",
    "not_expected": "{expected}",
}


def validate(
    model: type[Model], document: Document, *, folder: Path, lines: frozenset[str] | None = None
) -> tuple[Model | None, tuple[Mistake, ...]]:
    """The document as the model, or None, with all mistakes: those of the YAML and those of the values.

    Args:
        model: What the file as a whole is.
        document: The file.
        folder: Where its relative paths begin.
        lines: The names of the lines that exist; None where they are not known.
    """
    if document.value is None and document.mistakes:
        return None, document.mistakes
    context = {"folder": folder, "lines": lines}
    try:
        return model.model_validate(document.value, context=context), document.mistakes
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, document.mistakes + tuple(_mistake(model, document, detail) for detail in details)


def _mistake(model: type[Section], document: Document, detail: ErrorDetails) -> Mistake:
    steps, about_name = _steps(detail["loc"])
    value = document.nearest(steps)
    place = document.name_place(steps) if about_name else document.place(steps)
    if detail["type"] == "missing":
        return _placed(place, steps, problem="is missing")
    if detail["type"] == "extra_forbidden":
        return _unknown_name(model, document, steps)
    if detail["type"] == "incomplete":
        return _placed(place, steps, problem=str(detail.get("ctx", {}).get("problem")))
    wanted, hint = expectation(detail)
    if about_name or isinstance(value, str):
        written = quoted(str(steps[-1]) if about_name else str(value))
        return _placed(place, steps, value=written, expected=wanted, hint=hint or _near(detail, written))
    return _placed(place, steps, problem=f"{_kind(value)} stands here; {wanted} was expected", hint=hint)


def _steps(loc: tuple[Step, ...]) -> tuple[tuple[Step, ...], bool]:
    """The way into the file, and whether the name itself is at fault rather than its value."""
    return (loc[:-1], True) if loc and loc[-1] == "[key]" else (loc, False)


def _placed(place: Place, steps: tuple[Step, ...], **said: str) -> Mistake:
    return Mistake(file=place.file, line=place.line, column=place.column, path=path_text(steps), **said)


def _unknown_name(model: type[Section], document: Document, steps: tuple[Step, ...]) -> Mistake:
    name = str(steps[-1])
    known = _names_at(model, document, steps[:-1])
    hint = did_you_mean(name, known) or f"known here: {', '.join(known)}"
    if name == "<<":
        hint = "YAML 1.2 has no merging; say it at the level above instead"
    place = document.name_place(steps)
    return _placed(place, steps, value=quoted(name), expected="a setting here", hint=hint)


def expectation(detail: ErrorDetails) -> tuple[str, str]:
    """What was expected instead of a value, and a hint that helps to mend it."""
    context: dict[str, Any] = dict(detail.get("ctx", {}))
    if "expected" in context and detail["type"] in {"enum", "literal_error"}:
        context["choices"] = ", ".join(_choices(detail))
    wanted = _EXPECTED.get(detail["type"], "something that this setting takes").format(**context)
    return wanted, str(context.get("hint", ""))


def _choices(detail: ErrorDetails) -> list[str]:
    """The words that pydantic lists as `'a', 'b' or 'c'`."""
    listed = str(detail.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
    return [word.strip("'") for word in listed.split(", ")]


def _near(detail: ErrorDetails, value: str) -> str:
    return did_you_mean(value, _choices(detail)) if detail["type"] in {"enum", "literal_error"} else ""


def _kind(value: Value) -> str:
    match value:
        case dict():
            return "a group"
        case list():
            return "a list"
        case _:
            return "nothing"


def _names_at(model: type[Section], document: Document, steps: tuple[Step, ...]) -> list[str]:
    """The names that may stand where the steps lead."""
    place: Any = model
    for depth, step in enumerate(steps):
        if isinstance(place, type) and issubclass(place, Section):
            place = _bare(place.model_fields[str(step)].annotation)
        else:
            arguments = typing.get_args(place)
            place = _bare(arguments[1] if typing.get_origin(place) is dict else arguments[0])
        if isinstance(place, OneOf):
            place = place.kind_of(document.nearest(steps[: depth + 1])) or place.kinds[0]
    return list(place.model_fields)


def _bare(annotation: Any) -> Any:
    """What is written there: the annotation without `Annotated` and without `| None`; or of which kinds."""
    if typing.get_origin(annotation) is typing.Annotated:
        kind, *marks = typing.get_args(annotation)
        if one_of := next((mark for mark in marks if isinstance(mark, OneOf)), None):
            return one_of
        return next((mark.model for mark in marks if isinstance(mark, WrittenAs)), None) or _bare(kind)
    if type(None) in typing.get_args(annotation):
        return _bare(next(kind for kind in typing.get_args(annotation) if kind is not type(None)))
    return annotation
