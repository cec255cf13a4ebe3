"""UDPTL: IFP packets in UDP datagrams, with what is needed to survive the loss of some (T.38 §9.1).

A datagram carries one packet (the primary) and, for error recovery, either copies of the packets before it
(redundancy) or parities over them (forward error correction). We send what the far end wants, and understand
both whatever it said.
"""

from collections.abc import Sequence

SEQUENCE_MODULUS = 0x10000
_LONG_LENGTH = 0x80
_FRAGMENTED = 0x40
_LONGEST = 0x3FFF
_PARITY = 0x80
_MOST_SECONDARIES = 64
_SPAN = 3
"""Packets that each of our parities covers: with three of them, three datagrams in a row may be lost."""
_REMEMBERED = 64
"""Packets that the decoder keeps to recover others with parity."""


class UdptlError(ValueError):
    """A datagram that is no UDPTL packet; the text says what is wrong with it."""


class UdptlEncoder:
    """Numbers IFP packets and packs each with copies of the ones before it, or parities over them."""

    def __init__(self, *, redundancy: int = 3, fec: bool = False, max_datagram: int = 400) -> None:
        """Begin at packet 0.

        Args:
            redundancy: How many earlier packets a datagram repeats, or how many parities it carries.
            fec: Whether it carries parities.
            max_datagram: Octets that the far end takes (T38FaxMaxDatagram): only what fits is sent.
        """
        self.redundancy = redundancy
        self.fec = fec
        self.max_datagram = max_datagram
        self._sequence = 0
        self._sent: list[bytes] = []

    def pack(self, packet: bytes) -> bytes:
        """The datagram for the next IFP packet.

        Raises:
            UdptlError: The packet is longer than UDPTL can carry unfragmented (16,383 octets).
        """
        primary = self._sequence.to_bytes(2, "big") + _open_type(packet)
        recovery = self._parities if self.fec else self._copies
        datagram = primary + recovery(self.max_datagram - len(primary))
        self._sequence = (self._sequence + 1) % SEQUENCE_MODULUS
        self._sent = [packet, *self._sent[: max(0, self.redundancy * (_SPAN if self.fec else 1) - 1)]]
        return datagram

    def _copies(self, room: int) -> bytes:
        copies = self._fitting_copies(room - 2)
        return b"\0" + _length(len(copies)) + b"".join(copies)

    def _parities(self, room: int) -> bytes:
        """As many parities as there are packets for, and as fit; copies where there are none.

        With n of them, parity m covers the packet that was sent n - m ago and every n-th one before it.
        """
        for count in range(min(self.redundancy, len(self._sent) // _SPAN), 0, -1):
            covered = [self._sent[count - index - 1 : count * _SPAN : count] for index in range(count)]
            parities = [_open_type(_xor(bytes(max(map(len, packets))), packets)) for packets in covered]
            octets = bytes([_PARITY, 1, _SPAN]) + _length(count) + b"".join(parities)
            if len(octets) <= room:
                return octets
        return self._copies(room)

    def _fitting_copies(self, room: int) -> list[bytes]:
        copies: list[bytes] = []
        for packet in self._sent[: self.redundancy]:
            copy = _open_type(packet)
            room -= len(copy)
            if room < 0:
                break
            copies.append(copy)
        return copies


class UdptlDecoder:
    """Takes datagrams apart and recovers packets that were lost before them."""

    def __init__(self) -> None:
        self._received: dict[int, bytes] = {}

    def unpack(self, datagram: bytes) -> list[tuple[int, bytes]]:
        """The IFP packets in a datagram with their sequence numbers, oldest first, the primary last.

        Copies of packets that were received before come again; libspandsp drops what it knows.

        Raises:
            UdptlError: This is no UDPTL datagram.
        """
        reader = _Reader(datagram)
        sequence = reader.integer(2)
        primary = reader.open_type()
        # Some gateways leave the error recovery out where there is none.
        kind = reader.integer(1) if reader.left else 0
        if kind & _PARITY:
            self._remember(sequence, primary)
            recovered = self._recover(sequence, *_read_parities(reader))
        else:
            recovered = _read_copies(reader, sequence)
        for number, packet in (*recovered, (sequence, primary)):
            self._remember(number, packet)
        return [*recovered, (sequence, primary)]

    def _remember(self, sequence: int, packet: bytes) -> None:
        self._received.pop(sequence, None)
        self._received[sequence] = packet
        while len(self._received) > _REMEMBERED:
            del self._received[next(iter(self._received))]

    def _recover(self, sequence: int, span: int, parities: Sequence[bytes]) -> list[tuple[int, bytes]]:
        """What the parities give back.

        With n parities over `span` packets each, parity m is the XOR of packet sequence + m - n and of every
        n-th one before it. A shorter packet counts as filled up with zeros, so a recovered one may be too
        long: IFP says itself where it ends.
        """
        recovered: list[tuple[int, bytes]] = []
        count = len(parities)
        for index, parity in enumerate(parities):
            covered = [(sequence + index - count * step) % SEQUENCE_MODULUS for step in range(span, 0, -1)]
            missing = [number for number in covered if number not in self._received]
            if len(missing) == 1:
                known = [self._received[number] for number in covered if number != missing[0]]
                recovered.append((missing[0], _xor(parity, known)))
        return sorted(recovered, key=lambda found: (found[0] - sequence) % SEQUENCE_MODULUS)


class _Reader:
    """Reads the packed encoding (X.691, as T.38 annex A uses it) and never past the end."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._octets) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise UdptlError(f"{count} octets were announced and {self.left} are there")
        self._at += count
        return self._octets[self._at - count : self._at]

    def integer(self, octets: int) -> int:
        return int.from_bytes(self.take(octets), "big")

    def length(self) -> int:
        first = self.integer(1)
        if not first & _LONG_LENGTH:
            return first
        if first & _FRAGMENTED:
            raise UdptlError("a fragmented field")
        return (first & ~_LONG_LENGTH) << 8 | self.integer(1)

    def open_type(self) -> bytes:
        return self.take(self.length())


def _read_copies(reader: _Reader, sequence: int) -> list[tuple[int, bytes]]:
    if not reader.left:
        return []
    count = reader.length()
    if count > _MOST_SECONDARIES:
        raise UdptlError(f"{count} secondary packets")
    copies = [((sequence - 1 - back) % SEQUENCE_MODULUS, reader.open_type()) for back in range(count)]
    return copies[::-1]


def _read_parities(reader: _Reader) -> tuple[int, list[bytes]]:
    # fec-npackets is an unconstrained integer: a length and its octets.
    octets = reader.length()
    if octets > 2:  # noqa: PLR2004 - more than two octets would span more than all sequence numbers
        raise UdptlError(f"a parity span of {octets} octets")
    span = reader.integer(octets)
    count = reader.length()
    if span * count > _REMEMBERED:
        raise UdptlError(f"{count} parities over {span} packets each")
    return span, [reader.open_type() for _ in range(count)]


def _xor(parity: bytes, packets: Sequence[bytes]) -> bytes:
    value = int.from_bytes(parity, "big")
    for packet in packets:
        value ^= int.from_bytes(packet[: len(parity)].ljust(len(parity), b"\0"), "big")
    return value.to_bytes(len(parity), "big")


def _open_type(packet: bytes) -> bytes:
    return _length(len(packet)) + packet


def _length(count: int) -> bytes:
    if count < _LONG_LENGTH:
        return bytes([count])
    if count > _LONGEST:
        raise UdptlError(f"a field of {count} octets would need fragments")
    return (_LONG_LENGTH << 8 | count).to_bytes(2, "big")
