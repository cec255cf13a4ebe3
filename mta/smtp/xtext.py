"""xtext (RFC 3461 §4): how text stands in ESMTP parameters, and in the attributes of XFORWARD and XCLIENT."""

import re

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*")
_HEXCHAR = re.compile(r"\+([0-9A-Fa-f]{2})")


def decode_xtext(text: str) -> str | None:
    """The text that was meant, or None if it is no xtext or has more than printable ASCII in it.

    A control character that passed here would come out in the head of a notice.
    """
    if not _XTEXT.fullmatch(text):
        return None
    decoded = _HEXCHAR.sub(lambda found: chr(int(found[1], 16)), text)
    return decoded if decoded.isascii() and decoded.isprintable() else None
