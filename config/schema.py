"""JSON Schema (draft 2020-12) of what may be written: what editors complete and check YAML by.

It describes the files and not the models: a duration is a text such as `5 min`, and a group with nothing
behind its name says nothing. An editor gives plain YAML its type before it looks, so where a text may look
like a number, `+12065550100` for one, a number is allowed.
"""

from typing import Any

from config.docstrings import docstrings
from config.forms import Form
from config.kinds import Alternatives, Choice, Group, Kind, Listed, Switch, Table, Whole, kind_of
from config.section import Section
from config.written import written

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def schema_of(model: type[Section], title: str) -> Schema:
    """The schema of a file that is a model as a whole."""
    groups: dict[str, Schema] = {}
    top = _reference(model, groups)
    return {"$schema": DIALECT, "title": title, **top, "$defs": dict(sorted(groups.items()))}


def _reference(model: type[Section], groups: dict[str, Schema]) -> Schema:
    name = model.__name__
    if name not in groups:
        groups[name] = {}  # a department is in a department: its name is known before all that is in it
        groups[name] = _group(model, groups)
    return {"$ref": f"#/$defs/{name}"}


def _group(model: type[Section], groups: dict[str, Schema]) -> Schema:
    told = docstrings(model)
    schema: Schema = {
        "description": _one_line(model.__doc__),
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            name: {
                **_of(kind_of(field), groups),
                **({"description": told[name]} if name in told else {}),
                **_default(field.get_default(call_default_factory=True) if not field.is_required() else None),
            }
            for name, field in model.model_fields.items()
        },
    }
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    return {**schema, "type": "object", "required": required} if required else schema


def _of(kind: Kind, groups: dict[str, Schema]) -> Schema:  # noqa: PLR0911 - one for each kind
    match kind:
        case Group():
            return _reference(kind.model, groups)
        case Alternatives():
            return _one_of(list(kind.models.items()), groups)
        case Listed():
            most = {"maxItems": kind.most} if kind.most else {}
            return {"type": ["array", "null"], "items": _of(kind.item, groups), **most}
        case Table():
            names = {} if _of(kind.name, groups) == _TEXT else {"propertyNames": _name(kind.name)}
            return {
                "type": ["object", "null"],
                **names,
                "additionalProperties": _of(kind.value, groups),
            }
        case Choice():
            return {"enum": list(kind.words)}
        case Whole():
            least = {} if kind.least is None else {"minimum": kind.least}
            most = {} if kind.most is None else {"maximum": kind.most}
            return {"type": "integer", **least, **most}
        case Switch():
            return {"type": "boolean"}
        case Form():
            return kind.schema()
        case _:
            return dict(_TEXT)


def _one_of(kinds: list[tuple[str, type[Section]]], groups: dict[str, Schema]) -> Schema:
    """The kind whose setting is there; the first one where none is, so that its errors are told."""
    (_, first), *others = kinds
    schema = _reference(first, groups)
    for setting, model in reversed(others):
        schema = {"if": {"required": [setting]}, "then": _reference(model, groups), "else": schema}
    return schema


_TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""A plain text that looks like a number or a truth value is a text all the same."""


def _name(kind: Kind) -> Schema:
    """Names are always texts."""
    schema = kind.schema() if isinstance(kind, Form) else {}
    return {**schema, "type": "string"} if "pattern" in schema else schema


def _default(value: Any) -> Schema:
    if value is None or isinstance(value, Section | dict):
        return {}
    if isinstance(value, bool | int):
        return {"default": value}
    if isinstance(value, tuple):
        return {"default": [written(item) for item in value if not isinstance(item, Section)]}
    return {"default": "" if value == "" else written(value)}


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
