"""Tones of networks, fax machines and modems: each is heard at usual levels, with noise, and nothing else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from transmit.media import g711
from transmit.media.codec import Codec
from transmit.media.g711 import Samples
from transmit.media.listening import Listener
from transmit.media.sound import Signal
from transmit.media.sounds import LEVEL, ansam, rhythm, signal_sound, silence, tone
from transmit.media.speech import made_up_speech

RATE = 8000
BUSY_TONES = {
    "North America": ((0.5, 0.5), (480, 620)),
    "Canada, off by 10 %": ((0.45, 0.55), (480, 620)),
    "United Kingdom": ((0.375, 0.375), (400,)),
    "Germany": ((0.48, 0.48), (425,)),
    "France": ((0.5, 0.5), (440,)),
    "Austria": ((0.4, 0.4), (420,)),
    "Finland": ((0.3, 0.3), (425,)),
    "Japan": ((0.5, 0.5), (400,)),
    "China": ((0.35, 0.35), (450,)),
    "India": ((0.75, 0.75), (400,)),
}
REORDER_TONES = {
    "North America": ((0.25, 0.25), (480, 620)),
    "North America, toll": ((0.2, 0.3), (480, 620)),
    "North America, local": ((0.3, 0.2), (480, 620)),
    "Germany": ((0.24, 0.24), (425,)),
    "Belgium": ((0.167, 0.167), (425,)),
    "Italy": ((0.2, 0.2), (425,)),
    "Sweden": ((0.25, 0.75), (425,)),
    "United Kingdom": ((0.4, 0.35, 0.225, 0.525), (400,)),
    "Spain": ((0.2, 0.2, 0.2, 0.2, 0.2, 0.6), (425,)),
}
RINGING_TONES = {
    "North America": ((2.0, 4.0), (440, 480)),
    "Europe": ((1.0, 4.0), (425,)),
    "France": ((1.5, 3.5), (440,)),
    "Japan": ((1.0, 2.0), (384, 416)),
    "United Kingdom": ((0.4, 0.2, 0.4, 2.0), (400, 450)),
}
TONES: dict[Signal, dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    Signal.BUSY: dict(BUSY_TONES),
    Signal.REORDER: dict(REORDER_TONES),
    Signal.RINGING: dict(RINGING_TONES),
}
SIT = (
    Signal.SIT,
    Signal.SIT_INTERCEPT,
    Signal.SIT_VACANT,
    Signal.SIT_REORDER,
    Signal.SIT_NO_CIRCUIT,
)


CONDITIONS = ((300.0, 5.0, 0.0), (3000.0, 40.0, 0.007), (12000.0, 300.0, 0.013))
"""Peak level of the tone (about -38, -18 and -6 dBm0), that of the noise, and seconds until it begins."""


def noise(seconds: float, level: float, seed: int = 1) -> Samples:
    samples: Samples = np.random.default_rng(seed).normal(0, level, round(seconds * RATE)).astype(np.int16)
    return samples


def heard(samples: Samples, *, law: Codec = Codec.PCMU) -> list[Signal]:
    """The signals in samples that went through G.711, in frames of 20 ms, and in the end 1 s of silence."""
    listener = Listener()
    line = g711.decode(g711.encode(np.concatenate([samples, silence(1)]), law), law)
    told: list[Signal] = []
    for at in range(0, len(line) - 159, 160):
        listener.hear(line[at : at + 160])
        told += listener.take_signals()
    assert tuple(told) == listener.heard.signals
    return told


def with_noise(samples: Samples, level: float) -> Samples:
    noisy: NDArray[np.int64] = samples.astype(np.int64) + noise(len(samples) / RATE, level)
    return noisy.clip(-32767, 32767).astype(np.int16)


def rounds(durations: tuple[float, ...], frequencies: tuple[float, ...], level: float) -> Samples:
    return np.tile(rhythm(durations, *frequencies, level=level), 3 if sum(durations) > 2 else 4)


@pytest.mark.parametrize(
    ("signal", "where"),
    [
        *((Signal.BUSY, where) for where in BUSY_TONES),
        *((Signal.REORDER, where) for where in REORDER_TONES),
        *((Signal.RINGING, where) for where in RINGING_TONES),
    ],
)
def test_the_tones_of_a_country_are_heard_at_any_usual_level(signal: Signal, where: str) -> None:
    durations, frequencies = TONES[signal][where]
    for level, hiss, late in CONDITIONS:
        sound = np.concatenate([silence(late), rounds(durations, frequencies, level)])
        assert heard(with_noise(sound, hiss)) == [signal]


@pytest.mark.parametrize("signal", SIT)
@pytest.mark.parametrize("law", Codec)
def test_each_special_information_tone_is_heard_and_its_announcement_is_no_tone(
    signal: Signal, law: Codec
) -> None:
    for level, hiss, late in CONDITIONS:
        played = np.concatenate([silence(0.5 + late), signal_sound(signal)])
        sound = (level / LEVEL * played).clip(-32767, 32767).astype(np.int16)
        assert heard(with_noise(sound, hiss), law=law) == [signal]


@pytest.mark.parametrize(
    ("tones", "signal"),
    [
        (((985.2, 0.274), (1370.6, 0.38)), Signal.SIT_REORDER),
        (((913.8, 0.38), (1370.6, 0.38)), Signal.SIT_NO_CIRCUIT),
        (((913.8, 0.274), (1400, 0.38)), Signal.SIT),
    ],
)
def test_special_information_tones_of_carriers_differ_in_length(
    tones: tuple[tuple[float, float], ...], signal: Signal
) -> None:
    parts = [tone(seconds, hertz) for hertz, seconds in (*tones, (1776.7, 0.38))]
    assert heard(np.concatenate([silence(0.3), *parts, made_up_speech(2)])) == [signal]


def test_special_information_tones_with_gaps_between_them_are_heard() -> None:
    parts = [tone(0.3, 930), silence(0.03), tone(0.3, 1430), silence(0.03), tone(0.3, 1830)]
    assert heard(np.concatenate([*parts, made_up_speech(3)])) == [Signal.SIT]


@pytest.mark.parametrize(
    "parts",
    [
        [tone(0.33, 950), tone(0.33, 1400)],
        [tone(0.33, 1800), tone(0.33, 1400), tone(0.33, 950)],
        [tone(1.0, 950), tone(0.33, 1400), tone(0.33, 1800)],
        [tone(0.33, 950), silence(0.3), tone(0.33, 1400), silence(0.3), tone(0.33, 1800)],
    ],
)
def test_what_is_like_a_special_information_tone_is_none(parts: list[Samples]) -> None:
    assert heard(np.concatenate([silence(0.5), *parts, silence(0.5), made_up_speech(3)])) == []


def test_busy_and_reorder_are_sure_within_their_third_rhythm() -> None:
    listener = Listener()
    line = rounds((0.5, 0.5), (480, 620), 3000)
    for at in range(0, len(line) - 159, 160):
        listener.hear(line[at : at + 160])
        if listener.take_signals():
            break
    assert 2.9 < at / RATE < 3.3


@pytest.mark.parametrize("level", [300.0, 3000.0, 12000.0])
def test_answer_tones_are_told_apart(level: float) -> None:
    plain = tone(3.0, 2100, level=level)
    swelling = (level / LEVEL * ansam(3.3)).astype(np.int16)
    assert heard(with_noise(np.concatenate([silence(0.3), plain]), 20)) == [Signal.CED]
    assert heard(with_noise(np.concatenate([silence(0.3), swelling]), 20)) == [Signal.ANSAM]


def test_a_calling_fax_machine_is_heard() -> None:
    assert heard(np.tile(signal_sound(Signal.CNG), 3)) == [Signal.CNG]


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        (signal_sound(Signal.MODEM), [Signal.ANSAM, Signal.MODEM]),
        (np.concatenate([tone(3, 2100), silence(0.075), tone(2, 2250)]), [Signal.CED, Signal.MODEM]),
        (tone(2, 2225), [Signal.MODEM]),
        (np.concatenate([tone(3, 2100), silence(0.075), tone(2, 1650)]), [Signal.CED, Signal.MODEM]),
        (tone(1, 600, 3000), [Signal.MODEM]),
        (np.tile(rhythm((0.6, 1.8), 1300), 3), [Signal.MODEM]),
    ],
)
def test_a_data_modem_is_heard(sound: Samples, expected: list[Signal]) -> None:
    assert heard(with_noise(sound, 30)) == expected


def v21(seconds: float, octets: bytes) -> Samples:
    bits = np.unpackbits(np.frombuffer(octets, np.uint8), bitorder="little")
    which = (np.arange(round(seconds * RATE)) / RATE * 300).astype(int) % len(bits)
    phase = np.cumsum(2 * np.pi * np.where(bits[which], 1650, 1850) / RATE)
    samples: Samples = (5000 * np.sin(phase)).astype(np.int16)
    return samples


@pytest.mark.parametrize("octets", [b"\x7e", b"\x7e\xff\xc8\x01\x00\x77\x1f\x23\x80", b"\x00\xff"])
def test_the_signalling_of_a_fax_machine_is_none_of_these(octets: bytes) -> None:
    assert heard(v21(10, octets)) == []


def test_a_fax_machine_that_answers_says_ced_alone() -> None:
    answer = np.concatenate([silence(0.5), tone(2.6, 2100), silence(0.075), v21(2, b"\x7e"), silence(3)])
    assert heard(np.tile(answer, 4)) == [Signal.CED]


def test_speech_is_none_of_these() -> None:
    for gain in (0.05, 1.0, 3.0):
        speech = (gain * made_up_speech(30)).clip(-32767, 32767).astype(np.int16)
        assert heard(speech) == []


def test_music_and_melodies_are_none_of_these() -> None:
    dice = np.random.default_rng(4)
    scale = 220 * 2 ** (np.arange(24) / 12)
    melody = [tone(float(dice.choice([0.2, 0.25, 0.5])), float(hertz)) for hertz in dice.choice(scale, 200)]
    beat = [np.concatenate([part, silence(0.25)]) for part in melody]
    chords = [tone(0.5, *(float(hertz) for hertz in dice.choice(scale, 3))) for _ in range(100)]
    for sound in (melody, beat, chords):
        assert heard(np.concatenate(sound)) == []
    assert heard(noise(30, 2000)) == []


@pytest.mark.parametrize(
    "sound",
    [
        tone(20, 350, 440),
        tone(20, 425),
        np.tile(rhythm((0.1, 0.1), 350, 440), 3),
        np.concatenate([tone(0.4, 440), silence(10), made_up_speech(5)]),
        np.tile(rhythm((0.25, 0.25), 1000), 20),
        np.tile(rhythm((0.1, 0.1), 697, 1209), 20),
        np.concatenate([rhythm((0.5, 0.5), 425), rhythm((0.3, 0.8), 425), rhythm((0.7, 0.3), 425)]),
    ],
)
def test_other_tones_are_none_of_these(sound: Samples) -> None:
    assert heard(with_noise(sound, 20)) == []
