"""What every kind of line does: it places one call for one attempt, tells how it goes, and what it came to.

A line never raises for what can happen to a call: busy, a voice, a broken transmission, its own engine's
crash are outcomes. `lines` makes the lines that the settings name.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from store.job import Outcome


class LineError(Exception):
    """A line cannot be used as it is set up; the text says why and what to do, for an administrator."""


class CallNotOurs(Exception):  # noqa: N818 - named as what happened
    """Another service has taken the job over while this one stood still: the call is not to be placed."""


async def _no_fence() -> None:
    """For calls that nobody else could place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOrder:
    """One call to be placed."""

    job_id: str
    attempt_id: str
    number: str
    """E.164 with its plus sign."""
    subaddress: str = ""
    """T.33 subaddress digits, or empty."""
    document: Path
    """The TIFF with this attempt's header line drawn."""
    pages: int
    """In the document: success is the confirmation of all of them, from `first_page` on."""
    first_page: int = 0
    """The page to begin with, 0-based: those before it were confirmed in earlier calls."""
    max_rate: int = 14_400
    """bit/s that the call keeps to."""
    transport: str = ""
    """`T.38` or `G.711` alone, as far as the line has it; empty for what the line does."""
    caller: str = ""
    """The number given as caller id; empty for the line's own."""
    station_id: str = ""
    """Our TSI: at most 20 characters (T.30 §5.3.6.2.4)."""
    taken_up: bool = False
    """Whether a service that is gone may have placed the call already: then a line that keeps its calls looks
    for it first."""
    no_document: str = ""
    """Why there is no `document` to be handed over; only of a call that is taken up. It is followed if the
    line finds it, and placed no more if not."""
    fence: Callable[[], Awaitable[None]] = _no_fence
    """Awaited by the line immediately before it places the call; raises `CallNotOurs` where it must not."""
    hang_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the job is cancelled: the call ends, and its outcome is `Job Cancelled`."""


class ProgressKind(StrEnum):
    """The steps of a call that are told while it runs."""

    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    T38 = "switched to T.38"
    NEGOTIATED = "negotiated"
    PAGE_CONFIRMED = "page confirmed"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallProgress:
    """One step of a call, with what is known at it."""

    kind: ProgressKind
    attempt_id: str
    destination: str = ""
    """Where it is dialled to, in the line's own terms: a SIP URI."""
    bit_rate: int | None = None
    """bit/s of the image data, once negotiated."""
    ecm: bool | None = None
    compression: str = ""
    """`MH`, `MR`, `MMR`."""
    remote_csid: str = ""
    pages_confirmed: int = 0
    pages: int = 0


Report = Callable[[CallProgress], None]
"""Takes each step; called in the event loop, and expected to return at once."""


class Line(Protocol):
    """A way to place calls."""

    @property
    def name(self) -> str:
        """Its name in the settings."""

    @property
    def channels(self) -> int:
        """Calls that it can carry at one time; whoever sends keeps to it."""

    @property
    def down(self) -> str:
        """Why it is known to carry no calls just now; empty while it carries them, or nothing is known."""

    @property
    def keeps_calls(self) -> bool:
        """Whether its calls go on without us, and are found again by the attempt's id."""

    async def start(self) -> None:
        """Makes it ready.

        Raises:
            LineError: it cannot be used.
        """

    async def stop(self) -> None:
        """Frees what it holds. Calls should have ended before."""

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        """Places one call and says what it came to.

        What the order's fence raises is raised on, and no call was placed then.

        Cancelling the task hangs up within 5 s and raises CancelledError on; a line that keeps its calls lets
        them go on instead, and follows them again when it is asked with the same attempt.
        """
