"""A mail as people know one, however it came: its head, its body, what is attached to it."""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import unquote

from mta.mime.fields import Fields
from mta.mime.names import declared_name
from mta.mime.part import Part
from mta.mime.parts import SortedParts
from mta.mime.shown_pictures import CONTENT_ID_REFERENCE, MAX_SHOWN, drawn_type
from mta.mime.text import header_text, in_utf_8

_SHOWN_FIELDS = ("From", "To", "Cc", "Date", "Subject")
_FILES_OF_TEXT = {"text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "text/enriched"}
_LONGEST_FIELD = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """What is attached to a letter."""

    name: str
    """In safe form; empty if it has none."""
    media_type: str
    """As declared, lower case; always with a slash."""
    octets: Callable[[], bytes]
    beginning: bytes = b""
    """The first of the octets."""
    letter: "Callable[[], Letter] | None" = None
    """Opens it, where it is known to be a letter; `octets` is of no use then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail taken apart, or Outlook's own form of one."""

    head: tuple[tuple[str, str], ...]
    """What stands above it: the name of a field and what it says, in the order of `From` to `Subject`."""
    text: str
    """The body in plain text; empty if it has none."""
    html: str
    """The body in HTML with the pictures that it shows; empty if it has none."""
    enclosures: tuple[Enclosure, ...]
    """In their order."""
    left_out: tuple[str, ...] = field(default=())
    """Names of parts that are no documents to a fax, with what they are."""

    @property
    def subject(self) -> str:
        """On one line; may be empty."""
        return dict(self.head).get("Subject", "")


def in_memory(octets: bytes) -> Callable[[], bytes]:
    """Octets that are there already, as `Enclosure.octets` wants them."""
    return lambda: octets


def letter_of(header: Fields, parts: SortedParts) -> Letter:
    """The letter of a mail."""
    return Letter(
        head=tuple(
            (name, text)
            for name in _SHOWN_FIELDS
            if (text := header_text(header.first(name.lower()))[:_LONGEST_FIELD])
        ),
        text=parts.text,
        html=with_pictures(
            parts.html,
            {key: (part.media_type, part.content) for key, part in parts.shown_in_place.items()},
        ),
        enclosures=tuple(map(_enclosure, parts.attachments)),
        left_out=parts.left_out,
    )


def _enclosure(part: Part) -> Enclosure:
    return Enclosure(
        name=declared_name(part),
        media_type=part.media_type,
        octets=partial(_in_utf_8, part) if part.media_type in _FILES_OF_TEXT else part.content,
        beginning=part.beginning(),
    )


def _in_utf_8(part: Part) -> bytes:
    """What is attached goes on without its header, and so without its charset."""
    return in_utf_8(part.content(), part.charset)


def with_pictures(html: str, shown: Mapping[str, tuple[str, Callable[[], bytes]]]) -> str:
    """HTML with what it shows put into it (RFC 2397), since it is rendered without the mail.

    Args:
        html: may name pictures as `cid:…`.
        shown: their media types and octets, by what stands for the dots.
    """
    times = Counter(map(unquote, CONTENT_ID_REFERENCE.findall(html)))
    pictures: dict[str, str] = {}
    room = MAX_SHOWN
    for content_id, (media_type, content) in shown.items():
        octets = content()
        needed = len(octets) * times[content_id]
        if needed <= room:
            room -= needed
            kind = drawn_type(octets) or media_type
            pictures[content_id] = f"data:{kind};base64,{b64encode(octets).decode()}"
    return CONTENT_ID_REFERENCE.sub(lambda found: pictures.get(unquote(found[1]), found[0]), html)
