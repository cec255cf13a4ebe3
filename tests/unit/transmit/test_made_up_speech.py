import wave
from pathlib import Path

import numpy as np
import pytest

from transmit.media.speech import made_up_speech, read_wav


def write_wav(path: Path, samples: bytes, *, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return path


def test_it_is_as_long_and_as_loud_as_a_voice() -> None:
    speech = made_up_speech(6)

    assert len(speech) / 8000 == pytest.approx(6, abs=1)
    assert 1500 < np.sqrt(np.mean(speech.astype(float) ** 2)) < 6000


def test_a_wav_file_is_read(tmp_path: Path) -> None:
    samples = np.arange(-500, 500).astype("<i2")

    assert read_wav(write_wav(tmp_path / "voice.wav", samples.tobytes())).tolist() == samples.tolist()


def test_a_wav_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="8 kHz"):
        read_wav(write_wav(tmp_path / "voice.wav", b"\0\0", rate=44100))

    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="no WAV file"):
        read_wav(tmp_path / "broken.wav")
