"""Outlook's files, made for tests: `winmail.dat` ([MS-OXTNEF]) and saved messages ([MS-OXMSG])."""

import struct
import zlib
from collections.abc import Mapping, Sequence

from mta.mime.mapi import Tag

Value = str | bytes | int
Storage = Mapping[str, "bytes | Storage"]

MESSAGE, ATTACHMENT = 1, 2
INTERFACE = bytes.fromhex("0703020000000000c000000000000046")
_FILE_TIMES = {Tag.SUBMITTED_AT, Tag.DELIVERED_AT}


def tnef(
    properties: Mapping[Tag, Value] | None = None,
    attachments: Sequence[bytes] = (),
    *,
    codepage: int = 1252,
    before: bytes = b"",
) -> bytes:
    """A stream; `attachments` are what `attached` made."""
    return b"".join([
        b"\x78\x9f\x3e\x22\x01\x00",
        attribute(MESSAGE, 0x00089006, struct.pack("<I", 0x10000)),
        attribute(MESSAGE, 0x00069007, struct.pack("<II", codepage, 0)),
        before,
        attribute(MESSAGE, 0x00069003, property_list(properties or {})),
        *attachments,
    ])  # fmt: skip


def attached(
    properties: Mapping[Tag, Value], data: bytes | None = None, *, position: int = -1, title: bytes = b""
) -> bytes:
    """The attributes of an attachment."""
    parts = [attribute(ATTACHMENT, 0x00069002, struct.pack("<HiII", 1, position, 0, 0))]
    if title:
        parts.append(attribute(ATTACHMENT, 0x00018010, title + b"\0"))
    if data is not None:
        parts.append(attribute(ATTACHMENT, 0x0006800F, data))
    return b"".join([*parts, attribute(ATTACHMENT, 0x00069005, property_list(properties))])


def embedded(stream: bytes, name: str = "") -> bytes:
    """The attributes of an attached message."""
    named: dict[Tag, Value] = {Tag.SHOWN_NAME: name} if name else {}
    return attached({Tag.METHOD: 5, Tag.DATA: INTERFACE + stream, **named})


def attribute(level: int, name: int, value: bytes) -> bytes:
    """One attribute with its checksum."""
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def property_list(properties: Mapping[Tag, Value]) -> bytes:
    return struct.pack("<I", len(properties)) + b"".join(_property(*one) for one in properties.items())


def _property(tag: Tag, value: Value) -> bytes:
    if isinstance(value, int):
        if tag in _FILE_TIMES:
            return struct.pack("<HHQ", 0x40, tag, value)
        return struct.pack("<HHi", 3, tag, value)
    kind = 0x1F if isinstance(value, str) else 0x0D if value.startswith(INTERFACE) else 0x102
    octets = f"{value}\0".encode("utf-16-le") if isinstance(value, str) else value
    return struct.pack("<HHII", kind, tag, 1, len(octets)) + octets + bytes(-len(octets) % 4)


def compressed(rtf: bytes) -> bytes:
    """RTF in literals, as Outlook's compression may have it."""
    content = bytearray()
    for begin in range(0, len(rtf), 8):
        content += b"\0" + rtf[begin : begin + 8]
    end = (207 + len(rtf)) % 4096
    left = -len(rtf) % 8
    if left:
        content[-(8 - left) - 1] = 1 << (8 - left)
    else:
        content += b"\1"
    content += struct.pack(">H", end << 4)
    checksum = zlib.crc32(content, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return struct.pack("<II4sI", len(content) + 12, len(rtf), b"LZFu", checksum) + content


def saved_message(
    properties: Mapping[Tag, Value], attachments: Sequence[Storage] = (), *, codepage: int = 1252
) -> bytes:
    """A `.msg` file; `attachments` are what `saved_attachment` made."""
    return compound_file({
        "__nameid_version1.0": {},
        **message_storage({**properties, Tag.MESSAGE_CODEPAGE: codepage}, attachments, head=32),
    })  # fmt: skip


def message_storage(
    properties: Mapping[Tag, Value], attachments: Sequence[Storage] = (), *, head: int = 24
) -> Storage:
    return {
        **_streams(properties, head),
        **{f"__attach_version1.0_#{number:08X}": one for number, one in enumerate(attachments)},
    }


def saved_attachment(properties: Mapping[Tag, Value], message: Storage | None = None) -> Storage:
    inner: Storage = {} if message is None else {"__substg1.0_3701000D": message}
    return {**_streams(properties, 8), **inner}


def _streams(properties: Mapping[Tag, Value], head: int) -> dict[str, bytes]:
    listed = bytes(head)
    streams = {}
    for tag, value in properties.items():
        if isinstance(value, int):
            kind = 0x40 if tag in _FILE_TIMES else 3
            listed += struct.pack("<HHIQ", kind, tag, 6, value & 0xFFFFFFFFFFFFFFFF)
            continue
        kind = 0x1F if isinstance(value, str) else 0x102
        octets = value.encode("utf-16-le") if isinstance(value, str) else value
        listed += struct.pack("<HHIII", kind, tag, 6, len(octets), 0)
        streams[f"__substg1.0_{tag:04X}{kind:04X}"] = octets
    return {"__properties_version1.0": listed, **streams}


_SECTOR, _MINI_SECTOR, _CUTOFF = 512, 64, 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound_file(root: Storage) -> bytes:
    """[MS-CFB]: small streams in the mini stream, the directory's siblings as a list."""
    return _CompoundFile().written(root)


class _CompoundFile:
    def __init__(self) -> None:
        self._entries: list[list[object]] = []
        self._mini, self._mini_table = bytearray(), list[int]()
        self._body, self._table = bytearray(), list[int]()

    def written(self, root: Storage) -> bytes:
        self._entries.append(["Root Entry", 5, _FREE, _FREE, 0, 0])
        self._children(0, root)
        mini_size = len(self._mini)
        self._entries[0][4:] = [self._regular(bytes(self._mini)), mini_size]
        mini_table = self._regular(struct.pack(f"<{len(self._mini_table)}I", *self._mini_table))
        directory = self._regular(b"".join(_entry(*one) for one in self._entries))  # type: ignore[arg-type]
        sectors = 1
        while (len(self._table) + sectors) * 4 > sectors * _SECTOR:
            sectors += 1
        first = len(self._table)
        table = [*self._table, *[_FAT] * sectors]
        table += [_FREE] * (sectors * _SECTOR // 4 - len(table))
        header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack(
            "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, sectors, directory, 0, _CUTOFF,
            mini_table, -(-len(self._mini_table) * 4 // _SECTOR), _END, 0, first,
        )  # fmt: skip
        header += struct.pack(f"<{sectors - 1}I", *range(first + 1, first + sectors))
        return header.ljust(_SECTOR, b"\xff") + bytes(self._body) + struct.pack(f"<{len(table)}I", *table)

    def _children(self, parent: int, storage: Storage) -> None:
        before = None
        # [MS-CFB] §2.6.4: names compare by their length first.
        for name in sorted(storage, key=lambda name: (len(name), name.upper())):
            content = storage[name]
            number = len(self._entries)
            if isinstance(content, bytes):
                self._entries.append([name, 2, _FREE, _FREE, self._stream(content), len(content)])
            else:
                self._entries.append([name, 1, _FREE, _FREE, 0, 0])
            if before is None:
                self._entries[parent][3] = number
            else:
                self._entries[before][2] = number
            before = number
            if not isinstance(content, bytes):
                self._children(number, content)

    def _stream(self, content: bytes) -> int:
        if not content:
            return _END
        if len(content) >= _CUTOFF:
            return self._regular(content)
        first = len(self._mini_table)
        count = -(-len(content) // _MINI_SECTOR)
        self._mini_table += [*range(first + 1, first + count), _END]
        self._mini += content.ljust(count * _MINI_SECTOR, b"\0")
        return first

    def _regular(self, content: bytes) -> int:
        if not content:
            return _END
        first = len(self._table)
        count = -(-len(content) // _SECTOR)
        self._table += [*range(first + 1, first + count), _END]
        self._body += content.ljust(count * _SECTOR, b"\0")
        return first


def _entry(name: str, kind: int, right: int, child: int, first: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    head = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded) + 2, kind, 1, _FREE, right, child)
    return head.ljust(116, b"\0") + struct.pack("<IQ", first, size)
