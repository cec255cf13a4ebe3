"""Fuzz target: RTP packets of a far end, one after the other into a call's playout buffer and its listener.

The input is cut into datagrams at `SEPARATOR`; after each, 20 ms are played.
"""

from random import Random

from transmit.engine.audio_leg import AudioLeg, Playback, mute
from transmit.media import rtp
from transmit.media.codec import Codec
from transmit.media.g711 import Samples
from transmit.media.listening import Listener

USUAL = 2048
LARGEST = 8 * 1024
SEPARATOR = b"\n@@\n"
_HEAD = b"\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07"
WORDS = (
    SEPARATOR, _HEAD, b"\x80\x80\xff\xff", b"\x80\x08\x80\x00", b"\x90\x00", b"\xa0\x00", b"\x8f\x00",
    b"\xbe\xef\x00\x01", b"\xbe\xef\xff\xff", b"\xff" * 160, b"\xd5" * 160, b"\x00" * 40, b"\x12" * 320,
    SEPARATOR + _HEAD, b"\x00\x00\x00\x07", b"\x00\x00\x00\x08",
)  # fmt: skip
_MOST_WAITING = 26
_AHEAD = 40_000
"""Samples that the far end may say that it was silent, more than time has passed."""


def check(octets: bytes) -> None:
    """20 ms are played for 20 ms, whatever came; little waits; what is heard is no longer than was said."""
    leg, listener = AudioLeg(_Counted(), Codec.PCMU, Random(1)), Listener()  # noqa: S311 - the same each time
    listened = 0
    for datagram in octets.split(SEPARATOR):
        try:
            packet = rtp.parse(datagram)
        except rtp.RtpError:
            packet = None
        assert packet is None or len(packet.payload) < len(datagram)
        leg.receive(datagram)
        assert len(leg.tick()) == 12 + rtp.FRAME
        heard = leg.take_heard()
        listened += len(heard)
        for begin in range(0, len(heard), rtp.FRAME):
            listener.hear(heard[begin : begin + rtp.FRAME])
    assert len(leg._playout._waiting) <= _MOST_WAITING
    sums = listener.heard
    judged = sums.silence_seconds + sums.speech_seconds + sums.tone_seconds + sums.ced_seconds
    assert judged <= listened / 8000 + 0.5
    assert listened <= len(octets) + _AHEAD + rtp.FRAME * (1 + octets.count(SEPARATOR))


class _Counted(Playback):
    """Says nothing, and is told 20 ms or nothing."""

    def __init__(self) -> None:
        super().__init__(mute().tick())

    def hear(self, samples: Samples | None) -> None:
        """Whole frames alone."""
        assert samples is None or len(samples) == rtp.FRAME
