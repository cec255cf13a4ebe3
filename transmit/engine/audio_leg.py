"""The audio side of a call: RTP in and out, and what speaks and listens there."""

import random
from dataclasses import replace
from typing import Protocol

import numpy as np

from transmit.engine.order import Codec
from transmit.media import g711, rtp
from transmit.media.g711 import Samples


class Speaker(Protocol):
    """What sits at our end of an audio call, in steps of 20 ms."""

    def tick(self) -> Samples:
        """What it says in the next 20 ms: 160 samples."""

    def hear(self, samples: Samples | None) -> None:
        """What the far end said; None where a packet is missing."""

    def close(self) -> None:
        """The call leaves audio."""


class Playback:
    """Plays samples over and over, and does not listen."""

    def __init__(self, samples: Samples) -> None:
        padding = -len(samples) % rtp.FRAME
        self._frames = np.concatenate([samples, np.zeros(padding, np.int16)]).reshape(-1, rtp.FRAME)
        self._next = 0

    def tick(self) -> Samples:
        """The next 160 samples."""
        frame: Samples = self._frames[self._next]
        self._next = (self._next + 1) % len(self._frames)
        return frame

    def hear(self, samples: Samples | None) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """There is nothing to free."""


def mute() -> Playback:
    """A speaker that says nothing."""
    return Playback(np.zeros(rtp.FRAME, np.int16))


_LAWS = {law.payload_type: law for law in Codec}
_NOTHING = np.zeros(0, np.int16)
_SILENT_FRAME = np.zeros(rtp.FRAME, np.int16)
_LOST = 3
"""Packets in a row that are taken for lost, so that modems hold on. Where more are missing, the far end sends
nothing while it is silent, and a modem that held on would not notice the end of its signal."""
_DEPTH = 2
_MOST = 25


class AudioLeg:
    """One audio stream each way."""

    def __init__(self, speaker: Speaker, codec: Codec, chance: random.Random, *, clock: int = 1) -> None:
        """Begin a stream.

        Args:
            speaker: Our end.
            codec: How it is coded, both ways.
            chance: Where RTP's numbers begin.
            clock: `SessionOrder.clock`: jitter is so many times longer in media time.
        """
        self.speaker = speaker
        self.codec = codec
        self._sender = rtp.RtpSender(
            source=chance.getrandbits(32), sequence=chance.getrandbits(15), timestamp=chance.getrandbits(32)
        )
        self._missing = 0
        self._lost = _LOST * clock
        self._playout = rtp.PlayoutBuffer(depth=_DEPTH + clock, most=_MOST * clock)

    def receive(self, datagram: bytes) -> None:
        """Take a datagram of the far end; what is no audio in G.711 is dropped.

        It may come by the law that is not ours: one who answers with both may send either (RFC 3264 §7).
        """
        try:
            packet = rtp.parse(datagram)
        except rtp.RtpError:
            return
        law = _LAWS.get(packet.payload_type)
        if law is None:
            return
        if law is not self.codec:
            payload = g711.encode(g711.decode(packet.payload, law), self.codec)
            packet = replace(packet, payload=payload)
        self._playout.push(packet)

    def tick(self) -> bytes:
        """20 ms pass: the datagram to send."""
        payload = self._playout.pull()
        self._missing = 0 if payload is not None else self._missing + 1
        if payload is not None:
            self.speaker.hear(g711.decode(payload, self.codec))
        else:
            self.speaker.hear(None if self._missing <= self._lost else _SILENT_FRAME)
        return self._sender.pack(g711.encode(self.speaker.tick(), self.codec), self.codec)

    def take_heard(self) -> Samples:
        """What the far end said since this was asked last, without the unsteadiness of the way."""
        parts = [
            np.zeros(part, np.int16) if isinstance(part, int) else g711.decode(part, self.codec)
            for part in self._playout.take_stream()
        ]
        return np.concatenate(parts) if parts else _NOTHING

    def close(self) -> None:
        """End the speaker."""
        self.speaker.close()
