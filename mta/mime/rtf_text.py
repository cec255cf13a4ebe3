"""The text of an RTF document (Rich Text Format Specification 1.9.1), for a mail whose body is nothing else.

One pass; what is no text (fonts, pictures, styles, HTML that the text was made of) is passed over.
"""

import re
from dataclasses import dataclass, replace

from mta.mime.mapi import charset_of
from mta.mime.text import cleaned, decoded

MAX_TOKENS = 1_000_000

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?[0-9]{1,9})? ?|\\'([0-9A-Fa-f]{2})|\\(\r?\n|[^A-Za-z])"
    rb"|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
_UNSEEN = {
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"headerl",
    b"headerr", b"headerf", b"footerl", b"footerr", b"footerf", b"fldinst", b"themedata", b"datastore",
    b"listtable", b"listoverridetable", b"revtbl", b"rsidtbl", b"generator", b"xmlnstbl", b"latentstyles",
    b"filetbl", b"bkmkstart", b"bkmkend", b"htmltag", b"mhtmltag",
}  # fmt: skip
_CHARACTERS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t",
    b"nestcell": "\t", b"emdash": "\u2014", b"endash": "\u2013", b"bullet": "\u2022", b"lquote": "\u2018",
    b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d", b"emspace": "\u2003",
    b"enspace": "\u2002",
}  # fmt: skip
_SYMBOLS = {
    b"\\": "\\", b"{": "{", b"}": "}", b"~": "\u00a0", b"_": "\u2011", b"\n": "\n", b"\r\n": "\n",
}  # fmt: skip
_FONT_CHARSETS = {
    77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256,
    186: 1257, 204: 1251, 222: 874, 238: 1250,
}  # fmt: skip
_DEEPEST = 10_000
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class TooLong(Exception):  # noqa: N818 - named as what is wrong
    """The document has more in it than a fax could say."""


@dataclass(frozen=True, slots=True)
class _State:
    """What a group changes and its end restores."""

    seen: bool = True
    substitutes: int = 1
    """Characters that stand after each `\\u` for programs that do not know it."""
    codepage: int = 0
    """Of the font in use; 0 for that of the document."""
    suppressed: bool = False
    """Between `\\htmlrtf` and `\\htmlrtf0`: RTF that is not in the HTML the text was made of."""


class _Document:
    """A document as far as it was read."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._state = _State()
        self._outer: list[_State] = []
        self._codepage = 1252
        self._octets = bytearray()
        """Of characters whose end may still come."""
        self._skip = 0
        self._fonts_of: dict[int, int] = {}
        self._font = 0
        self._in_fonts = 0

    def brace(self, brace: bytes) -> None:
        self._flush()
        self._skip = 0
        if brace == b"{":
            if len(self._outer) < _DEEPEST:
                self._outer.append(self._state)
            return
        if self._outer:
            self._state = self._outer.pop()
        if len(self._outer) < self._in_fonts:
            self._in_fonts = 0

    def word(self, word: bytes, number: int | None) -> None:
        if word == b"u" and number is not None:
            self._flush()
            self._say(chr(number % 0x10000))
            self._skip = self._state.substitutes
            return
        self._flush()
        self._skip = 0
        if word in _CHARACTERS:
            self._say(_CHARACTERS[word])
        elif word in _UNSEEN:
            self._hide()
            self._in_fonts = len(self._outer) if word == b"fonttbl" else self._in_fonts
        else:
            self._set(word, number)

    def _set(self, word: bytes, number: int | None) -> None:
        if word == b"uc":
            self._state = replace(self._state, substitutes=max(0, number or 0))
        elif word == b"ansicpg" and number:
            self._codepage = number
        elif word == b"htmlrtf":
            self._state = replace(self._state, suppressed=number != 0)
        elif word == b"f":
            self._font = number or 0
            self._use(self._fonts_of.get(self._font, 0))
        elif word == b"fcharset" and self._in_fonts:
            self._fonts_of[self._font] = _FONT_CHARSETS.get(number or 0, 0)
        elif word == b"plain":
            self._use(0)

    def _hide(self) -> None:
        if self._state.seen:
            self._state = replace(self._state, seen=False)

    def _use(self, codepage: int) -> None:
        if codepage != self._state.codepage:
            self._state = replace(self._state, codepage=codepage)

    def symbol(self, symbol: bytes) -> None:
        self._flush()
        self._skip = 0
        if symbol == b"*":
            self._hide()
        else:
            self._say(_SYMBOLS.get(symbol, ""))

    def octets(self, octets: bytes) -> None:
        """Text in the codepage, as it is or each octet as two digits."""
        left = octets[self._skip :]
        self._skip -= len(octets) - len(left)
        if self._state.seen and not self._state.suppressed:
            self._octets += left

    def _say(self, text: str) -> None:
        if self._state.seen and not self._state.suppressed:
            self.pieces.append(text)

    def _flush(self) -> None:
        if self._octets:
            octets, self._octets = bytes(self._octets), bytearray()
            self.pieces.append(decoded(octets, charset_of(self._state.codepage or self._codepage)))

    def text(self) -> str:
        self._flush()
        joined = _SURROGATES.sub(
            lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"),
            "".join(self.pieces),
        )
        return cleaned(joined)


def rtf_text(rtf: bytes) -> str:
    """The document's text, paragraphs on lines of their own; empty for what is no RTF.

    Raises:
        TooLong: it has more than `MAX_TOKENS` words, braces and runs of text.
    """
    if not rtf.startswith(b"{\\rtf"):
        return ""
    document = _Document()
    position = tokens = 0
    while token := _TOKEN.match(rtf, position):
        position = token.end()
        tokens += 1
        if tokens > MAX_TOKENS:
            raise TooLong
        word, number, digits, symbol, brace, octets = token.groups()
        if word == b"bin":
            position += max(0, int(number or 0))
        elif word:
            document.word(word, int(number) if number else None)
        elif digits:
            document.octets(bytes.fromhex(digits.decode()))
        elif symbol:
            document.symbol(symbol)
        elif brace:
            document.brace(brace)
        elif octets:
            document.octets(octets)
    return document.text().strip("\n")
