"""Plain text: which bytes are text, and in which encoding. Pure."""

import re

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.002
"""Share of control characters that a text may have: a printer's escapes, not more."""


def decoded(data: bytes) -> str | None:
    """The text with line feeds for line ends, or None if the bytes are no text.

    A byte order mark decides; without one it is UTF-8 if the bytes allow it, else Windows-1252, in which
    nearly every byte is a letter, so what is no text must show by its control characters.
    """
    encodings = [name for mark, name in _MARKS if data.startswith(mark)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text)) > _MOST_CONTROLS * len(text):
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return None
