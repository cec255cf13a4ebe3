"""What is asked of one fax session: its role, its document, and the settings it may negotiate with."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config.fax import Resolution
from transmit.media.codec import Codec
from transmit.media.far_end import MediaAddress
from transmit.media.sound import Signal

__all__ = [
    "FULL_RATE",
    "IDENT_LENGTH",
    "AnswerWith",
    "Codec",
    "Compression",
    "MediaAddress",
    "Role",
    "SessionOrder",
]

FULL_RATE = 14_400
"""bit/s: that of V.17."""
IDENT_LENGTH = 20
"""The longest CSID or TSI (T.30 §5.3.6.2.4)."""


class Role(StrEnum):
    """Which end of the call the session is."""

    CALLER = "caller"
    """Sends a document."""
    ANSWERER = "answerer"
    """Receives one."""


class AnswerWith(StrEnum):
    """What an answering session is: a fax machine, or something that answers without being one."""

    FAX = "fax"
    VOICE = "voice"
    SILENCE = "silence"
    SIGNAL = "signal"
    """The tones of a network, or of a modem."""


class Compression(StrEnum):
    """How a page is coded on the line (T.4 §4.1, T.4 §4.2, T.6)."""

    MH = "MH"
    MR = "MR"
    MMR = "MMR"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOrder:
    """The order for one fax session."""

    role: Role
    document: Path | None = None
    """Caller: the TIFF to send, one bilevel page a directory, with its dpi set."""
    first_page: int = 0
    """Caller: the page to begin with, counted from 0, so that a resumed fax sends only what is missing."""
    receive_to: Path | None = None
    """Answerer: the TIFF that is written."""
    answer_with: AnswerWith = AnswerWith.FAX
    voice_file: Path | None = None
    """Answerer with voice: a WAV file (8 kHz, mono, 16 bit) to play over and over; else made-up speech."""
    signal: Signal | None = None
    """Answerer with a signal: which one it plays over and over."""
    loss: float = 0.0
    """The share of the datagrams that are lost on purpose, each way: to rehearse."""
    spoils_image: bool = False
    """Answerer by T.38: a fifth of the image never arrives, however often it is sent: to rehearse."""
    station_id: str = ""
    """Our CSID or TSI: at most 20 characters of ASCII, longer ones are cut off."""
    subaddress: str = ""
    """Caller: the T.33 subaddress, sent as SUB when the far end takes it."""
    ecm: bool = True
    """Whether error correction is offered. Without it a caller gets OK for pages with lost rows."""
    max_rate: int = FULL_RATE
    """bit/s: 14400 (V.17), 9600 (V.29) or 4800 (V.27ter)."""
    compressions: tuple[Compression, ...] = (Compression.MH, Compression.MR, Compression.MMR)
    """What we can code or decode; MH is always included (T.30 table 2)."""
    finest: Resolution = Resolution.SUPERFINE
    """Answerer: the finest resolution that is taken."""
    no_fax_timeout: float = 45.0
    """Caller: seconds of media to wait for the far end's first T.30 signal, anew after a switch to T.38."""
    media_timeout: float | None = None
    """Seconds of media without a datagram of the far end, after which the session is given up: one that
    vanished says no goodbye, and libspandsp waits for its next page for ever."""
    bind_host: str = "127.0.0.1"
    """The local address of the media socket."""
    ports: tuple[int, int] | None = None
    """The first and the last port that it may have; None for any."""
    trace: Path | None = None
    """A trace that the media's datagrams are added to (`transmit.packet_trace`)."""
    clock: int = 1
    """How many times faster than real time media run: above 1 only if the far end is ours, and as fast."""

    def __post_init__(self) -> None:
        """Check that the role has what it needs.

        Raises:
            ValueError: It has not.
        """
        if self.role is Role.CALLER and self.document is None:
            raise ValueError("a caller needs a document to send")
        if self.role is Role.ANSWERER and self.answer_with is AnswerWith.FAX and self.receive_to is None:
            raise ValueError("an answering fax machine needs a file to receive to")
        if self.answer_with is AnswerWith.SIGNAL and self.signal is None:
            raise ValueError("an answerer with a signal needs to know which")
        if self.clock < 1:
            raise ValueError("the media clock runs at least in real time")
