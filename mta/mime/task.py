"""Taking a mail apart: the part that runs inside the sandbox (`sandbox.Nursery.run`).

Input is anyone's: the structure is looked at before it is parsed, and what gets past that meets the limits of
the process. Reads one file in its working folder, writes the attachments' octets beside it.
"""

import re
from base64 import b64encode
from dataclasses import asdict
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from pathlib import Path
from typing import Any

from mta.address_field import FieldMailbox, parse_address_field
from mta.mime.names import declared_name, made_name, safe_name
from mta.mime.parts import SortedParts, inner_messages, octets_of, sort_parts
from mta.mime.structure import check_structure
from mta.mime.text import header_text, unfolded
from sandbox import Refused
from store.mail import MailContent, MailPart

MAX_TEXT = 3_000_000
"""Characters of a body in plain text: about 750 pages."""
MAX_HTML = 6_000_000
"""Characters of a body in HTML."""
MAX_SHOWN = 8_000_000
"""Octets of pictures that are put into the HTML."""

_SUBJECT_LENGTH = 1000
_REFERENCES = 50
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_FAX_FIELD = re.compile(r"x-fax-[!-9;-~]+", re.IGNORECASE)
_TOO_COMPLICATED = "This mail is too complicated to be read."
_TOO_LONG = "The text of this mail is too long for a fax. Attach it as a document, in parts."


def take_apart(arguments: dict[str, Any]) -> dict[str, Any]:
    """A mail's content as the fields of `store.mail.MailContent`.

    Args:
        arguments: `mail` is the name of the file in the working folder that holds the mail.

    Raises:
        Refused: the mail is too complicated, encrypted, only a calendar entry, or its text too long.
    """
    octets = Path(arguments["mail"]).read_bytes()
    check_structure(octets)
    try:
        mail = BytesParser(policy=compat32).parsebytes(octets)
        return asdict(_content(mail, sort_parts(mail)))
    except RecursionError as error:
        raise Refused(_TOO_COMPLICATED) from error


def _content(mail: Message, parts: SortedParts) -> MailContent:
    if len(parts.text) > MAX_TEXT:
        raise Refused(_TOO_LONG)
    authors = _mailboxes(mail, "From")
    return MailContent(
        subject=_subject(mail),
        message_id=next(iter(_message_ids(mail, "Message-ID")), ""),
        references=tuple(
            (_message_ids(mail, "References") or _message_ids(mail, "In-Reply-To"))[-_REFERENCES:]
        ),
        from_name=header_text(authors[0].name) if authors else "",
        to_names=_names(_mailboxes(mail, "To") + _mailboxes(mail, "Cc")),
        fields=_fax_fields(mail),
        text=parts.text,
        html=_html(parts),
        attachments=tuple(_written(part, number) for number, part in enumerate(parts.attachments, 1)),
    )


def _values(mail: Message, field: str) -> list[str]:
    return [str(value) for name, value in mail.raw_items() if name.lower() == field.lower()]


def _subject(mail: Message) -> str:
    return header_text(next(iter(_values(mail, "Subject")), ""))[:_SUBJECT_LENGTH]


def _message_ids(mail: Message, field: str) -> list[str]:
    return _MESSAGE_ID.findall(" ".join(unfolded(value) for value in _values(mail, field)))


def _mailboxes(mail: Message, field: str) -> tuple[FieldMailbox, ...]:
    return tuple(one for value in _values(mail, field) for one in parse_address_field(unfolded(value)))


def _names(mailboxes: tuple[FieldMailbox, ...]) -> dict[str, str]:
    return {str(one.mailbox).lower(): header_text(one.name) for one in mailboxes if one.mailbox and one.name}


def _fax_fields(mail: Message) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in mail.raw_items():
        if _FAX_FIELD.fullmatch(name):
            fields.setdefault(name.lower(), header_text(str(value)))
    return fields


def _html(parts: SortedParts) -> str:
    if len(parts.html) <= MAX_HTML:
        return parts.html if parts.text else _with_pictures(parts)
    if parts.text:
        return ""
    raise Refused(_TOO_LONG)


def _with_pictures(parts: SortedParts) -> str:
    """The HTML with what it shows put into it (RFC 2397), since it is rendered without the mail."""
    html, room = parts.html, MAX_SHOWN
    for content_id, part in parts.shown_in_place.items():
        reference = f"cid:{content_id}"
        octets = octets_of(part)
        room -= len(octets) * html.count(reference)
        if content_id and room >= 0:
            html = html.replace(
                reference, f"data:{part.get_content_type()};base64,{b64encode(octets).decode()}"
            )
    return html


def _written(part: Message, number: int) -> MailPart:
    """An attachment, its octets in a file of the working folder."""
    octets = octets_of(part)
    file = Path(f"part-{number:04d}")
    file.write_bytes(octets)
    return MailPart(
        name=_name(part, number), media_type=part.get_content_type(), path=str(file), size=len(octets)
    )


def _name(part: Message, number: int) -> str:
    if name := declared_name(part):
        return name
    if part.get_content_type() == "message/rfc822":
        subject = next((_subject(inner) for inner in inner_messages(part)), "")
        return f"{safe_name(subject) or 'forwarded message'}.eml"
    return made_name(part, number)
