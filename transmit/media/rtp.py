"""RTP for telephone audio: packets of 20 ms of G.711, and the order restored on arrival (RFC 3550, RFC 3551).

RTCP is left out: a fax call has no use for its reports, and peers live without them.
"""

import struct
from dataclasses import dataclass

from transmit.media.codec import Codec

FRAME = 160
"""Samples, and octets of G.711, in 20 ms."""

_HEADER = struct.Struct("!BBHII")
_VERSION = 2
_SEQUENCE_MODULUS = 0x10000
_TIMESTAMP_MODULUS = 0x1_0000_0000
_MISORDERED = 100
"""Packets by which another may be late (RFC 3550 appendix A.1: MAX_MISORDER)."""
_AHEAD = 40_000
"""Samples by which the far end's stream may be ahead of what was played: a pause that would be more than time
has passed is none, so nobody has to listen to hours of it."""


class RtpError(ValueError):
    """A datagram that is no RTP packet; the text says what is wrong with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RtpPacket:
    """What is used of an RTP packet."""

    payload_type: int
    sequence: int
    timestamp: int
    """Of its first sample, in samples."""
    source: int
    """SSRC."""
    payload: bytes


def parse(datagram: bytes) -> RtpPacket:
    """Read a packet; CSRCs, the header extension and the padding are left out (RFC 3550 §5.1).

    Raises:
        RtpError: This is no RTP packet.
    """
    if len(datagram) < _HEADER.size or datagram[0] >> 6 != _VERSION:
        raise RtpError("no RTP header")
    flags, kind, sequence, timestamp, source = _HEADER.unpack_from(datagram)
    begin, end = _HEADER.size + 4 * (flags & 0x0F), len(datagram)
    if flags & 0x10:
        if end < begin + 4:
            raise RtpError("the header extension is cut off")
        begin += 4 + 4 * int.from_bytes(datagram[begin + 2 : begin + 4], "big")
    if flags & 0x20:
        end -= datagram[-1]
    if begin > end:
        raise RtpError("the header is longer than the packet")
    return RtpPacket(
        payload_type=kind & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        source=source,
        payload=datagram[begin:end],
    )


class RtpSender:
    """Numbers packets of 20 ms."""

    def __init__(self, *, source: int, sequence: int, timestamp: int) -> None:
        """All three begin at random (RFC 3550 §5.1), and chance comes from the caller."""
        self._source = source
        self._sequence = sequence % _SEQUENCE_MODULUS
        self._timestamp = timestamp % _TIMESTAMP_MODULUS
        self._first = True

    def pack(self, payload: bytes, codec: Codec) -> bytes:
        """The packet for the next 20 ms."""
        marker = 0x80 if self._first else 0  # RFC 3551 §4.1: set on the first packet of a talk spurt
        self._first = False
        header = _HEADER.pack(
            _VERSION << 6, marker | codec.payload_type, self._sequence, self._timestamp, self._source
        )
        self._sequence = (self._sequence + 1) % _SEQUENCE_MODULUS
        self._timestamp = (self._timestamp + FRAME) % _TIMESTAMP_MODULUS
        return header + payload


class PlayoutBuffer:
    """Holds what arrives for a moment, so that packets that were late or overtook one another still count.

    It is drawn from once every 20 ms. A packet that is missing when its turn comes is given as None. Beside
    what is played, it gives the far end's own stream, in which neither our lateness nor that of the network
    shows: for whoever measures how long a tone lasts.
    """

    def __init__(self, *, depth: int = 3, most: int = 12) -> None:
        """An empty buffer.

        Args:
            depth: Packets to gather before playing begins: the jitter that is borne, in packets.
            most: Packets to hold at most: with more, the far end's clock is faster than ours; one is dropped.
        """
        self._depth = depth
        self._most = most
        self._waiting: dict[int, RtpPacket] = {}
        self._next: int | None = None
        self._behind: int | None = None
        """The number of the last packet that came far too late."""
        self._source: int | None = None
        self._ready = bytearray()
        self._stream: list[bytes | int] = []
        self._expected: int | None = None
        self._credit = _AHEAD
        self.lost = 0
        """Packets that never came, or too late."""

    def push(self, packet: RtpPacket) -> None:
        """Take a packet as it arrives."""
        if packet.source != self._source:
            self._begin(packet)
        elif self._next is not None:
            ahead = (packet.sequence - self._next) % _SEQUENCE_MODULUS
            if ahead >= _SEQUENCE_MODULUS // 2:
                if not self._began_anew(packet, _SEQUENCE_MODULUS - ahead):
                    return  # its turn is over
                self._begin(packet)
            elif ahead > 8 * self._most:
                self._begin(packet)  # a jump: the far end began anew
        self._waiting[packet.sequence] = packet
        if len(self._waiting) > self._most and self._next is not None:
            self._leave(self._next)

    def pull(self) -> bytes | None:
        """The next 20 ms; None while there is nothing, or for a packet that is missing."""
        self._credit += FRAME
        while len(self._ready) < FRAME:
            payload = self._take()
            if payload is None:
                return None
            self._ready += payload
        frame = bytes(self._ready[:FRAME])
        del self._ready[:FRAME]
        return frame

    def take_stream(self) -> list[bytes | int]:
        """What left the buffer since this was asked last, played or not: payloads, and samples of pauses.

        A pause is where the far end's timestamps say so: packets that were lost, or that it did not send as
        there was silence.
        """
        stream, self._stream = self._stream, []
        return stream

    def _began_anew(self, packet: RtpPacket, behind: int) -> bool:
        """Whether packets that seem late come from a far end that numbers anew, without another SSRC.

        RFC 3550 appendix A.1: two in a row, further behind than packets get on their way.
        """
        if behind <= _MISORDERED:
            return False
        before, self._behind = self._behind, packet.sequence
        return before is not None and packet.sequence == (before + 1) % _SEQUENCE_MODULUS

    def _begin(self, packet: RtpPacket) -> None:
        self._source = packet.source
        self._waiting.clear()
        self._ready.clear()
        self._next = self._expected = self._behind = None

    def _take(self) -> bytes | None:
        if self._next is None:
            if len(self._waiting) < self._depth:
                return None
            self._next = _earliest(self._waiting)
        if not self._waiting:
            return None
        packet = self._leave(self._next)
        self.lost += packet is None
        return None if packet is None else packet.payload

    def _leave(self, sequence: int) -> RtpPacket | None:
        """The turn of a packet is there, if it came."""
        packet = self._waiting.pop(sequence, None)
        self._next = (sequence + 1) % _SEQUENCE_MODULUS
        if packet is not None:
            self._stream += [pause] if (pause := self._pause_before(packet)) else []
            self._stream.append(packet.payload)
            self._expected = (packet.timestamp + len(packet.payload)) % _TIMESTAMP_MODULUS
            self._credit -= pause + len(packet.payload)
        return packet

    def _pause_before(self, packet: RtpPacket) -> int:
        """Samples that the far end did not send, or that were lost."""
        if self._expected is None:
            return 0
        pause = (packet.timestamp - self._expected) % _TIMESTAMP_MODULUS
        return pause if pause <= self._credit else 0


def _earliest(sequences: dict[int, RtpPacket]) -> int:
    """The first of a few numbers that lie close together on the circle."""
    anchor = next(iter(sequences))
    half = _SEQUENCE_MODULUS // 2
    return min(sequences, key=lambda sequence: (sequence - anchor + half) % _SEQUENCE_MODULUS)
