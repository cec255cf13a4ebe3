"""Fax numbers in a subject: `[FAX] 2065551234, +4930123456`. Pure.

The tag stands at the very beginning, so that an answer (`Re: [FAX] …`) is no new fax. Behind it, to the end
of the subject or to the first directive (` /cover=none`), stand numbers with commas or semicolons between
them. What is no number is handed on as it is written: the submission refuses it with a sentence that its
sender reads.
"""

import re

from mta.mime.text import header_text

_TAG = re.compile(r"\s*\[\s*FAX\s*\]\s*[:,;|]?", re.IGNORECASE)
_DIRECTIVE = re.compile(r"\s/[A-Za-z_-]+=")
_READ = 4000
"""Characters of a subject that are looked at."""
_LONGEST = 200
"""Characters of what stands between two commas; no number has as many."""
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.()]+")


def subject_recipients(subject: str, domain: str) -> tuple[str, ...]:
    """The addresses at the fax domain that the numbers stand for, each once; none without the tag.

    Args:
        subject: the field's value, encoded words (RFC 2047) still encoded.
        domain: the fax domain.
    """
    text = header_text(subject[:_READ])
    tag = _TAG.match(text)
    if not tag:
        return ()
    numbers = _DIRECTIVE.split(text[tag.end() :], maxsplit=1)[0]
    written = (" ".join(part.split())[:_LONGEST] for part in re.split(r"[,;]", numbers))
    return tuple(dict.fromkeys(fax_address(part, domain) for part in written if part))


def fax_address(written: str, domain: str) -> str:
    """What somebody wrote, as a local part: as it is, or as a quoted string (RFC 5321 §4.1.2)."""
    if _ATOM.fullmatch(written):
        return f"{written}@{domain}"
    visible = "".join(character if character.isprintable() else " " for character in written)
    escaped = re.sub(r'(["\\])', r"\\\1", visible)
    return f'"{escaped}"@{domain}'
