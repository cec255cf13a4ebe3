"""The sentences and subjects that the notices share.

Whatever a sender or a remote station wrote passes through `one_line` before it stands anywhere in a notice,
so no name, subject or station identity can start a header field, a line of its own or a change of text
direction.
"""

import re
import unicodedata
from datetime import timedelta

from notify.language import Speech, speech
from store.job import FaxJob
from store.status import Status

ENGLISH = speech("en")
_REPLY = re.compile(r"^(?:(?:re|aw|antw|sv|vs|fwd?|wg|rv|tr)\s*:\s*)+", re.IGNORECASE)
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SUBJECT = 120
"""Characters of the sender's subject in ours."""
_REASON = 110
"""Characters of a reason in a subject; a longer one is told in the mail alone."""


def one_line(text: str, limit: int = 200) -> str:
    """The text on one line of at most `limit` characters, without control characters and direction marks."""
    scalars = text[: 8 * limit].encode("utf-8", "replace").decode()
    plain = "".join(
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
        for character in _DIRECTION.sub("", scalars)
    )
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def count(number: int, noun: str) -> str:
    """`1 page`, `4 pages`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def lasted(span: timedelta) -> str:
    """A duration to the second: `58 s`, `1 min 23 s`, `1 h 2 min`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def pages(number: int, say: Speech) -> str:
    """`1 page`, `4 pages`, in a language."""
    return say.counted("{number} page", "{number} pages", number)


def status_words(status: Status, say: Speech = ENGLISH) -> str:
    """The status as it stands in a subject: its own words, none of them shouted."""
    return say.told("Busy" if status is Status.BUSY else status.value)


def status_row(status: Status, say: Speech) -> str:
    """The status in the exact words of every report, and what they mean in another language."""
    translated = status_words(status, say)
    same = translated.casefold() == status.value.casefold()
    return status.value if same else f"{status.value} ({translated})"


def octets_words(octets: int) -> str:
    """A size in whole kB, or in MB with one digit behind the point."""
    return f"{octets / 1e6:.1f} MB" if octets >= 999_500 else f"{max(1, round(octets / 1000))} kB"  # noqa: PLR2004 - it would round to 1000 kB


def reply_subject(original: str, happened: str, *, phi_free: bool, to_sender: bool = True) -> str:
    """The subject of a notice: the sender's own and what happened; only the latter with `phi_free`.

    Only to the sender it is a reply.
    """
    own = _REPLY.sub("", one_line(original, _SUBJECT))
    if phi_free or not own:
        return happened[:1].upper() + happened[1:]
    return f"{'Re: ' if to_sender else ''}{own}: {happened}"


def reason(status: Status, explanation: str, *, phi_free: bool, say: Speech = ENGLISH) -> str:
    """Why something failed, to follow a colon: the exact explanation, else the status's own.

    With `phi_free` always the latter, because an explanation names files and what the sender wrote.
    """
    exact = _exact(explanation, say)
    if exact and not phi_free:
        return exact if exact.endswith((".", "!", "?", "…")) else f"{exact}."
    return say.following(say.told(status.explanation))


def _exact(explanation: str, say: Speech) -> str:
    return say.following(say.told(one_line(explanation, 400)))


def unexplained(job: FaxJob, *, phi_free: bool) -> bool:
    """Whether explanation and advice are kept out of a notice, because they may quote what was written."""
    return phi_free and not job.quotes_nothing


def advice(status: Status, exact: str, *, phi_free: bool, say: Speech = ENGLISH) -> str:
    """What to do next; with `phi_free` what goes for the status, as exact advice names things as well."""
    return say.told(status.advice if phi_free else one_line(exact, 400) or status.advice)


def short_reason(status: Status, explanation: str, *, phi_free: bool, say: Speech = ENGLISH) -> str:
    """The same for a subject: no full stop, and only the part that names the fault if it would be long."""
    exact = _exact(explanation, say).rstrip(".")
    words = status_words(status, say)
    if phi_free or not exact:
        return words
    return next((part for part in (exact, exact.partition(": ")[0]) if len(part) <= _REASON), words)
