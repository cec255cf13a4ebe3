"""What the parts of a mail are to a reader: body text, attachments, or nothing that is to be seen.

- `multipart/alternative` is one piece of the body, in plain text and in HTML; if there is neither, the last
  form is attached.
- Further text parts without a name, or with one that Exchange made up, go on with the body. Where some of it
  is plain text alone, a piece that is HTML alone becomes an attachment, so that nothing is dropped.
- A text without any tag is plain text, and one that begins as an HTML document is HTML, whatever they call
  themselves.
- A document that calls itself text is a document; a file that stands uuencoded in a plain text is attached.
- What the HTML shows in its place, and tiny pictures meant for a place in the text, are no attachments; what
  is a page and would not be seen is one (`mta.mime.shown_pictures`).
- Signatures, keys, calendar entries and contact cards are no documents; which entries and cards are left out
  is told. A mail that is nothing else, or that is encrypted, is refused with the reason.
- What is signed is read, with the signature beside it or around it (S/MIME).
- A message inside the mail is one attachment.
"""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from mta.mime.clear_signed import is_encrypted, without_clear_signatures
from mta.mime.fields import Fields
from mta.mime.html_words import says_something
from mta.mime.names import declared_name
from mta.mime.part import TEXT, Part
from mta.mime.shown_pictures import CONTENT_ID_REFERENCE, Shown, is_page, pages_within
from mta.mime.signed_data import Seal, opened
from mta.mime.structure import read_structure
from mta.mime.text import decoded, decoded_html, unflowed
from mta.mime.uuencoded import split_uuencoded
from sandbox import Refused

TINY = 4096
"""Octets of a picture that is taken for decoration, where it is not attached outright."""
MAX_TEXT = 3_000_000
"""Characters of a body in plain text: about 750 pages."""
MAX_HTML = 6_000_000
"""Octets of a body in HTML, as UTF-8."""

_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
_KEYS = {"application/pgp-keys", "application/pkix-cert", "application/x-x509-ca-cert"}
_CALENDARS = {"text/calendar", "application/ics"}
_CALENDAR_BEGINS = b"BEGIN:VCALENDAR"
_CARDS = {"text/vcard", "text/x-vcard", "text/directory"}
_CARD_BEGINS = b"BEGIN:VCARD"
_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_DEEPEST_SEAL = 4
"""Signatures around one another (RFC 2634 §1.1 has three layers)."""
_DOCUMENTS = (b"%PDF-", b"II*\x00", b"MM\x00*", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG")
_RESOURCE_FORK = "application/applefile"  # RFC 1740: what a Macintosh knows of a file, beside the file

_IS_ENCRYPTED = "This mail is encrypted, so it cannot be read here. Send it without encryption."
_IS_SEALED = "This mail is encrypted, or signed in a way that hides its text (S/MIME). Send it without that."
_IS_CALENDAR = "This mail is only a calendar entry. Attach the document that you want to fax."
_IS_CARD = "This mail is only a contact card. Attach the document that you want to fax."
_ATTACHMENT_IS_ENCRYPTED = (
    '"{name}" is encrypted (PGP), so it cannot be read here. Attach it without encryption.'
)
_TOO_LONG = "The text of this mail is too long for a fax. Attach it as a document, in parts."

_NAMED_BY_EXCHANGE = re.compile(r"ATT[0-9]{4,6}\.(?:txt|html?)", re.IGNORECASE)
"""What Exchange calls the further texts of a mail: those that stand between and below what is attached."""

_MARKUP = re.compile(rb"<[A-Za-z!/?]|&#?[0-9A-Za-z]+;")
_BEGINS_AS_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)

_OCTETS_A_CHARACTER = 4
"""The most that a usual charset needs."""

_SHOWN = re.compile(r"""(?:\b(?:src|href|background)\s*=|\burl\()\s*["']?([^"'\s<>()]+)""", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SortedParts:
    """The parts of a mail, by what they are to a reader."""

    text: str
    """The body in plain text; empty if it has none."""
    html: str
    """The body in HTML; empty if it has none, or if not all of it is there in HTML."""
    attachments: tuple[Part, ...]
    shown_in_place: dict[str, Part]
    """Parts that the HTML names as `cid:…`, by what stands for the dots."""
    left_out: tuple[str, ...] = ()
    """Names of parts that are no documents to a fax, with what they are."""


@dataclass(slots=True)
class _Section:
    """A piece of the body."""

    plain: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    text: str = ""
    """What the parts in `plain` say, once they were decoded."""
    other: list[Part] = field(default_factory=list)
    """More forms of the same text."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part that is no body text."""

    part: Part
    related: bool
    """Whether it came with an HTML text in a multipart/related (RFC 2387)."""


def sort_parts(mail: Part, *, pictures_are_drawn: bool = True) -> SortedParts:
    """Sort the parts of a mail.

    Args:
        mail: the whole.
        pictures_are_drawn: whether the HTML is drawn with the pictures that it shows.

    Raises:
        Refused: the mail is encrypted, only a calendar entry, or its text is too long.
    """
    walk = _Walk()
    walk.visit(mail, section=None, related=False)
    in_order = [item for item in walk.items if isinstance(item, _Leaf) or item.plain or item.html]
    if walk.left_out and not in_order:
        raise Refused(walk.left_out[0].alone)
    told = tuple(dict.fromkeys(f"{one.name} ({one.words})" for one in walk.left_out))
    return replace(_sorted(in_order, pictures_are_drawn=pictures_are_drawn), left_out=told)


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """A part that is a document elsewhere, and none to a fax."""

    name: str
    words: str
    alone: str
    """What is said of a mail that is nothing else."""


class _Walk:
    """Collects sections and leaves in the order of the mail."""

    def __init__(self) -> None:
        self.items: list[_Section | _Leaf] = []
        self.left_out: list[_LeftOut] = []
        self._seals = 0

    def visit(self, part: Part, *, section: _Section | None, related: bool) -> None:
        """Look at a part. `section` is that of the multipart/alternative around it, if there is one."""
        kind = part.media_type
        if kind == "multipart/encrypted":
            raise Refused(_IS_ENCRYPTED)
        if part.inner:
            self._visit_inner(part, section=section, related=related)
        elif encoded := self._encoded_multipart(part):
            self._visit_inner(encoded, section=section, related=related)
        elif kind in _SEALED or declared_name(part).lower().endswith(".p7m"):
            self._visit_sealed(part, section=section, related=related)
        elif _is_body(part):
            self._visit_body(part, section or self._new_section(), is_html=_reads_as_html(part, section))
        elif left_out := _left_out(part):
            self.left_out.append(left_out)
        elif section and _is_other_form(part):
            section.other.append(part)
        elif not _is_of_no_use(part):
            _refuse_encrypted(part)
            self.items.append(_Leaf(part, related))

    def _visit_body(self, part: Part, section: _Section, *, is_html: bool) -> None:
        if is_html:
            section.html.append(part)
            return
        text, files = split_uuencoded(part)
        section.plain.append(text)
        self.items += [_Leaf(file, related=False) for file in files]

    def _visit_inner(self, part: Part, *, section: _Section | None, related: bool) -> None:
        alternative = part.media_type == "multipart/alternative"
        if alternative:
            section = section or self._new_section()
        for inner in part.inner:
            if section and alternative and _is_form(inner):
                self._visit_body(inner, section, is_html=inner.media_type == "text/html")
            else:
                self.visit(inner, section=section, related=related or part.media_type == "multipart/related")
        if section and alternative and not (section.plain or section.html):
            # The last is the richest (RFC 2046 §5.1.4).
            self.items += [_Leaf(form, related) for form in section.other[-1:]]
            section.other.clear()

    def _visit_sealed(self, part: Part, *, section: _Section | None, related: bool) -> None:
        """What is inside an S/MIME part stands in its place."""
        seal, content = opened(part.content())
        self._seals += 1
        if seal is Seal.ENCRYPTED:
            raise Refused(_IS_ENCRYPTED)
        if seal is Seal.UNKNOWN or self._seals > _DEEPEST_SEAL:
            raise Refused(_IS_SEALED)
        if seal is Seal.SIGNED:
            self.visit(read_structure(content), section=section, related=related)

    def _encoded_multipart(self, part: Part) -> Part | None:
        """A multipart that is encoded as a whole, which RFC 2045 §6.4 forbids; None for anything else."""
        if not part.boundary or self._seals > _DEEPEST_SEAL:
            return None
        octets = part.content()
        if len(octets) == part.size or b"--" + part.boundary not in octets:
            return None
        self._seals += 1
        kind = part.fields.first("content-type").encode("ascii", errors="surrogateescape")
        whole = read_structure(b"Content-Type: " + kind + b"\r\n\r\n" + octets)
        return whole if whole.inner else None

    def _new_section(self) -> _Section:
        section = _Section()
        self.items.append(section)
        return section


def _left_out(part: Part) -> _LeftOut | None:
    """What a part is that is left out and told; None if it is not."""
    name = declared_name(part)
    if part.media_type in _CALENDARS or _begins(part, _CALENDAR_BEGINS):
        return _LeftOut(name or "a part without a name", "calendar entry", _IS_CALENDAR)
    if part.media_type in _CARDS or _begins(part, _CARD_BEGINS):
        return _LeftOut(name or "a part without a name", "contact card", _IS_CARD)
    return None


def _begins(part: Part, words: bytes) -> bool:
    return part.beginning().removeprefix(b"\xef\xbb\xbf").lstrip()[: len(words)].upper() == words


def _refuse_encrypted(part: Part) -> None:
    if _begins(part, _PGP_MESSAGE.encode()):
        raise Refused(_ATTACHMENT_IS_ENCRYPTED.format(name=declared_name(part) or "An attachment"))


def _is_body(part: Part) -> bool:
    # A multipart without parts is a text, whatever it says.
    textual = part.media_type in {"text/plain", "text/html"} or part.media_type.startswith("multipart/")
    return textual and not _is_attached(part) and not _is_document(part)


def _reads_as_html(part: Part, section: _Section | None) -> bool:
    """Whether a text is HTML. Scripts send HTML as plain text, and text without any tag as HTML."""
    if section:
        return part.media_type == "text/html"
    if part.media_type == "text/html":
        octets = part.content()
        return b"\0" in octets or bool(_MARKUP.search(octets))
    return part.media_type == TEXT and bool(_BEGINS_AS_HTML.match(part.beginning()))


def _is_form(part: Part) -> bool:
    """Whether a part right within a multipart/alternative is a form of the text; some programs name those."""
    return (
        part.media_type in {"text/plain", "text/html"}
        and part.disposition != "attachment"
        and not _is_document(part)
    )


def _is_attached(part: Part) -> bool:
    if _NAMED_BY_EXCHANGE.fullmatch(declared_name(part)):
        return False
    return part.disposition == "attachment" or bool(declared_name(part))


def _is_document(part: Part) -> bool:
    """Whether what calls itself text is a document: scanners send PDF so."""
    return part.beginning().startswith(_DOCUMENTS)


def _is_other_form(part: Part) -> bool:
    """Whether a part of a multipart/alternative is one more form of the same text."""
    return part.media_type.startswith("text/") and not _is_attached(part) and not _is_document(part)


def _is_of_no_use(part: Part) -> bool:
    """Whether a part is no document to anybody."""
    return (
        part.media_type in _SIGNATURES
        or part.media_type in _KEYS
        or part.media_type == _RESOURCE_FORK
        or declared_name(part).lower() == "smime.p7s"
    )


def _sorted(items: list[_Section | _Leaf], *, pictures_are_drawn: bool) -> SortedParts:
    sections = [item for item in items if isinstance(item, _Section)]
    for section in sections:
        section.text = _text_of(section.plain)
    written = [section.text for section in sections if section.text.strip()]
    if any(map(is_encrypted, written)):
        raise Refused(_IS_ENCRYPTED)
    if sum(map(len, written)) > MAX_TEXT:
        raise Refused(_TOO_LONG)
    html = _html_of(sections, needed=not written)
    whole = bool(html) and all(section.html for section in sections if section.text.strip())
    places = _Places(html)
    on_the_page = Shown(html, drawn=pictures_are_drawn)
    attachments = [] if pictures_are_drawn else [_picture(*page) for page in pages_within(html)]
    shown: dict[str, Part] = {}
    for item in items:
        if isinstance(item, _Section):
            attachments += [] if whole or item.text.strip() else filter(_says_something, item.html)
        elif places.hold(item) and not _misses(on_the_page, item.part):
            shown.setdefault(item.part.content_id, item.part)
        else:
            attachments.append(item.part)
    return SortedParts(
        text="\n".join(written),
        html=html if whole else "",
        attachments=tuple(attachments),
        shown_in_place=shown,
    )


def _says_something(html: Part) -> bool:
    return says_something(decoded_html(html.content(), html.charset))


def _misses(on_the_page: Shown, part: Part) -> bool:
    return on_the_page.misses(part.content(), part.media_type, part.content_id, part.location)


def _picture(media_type: str, octets: bytes) -> Part:
    return Part(octets, Fields((("content-type", media_type),)), start=0, default_type=media_type)


def _text_of(parts: list[Part]) -> str:
    """Text parts as one text."""
    if sum(part.size for part in parts) > MAX_TEXT * _OCTETS_A_CHARACTER:
        raise Refused(_TOO_LONG)
    return "\n".join(map(_text_of_one, parts))


def _text_of_one(part: Part) -> str:
    """A text part, the paragraphs of format=flowed (RFC 3676) put together."""
    read = decoded_html if part.media_type == "text/html" else decoded
    text = read(part.content(), part.charset)
    if part.content_type.token("format") == "flowed":
        text = unflowed(text, delete_space=part.content_type.token("delsp") == "yes")
    return text if part.media_type == "text/html" else without_clear_signatures(text)


def _html_of(sections: list[_Section], *, needed: bool) -> str:
    """The HTML of all sections; empty if there is too much of it and it is not `needed`."""
    parts = [part for section in sections for part in section.html]
    if sum(part.size for part in parts) <= MAX_HTML * _OCTETS_A_CHARACTER:
        html = "\n".join(map(_text_of_one, parts))
        if len(html.encode()) <= MAX_HTML:
            return html
    if needed:
        raise Refused(_TOO_LONG)
    return ""


class _Places:
    """What an HTML text shows."""

    def __init__(self, html: str) -> None:
        self._html = bool(html)
        self._content_ids = {unquote(reference) for reference in CONTENT_ID_REFERENCE.findall(html)}
        self._locations = set(_SHOWN.findall(html))

    def hold(self, leaf: _Leaf) -> bool:
        """Whether a part belongs to the look of the HTML."""
        part = leaf.part
        picture = part.media_type.startswith("image/")
        if part.content_id in self._content_ids:
            return leaf.related or (picture and part.disposition != "attachment")
        if leaf.related and part.location:
            return part.location in self._locations
        if leaf.related and part.media_type == "text/css":
            return True
        tiny = picture and self._html and part.disposition == "inline" and len(part.content()) < TINY
        return tiny and not is_page(part.content())
