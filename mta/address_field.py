"""The mailboxes of an address field: From, To, Cc (RFC 5322 §3.4).

One pass over the characters, whatever stands there: no recursion, no backtracking, so that a hostile field
costs what it weighs. Comments may be nested, display names quoted; the members of a group are mailboxes like
others. An element that holds no address is told as one without, never guessed at.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mta.smtp.command import Mailbox, parse_mailbox

_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[Qq]\?[^?\s<>@\"\\]*\?=")
_SPECIAL = re.compile(r"[(),:;]")
_ROUTE = re.compile(r"\A\s*@[^:<>\"]*:")  # RFC 5322 §4.4: to be ignored


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldMailbox:
    """One element of an address field."""

    name: str
    """The display name without quotes, encoded words (RFC 2047) still encoded; may be empty."""
    mailbox: Mailbox | None
    """None if the element is no address."""


def parse_address_field(text: str) -> tuple[FieldMailbox, ...]:
    """The elements of an unfolded field, in order. Empty elements (`a@b.test,,`) are none."""
    scanner = _Scanner()
    for character in _ENCODED_WORD.sub(_without_specials, text):
        scanner.step(character)
    return tuple(element.finished() for element in scanner.end() if not element.empty)


def _without_specials(word: re.Match[str]) -> str:
    """An encoded word as RFC 2047 §5 wants it in a name: `=?utf-8?q?Ruiz, Ana?=` has a comma of its own."""
    return _SPECIAL.sub(lambda special: f"={ord(special[0]):02X}", word[0])


@dataclass(slots=True)
class _Element:
    """What was read of one element so far."""

    plain: list[str] = field(default_factory=list)
    """As written, without comments and angle brackets."""
    name: list[str] = field(default_factory=list)
    """The same without quotes."""
    comment: list[str] = field(default_factory=list)
    angle: list[str] | None = None
    broken: bool = False
    """Two addresses in angle brackets, text behind one, or something that was never closed."""

    @property
    def empty(self) -> bool:
        return self.angle is None and not self.broken and not "".join(self.plain).strip()

    def finished(self) -> FieldMailbox:
        name = self.comment if self.angle is None else self.name
        address = "".join(self.plain if self.angle is None else self.angle)
        mailbox = None if self.broken else parse_mailbox(_ROUTE.sub("", address, count=1).strip())
        return FieldMailbox(name=" ".join("".join(name).split()), mailbox=mailbox)


class _Scanner:
    """The automaton: `step` is the state, a function of the next character that may set the next state."""

    def __init__(self) -> None:
        self.step: Callable[[str], None] = self._between
        self._elements: list[_Element] = []
        self._element = _Element()
        self._angle: list[str] = []
        self._depth = 0

    def end(self) -> list[_Element]:
        """All elements; what was left open makes the last one broken."""
        if self.step != self._between:
            self._element.broken = True
        return [*self._elements, self._element]

    def _between(self, character: str) -> None:
        element = self._element
        if character == '"':
            element.plain.append(character)
            self.step = self._quoted
        elif character == "(":
            self._depth = 1
            self.step = self._comment
        elif character == "<":
            element.broken = element.broken or element.angle is not None
            element.angle = self._angle = []
            self.step = self._address
        elif character in ",;":
            self._elements.append(element)
            self._element = _Element()
        elif character == ":":
            self._element = _Element()  # what stood before it is the name of a group
        else:
            element.plain.append(character)
            element.name.append(character)
            element.broken = element.broken or (element.angle is not None and not character.isspace())

    def _quoted(self, character: str) -> None:
        self._element.plain.append(character)
        if character == '"':
            self.step = self._between
        elif character == "\\":
            self.step = self._quoted_escape
        else:
            self._element.name.append(character)

    def _quoted_escape(self, character: str) -> None:
        self._element.plain.append(character)
        self._element.name.append(character)
        self.step = self._quoted

    def _comment(self, character: str) -> None:
        self._depth += (character == "(") - (character == ")")
        if self._depth == 0:
            self.step = self._between
        elif character == "\\":
            self.step = self._comment_escape
        else:
            self._element.comment.append(character)

    def _comment_escape(self, character: str) -> None:
        self._element.comment.append(character)
        self.step = self._comment

    def _address(self, character: str) -> None:
        if character == ">":
            self.step = self._between
            return
        self._angle.append(character)
        if character == '"':
            self.step = self._address_quoted

    def _address_quoted(self, character: str) -> None:
        self._angle.append(character)
        if character == '"':
            self.step = self._address
        elif character == "\\":
            self.step = self._address_escape

    def _address_escape(self, character: str) -> None:
        self._angle.append(character)
        self.step = self._address_quoted
