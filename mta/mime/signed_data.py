"""What an opaque S/MIME signature holds (RFC 8551 §3.5.2): the signed content, found without any key.

The CMS structure (RFC 5652) is walked along the one path that leads to the content, in DER or in BER with
lengths that are not definite. Nothing is verified: who the sender is, is proven elsewhere.
"""

from dataclasses import dataclass
from enum import Enum

MAX_PIECES = 200_000
"""Of a content that comes in pieces; programs write pieces of a kilobyte and more."""
_DEEPEST = 16

_INTEGER, _OCTETS, _OBJECT = 0x02, 0x04, 0x06
_CONSTRUCTED_OCTETS, _SEQUENCE, _SET, _EXPLICIT_0 = 0x24, 0x30, 0x31, 0xA0
_LONG_TAG, _CONSTRUCTED, _INDEFINITE, _LENGTH_OF_LENGTH = 0x1F, 0x20, 0x80, 4

_SIGNED = bytes.fromhex("2a864886f70d010702")  # RFC 5652 §5.1: id-signedData
_ENCRYPTED = {
    bytes.fromhex("2a864886f70d010703"),  # §6.1: id-envelopedData
    bytes.fromhex("2a864886f70d010706"),  # §8: id-encryptedData
    bytes.fromhex("2a864886f70d0109100117"),  # RFC 5083 §2.1: id-ct-authEnvelopedData
}


class Seal(Enum):
    """What an S/MIME part is."""

    SIGNED = "signed"
    CERTIFICATES = "certificates"
    """A signature or certificates without a content of their own."""
    ENCRYPTED = "encrypted"
    UNKNOWN = "unknown"


class _Damaged(Exception):  # noqa: N818 - named as what is wrong
    """The structure is not what RFC 5652 says."""


@dataclass(frozen=True, slots=True)
class _Element:
    """One value of ASN.1 (X.690 §8.1)."""

    tag: int
    begin: int
    """Where its contents begin."""
    end: int | None
    """Where they end; None if the octets 00 00 say so."""


def opened(cms: bytes) -> tuple[Seal, bytes]:
    """What a CMS structure is, and the content that it signs: an entity of MIME."""
    try:
        return _Walk(cms).content_info()
    except (_Damaged, IndexError):
        return Seal.UNKNOWN, b""


class _Walk:
    """Goes along the structure."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._pieces = 0

    def content_info(self) -> tuple[Seal, bytes]:
        """RFC 5652 §3: ContentInfo."""
        outer = self._element(0, _SEQUENCE)
        kind = self._element(outer.begin, _OBJECT)
        name = self._octets[kind.begin : kind.end]
        if name in _ENCRYPTED:
            return Seal.ENCRYPTED, b""
        if name != _SIGNED:
            return Seal.UNKNOWN, b""
        wrapper = self._element(self._behind(kind), _EXPLICIT_0)
        return self._signed_data(self._element(wrapper.begin, _SEQUENCE))

    def _signed_data(self, signed: _Element) -> tuple[Seal, bytes]:
        """§5.1: the version, the digests' algorithms, and then encapContentInfo."""
        version = self._element(signed.begin, _INTEGER)
        algorithms = self._element(self._behind(version), _SET)
        capsule = self._element(self._behind(algorithms), _SEQUENCE)
        kind = self._element(capsule.begin, _OBJECT)
        position = self._behind(kind)
        if self._ends(capsule, position):
            return Seal.CERTIFICATES, b""
        content = self._element(self._element(position, _EXPLICIT_0).begin)
        collected: list[bytes] = []
        self._collect(content, collected, 0)
        return Seal.SIGNED, b"".join(collected)

    def _collect(self, content: _Element, collected: list[bytes], depth: int) -> None:
        """X.690 §8.7: an octet string in one piece, or in pieces."""
        self._pieces += 1
        if depth > _DEEPEST or self._pieces > MAX_PIECES:
            raise _Damaged
        if content.tag == _OCTETS:
            collected.append(self._octets[content.begin : content.end])
            return
        if content.tag != _CONSTRUCTED_OCTETS:
            raise _Damaged
        position = content.begin
        while not self._ends(content, position):
            piece = self._element(position)
            self._collect(piece, collected, depth + 1)
            position = self._behind(piece)

    def _element(self, position: int, wanted: int | None = None) -> _Element:
        """The element at a place."""
        tag, length = self._octets[position], self._octets[position + 1]
        begin = position + 2
        if tag & _LONG_TAG == _LONG_TAG or (wanted is not None and tag != wanted):
            raise _Damaged
        if length == _INDEFINITE and tag & _CONSTRUCTED:
            return _Element(tag, begin, None)
        if length >= _INDEFINITE:
            size = length - _INDEFINITE
            if not 0 < size <= _LENGTH_OF_LENGTH:
                raise _Damaged
            length = int.from_bytes(self._octets[begin : begin + size])
            begin += size
        if begin + length > len(self._octets):
            raise _Damaged
        return _Element(tag, begin, begin + length)

    def _ends(self, element: _Element, position: int) -> bool:
        """Whether an element has nothing more at a place."""
        if element.end is not None:
            return position >= element.end
        return self._octets[position : position + 2] == b"\0\0"

    def _behind(self, element: _Element) -> int:
        """Where the next element begins."""
        if element.end is not None:
            return element.end
        # Elements that are open nest; each one that begins is looked at once.
        position, open_ones = element.begin, 1
        while open_ones:
            self._pieces += 1
            if self._pieces > MAX_PIECES:
                raise _Damaged
            if self._octets[position : position + 2] == b"\0\0":
                position += 2
                open_ones -= 1
                continue
            inner = self._element(position)
            open_ones += inner.end is None
            position = inner.begin if inner.end is None else inner.end
        return position
