"""The T.38 side of a call: a terminal and its UDPTL datagrams."""

from transmit.engine.order import SessionOrder
from transmit.engine.t30 import Ears
from transmit.engine.t38_terminal import T38Terminal
from transmit.media.udptl import SEQUENCE_MODULUS, UdptlDecoder, UdptlEncoder, UdptlError

_RTP_VERSION = b"\x80"
_FAR_AHEAD = 0x400
_SPOILED = 5
"""Of so many packets of the image one is lost, where `SessionOrder.spoils_image` says so."""


class T38Leg:
    """One UDPTL stream each way."""

    def __init__(self, order: SessionOrder, ears: Ears, encoder: UdptlEncoder) -> None:
        self._encoder = encoder
        self._decoder = UdptlDecoder()
        self._outgoing: list[bytes] = []
        self._latest = 0
        self._suspected = -1
        """The number of the last datagram that looked like audio."""
        self._spoils_image = order.spoils_image
        self.terminal = T38Terminal(order, max_datagram=encoder.max_datagram, send_ifp=self._send, ears=ears)

    def receive(self, datagram: bytes) -> None:
        """Take a datagram of the far end; what is no UDPTL is dropped."""
        try:
            packets = self._decoder.unpack(datagram)
        except UdptlError:
            return
        self._latest = packets[-1][0]
        for sequence, packet in packets:
            if self._spoils_image and sequence % _SPOILED == 0 and _is_image(packet):
                continue
            self.terminal.receive_ifp(sequence, packet)

    def is_late_rtp(self, datagram: bytes) -> bool:
        """Whether this is audio from before the switch: read as UDPTL, it begins with a number far ahead.

        That is the same in each packet of audio, while a gateway that begins to number there goes on by one.
        """
        number = int.from_bytes(datagram[:2], "big")
        if datagram[:1] != _RTP_VERSION or (number - self._latest) % SEQUENCE_MODULUS <= _FAR_AHEAD:
            return False
        before, self._suspected = self._suspected, number
        return number != before + 1

    def tick(self) -> list[bytes]:
        """20 ms pass: the datagrams to send."""
        self.terminal.tick()
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def close(self) -> None:
        """End the terminal."""
        self.terminal.close()

    def limit(self, wanted: UdptlEncoder) -> None:
        """The far end changed its limits in a new SDP: what is sent keeps its numbers."""
        self._encoder.max_datagram = wanted.max_datagram
        self._encoder.redundancy, self._encoder.fec = wanted.redundancy, wanted.fec

    def _send(self, packet: bytes, count: int) -> None:
        self._outgoing += [self._encoder.pack(packet)] * count


def _is_image(packet: bytes) -> bool:
    """Whether an IFP packet has data of a modem faster than V.21 (T.38 §7.2.1, annex A)."""
    return bool(packet) and packet[0] & 0xC0 == 0xC0 and packet[0] & 0x1E != 0  # noqa: PLR2004 - bits
