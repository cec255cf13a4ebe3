"""Sound that is like speech, for a station that answers as a person would: syllables with pauses between.

It says nothing; it has a voice's pitch, formants, rhythm and loudness, and it is the same every time.
"""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transmit.media.g711 import Samples

SAMPLE_RATE = 8000
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240))
"""Formants of five vowels in Hz."""
_SYLLABLE = 0.18
_SYLLABLES_A_PHRASE = 7
_PHRASE_PAUSE = 0.45
_LOUDNESS = 4000.0
"""Root mean square of a syllable: about -15 dBm0."""


def made_up_speech(seconds: float = 6.0) -> Samples:
    """Speech-like samples of about that length, in whole phrases."""
    pause = np.zeros(round(_PHRASE_PAUSE * SAMPLE_RATE))
    phrase_seconds = _SYLLABLES_A_PHRASE * _SYLLABLE + _PHRASE_PAUSE
    parts: list[NDArray[np.float64]] = []
    for phrase in range(max(1, round(seconds / phrase_seconds))):
        parts += [_syllable(phrase * _SYLLABLES_A_PHRASE + index) for index in range(_SYLLABLES_A_PHRASE)]
        parts.append(pause)
    return np.concatenate(parts).clip(-32767, 32767).astype(np.int16)


def read_wav(path: Path) -> Samples:
    """The samples of a WAV file.

    Raises:
        ValueError: It is not 8 kHz, mono, 16 bit.
        OSError: It cannot be read.
    """
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            octets = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is no WAV file that can be played: {error}") from error
    if form != (SAMPLE_RATE, 1, 2):
        raise ValueError(f"{path} has to be 8 kHz, mono, 16 bit")
    return np.frombuffer(octets, "<i2").astype(np.int16)


def _syllable(number: int) -> NDArray[np.float64]:
    """A vowel on a gliding pitch, swelling and fading."""
    time = np.arange(round(_SYLLABLE * SAMPLE_RATE)) / SAMPLE_RATE
    begin, end = 110 + 17 * (number % 5), 100 + 13 * (number * 3 % 7)
    phase = 2 * np.pi * (begin * time + (end - begin) * time**2 / (2 * _SYLLABLE))
    formants = _VOWELS[number * 2 % len(_VOWELS)]
    sound = np.zeros_like(time)
    for harmonic in range(1, 30):
        frequency = harmonic * (begin + end) / 2
        if frequency < SAMPLE_RATE / 2 - 300:
            sound += _gain(frequency, formants) * np.sin(harmonic * phase)
    sound *= np.sin(np.pi * time / _SYLLABLE) ** 0.5
    return np.asarray(sound * (_LOUDNESS / np.sqrt(np.mean(sound**2))))


def _gain(frequency: float, formants: tuple[int, int, int]) -> float:
    """How much of a frequency the vowel lets through: each formant is a resonance, the higher the wider."""
    widths = (60, 100, 140)
    return sum(
        1 / (1 + ((frequency - formant) / width) ** 2)
        for formant, width in zip(formants, widths, strict=True)
    )
