"""A notice before it has a form: what both the plain text and the HTML are made of."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How the news is marked where there is colour."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A row of the table: a label and one line or more."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An item of a section: an attempt, a recipient."""

    title: str
    lines: tuple[str, ...] = ()
    detail: str = ""
    """What only some will read, set small where that can be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A headed list."""

    title: str
    entries: tuple[Entry, ...]
    numbered: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture within the notice, which only its HTML shows."""

    png: bytes
    caption: str
    width: int
    """As shown, in CSS pixels."""
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file that goes with the notice."""

    name: str
    media_type: str
    octets: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """All that a notice says."""

    subject: str
    tone: Tone
    verdict: str
    """What happened, in a word or two."""
    headline: str
    """What happened, in one sentence."""
    facts: tuple[Fact, ...]
    remark: str = ""
    """What there is to say of it beyond the headline."""
    sections: tuple[Section, ...] = ()
    advice: str = ""
    """What to do next; empty if there is nothing to do."""
    outlook: str = ""
    """What follows by itself, and what else there is to say."""
    picture: Picture | None = None
    attachments: tuple[Attachment, ...] = ()
    language: str = "en"
    """What it is written in, as in `Content-Language`."""


def facts_of(*rows: tuple[str, str | tuple[str, ...]]) -> tuple[Fact, ...]:
    """The rows that have something to say."""
    lined = ((label, (said,) if isinstance(said, str) else said) for label, said in rows)
    return tuple(Fact(label=label, lines=lines) for label, lines in lined if any(lines))
