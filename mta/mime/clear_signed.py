"""Inline PGP in a plain text: signed in clear (RFC 9580 §7), which is read without its armour, or encrypted.

Nothing is verified: who the sender is, is proven elsewhere.
"""

import re

_BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
_ARMOUR_HEADERS = re.compile(r"[^\S\n]*\n(?:[A-Za-z-]{1,40}:[^\n]*\n)*[^\S\n]*(?:\n|\Z)")
_DASH_ESCAPED = re.compile(r"^- ", re.MULTILINE)
_ENCRYPTED, _END_OF_ENCRYPTED = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"


def without_clear_signatures(text: str) -> str:
    """The text as it was before it was signed; what is not whole stays as it is."""
    pieces: list[str] = []
    position = 0
    while True:
        begin = _line(text, _BEGIN, position)
        headers = _ARMOUR_HEADERS.match(text, begin + len(_BEGIN)) if begin >= 0 else None
        signature = _line(text, _SIGNATURE, headers.end()) if headers else -1
        end = _line(text, _END, signature) if signature >= 0 else -1
        if headers is None or end < 0:
            return "".join((*pieces, text[position:]))
        pieces += [text[position:begin], _DASH_ESCAPED.sub("", text[headers.end() : signature])]
        position = end + len(_END)


def _line(text: str, line: str, position: int) -> int:
    """Where a line begins so; -1 if none does."""
    if position == 0 and text.startswith(line):
        return 0
    found = text.find(f"\n{line}", max(position - 1, 0))
    return found + 1 if found >= 0 else -1


def is_encrypted(text: str) -> bool:
    """Whether a part of the text that is not quoted is encrypted; a gateway may write words above it."""
    if text.lstrip().startswith(_ENCRYPTED):
        return True
    begin = _line(text, _ENCRYPTED, 0)
    return begin >= 0 and _line(text, _END_OF_ENCRYPTED, begin) >= 0
