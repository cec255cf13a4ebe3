"""YAML 1.2 files as plain values that know their places.

`read_yaml` never raises for what a file holds: the `Document` carries the mistakes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yaml import YAMLError

from config.composing import NOT_PRINTABLE, Composer, Unusable
from config.mistakes import Mistake, Step
from config.places import Place, Places, Value
from config.syntax import explain_syntax

LARGEST = 100_000_000
"""Octets of a file; 50,000 users with all that can be said of them are 30 million."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A file: what it holds, where each thing stands, and what is wrong with it as YAML."""

    file: Path
    value: Value = None
    """None for an empty file, and where the YAML is broken."""
    places: Places = field(default_factory=Places, repr=False)
    mistakes: tuple[Mistake, ...] = ()

    def __getstate__(self) -> tuple[Path]:
        """Another process is given what applies, not where it is written."""
        return (self.file,)

    def __setstate__(self, state: tuple[Path]) -> None:
        for name, value in (("file", state[0]), ("value", None), ("places", Places()), ("mistakes", ())):
            object.__setattr__(self, name, value)

    def place(self, steps: Iterable[Step]) -> Place:
        """Where the value that the steps lead to is written, or what is nearest on the way."""
        node, _ = self.places.find(self.value, steps)
        return self._place(node)

    def name_place(self, steps: tuple[Step, ...]) -> Place:
        """The same for the name of the value, where it has one."""
        node, taken = self.places.find(self.value, steps)
        named = steps and taken == len(steps) and isinstance(steps[-1], str)
        return self._place(node - 1 if named else node)

    def has(self, steps: tuple[Step, ...]) -> bool:
        """Whether the steps lead to something."""
        return len(self.places) > 0 and self.places.find(self.value, steps)[1] == len(steps)

    def nearest(self, steps: Iterable[Step]) -> Value:
        """The value that the steps lead to, or the last one on the way."""
        value: Any = self.value
        for step in steps:
            within = (isinstance(value, dict) and step in value) or (
                isinstance(value, list) and isinstance(step, int) and step < len(value)
            )
            if not within:
                break
            value = value[step]
        return value  # type: ignore[no-any-return]

    def _place(self, node: int) -> Place:
        line, column = self.places.of(node) if len(self.places) else (1, 1)
        return Place(file=self.file, line=line, column=column)


def read_yaml(file: Path) -> Document:
    """What the file holds, or the mistake that keeps it from being read."""
    try:
        if file.stat().st_size > LARGEST:
            return _unreadable(file, f"is larger than {LARGEST // 1_000_000} MB")
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return _unreadable(file, f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        return _unreadable(file, f"is not UTF-8 text (octet {error.start + 1})")
    return parse_yaml(file, text)


def parse_yaml(file: Path, text: str) -> Document:
    """What a text holds that is, or will be, in a file."""
    if strange := NOT_PRINTABLE.search(text):
        before = text[: strange.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = f"a control character (U+{ord(strange[0]):04X}) stands here"
        return Document(file=file, mistakes=(Mistake(file=file, line=line, column=column, problem=problem),))
    composer = Composer(file, text)
    try:
        value = composer.document()
    except YAMLError as error:
        return Document(file=file, mistakes=(*composer.mistakes, explain_syntax(file, text, error)))
    except Unusable as error:
        return Document(file=file, mistakes=(*composer.mistakes, error.mistake))
    return Document(file=file, value=value, places=composer.places, mistakes=tuple(composer.mistakes))


def _unreadable(file: Path, problem: str) -> Document:
    return Document(file=file, mistakes=(Mistake(file=file, problem=problem),))
