"""What the parts of a mail are to a reader: body text, attachments, or nothing that is to be seen.

- `multipart/alternative` is one piece of the body, in plain text and in HTML.
- Further text parts without a name go on with the body. Where some of it is plain text, a piece that is HTML
  alone becomes an attachment, so that nothing is dropped.
- What the HTML shows in its place, and tiny pictures meant for a place in the text, are no attachments.
- Signatures and calendar entries are no documents. A mail that is nothing but a calendar entry, or that is
  encrypted, is refused with the reason.
- A message inside the mail is one attachment.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from urllib.parse import unquote

from mta.mime.names import declared_name
from mta.mime.text import decoded, unflowed
from sandbox import Refused

TINY = 4096
"""Octets of a picture that is taken for decoration, where it is not attached outright."""

_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
_CALENDARS = {"text/calendar", "application/ics"}
_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime"}

_IS_ENCRYPTED = "This mail is encrypted, so it cannot be read here. Send it without encryption."
_IS_SEALED = "This mail is encrypted, or signed in a way that hides its text (S/MIME). Send it without that."
_IS_CALENDAR = "This mail is only a calendar entry. Attach the document that you want to fax."

_CONTENT_ID_REFERENCE = re.compile(r"""cid:([^"'\s<>()]+)""", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SortedParts:
    """The parts of a mail, by what they are to a reader."""

    text: str
    """The body in plain text; empty if it has none."""
    html: str
    """The body in HTML; empty if it has none, or if not all of it is there in HTML."""
    attachments: tuple[Message, ...]
    shown_in_place: dict[str, Message]
    """Parts that the HTML names as `cid:…`, by what stands for the dots."""


@dataclass(slots=True)
class _Section:
    """A piece of the body."""

    plain: list[Message] = field(default_factory=list)
    html: list[Message] = field(default_factory=list)

    def text(self) -> str:
        return "\n".join(text_of(part) for part in self.plain)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part that is no body text."""

    part: Message
    related: bool
    """Whether it came with an HTML text in a multipart/related (RFC 2387)."""


def sort_parts(mail: Message) -> SortedParts:
    """Sort the parts of a parsed mail.

    Raises:
        Refused: the mail is encrypted, or only a calendar entry.
    """
    if mail.get_content_type() in _SEALED:
        raise Refused(_IS_SEALED)
    walk = _Walk()
    walk.visit(mail, section=None, related=False)
    in_order = [item for item in walk.items if isinstance(item, _Leaf) or item.plain or item.html]
    if walk.calendars and not in_order:
        raise Refused(_IS_CALENDAR)
    return _sorted(in_order)


class _Walk:
    """Collects sections and leaves in the order of the mail."""

    def __init__(self) -> None:
        self.items: list[_Section | _Leaf] = []
        self.calendars = 0

    def visit(self, part: Message, *, section: _Section | None, related: bool) -> None:
        """Look at a part. `section` is that of the multipart/alternative around it, if there is one."""
        kind = part.get_content_type()
        if kind == "multipart/encrypted":
            raise Refused(_IS_ENCRYPTED)
        if kind.startswith("multipart/") and part.is_multipart():
            self._visit_inner(part, kind, section=section, related=related)
        elif _is_body(part, kind):
            section = section or self._new_section()
            (section.html if kind == "text/html" else section.plain).append(part)
        elif kind in _CALENDARS:
            self.calendars += 1
        elif kind not in _SIGNATURES and not (section and _is_other_form(part, kind)):
            self.items.append(_Leaf(part, related))

    def _visit_inner(self, part: Message, kind: str, *, section: _Section | None, related: bool) -> None:
        if kind == "multipart/alternative":
            section = section or self._new_section()
        for inner in inner_messages(part):
            self.visit(inner, section=section, related=related or kind == "multipart/related")

    def _new_section(self) -> _Section:
        section = _Section()
        self.items.append(section)
        return section


def _is_body(part: Message, kind: str) -> bool:
    # A multipart in which the parser found no parts is a text, whatever it says.
    textual = kind in {"text/plain", "text/html"} or kind.startswith("multipart/")
    return textual and part.get_content_disposition() != "attachment" and not declared_name(part)


def _is_other_form(part: Message, kind: str) -> bool:
    """Whether a part of a multipart/alternative is one more form of the same text."""
    return (
        kind.startswith("text/")
        and part.get_content_disposition() != "attachment"
        and not declared_name(part)
    )


def _sorted(items: list[_Section | _Leaf]) -> SortedParts:
    sections = [item for item in items if isinstance(item, _Section)]
    texts = [text for section in sections if (text := section.text()).strip()]
    html = "\n".join(text_of(part) for section in sections for part in section.html)
    references = {unquote(reference) for reference in _CONTENT_ID_REFERENCE.findall(html)}
    attachments: list[Message] = []
    shown: dict[str, Message] = {}
    for item in items:
        if isinstance(item, _Section):
            attachments += item.html if texts and not item.text().strip() else ()
        elif _is_in_place(item, references, html):
            shown[_content_id(item.part)] = item.part
        else:
            attachments.append(item.part)
    in_html_too = not texts or all(section.html for section in sections)
    return SortedParts(
        text="\n".join(texts),
        html=html if in_html_too else "",
        attachments=tuple(attachments),
        shown_in_place=shown,
    )


def _is_in_place(leaf: _Leaf, references: set[str], html: str) -> bool:
    """Whether a part belongs to the look of the HTML."""
    part, disposition = leaf.part, leaf.part.get_content_disposition()
    picture = part.get_content_maintype() == "image"
    if _content_id(part) in references:
        return leaf.related or (picture and disposition != "attachment")
    if leaf.related and (location := str(part.get("Content-Location", "")).strip()):
        return location in html
    if leaf.related and part.get_content_type() == "text/css":
        return True
    return picture and bool(html) and disposition == "inline" and len(octets_of(part)) < TINY


def _content_id(part: Message) -> str:
    return str(part.get("Content-ID", "")).strip().removeprefix("<").removesuffix(">")


def text_of(part: Message) -> str:
    """A text part as text, the paragraphs of format=flowed (RFC 3676) put together."""
    text = decoded(octets_of(part), str(part.get_content_charset() or ""))
    if str(part.get_param("format", "")).lower() == "flowed":
        return unflowed(text, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def octets_of(part: Message) -> bytes:
    """The decoded content of a part; of one with messages in it, those."""
    if part.is_multipart():
        return b"\r\n".join(_whole(inner) for inner in inner_messages(part))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def inner_messages(part: Message) -> Iterator[Message]:
    """What a multipart or a message part consists of."""
    payload = part.get_payload()
    if isinstance(payload, Iterable):
        yield from (inner for inner in payload if isinstance(inner, Message))


def _whole(message: Message) -> bytes:
    """A message as it was written, as far as the library can write again what it could read."""
    with contextlib.suppress(ValueError, MessageError):
        return message.as_bytes()
    with contextlib.suppress(ValueError, MessageError):
        return message.as_string().encode("utf-8", errors="surrogateescape")
    return b""
