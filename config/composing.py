"""The parser's events made into a tree of plain values, and a place for each of them.

libyaml does the scanning, and knows YAML 1.1; what a text means is decided here, by YAML 1.2: scalars stay
text (`NO`, `0017`, `+1206…`), and only a plain scalar that is empty, `~` or `null` is None. A tree is
bounded: `DEEPEST` levels, and `MOST_NODES` with every alias counted as often as it is used, so that a small
file cannot grow into a large one.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from config.mistakes import Mistake, Step, path_text, quoted
from config.places import Places, Value

DEEPEST = 64
MOST_NODES = 2_000_000

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.2.2 §10.2.1.1, §10.3.2
_CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)
_PLAIN_TAGS = frozenset({None, "!"}) | _CORE_TAGS
NOT_PRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # YAML 1.2.2 §5.1
_OLD_BREAKS = "\x85\u2028\u2029"
"""Line breaks in YAML 1.1, and text like any other in YAML 1.2 (§5.4)."""

Event: TypeAlias = Any
"""PyYAML has no types for what its C part makes."""


class Unusable(Exception):  # noqa: N818 - named as what it says
    """A mistake after which the rest of the file is not looked at."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


def events_of(text: str) -> tuple[Callable[[], Event], Callable[[str], str]]:
    """Gives the next event each time that it is called; and what brings its texts back to what is written."""
    stand_ins = _stand_ins(text)
    if not stand_ins:
        return CParser(text).get_event, str
    there = {ord(written): stand_in for written, stand_in in stand_ins.items()}
    back = {ord(stand_in): written for written, stand_in in stand_ins.items()}
    return CParser(text.translate(there)).get_event, lambda value: value.translate(back)


def _stand_ins(text: str) -> dict[str, str]:
    """For each line break of YAML 1.1 a character that is not in the text."""
    old = [character for character in _OLD_BREAKS if character in text]
    free = (chr(code) for code in range(0xE000, 0xF900) if chr(code) not in text) if old else iter("")
    return dict(zip(old, free, strict=False))


class Composer:
    """Makes the tree, and collects the mistakes that leave it readable."""

    def __init__(self, file: Path, text: str) -> None:
        """A tree of a text without characters that YAML does not have (`NOT_PRINTABLE`)."""
        self.mistakes: list[Mistake] = []
        self.places = Places()
        self._file = file
        self._next, self._restored = events_of(text)
        self._anchors: dict[str, tuple[Value, int, int]] = {}
        """Value, number and weight of what has a name."""
        self._path: list[Step] = []
        self._weight = 0
        """How many nodes there are, aliases written out."""

    def document(self) -> Value:
        """The one document of the file.

        Raises:
            yaml.YAMLError: It is not YAML.
            Unusable: It is YAML that is not taken.
        """
        root: Value = None
        seen = False
        while type(event := self._next()) is not StreamEndEvent:
            if type(event) is not DocumentStartEvent:
                continue
            if seen:
                raise self._unusable(event, "a second document begins here (---); one file holds one")
            seen = True
            root = self._node(self._next())
        return root

    def _node(self, event: Event) -> Value:
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event)
        if len(self._path) > DEEPEST:
            raise self._unusable(event, f"is nested more than {DEEPEST} levels deep")
        if event.tag not in _PLAIN_TAGS:
            self._mistake(_place(event), f"the tag '{quoted(event.tag)}' is not understood")
        before = self._weight
        number = self._number(event)
        value: Value
        if kind is ScalarEvent:
            value = self._scalar(event)
        else:
            value = self._listing() if kind is SequenceStartEvent else self._mapping()
            self.places.close(number)
        if event.anchor:
            self._anchors[event.anchor] = value, number, self._weight - before
        if self._weight - before > MOST_NODES:
            raise self._unusable(event, f"holds more than {MOST_NODES:,} values, with aliases written out")
        return value

    def _number(self, event: Event) -> int:
        self._weight += 1
        return self.places.add(event.start_mark.line, event.start_mark.column)

    def _scalar(self, event: Event) -> Value:
        text: str = event.value
        if text in _NULLS and event.tag is None and not event.style:
            return None
        return self._restored(text)

    def _alias(self, event: Event) -> Value:
        if event.anchor not in self._anchors:
            name = event.anchor
            problem = f"*{name} stands for nothing: no &{name} is before it; put a text into quotes"
            raise self._unusable(event, problem)
        value, stands_for, weight = self._anchors[event.anchor]
        number = self.places.add(event.start_mark.line, event.start_mark.column)
        self.places.stand_for(number, stands_for)
        self._weight += weight
        return value

    def _listing(self) -> Value:
        items: list[Value] = []
        path = self._path
        while type(event := self._next()) is not SequenceEndEvent:
            path.append(len(items))
            items.append(self._node(event))
            path.pop()
        return items

    def _mapping(self) -> Value:
        entries: dict[str, Value] = {}
        firsts: dict[str, int] = {}
        path, places = self._path, self.places
        while type(event := self._next()) is not MappingEndEvent:
            name = self._name(event)
            number = len(places) - 1
            path.append(name)
            value = self._value(number, self._next())
            if name in entries:
                self._said_twice(number, firsts[name])
            else:
                entries[name] = value
                firsts[name] = number
            path.pop()
        return entries

    def _value(self, name: int, event: Event) -> Value:
        value = self._node(event)
        if value is None and type(event) is ScalarEvent and not event.value:
            # Where nothing stands, the parser is already in the next line.
            self.places.stand_for(name + 1, name)
        return value

    def _said_twice(self, name: int, first: int) -> None:
        self.places.drop(name)
        self._mistake(self.places.of(name), f"is said twice; first in line {self.places.of(first)[0]}")

    def _name(self, event: Event) -> str:
        """A name; whatever it is written like, it is a text."""
        if type(event) is ScalarEvent and event.value:
            number = self._number(event)
            name = self._restored(event.value)
            if event.anchor:
                self._anchors[event.anchor] = name, number, 1
            return name
        key = self._alias(event) if type(event) is AliasEvent else None
        if isinstance(key, str) and key:
            return key
        raise self._unusable(event, "a name was expected here; put a text with brackets into quotes")

    def _mistake(self, place: tuple[int, int], problem: str) -> None:
        line, column = place
        path = path_text(self._path)
        mistake = Mistake(file=self._file, line=line, column=column, path=path, problem=problem)
        self.mistakes.append(mistake)

    def _unusable(self, event: Event, problem: str) -> Unusable:
        line, column = _place(event)
        path = path_text(self._path) if len(self._path) <= DEEPEST else ""
        return Unusable(Mistake(file=self._file, line=line, column=column, path=path, problem=problem))


def _place(event: Event) -> tuple[int, int]:
    """Line and column, both from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1
