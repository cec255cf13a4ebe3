"""One part of a mail: what its header says of it, and its content when somebody wants that."""

import re

from mta.mime.fields import Fields
from mta.mime.parameters import FieldValue
from mta.mime.transfer import transfer_decoded

TEXT = "text/plain"
MESSAGE = "message/rfc822"
MESSAGES = {MESSAGE, "message/global", "message/news"}
"""Types of mails within mails (RFC 2046 §5.2.1, RFC 6532 §3.7)."""

_BEGINNING = 64
"""Octets, before they are decoded."""

_MEDIA_TYPE = re.compile(r"[!#$&\-^_.+%'*`{|}~0-9a-z]+/[!#$&\-^_.+%'*`{|}~0-9a-z]+")
_ENCODED_DOCUMENTS = (b"JVBERi0", b"iVBORw0KGgo", b"/9j/", b"SUkqA", b"TU0AK", b"UEsDBB")
"""How base64 of PDF, PNG, JPEG, TIFF and office documents begins."""
_COMMENT = re.compile(r"\([^()]*\)")
_MEANT = {
    "application": "application/octet-stream",
    "audio": "application/octet-stream",
    "image": "application/octet-stream",
    "message": MESSAGE,
    "multipart": "multipart/mixed",
    "text": TEXT,
    "video": "application/octet-stream",
}
"""What is meant by a Content-Type that is none (RFC 2045 §5.2 takes each for text)."""


class Part:
    """A mail, or a part of one. Nothing of the body is copied until `content` is called."""

    def __init__(self, mail: bytes, fields: Fields, *, start: int, default_type: str) -> None:
        """Make a part whose end is not known yet.

        Args:
            mail: the whole.
            fields: the part's own header.
            start: where its body begins.
            default_type: its media type if it has no Content-Type.
        """
        self._mail = mail
        self._stop = len(mail)
        self._ended = False
        self.fields = fields
        self.start = start
        self.inner: list[Part] = []
        """The parts of a multipart, in their order."""
        self.assumed_boundary = b""
        """What stands between them where the header does not say it rightly."""
        self.content_type = FieldValue(fields.first("content-type"))
        self.content_disposition = FieldValue(fields.first("content-disposition"))
        self.media_type = _media_type(self.content_type.value, default_type)
        """In lower case, without parameters; always with a slash."""

    def end(self, position: int) -> None:
        """Say where the body ends; what is said first, holds."""
        if not self._ended:
            self._stop = max(position, self.start)
            self._ended = True

    @property
    def boundary(self) -> bytes:
        """What stands between the parts of a multipart; empty if this is none."""
        if not self.media_type.startswith("multipart/"):
            return b""
        written = self.content_type.written("boundary").rstrip().encode("utf-8", errors="surrogateescape")
        return self.assumed_boundary or written

    @property
    def disposition(self) -> str:
        """`inline`, `attachment`, something else in lower case, or an empty text."""
        return self.content_disposition.value

    @property
    def charset(self) -> str:
        """The charset that is named; may be an empty text, or none that there is."""
        return self.content_type.token("charset")

    @property
    def content_id(self) -> str:
        """Without its angle brackets; may be empty."""
        return self.fields.first("content-id").strip().removeprefix("<").removesuffix(">")

    @property
    def location(self) -> str:
        """The Content-Location (RFC 2557 §4.2), or an empty text."""
        return self.fields.first("content-location").strip()

    @property
    def size(self) -> int:
        """Octets of the body, before any decoding."""
        return self._stop - self.start

    def content(self) -> bytes:
        """The body with its transfer encoding undone: of a message part, the message.

        Raises:
            Refused: there is too much of it.
        """
        return self._decoded(self._stop)

    def _decoded(self, stop: int) -> bytes:
        encoding = _COMMENT.sub(" ", self.fields.first("content-transfer-encoding")).partition(";")[0].split()
        name = encoding[0].strip("\"'").lower() if encoding else ""
        octets = transfer_decoded(self._mail[self.start : stop], name)
        if not self.media_type.startswith("text/") and octets.startswith(_ENCODED_DOCUMENTS):
            return transfer_decoded(octets, "base64")  # that was forgotten, or done twice
        return octets

    def beginning(self) -> bytes:
        """The first octets of the content, enough to tell what it is."""
        return self._decoded(min(self._stop, self.start + _BEGINNING))


def _media_type(written: str, default: str) -> str:
    if not written:
        return default
    if _MEDIA_TYPE.fullmatch(written):
        return written
    return _MEANT.get(written.partition("/")[0], TEXT)
