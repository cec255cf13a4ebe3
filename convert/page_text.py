"""Text as it can stand on a page: printable, breakable, and in its own direction.

Pure. Everything that people wrote passes through here before it is laid out.
"""

import re
import unicodedata
from collections.abc import Container
from typing import Any

_LONGEST_WORD = 60
"""Characters that may stand together without a place to break a line."""
_PIECE = 30
"""Characters between two such places where nothing better offers itself."""
LONGEST_CELL_WORD = 18
"""Characters that may stand together in a table's cell, beside which others need their room."""
_MOST_MARKS = 30
"""Combining marks on one letter: the limit of the Stream-Safe Text Format (UAX #15 §13)."""
_HEAD = 500
"""Characters that are looked at to find a text's direction."""
_ZERO_WIDTH_SPACE = "\u200b"

# Line ends of every kind become "\n": CR LF, and those of UAX #14.
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls and non-characters print nothing. Embeddings, overrides and isolates (UAX #9 §2) can make a name
# read as another one, and WeasyPrint lays out line by line, so that they would leak or be lost at a line's
# end. Tags (U+E0000…) only colour flags.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
# Skin colours print as a hatched square, and emoji joined to one that no font has lie upon one another.
_EMOJI_JOINT = re.compile("[\U0001f3fb-\U0001f3ff]|(?<=[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f])\u200d")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Thai, Lao, Myanmar, Khmer and the East Asian scripts break between letters by themselves. No-break spaces
# are none of those spaces at which a line breaks.
_UNBROKEN_CHARACTER = (
    r"[^ \t\n\u1680\u2000-\u2006\u2008-\u200b\u205f\u3000"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNBROKEN = re.compile(f"{_UNBROKEN_CHARACTER}{{{_LONGEST_WORD},}}")
_UNBROKEN_IN_CELL = re.compile(f"{_UNBROKEN_CHARACTER}{{{LONGEST_CELL_WORD + 1},}}")
_JOINT = re.compile(r"(?<=[A-Za-z0-9])[/?&=#;,._~+%-]+(?=[A-Za-z0-9])|[\u00a0\u2007\u202f]")
_KANA = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def printable(text: str) -> str:
    """The text without what cannot or must not print; all line ends are line feeds, tabs stay."""
    text = _LINE_END.sub("\n", text)
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _UNPRINTABLE.sub("", text)
    return breakable(text if text.isascii() else _stream_safe(_EMOJI_JOINT.sub("", text)))


def printable_line(text: str) -> str:
    """The same for a text of one line: every run of white space is one space."""
    return printable(" ".join(text.split()))


def _stream_safe(text: str) -> str:
    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def breakable(text: str) -> str:
    """The text with invisible places to break a line in very long words, such as URLs.

    A word that is broken nowhere is laid out again for each of its lines, so 100 kB without a blank would
    take minutes.
    """
    return _UNBROKEN.sub(lambda found: _with_joints(found[0]), text)


def breakable_in_cell(text: str) -> str:
    """The same for a table's cell."""
    return _UNBROKEN_IN_CELL.sub(lambda found: _with_joints(found[0], LONGEST_CELL_WORD), text)


def _with_joints(word: str, piece: int = _PIECE) -> str:
    word = _JOINT.sub(lambda joint: joint[0] + _ZERO_WIDTH_SPACE, word)
    return _ZERO_WIDTH_SPACE.join(_in_pieces(part, piece) for part in word.split(_ZERO_WIDTH_SPACE))


def _in_pieces(word: str, length: int) -> str:
    pieces = [word[at : at + length] for at in range(0, len(word), length)]
    joined = pieces[:1]
    for piece in pieces[1:]:
        # A mark belongs to the letter before it (UAX #14 LB9), and joiners to both.
        apart = (
            unicodedata.category(piece[0])[0] != "M" and piece[0] != "\u200d" and joined[-1][-1] != "\u200d"
        )
        joined.append(_ZERO_WIDTH_SPACE + piece if apart else piece)
    return "".join(joined)


def direction(text: str) -> str:
    """`rtl` if the first letter with a direction is Hebrew, Arabic or the like, else `ltr` (UAX #9 P2)."""
    return direction_or_none(text) or "ltr"


def direction_or_none(text: str) -> str | None:
    """The same, and None for a text without such a letter near its beginning."""
    for character in text[:_HEAD]:
        found = unicodedata.bidirectional(character)
        if found in ("R", "AL"):
            return "rtl"
        if found == "L":
            return "ltr"
    return None


def east_asian_language(text: str) -> str | None:
    """The language whose shapes the text's Han characters want: `ja`, `ko`, `zh`, or None without any.

    Unicode has one code for shapes that differ between these; kana and Hangul tell which are meant.
    """
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else None


def printable_values(value: Any, *, with_lines: Container[str] = (), name: str = "") -> Any:
    """A JSON value with all its texts printable: of one line each, except under the names in `with_lines`."""
    if isinstance(value, dict):
        return {key: printable_values(inner, with_lines=with_lines, name=key) for key, inner in value.items()}
    if isinstance(value, str):
        return printable(value).strip() if name in with_lines else printable_line(value)
    return value
