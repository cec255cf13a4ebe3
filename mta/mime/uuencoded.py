"""Files that stand uuencoded in a plain text, as Outlook (by an option), mailx and Unix programs send them.

POSIX describes the form: `begin 644 scan.pdf`, lines that begin with their length, `end`. Full lines begin
with `M`; what is not quite of that form stays text.
"""

import re

from mta.mime.fields import Fields
from mta.mime.part import TEXT, Part

_FILE = re.compile(
    rb"^begin [0-7]{3,4} (?P<name>[^\r\n]+)\r?\n(?=[!-`][ -`])"
    rb"(?:M[ -`]{1,63}\r?\n)*(?:[!-L][ -`]{1,63}\r?\n)?(?:[` ]?[ \t]*\r?\n)?"
    rb"end[ \t]*\r?(?:\n|\Z)",
    re.MULTILINE,
)


def split_uuencoded(part: Part) -> tuple[Part, list[Part]]:
    """A text part without the files in it, and the files.

    Raises:
        Refused: there is too much of it once it is decoded.
    """
    octets = part.content()
    files = list(_FILE.finditer(octets)) if b"begin " in octets else []
    if not files:
        return part, []
    return _part(_FILE.sub(b"", octets), part.fields.first("content-type")), list(map(_file, files))


def _file(found: re.Match[bytes]) -> Part:
    name = found["name"].decode("ascii", errors="surrogateescape").replace('"', "")
    return _part(found[0], f'application/octet-stream; name="{name}"', encoding="x-uuencode")


def _part(octets: bytes, content_type: str, *, encoding: str = "") -> Part:
    fields = Fields((("content-type", content_type), ("content-transfer-encoding", encoding)))
    return Part(octets, fields, start=0, default_type=TEXT)
