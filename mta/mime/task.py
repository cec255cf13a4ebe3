"""Taking a mail apart: the part that runs inside the sandbox (`sandbox.Nursery.run`).

Input is anyone's: every step takes time and memory in proportion to the mail, and what gets past that meets
the limits of the process. Reads one file in its working folder, writes the attachments' octets beside it.
"""

import re
from base64 import b64encode
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mta.address_field import FieldMailbox, parse_address_field
from mta.mime.fields import Fields
from mta.mime.names import declared_name, made_name, safe_name
from mta.mime.part import MESSAGE, Part
from mta.mime.parts import CONTENT_ID_REFERENCE, SortedParts, sort_parts
from mta.mime.structure import read_structure
from mta.mime.text import eight_bit_text, header_text
from store.mail import MailContent, MailPart

MAX_SHOWN = 8_000_000
"""Octets of pictures that are put into the HTML, each time that it shows one."""

_SUBJECT_LENGTH = 1000
_NAME_LENGTH = 1000
_REFERENCES = 50
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_FAX_FIELD = re.compile(r"x-fax-[!-9;-~]+", re.IGNORECASE)


def take_apart(arguments: dict[str, Any]) -> dict[str, Any]:
    """A mail's content as the fields of `store.mail.MailContent`.

    Args:
        arguments: `mail` is the name of the file in the working folder that holds the mail.

    Raises:
        Refused: the mail is too complicated, encrypted, only a calendar entry, or its text too long.
    """
    mail = read_structure(Path(arguments["mail"]).read_bytes())
    return asdict(_content(mail.fields, sort_parts(mail)))


def _content(header: Fields, parts: SortedParts) -> MailContent:
    authors = _mailboxes(header, "from")
    return MailContent(
        subject=_subject(header),
        message_id=next(iter(_message_ids(header, "message-id")), ""),
        references=tuple(
            (_message_ids(header, "references") or _message_ids(header, "in-reply-to"))[-_REFERENCES:]
        ),
        from_name=_name(authors[0]) if authors else "",
        to_names={
            str(one.mailbox).lower(): _name(one)
            for one in (*_mailboxes(header, "to"), *_mailboxes(header, "cc"))
            if one.mailbox and one.name
        },
        fields=_fax_fields(header),
        text=parts.text,
        html=parts.html if parts.text else _with_pictures(parts),
        attachments=tuple(_written(part, number) for number, part in enumerate(parts.attachments, 1)),
    )


def _subject(header: Fields) -> str:
    return header_text(header.first("subject"))[:_SUBJECT_LENGTH]


def _message_ids(header: Fields, field: str) -> list[str]:
    return _MESSAGE_ID.findall(" ".join(map(eight_bit_text, header.all(field))))


def _mailboxes(header: Fields, field: str) -> tuple[FieldMailbox, ...]:
    return tuple(one for value in header.all(field) for one in parse_address_field(eight_bit_text(value)))


def _name(mailbox: FieldMailbox) -> str:
    return header_text(mailbox.name)[:_NAME_LENGTH]


def _fax_fields(header: Fields) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in header.written:
        if _FAX_FIELD.fullmatch(name):
            fields.setdefault(name, header_text(value))
    return fields


def _with_pictures(parts: SortedParts) -> str:
    """The HTML with what it shows put into it (RFC 2397), since it is rendered without the mail."""
    times = Counter(map(unquote, CONTENT_ID_REFERENCE.findall(parts.html)))
    pictures: dict[str, str] = {}
    room = MAX_SHOWN
    for content_id, part in parts.shown_in_place.items():
        octets = part.content()
        room -= len(octets) * times[content_id]
        if room >= 0:
            pictures[content_id] = f"data:{part.media_type};base64,{b64encode(octets).decode()}"
    return CONTENT_ID_REFERENCE.sub(lambda found: pictures.get(unquote(found[1]), found[0]), parts.html)


def _written(part: Part, number: int) -> MailPart:
    """An attachment, its octets in a file of the working folder."""
    octets = part.content()
    file = Path(f"part-{number:04d}")
    file.write_bytes(octets)
    return MailPart(
        name=_file_name(part, number), media_type=part.media_type, path=str(file), size=len(octets)
    )


def _file_name(part: Part, number: int) -> str:
    if name := declared_name(part):
        return name
    if part.media_type == MESSAGE:
        return f"{safe_name(_subject(part.message_fields)) or 'forwarded message'}.eml"
    return made_name(part, number)
