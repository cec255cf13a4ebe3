"""A mail that Outlook saved as a `.msg` file ([MS-OXMSG]): properties as streams of a compound file."""

import io
import struct
from collections.abc import Iterator
from functools import partial

import olefile  # type: ignore[import-untyped]

from mta.mime.letter import Letter, in_memory
from mta.mime.mapi import Properties, Tag, Value
from mta.mime.outlook_letter import DamagedMessage, OutlookAttachment, outlook_letter

MAX_ATTACHMENTS = 1000
MAX_PROPERTIES = 5000
"""Of one message or attachment."""
MAX_DEPTH = 10
"""Messages saved in one another."""

_MAGIC: bytes = olefile.MAGIC
_SECTOR = 512
_TABLES = (44, 64, 72)
"""[MS-CFB] §2.2: where the numbers of the sectors of the FAT, the mini FAT and the DIFAT stand."""
_PROPERTIES = "__properties_version1.0"
_NAMES = "__nameid_version1.0"
_ATTACHMENT = "__attach_version1.0_#"
_HEAD_OF_MESSAGE, _HEAD_OF_EMBEDDED, _HEAD_OF_ATTACHMENT = 32, 24, 8  # [MS-OXMSG] §2.4.1
_ENTRY = struct.Struct("<HHI8s")
_NUMBERS = {0x0002: "<h6x", 0x0003: "<i4x", 0x000B: "<H6x", 0x0014: "<q", 0x0040: "<Q"}
_STRING, _UNICODE, _BINARY = 0x001E, 0x001F, 0x0102
_EMBEDDED = "3701000D"

_DAMAGE = (
    OSError, ValueError, LookupError, struct.error, AttributeError, TypeError, ArithmeticError,
    RecursionError,
)  # fmt: skip
"""What olefile raises for files that are none of its kind."""

_Path = tuple[str, ...]


def is_saved_message(octets: bytes) -> bool:
    """Whether a file is a compound file that holds a message."""
    name = f"{_PROPERTIES}\0".encode("utf-16-le")
    return octets.startswith(_MAGIC) and name in octets and _NAMES.encode("utf-16-le") in octets


def saved_letter(octets: bytes) -> Letter:
    """The letter of a saved message.

    Raises:
        DamagedMessage: it cannot be read.
        Refused: an attachment of it is not in it.
    """
    _check_header(octets)
    try:
        with olefile.OleFileIO(io.BytesIO(octets)) as file:
            return _Message(file, len(octets)).letter((), _HEAD_OF_MESSAGE)
    except _DAMAGE as problem:
        raise DamagedMessage("it is damaged") from problem


def _check_header(octets: bytes) -> None:
    """A file says in its header how large its tables are, and is believed by who reads it."""
    sectors = len(octets) // _SECTOR
    counts = [int.from_bytes(octets[place : place + 4], "little") for place in _TABLES]
    if len(octets) < _SECTOR or max(counts) > sectors:
        raise DamagedMessage("it is damaged")


def _same(letter: Letter) -> Letter:
    return letter


class _Message:
    """A file that is read whole, as letters and attachments are opened after it is closed."""

    def __init__(self, file: olefile.OleFileIO, size: int) -> None:
        self._file = file
        self._left = size
        """Octets that its streams can still have, where each is in the file once."""
        if file.root.size > size:  # of the stream that holds the small ones
            raise DamagedMessage("it is damaged")
        self._streams: dict[_Path, list[str]] = {}
        for path in file.listdir(streams=True, storages=True):
            self._streams.setdefault(tuple(path[:-1]), []).append(path[-1])

    def letter(self, path: _Path, head: int, depth: int = 0) -> Letter:
        """The message in a storage."""
        if depth > MAX_DEPTH:
            raise DamagedMessage(f"mails are nested more than {MAX_DEPTH} deep in it")
        properties = self._properties(path, head)
        return outlook_letter(properties, list(self._attachments(path, depth)))

    def _attachments(self, path: _Path, depth: int) -> Iterator[OutlookAttachment]:
        storages = sorted(name for name in self._streams.get(path, ()) if name.startswith(_ATTACHMENT))
        if len(storages) > MAX_ATTACHMENTS:
            raise DamagedMessage(f"it has more than {MAX_ATTACHMENTS} attachments")
        for storage in storages:
            inside = (*path, storage)
            properties = self._properties(inside, _HEAD_OF_ATTACHMENT)
            message = self._variable_name(_EMBEDDED)
            if message in self._streams.get(inside, ()):
                letter = self.letter((*inside, message), _HEAD_OF_EMBEDDED, depth + 1)
                yield OutlookAttachment(properties=properties, octets=bytes, letter=partial(_same, letter))
            else:
                data = properties.octets(Tag.DATA)
                yield OutlookAttachment(properties=properties, octets=in_memory(data))

    def _properties(self, path: _Path, head: int) -> Properties:
        """The properties in a storage, those that somebody asks for."""
        values: dict[int, Value] = {}
        present = set(self._streams.get(path, ()))
        listed = self._read((*path, _PROPERTIES)) if _PROPERTIES in present else b""
        for position in range(head, min(len(listed), head + MAX_PROPERTIES * _ENTRY.size), _ENTRY.size):
            kind, number, _, value = _ENTRY.unpack_from(listed, position)
            if kind in _NUMBERS:
                values[number] = struct.unpack(_NUMBERS[kind], value)[0]
        for tag in Tag:
            for kind in (_UNICODE, _STRING, _BINARY):
                name = self._variable_name(f"{tag:04X}{kind:04X}")
                if name in present:
                    octets = self._read((*path, name))
                    values[tag] = octets.decode("utf-16-le", "replace") if kind == _UNICODE else octets
                    break
        codepage = values.get(Tag.MESSAGE_CODEPAGE) or values.get(Tag.INTERNET_CODEPAGE)
        return Properties(values, codepage=codepage if isinstance(codepage, int) else 0)

    @staticmethod
    def _variable_name(number: str) -> str:
        """The stream or storage of a property whose size is not fixed ([MS-OXMSG] §2.1.3)."""
        return f"__substg1.0_{number}"

    def _read(self, path: _Path) -> bytes:
        size: int = self._file.get_size(list(path))
        self._left -= size
        if self._left < 0:  # streams that share sectors, or a size that is made up
            raise DamagedMessage("it is damaged")
        octets: bytes = self._file.openstream(list(path)).read()
        if len(octets) != size:
            raise DamagedMessage("it is cut off")
        return octets
