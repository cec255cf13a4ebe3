"""File names of a mail's parts: decoded however they were written, and safe to show and to use.

A name may come by RFC 2231 (`filename*=utf-8''…`, in pieces too), as encoded words (RFC 2047, forbidden there
and common), or as raw 8-bit text. What comes out is no path and says no more than it shows: control
characters and marks that turn the reading direction are taken out.
"""

import mimetypes
import re
import unicodedata
from email.message import Message
from email.utils import collapse_rfc2231_value

from mta.mime.text import header_text, unfolded

_LENGTH = 120
_SUFFIX_LENGTH = 10
_KINDS = mimetypes.MimeTypes(filenames=())  # Python's own table: the same on every host


def declared_name(part: Message) -> str:
    """The part's file name in safe form; empty if it has none."""
    for field, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        if name := safe_name(_parameter(part, field, parameter)):
            return name
    return ""


def made_name(part: Message, position: int) -> str:
    """A name for the part without one: `attachment-2.pdf`."""
    suffix = _KINDS.guess_extension(part.get_content_type()) or ""
    return f"attachment-{position}{suffix}"


def safe_name(name: str) -> str:
    """The last component of a name, without what cannot be seen and not too long; may be empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(character if character.isprintable() else " " for character in last)
    text = " ".join(visible.split()).lstrip(".").strip()
    if len(text) <= _LENGTH:
        return text
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix) > _SUFFIX_LENGTH:
        return text[:_LENGTH]
    return f"{stem[: _LENGTH - len(suffix) - 1]}.{suffix}"


def _parameter(part: Message, field: str, parameter: str) -> str:
    raw = next((value for name, value in part.raw_items() if name.lower() == field), None)
    if raw is None:
        return ""
    # The parser cannot tell parameters from 8-bit octets: it gets the decoded field in a message of its own.
    alone = Message()
    alone[field] = unfolded(str(raw))
    try:
        value = alone.get_param(parameter, failobj="", header=field)
        return header_text(collapse_rfc2231_value(value))
    except (LookupError, ValueError, TypeError):
        return ""  # a piece of RFC 2231 in an impossible charset, or with an impossible number
