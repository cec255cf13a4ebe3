"""The kinds of sound on an audio call, and for how long each was heard."""

from dataclasses import dataclass
from enum import StrEnum


class Sound(StrEnum):
    """A kind of sound heard on an audio call."""

    SILENCE = "silence"
    SPEECH = "speech"
    """Anything loud that is no steady tone: a voice, music, an announcement."""
    TONE = "tone"
    """Steady tones that mean no fax machine: ringing, busy, SIT."""
    CED = "ced"
    """The 2100 Hz answer tone of a fax machine or modem (T.30 §4.1.2)."""
    V21 = "v21"
    """The signalling of a fax machine (T.30 §5.3.1): only now is it certain that it is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """How long each kind of sound was heard from the far end, in seconds of media."""

    silence_seconds: float = 0.0
    speech_seconds: float = 0.0
    tone_seconds: float = 0.0
    ced_seconds: float = 0.0
    v21_heard: bool = False
    """V.21 signalling was heard, or a T.30 frame arrived by T.38."""

    @property
    def ced_heard(self) -> bool:
        """A CED long enough to be one."""
        return self.ced_seconds > 0
