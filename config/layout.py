"""How a policy's file is laid out: where departments, their lists of users and each user begin and end.

What `config.editing` changes a text by. Everything else in the file is one piece of text.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from config.composing import Event, events_of


@dataclass(kw_only=True, slots=True)
class Span:
    """A piece of the text; offsets are counted in characters."""

    start: int
    end: int
    """Behind its last character; comments and empty lines that follow do not belong to it."""
    column: int
    """From 0. Of a list or table in lines that of its items or names."""
    flow: bool = True
    """Whether it is in brackets, or a single value; otherwise in lines."""
    empty: bool = False
    """Whether nothing stands there."""
    names: "dict[str, Entry]" = field(default_factory=dict)
    """What a table says, if that counts."""
    items: "list[Span]" = field(default_factory=list)
    """What is in a list of users."""
    kind: str = "other"
    """`table`, `list` or `other`."""


@dataclass(kw_only=True, slots=True)
class Entry:
    """A name and what it says."""

    name: Span
    value: Span


def layout_of(text: str) -> Span:
    """The layout of a file of the policy that has been read without mistakes."""
    return _Layout(text).document()


class _Layout:
    def __init__(self, text: str) -> None:
        self._next, _ = events_of(text)
        self._text = text
        self._last = 0
        """Where the last piece of text ended that was no end of a block."""

    def document(self) -> Span:
        while type(self._next()) is not DocumentStartEvent:
            pass
        return self._span(self._next(), self._department_value)

    def _department_value(self, name: str) -> "_Inner":
        if name == "departments":
            return lambda _: self._department_value
        return _USERS if name == "users" else None

    def _span(self, event: Event, inner: "_Inner") -> Span:
        """The piece that begins with an event; `inner` tells how its parts are looked at."""
        kind = type(event)
        start, column = event.start_mark.index, event.start_mark.column
        span = Span(start=start, end=start, column=column)
        if kind is MappingStartEvent and callable(inner):
            span.kind, span.flow = "table", bool(event.flow_style)
            self._entries(span, inner)
        elif kind is SequenceStartEvent and inner is _USERS:
            span.kind, span.flow = "list", bool(event.flow_style)
            while type(item := self._next()) is not SequenceEndEvent:
                span.items.append(self._span(item, None))
            self._ended(item)
        else:
            self._skip(event)
            span.empty = kind is ScalarEvent and not event.value and not event.style
        span.end = self._last
        return span

    def _entries(self, span: Span, inner: "Callable[[str], _Inner]") -> None:
        while type(event := self._next()) is not MappingEndEvent:
            name = self._span(event, None)
            value = self._span(self._next(), inner(getattr(event, "value", "")))
            span.names.setdefault(getattr(event, "value", ""), Entry(name=name, value=value))
        self._ended(event)

    def _skip(self, event: Event) -> None:
        """Go on to the end of what an event begins."""
        depth = 0
        while True:
            kind = type(event)
            if kind in {MappingStartEvent, SequenceStartEvent}:
                depth += 1
            elif kind in {MappingEndEvent, SequenceEndEvent}:
                depth -= 1
            self._ended(event)
            if depth == 0:
                return
            event = self._next()

    def _ended(self, event: Event) -> None:
        kind = type(event)
        closed = kind in {MappingEndEvent, SequenceEndEvent} and event.end_mark.index > event.start_mark.index
        written = kind in {ScalarEvent, AliasEvent} and event.end_mark.index > event.start_mark.index
        if closed or written:
            end = event.end_mark.index
            while self._text[end - 1].isspace():  # a block of text (| or >) ends in the next line
                end -= 1
            self._last = end


_USERS = "users"
_Inner = Callable[[str], "_Inner"] | str | None
"""What is looked at within a piece: the names of a table, the users of a list, or nothing."""
