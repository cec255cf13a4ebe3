"""The sounds of a telephone network and of what answers there, for a station to play: tones, SIT, modems.

Levels are as in networks; each sound is to be played over and over.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transmit.media.g711 import Samples
from transmit.media.sound import Signal
from transmit.media.speech import made_up_speech

SAMPLE_RATE = 8000
LEVEL = 3000.0
"""Peak of each tone: about -18 dBm0."""

_SIT_TONES: dict[Signal, tuple[tuple[float, float], ...]] = {
    # Hz and seconds: E.180 §7, SR-2275.
    Signal.SIT: ((950, 0.33), (1400, 0.33), (1800, 0.33)),
    Signal.SIT_INTERCEPT: ((913.8, 0.274), (1370.6, 0.274), (1776.7, 0.38)),
    Signal.SIT_VACANT: ((985.2, 0.38), (1370.6, 0.274), (1776.7, 0.38)),
    Signal.SIT_REORDER: ((913.8, 0.274), (1428.5, 0.38), (1776.7, 0.38)),
    Signal.SIT_NO_CIRCUIT: ((985.2, 0.38), (1428.5, 0.38), (1776.7, 0.38)),
}
_RHYTHMS: dict[Signal, tuple[tuple[float, ...], tuple[float, ...]]] = {
    # Seconds of tone and of silence, and Hz: those of North America.
    Signal.BUSY: ((0.5, 0.5), (480, 620)),
    Signal.REORDER: ((0.25, 0.25), (480, 620)),
    Signal.RINGING: ((2.0, 4.0), (440, 480)),
    Signal.CNG: ((0.5, 3.0), (1100,)),
    Signal.CED: ((1.0,), (2100,)),
}
_ANNOUNCEMENT_SECONDS = 3.0
_REVERSED_EVERY = 0.45
"""Seconds between the phase reversals of an ANSam (V.8 §6)."""


def signal_sound(signal: Signal) -> Samples:
    """One round of what is heard with a signal; a SIT has an announcement behind it."""
    if signal in _SIT_TONES:
        tones = [tone(seconds, hertz) for hertz, seconds in _SIT_TONES[signal]]
        return np.concatenate([*tones, silence(0.2), made_up_speech(_ANNOUNCEMENT_SECONDS), silence(1.0)])
    if signal is Signal.MODEM:
        return np.concatenate([silence(0.5), ansam(3.3), silence(0.075), tone(20.0, 1800, 2250)])
    if signal is Signal.ANSAM:
        return ansam(3.3)
    durations, frequencies = _RHYTHMS[signal]
    return rhythm(durations, *frequencies)


def tone(seconds: float, *frequencies: float, level: float = LEVEL) -> Samples:
    """One or two tones together."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    waves = sum((np.sin(2 * np.pi * hertz * time) for hertz in frequencies), np.zeros_like(time))
    return _samples(level * waves)


def silence(seconds: float) -> Samples:
    """Nothing."""
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def rhythm(durations: Sequence[float], *frequencies: float, level: float = LEVEL) -> Samples:
    """Seconds of tone and of silence in turn."""
    parts = [
        silence(seconds) if at % 2 else tone(seconds, *frequencies, level=level)
        for at, seconds in enumerate(durations)
    ]
    return np.concatenate(parts)


def ansam(seconds: float) -> Samples:
    """V.8 §6: 2100 Hz that swells 15 times a second by a fifth, and reverses its phase every 450 ms."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    reversed_ = np.where(np.floor(time / _REVERSED_EVERY) % 2, -1, 1)
    return _samples(
        LEVEL * reversed_ * (1 + 0.2 * np.sin(2 * np.pi * 15 * time)) * np.sin(2 * np.pi * 2100 * time)
    )


def _samples(values: NDArray[np.float64]) -> Samples:
    return values.clip(-32767, 32767).astype(np.int16)
