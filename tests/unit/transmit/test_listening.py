import numpy as np
import pytest
from numpy.typing import NDArray

from transmit.media import g711
from transmit.media.codec import Codec
from transmit.media.g711 import Samples
from transmit.media.listening import BLOCK_SECONDS, Listener
from transmit.media.sound import Hearing, Sound
from transmit.media.speech import made_up_speech

RATE = 8000


def listen(samples: Samples) -> Hearing:
    """What is heard of samples that went through G.711, in frames of 20 ms."""
    listener = Listener()
    line = g711.decode(g711.encode(samples, Codec.PCMU), Codec.PCMU)
    for at in range(0, len(line) - 159, 160):
        listener.hear(line[at : at + 160])
    return listener.heard


def time(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE)) / RATE


def tones(seconds: float, *frequencies: float, level: float = 6000) -> Samples:
    waves = [np.sin(2 * np.pi * frequency * time(seconds)) for frequency in frequencies]
    samples: Samples = (level * np.sum(waves, axis=0)).astype(np.int16)
    return samples


def noise(seconds: float, level: float) -> Samples:
    return np.random.default_rng(1).normal(0, level, round(seconds * RATE)).astype(np.int16)


def v21(seconds: float, octets: bytes) -> Samples:
    """V.21 channel 2 at 300 bit/s, the octets over and over, lowest bit first."""
    bits = np.unpackbits(np.frombuffer(octets, np.uint8), bitorder="little")
    which = (time(seconds) * 300).astype(int) % len(bits)
    phase = np.cumsum(2 * np.pi * np.where(bits[which], 1650, 1850) / RATE)
    return (5000 * np.sin(phase)).astype(np.int16)


@pytest.mark.parametrize("level", [0, 40])
def test_silence_with_or_without_line_noise_is_silence(level: float) -> None:
    heard = listen(noise(5, level))

    assert heard.silence_seconds == pytest.approx(4.96, abs=0.1)
    assert heard == Hearing(silence_seconds=heard.silence_seconds)


def test_a_voice_is_speech_with_pauses_and_no_fax() -> None:
    heard = listen(made_up_speech(12))

    assert heard.speech_seconds > 7
    assert 1 < heard.silence_seconds < 4
    assert heard.tone_seconds < 0.5
    assert not heard.ced_heard
    assert not heard.v21_heard


def test_loud_noise_such_as_music_counts_as_speech() -> None:
    assert listen(noise(5, 2000)).speech_seconds > 4.5


def test_ced_is_heard_to_its_length() -> None:
    heard = listen(np.concatenate([noise(1, 20), tones(2.6, 2100), noise(0.5, 20)]))

    assert heard.ced_seconds == pytest.approx(2.6, abs=0.2)
    assert heard.speech_seconds < 0.2
    assert not heard.v21_heard


def test_ansam_is_a_ced_too() -> None:
    modulation = 1 + 0.2 * np.sin(2 * np.pi * 15 * time(3))
    signal = (modulation * tones(3, 2100)).astype(np.int16)

    assert listen(signal).ced_seconds > 2.5


@pytest.mark.parametrize("level", [-8, -20, -32])
def test_v21_preamble_and_frames_are_heard_at_any_usual_level(level: int) -> None:
    gain = 10 ** ((level + 8) / 20)
    command = np.concatenate([v21(0.85, b"\x7e"), v21(0.5, b"\x7e\xff\xc8\x01\x00\x77\x1f\x23\x80")])
    assert listen((gain * command).astype(np.int16)).v21_heard


@pytest.mark.parametrize(
    "frequencies",
    [(440, 480), (480, 620), (350, 440), (425,), (950,), (1400,), (1800,), (1100,), (1650,), (1850,)],
)
def test_ringing_busy_dial_sit_and_single_tones_are_neither_speech_nor_fax(
    frequencies: tuple[float, ...],
) -> None:
    heard = listen(tones(4, *frequencies))

    assert heard.tone_seconds > 3.5
    assert heard.speech_seconds == 0
    assert not heard.v21_heard
    assert not heard.ced_heard


def test_a_ringing_tone_with_its_cadence_is_hardly_speech() -> None:
    cadence = np.concatenate([tones(2, 440, 480), noise(4, 10)] * 2)

    assert listen(cadence).speech_seconds < 0.5


def test_a_moment_of_2100_hz_is_no_ced() -> None:
    assert not listen(np.concatenate([noise(1, 10), tones(0.1, 2100), noise(1, 10)])).ced_heard


@pytest.mark.parametrize("hiss", [0, 1200])
def test_the_third_tone_of_a_sit_is_no_v21(hiss: float) -> None:
    sit = np.concatenate([tones(0.38, 985.2), tones(0.38, 1428.5), tones(0.38, 1776.7), made_up_speech(3)])
    torn = sit.copy()
    torn[7200:7360] = torn[8000:8160] = 0

    for sound in (sit, torn):
        noisy = sound.astype(np.int64) + noise(len(sound) / RATE, hiss)
        assert not listen(noisy.clip(-32767, 32767).astype(np.int16)).v21_heard


def test_each_complete_block_is_told() -> None:
    listener = Listener()

    told = [listener.hear(tones(0.02, 2100)) for _ in range(20)]

    assert told[:11] == [None] * 11
    assert [item for item in told if item] == [(Sound.CED, blocks * BLOCK_SECONDS) for blocks in (3, 4, 5)]
