"""What a fax session tells while it runs, and what it came to.

All times are seconds of media since the session was opened, not of the wall clock (`SessionOrder.clock`).
"""

from dataclasses import dataclass, field

from config.fax import Resolution
from transmit.engine.order import Compression
from transmit.media.sound import Hearing, Signal, Sound

__all__ = [
    "Capabilities",
    "Ended",
    "EngineEvent",
    "EngineResult",
    "Frame",
    "Heard",
    "Hearing",
    "Negotiated",
    "PageConfirmed",
    "PageReceived",
    "Signal",
    "SignalHeard",
    "Sound",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A T.30 control frame that was sent or received; image frames (FCD, RCP) are left out."""

    at: float
    received: bool
    name: str
    """`DIS`, `DCS`, `CFR`, `MPS`, `MCF`, …"""

    def __str__(self) -> str:
        """As a transcript has it: `7.42 < DIS`."""
        return f"{self.at:.2f} {'<' if self.received else '>'} {self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What a receiver's DIS says that it takes (T.30 table 2)."""

    resolutions: tuple[Resolution, ...]
    compressions: tuple[Compression, ...]
    ecm: bool
    max_rate: int
    """bit/s of the fastest modem that both it and libspandsp know."""
    widths: tuple[int, ...]
    """Pixels of a line at 204 dpi: 1728, 2048, 2432."""
    subaddress: bool
    """Takes SUB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineResult:
    """What a fax session came to."""

    t30_code: int | None = None
    """libspandsp's completion code; 0 is OK; None when no T.30 session came to an end."""
    t30_result: str = ""
    """The code in words."""
    pages_confirmed: int = 0
    """Caller: pages for which the far end sent MCF. OK is a success only if this equals the pages asked."""
    pages_received: int = 0
    """Answerer: pages that were written."""
    last_page_unconfirmed: bool = False
    """Caller: a page was sent completely, and the call ended before its confirmation came."""
    transport: str = ""
    """What carried the session last: `T.38`, `G.711`, or empty before any media."""
    bit_rate: int | None = None
    """bit/s of the image data."""
    ecm: bool | None = None
    compression: Compression | None = None
    width: int | None = None
    """Pixels of a line."""
    resolution: Resolution | None = None
    remote_csid: str = ""
    """CSID of the answerer, or TSI of the caller."""
    remote: Capabilities | None = None
    """Caller: what the far end's last DIS offered."""
    bad_rows: int = 0
    """Rows that were received damaged (without ECM)."""
    retransmissions: int = 0
    """ECM frames that were sent again."""
    heard: Hearing = field(default_factory=Hearing)
    frames: tuple[Frame, ...] = ()
    latest_tick: float = 0.0
    """How late the worst media tick came, in seconds of the wall clock: the load of the worker."""
    crashed: bool = False
    """The worker process died, and the session with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A kind of sound was heard, for `seconds` in all; told once it is sure and every further second."""

    at: float
    sound: Sound
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalHeard:
    """Tones made up a signal; told once for each."""

    at: float
    signal: Signal


@dataclass(frozen=True, kw_only=True, slots=True)
class Negotiated:
    """Training succeeded (CFR): the image follows with these settings. May come again after a retraining."""

    at: float
    bit_rate: int
    ecm: bool
    compression: Compression
    width: int
    resolution: Resolution
    remote_csid: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PageConfirmed:
    """Caller: the far end confirmed a page (MCF); `pages` of this session are confirmed now."""

    at: float
    pages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PageReceived:
    """Answerer: a page was received and written; `pages` of this session are written now."""

    at: float
    pages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The T.30 session is over (phase E), or the worker died. The last event; the call is still up."""

    at: float
    result: EngineResult


EngineEvent = Heard | SignalHeard | Negotiated | PageConfirmed | PageReceived | Ended
