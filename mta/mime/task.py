"""Taking a mail apart: the part that runs inside the sandbox (`sandbox.Nursery.run`).

Input is anyone's: every step takes time and memory in proportion to the mail, and what gets past that meets
the limits of the process. Reads one file in its working folder, writes the attachments' octets beside it.
"""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mta.address_field import FieldMailbox, parse_address_field
from mta.mime.fields import Fields
from mta.mime.letter import Letter, letter_of
from mta.mime.parts import sort_parts
from mta.mime.structure import read_structure
from mta.mime.text import eight_bit_text, header_text
from mta.mime.unpacking import Unpacking
from store.mail import MailContent, MailPart

_SUBJECT_LENGTH = 1000
_NAME_LENGTH = 1000
_REFERENCES = 50
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_FAX_FIELD = re.compile(r"x-fax-[!-9;-~]+", re.IGNORECASE)


def take_apart(arguments: dict[str, Any]) -> dict[str, Any]:
    """A mail's content as the fields of `store.mail.MailContent`, and as `left_out` what is no document.

    Args:
        arguments: `mail` is the name of the file in the working folder that holds the mail.

    Raises:
        Refused: the mail is too complicated, encrypted, only a calendar entry, or its text too long; or a
            container in it is damaged.
    """
    mail = read_structure(Path(arguments["mail"]).read_bytes())
    kept: list[MailPart] = []
    letter = Unpacking(lambda *document: kept.append(_written(*document, number=len(kept) + 1))).unpack(
        letter_of(mail.fields, sort_parts(mail, pictures_are_drawn=False))
    )
    return {**asdict(_content(mail.fields, letter, kept)), "left_out": letter.left_out}


def _content(header: Fields, letter: Letter, attachments: list[MailPart]) -> MailContent:
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
        text=letter.text,
        html=letter.html,
        attachments=tuple(attachments),
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
    fields: dict[str, list[str]] = {}
    for name, value in header.written:
        if _FAX_FIELD.fullmatch(name):
            fields.setdefault(name, []).append(" ".join(header_text(value).split()))
    return {name: "\n".join(values) for name, values in fields.items()}


def _written(name: str, media_type: str, octets: bytes, *, number: int) -> MailPart:
    """An attachment, its octets in a file of the working folder."""
    file = Path(f"part-{number:04d}")
    file.write_bytes(octets)
    return MailPart(name=name, media_type=media_type, path=str(file), size=len(octets))
