"""Frames of 20 ms of what the far end says: how loud, and of which one or two tones, if of tones.

A frame is judged by the 40 ms around its middle. Tones that lie closer than about 100 Hz together, such as
the 440 and 480 Hz of an American ringing tone, count as one between them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transmit.media.g711 import Samples

FRAME_SECONDS = 0.02
OVERLAP = 160
"""Samples before a block that its first frame needs."""

_HOP = 160
_WINDOW_LENGTH = 320
_WINDOW = np.hanning(_WINDOW_LENGTH)
_BINS = 512
"""The window is filled up with zeros to it, so that a peak lies between close neighbours."""
_HERTZ_A_BIN = 8000 / _BINS
_LOWEST_BIN = 6
"""Under 90 Hz is hum, and what is left of it by filters."""
_HALF_WIDTH = 5
"""Bins on each side that belong to a peak: Hann's main lobe, and two tones that lie close."""
QUIET = 60.0
"""Root mean square below which a frame is silence: -49 dBm0, under the weakest tone of a long way."""
_TONAL = 0.88
"""The share of the energy that lies in the two strongest peaks of a frame of tones."""
_ALONE = 0.97
"""The share above which a peak has no other beside it."""
_SECOND = 0.05
"""The least share of a second tone in the energy of both: it is 13 dB weaker at most."""
_NOTHING = 1e-9
"""So that nothing has a logarithm too."""


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of sound."""

    level: float
    """Root mean square of the samples."""
    low: float = 0.0
    """The lower of two tones, or the only one, in Hz; 0 where it is made of anything else."""
    high: float = 0.0
    """The higher of two tones, or the only one."""


def frames_of(samples: Samples) -> list[Frame]:
    """The frames of a block that has the `OVERLAP` samples before it in front: one for every 20 ms of it."""
    starts = range(0, len(samples) - OVERLAP, _HOP)
    windows = np.stack([samples[start : start + _WINDOW_LENGTH] for start in starts]).astype(np.float64)
    middles = windows[:, _HOP // 2 : _HOP // 2 + _HOP]
    levels: list[float] = np.sqrt(np.mean(middles * middles, axis=1)).tolist()
    if max(levels) < QUIET:
        return [Frame(level) for level in levels]
    transform = np.fft.rfft(windows * _WINDOW, _BINS, axis=1)
    spectra = transform.real**2 + transform.imag**2
    spectra[:, :_LOWEST_BIN] = 0
    totals: list[float] = spectra.sum(axis=1).tolist()
    return [
        _frame(level, spectrum, total) for level, spectrum, total in zip(levels, spectra, totals, strict=True)
    ]


def _frame(level: float, spectrum: NDArray[np.float64], total: float) -> Frame:
    first, first_energy = _strongest(spectrum)
    one = other = _frequency(spectrum, first)
    if first_energy < _ALONE * total:
        rest = spectrum.copy()
        rest[max(0, first - _HALF_WIDTH) : first + _HALF_WIDTH + 1] = 0
        second, second_energy = _strongest(rest)
        both = first_energy + second_energy
        if both < _TONAL * total:
            return Frame(level)
        other = _frequency(rest, second) if second_energy > _SECOND * both else one
    return Frame(level, min(one, other), max(one, other))


def _strongest(spectrum: NDArray[np.float64]) -> tuple[int, float]:
    """The place of the strongest peak, and its energy."""
    place = int(spectrum.argmax())
    return place, float(spectrum[max(0, place - _HALF_WIDTH) : place + _HALF_WIDTH + 1].sum())


def _frequency(spectrum: NDArray[np.float64], place: int) -> float:
    """Where the peak is between the bins: the top of the parabola through the logarithms of three."""
    if not 0 < place < _BINS // 2:
        return place * _HERTZ_A_BIN
    around = spectrum[place - 1 : place + 2].tolist()
    left, middle, right = (math.log(energy + _NOTHING) for energy in around)
    curve = left - 2 * middle + right
    return float((place + (0.5 * (left - right) / curve if curve < 0 else 0.0)) * _HERTZ_A_BIN)
