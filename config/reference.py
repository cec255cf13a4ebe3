"""The reference of all settings: YAML of every built-in value with a remark on each, made of the models.

What is written there is what holds where nobody says anything, so a file of it changes nothing. What has no
built-in value, or what only some need, stands behind a `#`.
"""

import re
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from config.docstrings import docstrings
from config.forms import Form
from config.kinds import Alternatives, Group, Kind, Listed, Table, kind_of, words_of
from config.policy_file import DepartmentEntry, UserEntry
from config.section import Section
from config.settings import Settings
from config.values import HostPort, size_text
from config.written import written
from config.yaml_text import in_one_line

WIDTH = 100
_SAID_ONCE = frozenset({DepartmentEntry, UserEntry, Settings})
"""Large groups that come again further in."""


def reference_of(model: type[Section]) -> str:
    """The reference of a file that is a model as a whole."""
    return "\n".join(_group(model, said=set())) + "\n"


def _group(model: type[Section], *, said: set[type[Section]]) -> Iterator[str]:
    # What a model has of its own before what it has in common with others.
    fields = sorted(model.model_fields.items(), key=lambda field: field[0] not in model.__annotations__)
    after_group = False
    for position, (name, field) in enumerate(fields):
        is_group = isinstance(kind_of(field), Group)
        if position and (is_group or after_group):
            yield ""
        yield from _remark(docstrings(model).get(name, ""), field)
        yield from _field(name, field, said)
        after_group = is_group


def _field(name: str, field: FieldInfo, said: set[type[Section]]) -> Iterator[str]:
    kind = kind_of(field)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if isinstance(kind, Group):
        lines = [f"{name}:", *_indented(_once(kind.model, said))]
        yield from lines if default is not None or field.is_required() else _behind(lines)
    elif field.is_required():
        yield f"{name}: {_example(kind)}"
    elif default is None or (default == "" and _needs_text(kind)):
        yield from _behind([f"{name}: {_example(kind)}"])
    else:
        yield f"{name}: {_value(default, kind)}"
        yield from _behind(_items(name, kind, said))


def _remark(sentence: str, field: FieldInfo) -> Iterator[str]:
    words = words_of(kind_of(field))
    needed = "Needed. " if field.is_required() else ""
    # Many remarks say the same already.
    told = f" ({words})" if words and not _says(sentence, words) else ""
    yield from textwrap.wrap(f"{needed}{sentence}{told}", WIDTH, initial_indent="# ", subsequent_indent="# ")


def _says(sentence: str, words: str) -> bool:
    listed = re.findall(r"[\w-]+", words.removeprefix("one of "))
    return words == "true or false" or all(re.search(rf"\b{re.escape(word)}\b", sentence) for word in listed)


def _items(name: str, kind: Kind, said: set[type[Section]]) -> list[str]:
    """How an item of a list or a table of groups is written."""
    if isinstance(kind, Listed) and isinstance(kind.item, Group):
        inner = list(_once(kind.item.model, said))
        first = next((index for index, line in enumerate(inner) if not line.startswith("#")), 0)
        lines = [("- " if index == first else "  ") + line for index, line in enumerate(inner)]
        return [f"{name}:", *(f"  {line}".rstrip() for line in lines)]
    if isinstance(kind, Table):
        label = kind.name.example if isinstance(kind.name, Form) else "name"
        if isinstance(kind.value, Group):
            return [f"{name}:", f"  {label}:", *_indented(_indented(_once(kind.value.model, said)))]
        if isinstance(kind.value, Alternatives):
            return [f"{name}:", *_indented(_alternatives(kind.value, said))]
        return [f"{name}: {{{label}: {_example(kind.value)}}}"]
    return []


def _alternatives(kind: Alternatives, said: set[type[Section]]) -> Iterator[str]:
    """One of each kind."""
    for position, (setting, model) in enumerate(kind.models.items()):
        if position:
            yield ""
        about = " ".join((model.__doc__ or "").split())
        yield from textwrap.wrap(about, WIDTH, initial_indent="# ", subsequent_indent="# ")
        yield f"{setting}-line:"
        yield from _indented(_once(model, said))


def _once(model: type[Section], said: set[type[Section]]) -> Iterator[str]:
    """What is in a group; what the reference has in full already is only named."""
    if model in said:
        yield f"# as above: {', '.join(model.model_fields)}"
        return
    if model in _SAID_ONCE:
        said.add(model)
    yield from _group(model, said=said)


def _value(value: Any, kind: Kind | None = None) -> str:
    if isinstance(kind, Form) and isinstance(value, int):
        return size_text(value)
    if isinstance(value, HostPort):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Section):
        inside = ((name, getattr(value, name)) for name in value.model_fields_set)
        return f"{{{', '.join(f'{name}: {_value(item)}' for name, item in inside)}}}"
    if isinstance(value, bool | int | dict):
        return written(value)
    return in_one_line("" if value == "" else written(value))


def _needs_text(kind: Kind) -> bool:
    """Whether an empty text, which stands for nothing said, may not be written."""
    return isinstance(kind, Form) and bool(kind.pattern) and re.fullmatch(kind.pattern, "") is None


def _example(kind: Kind) -> str:
    return in_one_line(kind.example) if isinstance(kind, Form) else "…"


def _behind(lines: list[str]) -> Iterator[str]:
    return (f"# {line}".rstrip() for line in lines)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}".rstrip() for line in lines)
