"""Frames to segments: how long which tone lasted, and how long the silence between two of them.

A stretch counts from its third frame on. Up to three frames between two stretches are their edge (a window
lies half in each, a click, the short gap between the tones of a SIT) and are shared out between them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from transmit.media.spectrum import FRAME_SECONDS, QUIET, Frame

_OFF = 0.12
"""Of the level of the tone before: what is left of it between two of its bursts is noise or echo."""
_SAME_HERTZ = 35.0
_STABLE_FRAMES = 3
_LONGEST_EDGE = 3
_LEVELS_KEPT = 64


class Kind(Enum):
    """What a segment is."""

    OFF = auto()
    TONE = auto()
    OTHER = auto()


@dataclass(slots=True)
class Segment:
    """A stretch of one kind, of one tone, or of a pair of them."""

    kind: Kind
    low: float = 0.0
    """Mean of the lower tone, or the only one, in Hz."""
    high: float = 0.0
    seconds: float = 0.0
    frames: int = 0
    levels: list[float] = field(default_factory=list)
    """Of its last frames."""

    @property
    def level(self) -> float:
        """Mean of the last levels."""
        return sum(self.levels) / len(self.levels) if self.levels else 0.0

    @property
    def is_single(self) -> bool:
        """Whether it is one tone."""
        return self.high - self.low < _SAME_HERTZ

    def fits(self, kind: Kind, frame: Frame) -> bool:
        """Whether a frame of that kind goes on with it."""
        if kind is not self.kind:
            return False
        return kind is not Kind.TONE or (
            abs(frame.low - self.low) < _SAME_HERTZ and abs(frame.high - self.high) < _SAME_HERTZ
        )

    def add(self, frame: Frame) -> None:
        """One more frame of it."""
        self.low += (frame.low - self.low) / (self.frames + 1)
        self.high += (frame.high - self.high) / (self.frames + 1)
        self.frames += 1
        self.seconds += FRAME_SECONDS
        self.levels = [*self.levels[1 - _LEVELS_KEPT :], frame.level]


class Cadence:
    """Puts segments together from frames."""

    def __init__(self) -> None:
        self.current = Segment(Kind.OFF)
        """The stretch that goes on."""
        self._next: Segment | None = None
        self._edge = 0
        self._tone_level = 0.0

    def take(self, frame: Frame) -> Iterator[Segment]:
        """Take a frame; the segments that are over with it, none or one or two."""
        kind = self._kind_of(frame)
        if self.current.fits(kind, frame):
            self._go_on(frame)
        elif self._next is not None and self._next.fits(kind, frame):
            self._next.add(frame)
            if self._next.frames == _STABLE_FRAMES:
                yield from self._turn_to(self._next)
        else:
            if self._next is not None:
                self._edge += self._next.frames
            self._next = Segment(kind)
            self._next.add(frame)

    def _kind_of(self, frame: Frame) -> Kind:
        if frame.level < max(QUIET, _OFF * self._tone_level):
            return Kind.OFF
        return Kind.TONE if frame.low > 0 else Kind.OTHER

    def _go_on(self, frame: Frame) -> None:
        """The stretch goes on, over a gap if there was one."""
        gap = self._edge + (self._next.frames if self._next is not None else 0)
        self._edge, self._next = 0, None
        self.current.seconds += gap * FRAME_SECONDS
        self.current.add(frame)

    def _turn_to(self, following: Segment) -> Iterator[Segment]:
        before, edge = self.current, self._edge * FRAME_SECONDS
        if self._edge <= _LONGEST_EDGE:
            before.seconds += edge / 2
            following.seconds += edge / 2
            yield before
        else:
            yield before
            yield Segment(Kind.OTHER, seconds=edge)
        self.current, self._next, self._edge = following, None, 0
        if following.kind is not Kind.OFF:
            self._tone_level = following.level if following.kind is Kind.TONE else 0.0
