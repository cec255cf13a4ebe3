"""Properties of Outlook's messages and of what is attached to them ([MS-OXPROPS]).

`winmail.dat` (`mta.mime.tnef`) and saved messages (`mta.mime.saved_message`) carry the same ones.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from mta.mime.text import cleaned, decoded

Value = str | bytes | int
"""Texts in a codepage stay octets until somebody reads them."""

_WINDOWS_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_LATEST = 2_650_467_743_999_999_999
"""The last moment of the year 9999, in units of 100 ns since 1601."""

_CHARSETS = {
    932: "shift_jis", 936: "gb18030", 949: "cp949", 950: "big5", 1200: "utf-16-le", 10000: "mac_roman",
    20127: "utf-8", 20866: "koi8-r", 20932: "euc-jp", 21866: "koi8-u", 50220: "iso-2022-jp",
    50221: "iso-2022-jp", 50222: "iso-2022-jp", 50225: "iso-2022-kr", 51932: "euc-jp", 51936: "gb18030",
    51949: "euc-kr", 52936: "hz", 54936: "gb18030", 65000: "utf-7", 65001: "utf-8",
}  # fmt: skip
_ISO_8859 = range(28591, 28607)


class Tag(IntEnum):
    """The numbers of the properties that are read ([MS-OXPROPS] §2)."""

    MESSAGE_CLASS = 0x001A
    SUBJECT = 0x0037
    SUBMITTED_AT = 0x0039
    REPRESENTED_NAME = 0x0042
    REPRESENTED_ADDRESS = 0x0065
    SENDER_NAME = 0x0C1A
    SENDER_ADDRESS = 0x0C1F
    SHOWN_CC = 0x0E03
    SHOWN_TO = 0x0E04
    DELIVERED_AT = 0x0E06
    BODY = 0x1000
    COMPRESSED_RTF = 0x1009
    HTML = 0x1013
    SHOWN_NAME = 0x3001
    DATA = 0x3701
    FILE_NAME = 0x3704
    METHOD = 0x3705
    LONG_FILE_NAME = 0x3707
    RENDERING_POSITION = 0x370B
    MEDIA_TYPE = 0x370E
    CONTENT_ID = 0x3712
    INTERNET_CODEPAGE = 0x3FDE
    MESSAGE_CODEPAGE = 0x3FFD
    SENDER_SMTP = 0x5D01
    REPRESENTED_SMTP = 0x5D02
    HIDDEN = 0x7FFE


class Method(IntEnum):
    """How an attachment is attached ([MS-OXCMSG] §2.2.2.9)."""

    BY_REFERENCE = 2
    BY_REFERENCE_RESOLVED = 3
    BY_REFERENCE_ONLY = 4
    EMBEDDED_MESSAGE = 5
    OLE = 6
    BY_WEB_REFERENCE = 7


REFERENCES = {
    Method.BY_REFERENCE, Method.BY_REFERENCE_RESOLVED, Method.BY_REFERENCE_ONLY, Method.BY_WEB_REFERENCE,
}  # fmt: skip
"""Where the attachment is but the name of a file that is elsewhere."""


def charset_of(codepage: int) -> str:
    """The charset of a Windows codepage; a name that may be none for a number that is none."""
    if codepage in _ISO_8859:
        return f"iso-8859-{codepage - _ISO_8859.start + 1}"
    return _CHARSETS.get(codepage, f"cp{codepage}" if codepage else "")


class Properties:
    """The properties of one message or attachment."""

    def __init__(self, values: Mapping[int, Value], *, codepage: int = 0) -> None:
        """Take them by number. `codepage` is that of texts that are octets; 0 if it is unknown."""
        self._values = values
        self._codepage = codepage

    def text(self, *tags: Tag) -> str:
        """The first of these that is a text with something in it."""
        return next(filter(None, map(self._text, tags)), "")

    def _text(self, tag: Tag, codepage: int | None = None) -> str:
        value = self._values.get(tag, "")
        if isinstance(value, bytes):
            value = decoded(value, charset_of(self._codepage if codepage is None else codepage))
        return cleaned(value) if isinstance(value, str) else ""

    def line(self, *tags: Tag) -> str:
        """As `text`, on one line."""
        return " ".join(self.text(*tags).split())

    @property
    def html(self) -> str:
        """The body in HTML, which has a codepage of its own; empty if there is none."""
        return self._text(Tag.HTML, self.number(Tag.INTERNET_CODEPAGE) or self._codepage)

    def octets(self, tag: Tag) -> bytes:
        """A binary property; empty if it is missing."""
        value = self._values.get(tag, b"")
        return value if isinstance(value, bytes) else b""

    def number(self, tag: Tag) -> int:
        """A number or a truth value; 0 if it is missing."""
        value = self._values.get(tag, 0)
        return value if isinstance(value, int) else 0

    def has(self, tag: Tag) -> bool:
        """Whether there is a property of that number."""
        return tag in self._values

    def moment(self, *tags: Tag) -> datetime | None:
        """The first of these points in time; None if there is none."""
        ticks = next(filter(None, map(self.number, tags)), 0)
        if not 0 < ticks <= _LATEST:
            return None
        return _WINDOWS_EPOCH + timedelta(microseconds=ticks // 10)
