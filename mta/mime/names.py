"""File names of a mail's parts: decoded however they were written, and safe to show and to use.

How a name is written is `mta.mime.parameters`' business. What comes out here is no path and says no more than
it shows: control characters and marks that turn the reading direction are taken out.
"""

import mimetypes
import re
import unicodedata

from mta.mime.part import Part

_LENGTH = 120
_SUFFIX_LENGTH = 10
_KINDS = mimetypes.MimeTypes(filenames=())  # Python's own table: the same on every host
_BEGINNINGS = {
    b"%PDF-": ".pdf", b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"II*\0": ".tif", b"MM\0*": ".tif",
    b"GIF8": ".gif", b"{\\rtf": ".rtf",
}  # fmt: skip


def declared_name(part: Part) -> str:
    """The part's file name in safe form; empty if it has none."""
    for value, parameter in (
        (part.content_disposition, "filename"),
        (part.content_type, "name"),
        (part.content_disposition, "name"),  # each in the other's place
        (part.content_type, "filename"),
    ):
        if name := safe_name(value.text(parameter)):
            return name
    return ""


def made_name(media_type: str, octets: bytes, position: int) -> str:
    """A name for a document without one: `attachment-2.pdf`."""
    known = next((suffix for beginning, suffix in _BEGINNINGS.items() if octets.startswith(beginning)), None)
    return f"attachment-{position}{known or _KINDS.guess_extension(media_type) or ''}"


def numbered_name(name: str, number: int) -> str:
    """The name of the second or a later document that is called so: `scan (2).pdf`."""
    if number == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > _SUFFIX_LENGTH:
        stem, dot, suffix = name, "", ""
    return f"{stem} ({number}){dot}{suffix}"


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
