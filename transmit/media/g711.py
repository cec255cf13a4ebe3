"""G.711: one octet a sample, by µ-law or A-law, for 8 kHz linear samples of 16 bits.

Both directions are table look-ups; the tables are computed from the segments of the Recommendation.
"""

import numpy as np
from numpy.typing import NDArray

from transmit.media.codec import Codec

Samples = NDArray[np.int16]
"""Linear samples, 8000 a second, full scale ±32767."""

_ULAW_BIAS = 33
_ULAW_LARGEST = 0x1FFF
_ALAW_TOGGLED = 0x55
"""Every other bit of an A-law octet is inverted on the line (G.711 §3.2, note to table 1)."""


def decode(octets: bytes, codec: Codec) -> Samples:
    """The samples that `octets` stand for."""
    return _DECODED[codec][np.frombuffer(octets, np.uint8)]


def encode(samples: Samples, codec: Codec) -> bytes:
    """One octet for each sample."""
    return _ENCODED[codec][samples.view(np.uint16)].tobytes()


def _expand_ulaw() -> Samples:
    """G.711 table 2: 14-bit values, here times 4."""
    octets = ~np.arange(256) & 0xFF
    segment, step = octets >> 4 & 7, octets & 15
    magnitude = (((step << 1) + _ULAW_BIAS) << segment) - _ULAW_BIAS
    return (np.where(octets & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


def _compress_ulaw(samples: NDArray[np.int64]) -> NDArray[np.uint8]:
    magnitude = np.minimum((_magnitude(samples) >> 2) + _ULAW_BIAS, _ULAW_LARGEST)
    segment = _highest_bit(magnitude) - 5
    step = magnitude >> segment + 1 & 15
    octets: NDArray[np.int64] = ~((samples < 0) << 7 | segment << 4 | step) & 0xFF
    return octets.astype(np.uint8)


def _expand_alaw() -> Samples:
    """G.711 table 1: 13-bit values, here times 8."""
    octets = np.arange(256) ^ _ALAW_TOGGLED
    segment, step = octets >> 4 & 7, octets & 15
    magnitude = np.where(segment == 0, (step << 1) + 1, ((step << 1) + 33) << np.maximum(segment - 1, 0))
    return (np.where(octets & 0x80, magnitude, -magnitude) * 8).astype(np.int16)


def _compress_alaw(samples: NDArray[np.int64]) -> NDArray[np.uint8]:
    magnitude = _magnitude(samples) >> 4
    segment = np.maximum(_highest_bit(np.maximum(magnitude, 1)) - 3, 0)
    step = magnitude >> np.maximum(segment - 1, 0) & 15
    octets: NDArray[np.int64] = ((samples >= 0) << 7 | segment << 4 | step) ^ _ALAW_TOGGLED
    return octets.astype(np.uint8)


def _magnitude(samples: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(samples < 0, ~samples, samples)


def _highest_bit(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.floor(np.log2(values)).astype(np.int64)


# Indexed by the 16-bit pattern of a sample.
_EVERY_SAMPLE = np.arange(0x10000).astype(np.uint16).view(np.int16).astype(np.int64)
_ENCODED = {Codec.PCMU: _compress_ulaw(_EVERY_SAMPLE), Codec.PCMA: _compress_alaw(_EVERY_SAMPLE)}
_DECODED = {Codec.PCMU: _expand_ulaw(), Codec.PCMA: _expand_alaw()}
