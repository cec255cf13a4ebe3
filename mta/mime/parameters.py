"""The value of Content-Type or Content-Disposition: what it says, and its parameters (RFC 2045 §5.1).

A parameter may come in pieces and in a charset of its own (RFC 2231). Programs do that in every wrong way:
the charset without the asterisk that announces it or the other way round, pieces that do not begin with 0,
encoded words, raw 8-bit text, blanks without quotes, a quote that is never closed, no value before the first
parameter or no semicolon behind it. All of it is read, in one pass whose time is in proportion to the length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote_to_bytes

from mta.mime.text import decoded, header_text, known_charset

MAX_PARAMETERS = 500
"""Further ones are not looked at."""

_PARAMETER = re.compile(r';\s*([^=;"\s]*)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;]*))?[^;]*', re.DOTALL)
_NO_SEMICOLON = re.compile(r"""\s*([^\s;,="]+)(?:\s*,\s*|\s+)(?=[\w*-]+\s*=)""")
_PIECE = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*?)")
_ESCAPED = re.compile(r'\\([\\"])')
_CHARSET = re.compile(r"([\w.:+-]*)'[\w-]*'", re.ASCII)


@dataclass(slots=True)
class _Forms:
    """The ways in which one parameter was given."""

    plain: str = ""
    extended: str = ""
    """Of `name*=charset'language'…`."""
    pieces: dict[int, tuple[str, bool]] = field(default_factory=dict)
    """Of `name*N=…` and `name*N*=…`: the text, and whether it is percent-encoded."""


class FieldValue:
    """A value with parameters, as far as it can be understood."""

    def __init__(self, written: str) -> None:
        """Take the field's value as `mta.mime.fields` gives it."""
        head, semicolon, rest = written.partition(";")
        if "=" in head and (value := _NO_SEMICOLON.match(written)):
            head, semicolon, rest = value[1], ";", written[value.end() :]
        elif "=" in head:  # the value was forgotten
            head, semicolon, rest = "", ";", written
        self.value = next(iter(head.split()), "").lower()
        """In lower case, without comments."""
        self._forms: dict[str, _Forms] = {}
        for name, text in islice(_parameters(semicolon + rest), MAX_PARAMETERS):
            self._keep(name, text)

    def _keep(self, name: str, text: str) -> None:
        piece = _PIECE.fullmatch(name)
        if piece is None:
            return
        forms = self._forms.setdefault(piece[1].lower(), _Forms())
        if piece[2]:
            forms.pieces.setdefault(int(piece[2]), (text, bool(piece[3])))
        elif piece[3]:
            forms.extended = forms.extended or text
        else:
            forms.plain = forms.plain or text

    def written(self, name: str) -> str:
        """A parameter as it was written, in one piece; an empty text if it is not there."""
        forms = self._forms.get(name, _Forms())
        return forms.plain or "".join(text for _, (text, _) in sorted(forms.pieces.items()))

    def text(self, name: str) -> str:
        """A parameter decoded to text for people; an empty text if it is not there."""
        forms = self._forms.get(name, _Forms())
        return _percent_decoded(forms.extended) or _joined(forms.pieces) or _plain(forms.plain)

    def token(self, name: str) -> str:
        """A parameter that is one word of a standard, in lower case, without comments."""
        return next(iter(self.text(name).split()), "").lower()


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    for parameter in _PARAMETER.finditer(text):
        value = (parameter[2] or "").strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            # Only these two are escaped, whatever RFC 2045 says: C:\Users comes as it is.
            value = _ESCAPED.sub(r"\1", value[1:-1])
        yield parameter[1], value.strip('"') if value.startswith('"') else value


def _joined(pieces: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 §3, §4.1. A character may begin in one piece and end in the next."""
    in_order = [piece for _, piece in sorted(pieces.items())]
    if not any(extended for _, extended in in_order):
        return _plain("".join(text for text, _ in in_order))
    charset = ""
    octets = bytearray()
    for position, (text, extended) in enumerate(in_order):
        value = text
        if position == 0 and extended:
            charset, value = _charset_and_value(text)
        octets += unquote_to_bytes(_octets(value)) if extended else _octets(value)
    return decoded(bytes(octets), charset)


def _plain(text: str) -> str:
    named = _CHARSET.match(text)
    if named and known_charset(named[1]):  # the asterisk was forgotten
        return _percent_decoded(text)
    return header_text(text)


def _percent_decoded(text: str) -> str:
    charset, value = _charset_and_value(text)
    return decoded(unquote_to_bytes(_octets(value)), charset)


def _charset_and_value(text: str) -> tuple[str, str]:
    named = _CHARSET.match(text)
    return (named[1], text[named.end() :]) if named else ("", text)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")
