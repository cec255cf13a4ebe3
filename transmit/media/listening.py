"""What is heard on an audio call: silence, a voice, the tones of a network, or a fax machine.

The sound is judged in blocks of 80 ms (a resolution of 12.5 Hz). It is needed to tell a person who answered
(Voice Answer) from a line that stays mute (Not a Fax Machine), and for what the network says with tones
(`signals`); the fax signals themselves are libspandsp's.
"""

import numpy as np
from numpy.typing import NDArray

from transmit.media.g711 import Samples
from transmit.media.signals import SignalDetector
from transmit.media.sound import Hearing, Signal, Sound
from transmit.media.spectrum import OVERLAP, frames_of

SAMPLE_RATE = 8000
BLOCK = 640
"""Samples that are judged together."""
BLOCK_SECONDS = BLOCK / SAMPLE_RATE

_RESOLUTION = SAMPLE_RATE / BLOCK
_WINDOW = np.hanning(BLOCK)
_SILENT = 180.0
"""Root mean square below which a block is silence: -42 dBm0, well under speech and over line noise."""
_CED_BAND = (2060, 2140)
"""T.30 §4.1.2: 2100 Hz ± 15 Hz, with room for the amplitude modulation of ANSam (V.8)."""
_V21_BAND = (1550, 1950)
"""V.21 channel 2: 1650 and 1850 Hz, with its sidebands at 300 bit/s."""
_CONCENTRATED = 0.85
"""The share of the energy that makes a signal out of a sound."""
_PEAK_HALF_WIDTH = 3
"""Bins on each side that belong to a spectral peak under the Hann window."""
_SURE = {Sound.V21: 6, Sound.CED: 3}
"""Blocks in a row before a signal is believed; speech comes near one for moments only. Each V.21 command has
a preamble of 1 s (T.30 §5.3.1); the third tone of a SIT, in the same band, is over sooner."""


class Listener:
    """Takes what the far end says, and sums up what it was."""

    def __init__(self, signals: tuple[Signal, ...] = ()) -> None:
        """Begin to listen; `signals` are those that were heard before and still count."""
        self._pending: list[Samples] = []
        self._pending_samples = 0
        self._blocks: dict[Sound, int] = dict.fromkeys(Sound, 0)
        self._run: tuple[Sound, int] = (Sound.SILENCE, 0)
        self._before = np.zeros(OVERLAP, np.int16)
        self._detector = SignalDetector()
        self._signals = signals
        self._untold: list[Signal] = []

    def hear(self, samples: Samples) -> tuple[Sound, float] | None:
        """Take some samples.

        Returns:
            The sound of the block that they complete and the seconds for which it was heard by now; None
            while the block is not complete, or its sound is not sure yet.
        """
        self._pending.append(samples)
        self._pending_samples += len(samples)
        if self._pending_samples < BLOCK:
            return None
        gathered = np.concatenate(self._pending)
        self._pending, self._pending_samples = [gathered[BLOCK:]], len(gathered) - BLOCK
        block: Samples = gathered[:BLOCK]
        self._detect(block)
        return self._count(judge(block))

    def take_signals(self) -> list[Signal]:
        """The signals that were heard since this was asked last."""
        signals, self._untold = self._untold, []
        return signals

    def _detect(self, block: Samples) -> None:
        fresh = self._detector.take(frames_of(np.concatenate([self._before, block])))
        self._before = block[-OVERLAP:]
        self._untold += fresh
        self._signals = tuple(dict.fromkeys((*self._signals, *fresh)))

    def _count(self, sound: Sound) -> tuple[Sound, float] | None:
        before, times = self._run
        times = times + 1 if sound is before else 1
        self._run = (sound, times)
        needed = _SURE.get(sound, 1)
        if times < needed:
            return None
        self._blocks[sound] += needed if times == needed else 1
        return sound, self._blocks[sound] * BLOCK_SECONDS

    @property
    def heard(self) -> Hearing:
        """The sum so far."""
        return Hearing(
            silence_seconds=self._blocks[Sound.SILENCE] * BLOCK_SECONDS,
            speech_seconds=self._blocks[Sound.SPEECH] * BLOCK_SECONDS,
            tone_seconds=self._blocks[Sound.TONE] * BLOCK_SECONDS,
            ced_seconds=self._blocks[Sound.CED] * BLOCK_SECONDS,
            v21_heard=self._blocks[Sound.V21] > 0,
            signals=self._signals,
        )


def judge(block: Samples) -> Sound:
    """What 80 ms sound like, on their own."""
    samples = block.astype(np.float64)
    samples -= samples.mean()
    if np.sqrt(np.mean(samples**2)) < _SILENT:
        return Sound.SILENCE
    spectrum = np.abs(np.fft.rfft(samples * _WINDOW)) ** 2
    total = spectrum.sum()
    if _energy(spectrum, _CED_BAND) > _CONCENTRATED * total:
        return Sound.CED
    peaks = _peaks(spectrum)
    if _energy(spectrum, _V21_BAND) > _CONCENTRATED * total and peaks[0] < _CONCENTRATED * total:
        return Sound.V21
    return Sound.TONE if sum(peaks) > _CONCENTRATED * total else Sound.SPEECH


def _energy(spectrum: NDArray[np.float64], band: tuple[int, int]) -> float:
    low, high = (round(frequency / _RESOLUTION) for frequency in band)
    return float(spectrum[low : high + 1].sum())


def _peaks(spectrum: NDArray[np.float64]) -> tuple[float, float]:
    """The energies of the two strongest frequencies: a signal tone is made of one or two."""
    rest = spectrum.copy()
    energies = []
    for _ in range(2):
        at = int(rest.argmax())
        around = slice(max(0, at - _PEAK_HALF_WIDTH), at + _PEAK_HALF_WIDTH + 1)
        energies.append(float(rest[around].sum()))
        rest[around] = 0
    return energies[0], energies[1]
