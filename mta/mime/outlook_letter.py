"""A letter of Outlook's properties: of a `winmail.dat`, of a saved message, of a message inside of those."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial
from urllib.parse import unquote

from mta.mime.compressed_rtf import DamagedRtf, uncompressed_rtf
from mta.mime.letter import Enclosure, Letter, in_memory, with_pictures
from mta.mime.mapi import REFERENCES, Method, Properties, Tag
from mta.mime.names import safe_name
from mta.mime.parts import TINY
from mta.mime.rtf_text import TooLong, rtf_text
from mta.mime.shown_pictures import CONTENT_ID_REFERENCE, Shown
from mta.mime.tnef import DamagedTnef, TnefMessage, read_tnef
from sandbox import Refused

UNKNOWN_TYPE = "application/octet-stream"

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)
_LONGEST_FIELD = 2000
_BEGINNING = 64
_CALENDARS = ("ipm.schedule", "ipm.microsoft schedule", "ipm.appointment")
_CARDS = ("ipm.contact", "ipm.distlist")
_NOWHERE = -1
"""[MS-OXCMSG] §2.2.2.16: the rendering position of what has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutlookAttachment:
    """What is attached to a message of Outlook."""

    properties: Properties
    octets: Callable[[], bytes]
    letter: Callable[[], Letter] | None = None
    """Opens an embedded message."""


class DamagedMessage(Exception):  # noqa: N818 - named as what is wrong
    """A part of it cannot be read; the end of “NAME cannot be opened: …”."""


def tnef_letter(octets: bytes, *, pictures_are_drawn: bool = True) -> Letter:
    """The letter of a TNEF stream.

    Args:
        octets: of the stream.
        pictures_are_drawn: whether its HTML is drawn with the pictures that it shows.

    Raises:
        DamagedMessage: it cannot be read.
        Refused: an attachment of it is not in it.
    """
    try:
        message = read_tnef(octets)
    except DamagedTnef as problem:
        raise DamagedMessage(str(problem)) from problem
    attachments = list(_tnef_attachments(message))
    return outlook_letter(message.properties, attachments, pictures_are_drawn=pictures_are_drawn)


def _tnef_attachments(message: TnefMessage) -> Iterator[OutlookAttachment]:
    for attachment in message.attachments:
        data = attachment.data
        embedded = attachment.properties.number(Tag.METHOD) == Method.EMBEDDED_MESSAGE
        yield OutlookAttachment(
            properties=attachment.properties,
            octets=in_memory(data),
            letter=partial(tnef_letter, data) if embedded else None,
        )


def outlook_letter(
    properties: Properties, attachments: Iterable[OutlookAttachment], *, pictures_are_drawn: bool = True
) -> Letter:
    """The letter of a message.

    Args:
        properties: its own.
        attachments: in their order.
        pictures_are_drawn: whether its HTML is drawn with the pictures that it shows.

    Raises:
        DamagedMessage: its text cannot be read.
        Refused: an attachment of it is not in it.
    """
    html = properties.html
    text = properties.text(Tag.BODY)
    if not html and not text.strip():
        text = _text_of_rtf(properties.octets(Tag.COMPRESSED_RTF))
    named = {unquote(reference) for reference in CONTENT_ID_REFERENCE.findall(html)}
    on_the_page = Shown(html, drawn=pictures_are_drawn)
    shown = {}
    enclosures = []
    for attachment in attachments:
        content_id = attachment.properties.line(Tag.CONTENT_ID)
        kind = _media_type(attachment.properties)
        if content_id in named and not on_the_page.misses(attachment.octets(), kind, content_id):
            shown[content_id] = (kind, attachment.octets)
        elif not _is_decoration(attachment):
            enclosures.append(_enclosure(attachment))
    return Letter(
        head=tuple(_head(properties)),
        text=text,
        html=with_pictures(html, shown),
        enclosures=tuple(enclosures),
        left_out=tuple(_left_out(properties)),
    )


def _text_of_rtf(compressed: bytes) -> str:
    try:
        return rtf_text(uncompressed_rtf(compressed)) if compressed else ""
    except DamagedRtf as problem:
        raise DamagedMessage(str(problem)) from problem
    except TooLong as problem:
        raise DamagedMessage("its text is too long for a fax") from problem


def _head(properties: Properties) -> Iterator[tuple[str, str]]:
    moment = properties.moment(Tag.SUBMITTED_AT, Tag.DELIVERED_AT)
    for name, text in (
        ("From", _author(properties)),
        ("To", properties.line(Tag.SHOWN_TO)),
        ("Cc", properties.line(Tag.SHOWN_CC)),
        ("Date", format_datetime(moment) if moment else ""),
        ("Subject", properties.line(Tag.SUBJECT)),
    ):
        if text:
            yield name, text[:_LONGEST_FIELD]


def _author(properties: Properties) -> str:
    name = properties.line(Tag.REPRESENTED_NAME, Tag.SENDER_NAME)
    addresses = (
        properties.line(tag)
        for tag in (Tag.REPRESENTED_SMTP, Tag.SENDER_SMTP, Tag.REPRESENTED_ADDRESS, Tag.SENDER_ADDRESS)
    )
    address = next((address for address in addresses if "@" in address), "")
    return f"{name} <{address}>" if name and address and name != address else name or address


def _left_out(properties: Properties) -> Iterator[str]:
    kind = properties.line(Tag.MESSAGE_CLASS).lower()
    subject = properties.line(Tag.SUBJECT) or "a part without a name"
    if kind.startswith(_CALENDARS):
        yield f"{subject} (calendar entry)"
    elif kind.startswith(_CARDS):
        yield f"{subject} (contact card)"


def _media_type(properties: Properties) -> str:
    declared = properties.line(Tag.MEDIA_TYPE).lower()
    return declared if _MEDIA_TYPE.fullmatch(declared) else UNKNOWN_TYPE


def _is_decoration(attachment: OutlookAttachment) -> bool:
    """Whether it is a tiny picture with a place in the text (as in `mta.mime.parts`)."""
    properties = attachment.properties
    placed = (
        properties.has(Tag.RENDERING_POSITION) and properties.number(Tag.RENDERING_POSITION) != _NOWHERE
    ) or properties.number(Tag.HIDDEN)
    picture = _media_type(properties).startswith("image/") or _name(properties).lower().endswith(
        (".png", ".gif", ".jpg", ".jpeg", ".bmp")
    )
    return bool(placed) and picture and attachment.letter is None and len(attachment.octets()) < TINY


def _enclosure(attachment: OutlookAttachment) -> Enclosure:
    properties = attachment.properties
    name = _name(properties)
    if properties.number(Tag.METHOD) in REFERENCES:
        raise Refused(
            f'"{name or "An attachment"}" is not in this mail, only a link to it. Attach the file itself.'
        )
    return Enclosure(
        name=name,
        media_type=_media_type(properties),
        octets=attachment.octets,
        beginning=b"" if attachment.letter else attachment.octets()[:_BEGINNING],
        letter=attachment.letter,
    )


def _name(properties: Properties) -> str:
    return safe_name(properties.line(Tag.LONG_FILE_NAME, Tag.FILE_NAME, Tag.SHOWN_NAME))
