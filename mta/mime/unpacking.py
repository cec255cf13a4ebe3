"""What is inside a mail's containers: the documents in their order, forwarded mails as pages before theirs.

- `winmail.dat` is the sender's own mail in another form: what is attached in it stands in its place, and its
  text is the mail's where the mail has no other.
- A mail within the mail (a message part, a file of one, one that Outlook saved) becomes a page with its head
  and its text, and then what is attached to it. Nothing that it says is said by the sender.

Containers may hold containers, to a depth; documents and their octets are counted over all of them.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from mta.mime.forwarded_page import forwarded_page
from mta.mime.letter import Enclosure, Letter, letter_of
from mta.mime.names import made_name, numbered_name, safe_name
from mta.mime.outlook_letter import DamagedMessage, tnef_letter
from mta.mime.part import MESSAGE, MESSAGES
from mta.mime.parts import sort_parts
from mta.mime.saved_message import is_saved_message, saved_letter
from mta.mime.structure import read_structure
from mta.mime.tnef import MAGIC as TNEF
from sandbox import Refused

MAX_DEPTH = 10
MAX_DOCUMENTS = 1000
MAX_OCTETS = 256 * 1024 * 1024
"""Of all documents together."""

_TNEF_TYPES = {"application/ms-tnef", "application/vnd.ms-tnef"}
_TOO_DEEP = f"Mails are nested more than {MAX_DEPTH} deep in this mail."
_TOO_MANY = f"This mail has more than {MAX_DOCUMENTS} attachments, those inside forwarded mails included."
_TOO_LARGE = "The attachments of this mail are too large once they are unpacked."
_ONLY_LEFT_OUT = (
    "This mail is only something that cannot be faxed: {left_out}. Attach the document that you want to fax."
)

_UNREADABLE = {
    "message/external-body": "{name} is not in this mail, only a link to it. Attach the file itself.",
    "message/partial": "{name} is but a part of a mail that was sent in pieces. Send it in one piece.",
    "application/mac-binhex40": "{name} is packed as old Macintosh programs do (BinHex). Attach it as it is.",
}

_LOOKED_AT = 16_384
_FIELD_LINE = re.compile(rb"\s*(?:>?From [^\n]*\n)?[!-9;-~]+[ \t]*:")
# A memo may open with From: and Date: too; only a mail has fields that programs write.
_MAIL_FIELD = re.compile(
    rb"^(?:received|return-path|message-id|mime-version|delivered-to):", re.IGNORECASE | re.MULTILINE
)
_HEAD_FIELD = re.compile(rb"^(?:from|to|date|subject):", re.IGNORECASE | re.MULTILINE)
_HEAD_FIELDS = 2
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")

Keep = Callable[[str, str, bytes], None]
"""Takes a document: its name, its media type, its octets."""
Open = Callable[[], Letter]


class Unpacking:
    """Goes through one mail's containers."""

    def __init__(self, keep: Keep) -> None:
        """`keep` gets the documents in their order."""
        self._keep = keep
        self._documents = 0
        self._octets = 0
        self._names: Counter[str] = Counter()

    def unpack(self, mail: Letter) -> Letter:
        """Hand on every document of a mail; the mail, with the text of its `winmail.dat` if it has no other.

        Raises:
            Refused: a container is damaged or encrypted, or there is too much in it.
        """
        whole = self._without_tnef(mail, 0)
        self._hand_on(whole, 0)
        if whole.left_out and not self._documents and not whole.text.strip() and not whole.html:
            raise Refused(_ONLY_LEFT_OUT.format(left_out=", ".join(whole.left_out)))
        return whole

    def _without_tnef(self, letter: Letter, depth: int) -> Letter:
        """The letter with what is attached in `winmail.dat` attached to itself."""
        _check_depth(depth)
        enclosures: list[Enclosure] = []
        for enclosure in letter.enclosures:
            if not _is_tnef(enclosure):
                enclosures.append(enclosure)
                continue
            opened = _opened(enclosure.name or "winmail.dat", partial(_tnef_letter, enclosure, letter, depth))
            inner = self._without_tnef(opened, depth + 1)
            enclosures += inner.enclosures
            letter = _with_body_of(letter, inner)
        return replace(letter, enclosures=tuple(enclosures))

    def _hand_on(self, letter: Letter, depth: int) -> None:
        """The letter's documents, in their order."""
        for enclosure in letter.enclosures:
            octets = b"" if enclosure.letter else enclosure.octets()
            _refuse_unreadable(enclosure)
            opens = enclosure.letter or _reader(enclosure, octets)
            if opens:
                self._forwarded(enclosure, opens, depth + 1)
            else:
                name = enclosure.name or made_name(enclosure.media_type, octets, self._documents + 1)
                self._document(name, enclosure.media_type, octets)

    def _forwarded(self, enclosure: Enclosure, opens: Open, depth: int) -> None:
        """A mail within the mail: its page, and then what is attached to it."""
        _check_depth(depth)
        letter = self._without_tnef(_opened(enclosure.name or "The forwarded mail", opens), depth)
        name = enclosure.name or f"{safe_name(letter.subject) or 'forwarded message'}.eml"
        if not (letter.head or letter.text.strip() or letter.html or letter.enclosures):
            raise Refused(f'"{name}" is an empty mail, so nothing of it can be faxed.')
        self._document(name, MESSAGE, forwarded_page(letter).encode())
        self._hand_on(letter, depth)

    def _document(self, name: str, media_type: str, octets: bytes) -> None:
        self._documents += 1
        self._octets += len(octets)
        if self._documents > MAX_DOCUMENTS:
            raise Refused(_TOO_MANY)
        if self._octets > MAX_OCTETS:
            raise Refused(_TOO_LARGE)
        self._names[name] += 1
        # Names tell documents apart in what the sender reads of them.
        self._keep(numbered_name(name, self._names[name]), media_type, octets)


def _refuse_unreadable(enclosure: Enclosure) -> None:
    """What would come out as a page of letters that mean nothing to anybody."""
    if sentence := _UNREADABLE.get(enclosure.media_type):
        raise Refused(sentence.format(name=f'"{enclosure.name}"' if enclosure.name else "An attachment"))


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Refused(_TOO_DEEP)


def _has_body(letter: Letter) -> bool:
    return bool(letter.text.strip() or letter.html)


def _with_body_of(letter: Letter, inner: Letter) -> Letter:
    left_out = (*letter.left_out, *inner.left_out)
    if _has_body(letter):
        return replace(letter, left_out=left_out)
    return replace(letter, text=inner.text, html=inner.html, left_out=left_out)


def _opened(name: str, opens: Open) -> Letter:
    """What is inside a container; a refusal names it."""
    try:
        return opens()
    except DamagedMessage as problem:
        raise Refused(f'"{name}" cannot be opened: {problem}.') from problem


def _tnef_letter(enclosure: Enclosure, around: Letter, depth: int) -> Letter:
    """The letter of a TNEF stream; its pictures are drawn if its text is that of a forwarded mail."""
    return tnef_letter(enclosure.octets(), pictures_are_drawn=depth > 0 and not _has_body(around))


def _is_tnef(enclosure: Enclosure) -> bool:
    if enclosure.letter is not None:
        return False
    return enclosure.media_type in _TNEF_TYPES or enclosure.beginning.startswith(TNEF)


def _reader(enclosure: Enclosure, octets: bytes) -> Open | None:
    """How to open a file that is a mail; None for any other file."""
    if enclosure.media_type in MESSAGES or _looks_like_mail(enclosure.name, octets[:_LOOKED_AT]):
        return partial(_mail_letter, enclosure.name, octets)
    if is_saved_message(octets):
        return partial(saved_letter, octets)
    return None


def _looks_like_mail(name: str, beginning: bytes) -> bool:
    if not _FIELD_LINE.match(beginning):
        return False
    header = _END_OF_HEADER.split(beginning.lstrip(), maxsplit=1)[0]
    if _MAIL_FIELD.search(header):
        return True
    return name.lower().endswith(".eml") and len(_HEAD_FIELD.findall(header)) >= _HEAD_FIELDS


def _mail_letter(name: str, octets: bytes) -> Letter:
    """The letter of a mail within the mail."""
    try:
        mail = read_structure(octets.lstrip(b"\r\n"))
        return letter_of(mail.fields, sort_parts(mail))
    except Refused as refused:
        which = f'"{name}"' if name else "An attachment"
        raise Refused(f"{which} is a forwarded mail that cannot be faxed. {refused}") from refused
