"""Plain text: which bytes are text, and in which encoding. Pure."""

import re

from convert.text_encoding import guessed_encoding

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.002
"""Share of control characters that a text may have: a printer's escapes, not more."""
_JAPANESE = b"\x1b$"
_END_OF_FILE = "\x1a"
"""Ctrl-Z, with which CP/M and DOS end a text and fill it up."""


def decoded(data: bytes) -> str | None:
    """The text with line feeds for line ends, or None if the bytes are no text.

    A byte order mark decides; without one it is UTF-8 if the bytes allow it, else what they look like
    (`convert.text_encoding`), else Windows-1252, in which nearly every byte is a letter. What is no text must
    show by its control characters.
    """
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding).rstrip(_END_OF_FILE)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text)) <= _MOST_CONTROLS * len(text):
            return text.replace("\r\n", "\n").replace("\r", "\n")
    return None


def _encodings(data: bytes) -> list[str]:
    """Those to try, one after another."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if marked:
        return [marked]
    if is_utf_8(data) and b"\0" not in data and _JAPANESE not in data:
        return ["utf-8"]
    return [guessed_encoding(data), "cp1252"]


def is_utf_8(data: bytes) -> bool:
    """Whether it can be read as UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
