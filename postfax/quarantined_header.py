"""What of a mail's header people are shown who look at a mail in quarantine."""

from mta.header_scan import HEADER_LIMIT
from mta.mime.fields import HeaderTooLong, read_fields
from mta.mime.text import header_text
from store.book import Book
from store.quarantine import Quarantined

_SHOWN = {
    name.lower(): name
    for name in (
        *("From", "Sender", "Reply-To", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To"),
        *("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "List-Id", "List-Unsubscribe"),
        *("Content-Type", "X-Mailer", "User-Agent", "Return-Path"),
    )
}

ShownFields = list[tuple[str, str]]
"""Names and values, decoded, in the order of the mail."""


async def shown_fields(book: Book, mail: Quarantined) -> ShownFields:
    """The fields that tell where a mail comes from and what it is.

    Raises:
        BodyMissing: the mail was removed from outside.
    """
    return fields_to_show(await book.body(mail.body, HEADER_LIMIT))


def fields_to_show(beginning: bytes) -> ShownFields:
    """As above, of the beginning of a mail; none of a header that is too long to be read."""
    try:
        fields, _ = read_fields(beginning, 0, len(beginning))
    except HeaderTooLong:
        return []
    return [(_SHOWN[name], header_text(value)) for name, value in fields.written if name in _SHOWN]


def subject_among(fields: ShownFields) -> str:
    """The subject; empty if there is none."""
    return next((value for name, value in fields if name == "Subject"), "")
