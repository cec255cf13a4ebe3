"""What can be heard on an audio call: kinds of sound, for how long, and the signals that they make up."""

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


class Signal(StrEnum):
    """What tones say by their frequencies and their rhythm; the value is how the cause of a call names it."""

    BUSY = "busy tone"
    """The called line is in use (ITU-T E.180 §5)."""
    REORDER = "reorder tone"
    """The network has no way through (E.180 §6: congestion tone); in North America the fast busy tone."""
    RINGING = "ringing tone"
    """It rings at the called line (E.180 §4)."""
    SIT = "special information tone"
    """The three rising tones before an announcement (E.180 §7), of a kind that does not say why."""
    SIT_INTERCEPT = "special information tone (intercept)"
    """The number was changed or is not in service (Telcordia SR-2275: IC)."""
    SIT_VACANT = "special information tone (vacant code)"
    """There is no such number (VC)."""
    SIT_REORDER = "special information tone (reorder)"
    """A digit was lost on the way, or the network failed (RO)."""
    SIT_NO_CIRCUIT = "special information tone (no circuit)"
    """All circuits are busy (NC)."""
    CNG = "CNG"
    """The calling tone of a fax machine (T.30 §4.1.1): the far end calls too, or our own comes back."""
    CED = "CED"
    """A plain answer tone (T.30 §4.1.2)."""
    ANSAM = "ANSam"
    """An answer tone that swells 15 times a second (V.8 §6): a fax machine or modem that also knows V.34."""
    MODEM = "data modem"
    """The carrier of an answering modem (V.21, V.22, V.32, Bell 103) or the calling tone of one (V.25)."""


SPECIAL_INFORMATION = frozenset(
    {Signal.SIT, Signal.SIT_INTERCEPT, Signal.SIT_VACANT, Signal.SIT_REORDER, Signal.SIT_NO_CIRCUIT}
)
"""The kinds of SIT."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """How long each kind of sound was heard from the far end, in seconds of media, and which signals."""

    silence_seconds: float = 0.0
    speech_seconds: float = 0.0
    tone_seconds: float = 0.0
    ced_seconds: float = 0.0
    v21_heard: bool = False
    """V.21 signalling was heard, or a T.30 frame arrived by T.38."""
    signals: tuple[Signal, ...] = ()
    """In the order in which they were first heard."""

    @property
    def ced_heard(self) -> bool:
        """A CED long enough to be one."""
        return self.ced_seconds > 0
