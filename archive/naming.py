r"""File names out of the policy's convention, such as `{date:%Y/%m}/{job_id}_{number}_{status}`.

A name is a relative path with `/` between its segments and without an ending. Whatever the
facts say, it

- stays below its folder: no segment is empty or made of dots alone, and the first is not the root;
- has none of `\ : * ? " < > |` and no control character; in a token's value `/` and space become `-` as
  well, only a `/` that the pattern itself has (in its text or in the layout of a date) begins a new
  segment;
- fits: a segment has at most 200 octets, a name at most 16 segments;
- is the fax's own: a pattern without `{job_id}` gets it at its end, or two faxes would share a name.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from archive.facts import FaxFacts
from config.fax_values import FILE_NAME_TOKENS

_SEGMENT_OCTETS = 200
"""Of the 255 that file systems allow; the ending and the temporary name need some."""
_SEGMENTS = 16
_FORBIDDEN = re.compile(r'[\\:*?"<>|\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_FORBIDDEN_IN_VALUES = re.compile(rf"{_FORBIDDEN.pattern}|[/ ]")


class PatternMistake(ValueError):  # noqa: N818 - named as what happened
    """A pattern that is none; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class _Token:
    name: str
    layout: str = ""
    """For dates: as strftime reads it."""


_JOB_ID = _Token("job_id")
_Segment = tuple[str | _Token, ...]


def validate(pattern: str) -> None:
    """Raise PatternMistake, naming the token at fault, unless names can be made of the pattern."""
    _segments(pattern)


def file_name(pattern: str, facts: FaxFacts) -> str:
    """The name of a fax: its path below the archive's folder, without an ending.

    Raises:
        PatternMistake: the pattern is none.
    """
    values = _values(facts)
    finished = (facts.job.finished_at or facts.job.created_at).astimezone(
        ZoneInfo(facts.job.user.settings.datetime.time_zone)
    )
    return "/".join(_filled(segment, values, finished) for segment in _segments(pattern))


def _values(facts: FaxFacts) -> dict[str, str]:
    job = facts.job
    return {
        "job_id": job.id,
        "number": job.recipient.number,
        "status": job.status.value if job.status else job.state.value,
        "user": job.user.email,
        "department": job.user.departments[-1] if job.user.departments else "",
        "reference": job.reference,
        "pages": str(job.pages),
    }


def _segments(pattern: str) -> tuple[_Segment, ...]:
    """The pattern taken apart at its slashes, those in the layouts of dates included."""
    segments: list[list[str | _Token]] = [[]]
    for piece in _pieces(pattern):
        text = piece.layout if isinstance(piece, _Token) else piece
        for number, part in enumerate(text.split("/")):
            if number:
                segments.append([])
            segments[-1].append(_Token(piece.name, part) if isinstance(piece, _Token) else part)
    # The upper folders are what is left out of a path too deep: the name itself is the last segment.
    kept = segments[-_SEGMENTS:]
    if not any(_JOB_ID in row for row in kept):
        kept[-1] += ["_", _JOB_ID]
    return tuple(tuple(row) for row in kept)


def _pieces(pattern: str) -> list[str | _Token]:
    pieces: list[str | _Token] = []
    try:
        parsed = list(string.Formatter().parse(pattern))
    except ValueError as mistake:
        raise PatternMistake(f"The file name {pattern!r} has a brace too many or too few.") from mistake
    for text, name, layout, conversion in parsed:
        if text:
            pieces.append(text)
        if name is not None:
            pieces.append(_token(name, layout or "", conversion))
    return pieces


def _token(name: str, layout: str, conversion: str | None) -> _Token:
    if name not in FILE_NAME_TOKENS:
        known = ", ".join(FILE_NAME_TOKENS)
        raise PatternMistake(f"{{{name}}} is no token of file names; there are {known}.")
    if conversion or (layout and name != "date"):
        raise PatternMistake(f"{{{name}}} takes no format; only {{date:…}} does, such as {{date:%Y/%m}}.")
    return _Token(name, layout or "%Y-%m-%d") if name == "date" else _Token(name)


def _filled(segment: _Segment, values: dict[str, str], finished: datetime) -> str:
    """A segment with its values; if it would be too long the longest are cut, but never the job's id."""
    pieces = [_piece(piece, values, finished) for piece in segment]
    whole = {number for number, piece in enumerate(segment) if piece == _JOB_ID}
    sizes = [len(text.encode()) for text in pieces]
    taken = sum(sizes[number] for number in whole)
    share = _share(
        [size for number, size in enumerate(sizes) if number not in whole], _SEGMENT_OCTETS - taken
    )
    filled = "".join(text if number in whole else _cut(text, share) for number, text in enumerate(pieces))
    return _no_dots(_cut(filled, _SEGMENT_OCTETS))


def _share(sizes: Sequence[int], octets: int) -> int:
    """The most octets that each of these may have, so that together they have no more than `octets`."""
    left = max(0, octets)
    for number, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - number)
        if size > share:
            return share
        left -= size
    return octets


def _piece(piece: str | _Token, values: dict[str, str], finished: datetime) -> str:
    if isinstance(piece, str):
        return _FORBIDDEN.sub("-", piece)
    value = (
        finished.strftime(_FORBIDDEN.sub("-", piece.layout)) if piece.layout else values.get(piece.name, "")
    )
    return _FORBIDDEN_IN_VALUES.sub("-", value)


def _cut(text: str, octets: int) -> str:
    """At most so many octets of UTF-8, and no character in part."""
    return text.encode()[:octets].decode("utf-8", "ignore")


def _no_dots(segment: str) -> str:
    return segment if segment.strip(". ") else "-" * max(1, len(segment))
