"""`winmail.dat`: Outlook's message as one octet stream ([MS-OXTNEF]).

Strict: a stream that is damaged anywhere is refused as a whole, since what is missing of it would be missing
in the fax. Time and memory are in proportion to the stream.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mta.mime.mapi import Properties, Tag, Value

MAGIC = b"\x78\x9f\x3e\x22"

MAX_ATTRIBUTES = 20_000
MAX_PROPERTIES = 200_000
"""Of a message and its attachments together, the values of multi-valued ones counted singly."""

_MESSAGE, _ATTACHMENT = 1, 2  # [MS-OXTNEF] §2.1.3.1: levels
_ATTRIBUTE_HEAD = struct.Struct("<BHHI")
_PADDING = b"\0\r\n"
"""What gateways leave behind the last attribute."""

_OEM_CODEPAGE = 0x9007
_MESSAGE_PROPERTIES = 0x9003
_RENDERING_DATA = 0x9002
_DATA = 0x800F
_ATTACHMENT_PROPERTIES = 0x9005
_TEXTS = {
    (_MESSAGE, 0x8004): Tag.SUBJECT,
    (_MESSAGE, 0x8008): Tag.MESSAGE_CLASS,
    (_MESSAGE, 0x800C): Tag.BODY,
    (_ATTACHMENT, 0x8010): Tag.FILE_NAME,
}
"""Attributes of the time before MAPI, and the properties that say the same."""

_POSITION = struct.Struct("<2xi")
"""[MS-OXTNEF] §2.1.3.3.15: AttachPosition follows AttachType."""

_MULTI_VALUED = 0x1000
_NAMED = 0x8000
_FIXED = {
    0x0002: "<hxx", 0x0003: "<i", 0x0004: "<4x", 0x0005: "<8x", 0x0006: "<8x", 0x0007: "<8x", 0x000A: "<4x",
    0x000B: "<Hxx", 0x0014: "<q", 0x0040: "<Q", 0x0048: "<16x",
}  # fmt: skip
"""[MS-OXTNEF] §2.1.3.4: property types of a fixed size, padded to four octets; x for what nobody asks."""
_SHORT = (0x0002, 0x000B)
_OBJECT, _STRING, _UNICODE, _BINARY = 0x000D, 0x001E, 0x001F, 0x0102
_INTERFACE = 16
"""Octets that name an object's interface, before its data."""


class DamagedTnef(Exception):  # noqa: N818 - named as what is wrong
    """The stream is no TNEF, or damaged, or too much; the end of “NAME cannot be opened: …”."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TnefAttachment:
    """What is attached to the message."""

    properties: Properties
    data: bytes
    """The file; of an embedded message its TNEF stream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TnefMessage:
    """The message of a stream."""

    properties: Properties
    attachments: tuple[TnefAttachment, ...]


@dataclass(slots=True)
class _Collected:
    """What is read of a message or of an attachment."""

    values: dict[int, Value] = field(default_factory=dict)
    data: bytes = b""


def read_tnef(octets: bytes) -> TnefMessage:
    """The message of a TNEF stream.

    Raises:
        DamagedTnef: it cannot be read from its beginning to its end.
    """
    try:
        return _Reader(octets).read()
    except struct.error as problem:
        raise DamagedTnef("it is cut off") from problem


class _Reader:
    """Reads the attributes in their order."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._codepage = 0
        self._properties = 0
        self._message = _Collected()
        self._attachments: list[_Collected] = []

    def read(self) -> TnefMessage:
        if not self._octets.startswith(MAGIC):
            raise DamagedTnef("it does not begin as such a file does")
        for level, name, value in self._attributes():
            if level == _ATTACHMENT:
                self._take_of_attachment(name, value)
            else:
                self._take_of_message(name, value)
        return TnefMessage(
            properties=Properties(self._message.values, codepage=self._codepage),
            attachments=tuple(
                TnefAttachment(
                    properties=Properties(one.values, codepage=self._codepage),
                    data=one.data or _data_of(one.values),
                )
                for one in self._attachments
            ),
        )

    def _attributes(self) -> Iterator[tuple[int, int, bytes]]:
        """Level, name and value of each attribute ([MS-OXTNEF] §2.1.3.2)."""
        position, number = len(MAGIC) + 2, 0
        while self._octets[position : position + 16].strip(_PADDING):
            level, name, _, length = _ATTRIBUTE_HEAD.unpack_from(self._octets, position)
            begin = position + _ATTRIBUTE_HEAD.size
            if level not in (_MESSAGE, _ATTACHMENT):
                raise DamagedTnef("it is damaged")
            (checksum,) = struct.unpack_from("<H", self._octets, begin + length)
            value = self._octets[begin : begin + length]
            if sum(value) & 0xFFFF != checksum:
                raise DamagedTnef("it is damaged: a checksum is wrong")
            number += 1
            if number > MAX_ATTRIBUTES:
                raise DamagedTnef(f"it has more than {MAX_ATTRIBUTES} attributes")
            yield level, name, value
            position = begin + length + 2

    def _take_of_message(self, name: int, value: bytes) -> None:
        if name == _OEM_CODEPAGE:
            (self._codepage,) = struct.unpack_from("<I", value)
        elif name == _MESSAGE_PROPERTIES:
            self._message.values |= self._read_properties(value)
        elif tag := _TEXTS.get((_MESSAGE, name)):
            self._message.values.setdefault(tag, value)

    def _take_of_attachment(self, name: int, value: bytes) -> None:
        if name == _RENDERING_DATA or not self._attachments:
            self._attachments.append(_Collected())
        attachment = self._attachments[-1]
        if name == _RENDERING_DATA and len(value) >= _POSITION.size:
            attachment.values[Tag.RENDERING_POSITION] = _POSITION.unpack_from(value)[0]
        elif name == _DATA:
            attachment.data = value
        elif name == _ATTACHMENT_PROPERTIES:
            attachment.values |= self._read_properties(value)
        elif tag := _TEXTS.get((_ATTACHMENT, name)):
            attachment.values.setdefault(tag, value)

    def _read_properties(self, octets: bytes) -> dict[int, Value]:
        """A list of MAPI properties; of multi-valued ones the last value, as nobody asks for those."""
        (count,) = struct.unpack_from("<I", octets)
        position = 4
        values: dict[int, Value] = {}
        for _ in range(count):
            kind, number = struct.unpack_from("<HH", octets, position)
            position += 4
            if number >= _NAMED:
                position = _behind_name(octets, position)
            several = kind & _MULTI_VALUED
            kind &= ~_MULTI_VALUED
            times = 1
            if several or kind in (_OBJECT, _STRING, _UNICODE, _BINARY):
                (times,) = struct.unpack_from("<I", octets, position)
                position += 4
            for _ in range(times):
                value, position = self._read_value(octets, position, kind, several=bool(several))
                values[number] = value
            if several and kind in _SHORT and times % 2:
                position += 2
        return values

    def _read_value(self, octets: bytes, position: int, kind: int, *, several: bool) -> tuple[Value, int]:
        self._properties += 1
        if self._properties > MAX_PROPERTIES:
            raise DamagedTnef(f"it has more than {MAX_PROPERTIES} properties")
        if kind in _FIXED:
            layout = _FIXED[kind][:2] if several and kind in _SHORT else _FIXED[kind]
            fixed = struct.unpack_from(layout, octets, position)
            return int(fixed[0]) if fixed else 0, position + struct.calcsize(layout)
        if kind not in (_OBJECT, _STRING, _UNICODE, _BINARY):
            raise DamagedTnef("it is damaged: a property is of no known type")
        (length,) = struct.unpack_from("<I", octets, position)
        begin, end = position + 4, position + 4 + length
        if end > len(octets):
            raise DamagedTnef("it is cut off")
        value = octets[begin:end]
        return value.decode("utf-16-le", "replace") if kind == _UNICODE else value, end + -length % 4


def _behind_name(octets: bytes, position: int) -> int:
    """Where the value of a named property begins ([MS-OXTNEF] §2.1.3.4, PropertyId)."""
    kind: int = struct.unpack_from("<I", octets, position + 16)[0]
    if kind == 0:
        return position + 24
    length: int = struct.unpack_from("<I", octets, position + 20)[0]
    return position + 24 + length + -length % 4


def _data_of(values: dict[int, Value]) -> bytes:
    """An embedded message or object: what follows the name of its interface."""
    value = values.get(Tag.DATA, b"")
    return value[_INTERFACE:] if isinstance(value, bytes) else b""
