"""YAML 1.2 as a tree of nodes that know their places.

`read_yaml` never raises for what a file holds: the `Document` carries the mistakes. Scalars stay text (`NO`,
`0017`, `+1206…`): the models decide what a text means. Only a plain scalar that is empty, `~` or `null` is
None. A tree is bounded: `DEEPEST` levels, and `MOST_NODES` with every alias counted as often as it is used,
so that a small file cannot grow into a large one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from config.mistakes import Mistake, Step, path_text, quoted
from config.syntax import explain_syntax

DEEPEST = 64
MOST_NODES = 2_000_000

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.2.2 §10.2.1.1, §10.3.2
_CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """A text, or None where nothing stands."""

    text: str | None
    line: int
    column: int
    size: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A YAML sequence."""

    items: tuple["Node", ...]
    line: int
    column: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """A YAML mapping; of a name that is said twice the first stands."""

    entries: dict[str, "Node"]
    keys: dict[str, Scalar]
    line: int
    column: int
    size: int


Node = Scalar | Listing | Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A file: its tree, and what is wrong with it as YAML."""

    file: Path
    root: Node | None
    """None for an empty file, and where the YAML is broken."""
    mistakes: tuple[Mistake, ...] = field(default_factory=tuple)


def read_yaml(file: Path) -> Document:
    """The file's tree, or the mistake that keeps it from being read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        mistake = Mistake(file=file, problem=f"cannot be read: {error.strerror or error}")
        return Document(file=file, root=None, mistakes=(mistake,))
    except UnicodeDecodeError as error:
        mistake = Mistake(file=file, problem=f"is not UTF-8 text (octet {error.start + 1})")
        return Document(file=file, root=None, mistakes=(mistake,))
    composer = _Composer(file, YAML(typ="safe", pure=True).parse(text))
    try:
        root = composer.document()
    except (YAMLError, ValueError, OverflowError) as error:
        composer.mistakes.append(explain_syntax(file, text, error))
        root = None
    except _Unusable as error:
        composer.mistakes.append(error.mistake)
        root = None
    return Document(file=file, root=root, mistakes=tuple(composer.mistakes))


def plain(node: Node | None) -> Any:
    """The tree as dicts, lists, texts and None, aliases written out."""
    match node:
        case Mapping():
            return {name: plain(value) for name, value in node.entries.items()}
        case Listing():
            return [plain(item) for item in node.items]
        case Scalar():
            return node.text
        case None:
            return None


def find(node: Node | None, steps: Iterable[Step]) -> Node | None:
    """The node that the steps lead to, or None."""
    for step in steps:
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.entries.get(step)
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def nearest(node: Node | None, steps: Iterable[Step]) -> Node | None:
    """The last node on the way that the steps lead."""
    for step in steps:
        further = find(node, (step,))
        if further is None:
            return node
        node = further
    return node


def key_of(node: Node | None, steps: tuple[Step, ...]) -> Scalar | None:
    """The name that the steps end at, where it is a name that is written."""
    above = find(node, steps[:-1]) if steps else None
    return above.keys.get(steps[-1]) if isinstance(above, Mapping) and isinstance(steps[-1], str) else None


class _Unusable(Exception):  # noqa: N818 - named as what it says
    """A mistake after which the rest of the file is not looked at."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


class _Composer:
    """Makes the tree of the parser's events, and collects the mistakes that leave it readable."""

    def __init__(self, file: Path, events: Iterator[Event]) -> None:
        self.mistakes: list[Mistake] = []
        self._file = file
        self._events = events
        self._anchors: dict[str, Node] = {}
        self._path: list[Step] = []

    def document(self) -> Node | None:
        """The one document of the file."""
        root = None
        seen = False
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and seen:
                raise self._unusable(event, "a second document begins here (---); one file holds one")
            if isinstance(event, StreamStartEvent | StreamEndEvent):
                continue
            if isinstance(event, DocumentStartEvent):
                seen = True
                root = self._node(next(self._events))
        return None if isinstance(root, Scalar) and root.text is None else root

    def _node(self, event: Event) -> Node:
        if len(self._path) > DEEPEST:
            raise self._unusable(event, f"is nested more than {DEEPEST} levels deep")
        node: Node
        if isinstance(event, AliasEvent):
            return self._alias(event)
        self._check_tag(event)
        if isinstance(event, ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            node = self._listing(event)
        elif isinstance(event, MappingStartEvent):
            node = self._mapping(event)
        else:
            raise self._unusable(event, "cannot be understood here")
        if event.anchor:
            self._anchors[event.anchor] = node
        if node.size > MOST_NODES:
            raise self._unusable(event, f"holds more than {MOST_NODES:,} values, with aliases written out")
        return node

    def _alias(self, event: AliasEvent) -> Node:
        if event.anchor not in self._anchors:
            name = event.anchor
            problem = f"*{name} stands for nothing: no &{name} is before it; put a text into quotes"
            raise self._unusable(event, problem)
        return self._anchors[event.anchor]

    def _scalar(self, event: ScalarEvent) -> Scalar:
        line, column = _place(event)
        if event.style == '"' and any("\ud800" <= character <= "\udfff" for character in event.value):
            self._mistake((line, column), "holds half a character (\\uD800 to \\uDFFF); write it as it is")
        unset = event.style is None and event.tag is None and event.value in _NULLS
        return Scalar(text=None if unset else event.value, line=line, column=column)

    def _listing(self, start: SequenceStartEvent) -> Listing:
        line, column = _place(start)
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            self._path.append(len(items))
            items.append(self._node(event))
            self._path.pop()
        return Listing(
            items=tuple(items), line=line, column=column, size=1 + sum(item.size for item in items)
        )

    def _mapping(self, start: MappingStartEvent) -> Mapping:
        line, column = _place(start)
        entries: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event)
            name = key.text or ""
            self._path.append(name)
            value = self._value(key, next(self._events))
            if name in keys:
                self._mistake((key.line, key.column), f"is said twice; first in line {keys[name].line}")
            else:
                entries[name], keys[name] = value, key
            self._path.pop()
        size = 1 + sum(1 + value.size for value in entries.values())
        return Mapping(entries=entries, keys=keys, line=line, column=column, size=size)

    def _value(self, key: Scalar, event: Event) -> Node:
        value = self._node(event)
        if isinstance(event, ScalarEvent) and not event.value and event.style is None:
            # Where nothing stands, the parser is already in the next line.
            return Scalar(text=None, line=key.line, column=key.column)
        return value

    def _key(self, event: Event) -> Scalar:
        """A name; whatever it is written like, it is a text."""
        if isinstance(event, ScalarEvent) and event.value:
            line, column = _place(event)
            return Scalar(text=event.value, line=line, column=column)
        key = self._alias(event) if isinstance(event, AliasEvent) else None
        if isinstance(key, Scalar) and key.text:
            return key
        raise self._unusable(event, "a name was expected here; put a text with brackets into quotes")

    def _check_tag(self, event: Event) -> None:
        tag = str(getattr(event, "tag", None) or "!")
        if tag != "!" and tag not in _CORE_TAGS:
            self._mistake(_place(event), f"the tag '{quoted(tag)}' is not understood")

    def _mistake(self, place: tuple[int, int], problem: str) -> None:
        line, column = place
        path = path_text(self._path)
        mistake = Mistake(file=self._file, line=line, column=column, path=path, problem=problem)
        self.mistakes.append(mistake)

    def _unusable(self, event: Event, problem: str) -> _Unusable:
        line, column = _place(event)
        path = path_text(self._path) if len(self._path) <= DEEPEST else ""
        return _Unusable(Mistake(file=self._file, line=line, column=column, path=path, problem=problem))


def _place(event: Event) -> tuple[int, int]:
    """Line and column, both from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1
