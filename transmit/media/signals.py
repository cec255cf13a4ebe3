"""Which signals the tones of a call make up.

By the frequencies and durations of ITU-T E.180 (Q.35), its Supplement 2, and Telcordia SR-2275; of T.30, V.8
and V.25 for fax machines and modems. Networks differ in their frequencies (400, 425, 450, 480 + 620 Hz, …),
hardly in their rhythms, so a rhythm of any tone of that region counts: no country has to be known.
libspandsp's `super_tone_rx` wants every pattern of every network beforehand, and tells frequencies apart by
60 Hz; the kinds of SIT lie closer.

A signal is believed once its rhythm was there three times: speech and music keep none.
"""

import cmath
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transmit.media.cadence import Cadence, Kind, Segment
from transmit.media.sound import Signal
from transmit.media.spectrum import FRAME_SECONDS, Frame

_REMEMBERED = 16
_CALL_PROGRESS = (300.0, 700.0)
"""Hz within which networks have their ringing, busy and reorder tones: 400 to 480, 620 as the second tone."""
_TIMES = 3
_FAST_PERIOD = 0.57
"""Seconds of on and off below which a steady rhythm is the fast one: 0.25 + 0.25; busy is 0.6 to 1.5."""
_LONGEST_PERIOD = 1.6
_BURST = (0.1, 0.85)
"""Seconds of the bursts and pauses of steady rhythms (E.180 §5, §6)."""
_RATIO = (0.55, 1.85)
"""Of burst to pause there."""
_TOLERANCE, _RELATIVE_TOLERANCE = 0.045, 0.06
"""Seconds, and of the duration: frames are of 20 ms, and exchanges are allowed 10 %."""
_SAME_HERTZ = 12.0
"""Between two bursts of one rhythm: less than between neighbouring notes of a melody."""
_LEVEL_RATIO = 1.6
"""The most between two bursts of one steady rhythm."""
_RING_BURST = (0.3, 2.6)
_RING_PAUSE = (1.4, 6.6)

_PATTERNS: tuple[tuple[Signal, tuple[tuple[float, float], ...]], ...] = (
    (Signal.REORDER, ((0.25, 0.75),)),  # Sweden
    (Signal.REORDER, ((0.4, 0.35), (0.225, 0.525))),  # United Kingdom
    (Signal.REORDER, ((0.2, 0.2), (0.2, 0.2), (0.2, 0.6))),  # Spain
    (Signal.RINGING, ((0.4, 0.2), (0.4, 2.0))),  # United Kingdom, Australia, India, …
)
"""Rhythms that are no steady ones: seconds of burst and pause, over and over (E.180 Supplement 2)."""

_SIT_BANDS = ((890.0, 1010.0), (1340.0, 1460.0), (1740.0, 1860.0))
"""E.180 §7: 950, 1400 and 1800 Hz, each ± 50 Hz."""
_SIT_SECONDS = (0.2, 0.6)
"""E.180 §7: 330 ± 70 ms; SR-2275: 274 or 380 ms; and what late packets add."""
_SIT_SHORT, _SIT_LONG, _SIT_JITTER = 0.274, 0.38, 0.04
_SIT_EXACT = 12.0
"""Hz by which a tone may be off those of SR-2275 to be one of them."""
_SIT_LOW, _SIT_HIGH = (913.8, 1370.6), (985.2, 1428.5)
_SIT_THIRD = 1776.7
_SIT_KINDS = {
    # Whether the first two tones are high.
    (False, False): Signal.SIT_INTERCEPT,
    (True, False): Signal.SIT_VACANT,
    (False, True): Signal.SIT_REORDER,
    (True, True): Signal.SIT_NO_CIRCUIT,
}
_SIT_CARRIER_KINDS = {
    # The same, and how long they are: those of long-distance carriers.
    ((True, False), (_SIT_SHORT, _SIT_LONG)): Signal.SIT_REORDER,
    ((False, False), (_SIT_LONG, _SIT_LONG)): Signal.SIT_NO_CIRCUIT,
}

_CNG, _CNG_BURST, _CNG_PAUSE = (1062.0, 1138.0), (0.4, 0.62), (2.4, 3.6)
"""T.30 §4.1.1: 1100 ± 38 Hz, 0.5 s on, 3 s off, each ± 15 %."""
_CALLING_MODEM, _CALLING_BURST, _CALLING_PAUSE = (1280.0, 1320.0), (0.45, 0.75), (1.4, 2.1)
"""V.25 §3.1: 1300 Hz, 0.5 to 0.7 s on, 1.5 to 2.0 s off."""
_ANSWER_TONE = (2080.0, 2120.0)
_ANSWER_SECONDS = 0.6
_SWELLS, _SWELLING = 15.0, 0.07
"""V.8 §6: modulated by 15 Hz to 20 %; 20 ms of it show most of that."""
_CARRIERS: tuple[tuple[tuple[float, float], tuple[float, float], float], ...] = (
    ((2210.0, 2262.0), (2210.0, 2262.0), 0.8),  # Bell 103 at 2225, V.22 unscrambled ones at 2250
    ((1785.0, 1815.0), (2235.0, 2265.0), 0.8),  # V.22 with its guard tone
    ((585.0, 615.0), (2985.0, 3015.0), 0.5),  # V.32: AC
    ((1635.0, 1665.0), (1635.0, 1665.0), 1.2),  # V.21, marking; a preamble never stays there
)
"""What answering modems send once nobody speaks T.30 or V.8: both tones in Hz, and how long."""


@dataclass(frozen=True, slots=True)
class _Burst:
    """A tone and the silence after it."""

    tone: Segment
    on: float
    off: float


class SignalDetector:
    """Takes frames, and tells each signal once."""

    def __init__(self) -> None:
        self._cadence = Cadence()
        self._segments: deque[Segment] = deque(maxlen=_REMEMBERED)
        self._told: set[Signal] = set()

    def take(self, frames: Sequence[Frame]) -> list[Signal]:
        """Take the next frames; the signals that are sure with them, each for the first time."""
        found = [signal for frame in frames for signal in self._take(frame)]
        fresh = [signal for signal in dict.fromkeys(found) if signal not in self._told]
        self._told.update(fresh)
        return fresh

    def _take(self, frame: Frame) -> Iterator[Signal]:
        for segment in self._cadence.take(frame):
            self._segments.append(segment)
            yield from _ended(tuple(self._segments))
        if self._cadence.current.kind is Kind.TONE:
            yield from _lasting(self._cadence.current)


def _lasting(tone: Segment) -> Iterator[Signal]:
    """What a tone is that has gone on for so long."""
    if tone.is_single and _within(tone.low, _ANSWER_TONE) and tone.seconds >= _ANSWER_SECONDS:
        yield Signal.ANSAM if _swells(tone.levels) else Signal.CED
    for low, high, seconds in _CARRIERS:
        if tone.seconds >= seconds and _within(tone.low, low) and _within(tone.high, high):
            yield Signal.MODEM


def _ended(segments: tuple[Segment, ...]) -> Iterator[Signal]:
    """What the last segments are together, now that one more is over."""
    kinds = [segment.kind for segment in segments[-3:]]
    if kinds == [Kind.TONE] * 3:
        yield from _special_information(segments[-3:])
    if segments[-1].kind is Kind.OFF:
        yield from _rhythm(_bursts(segments))


def _special_information(tones: Sequence[Segment]) -> Iterator[Signal]:
    for tone, band in zip(tones, _SIT_BANDS, strict=True):
        if not (tone.is_single and _within(tone.low, band) and _within(tone.seconds, _SIT_SECONDS)):
            return
    low = [abs(tone.low - exact) <= _SIT_EXACT for tone, exact in zip(tones, _SIT_LOW, strict=False)]
    high = [abs(tone.low - exact) <= _SIT_EXACT for tone, exact in zip(tones, _SIT_HIGH, strict=False)]
    if abs(tones[2].low - _SIT_THIRD) > _SIT_EXACT or not all(map(any, zip(low, high, strict=True))):
        yield Signal.SIT
        return
    kind = _SIT_KINDS[(high[0], high[1])]
    for (pitch, durations), other in _SIT_CARRIER_KINDS.items():
        off = [abs(tone.seconds - exact) for tone, exact in zip(tones, durations, strict=False)]
        if pitch == (high[0], high[1]) and max(off) < _SIT_JITTER:
            kind = other
    yield kind


def _bursts(segments: Sequence[Segment]) -> list[_Burst]:
    """The bursts at the end that have the same tone, without anything else between them."""
    bursts: list[_Burst] = []
    for at in range(len(segments) - 2, -1, -2):
        tone, pause = segments[at], segments[at + 1]
        if tone.kind is not Kind.TONE or pause.kind is not Kind.OFF:
            break
        if bursts and not (_near(tone.low, bursts[0].tone.low) and _near(tone.high, bursts[0].tone.high)):
            break
        bursts.insert(0, _Burst(tone, tone.seconds, pause.seconds))
    return bursts


def _near(one: float, other: float) -> bool:
    return abs(one - other) < _SAME_HERTZ


def _rhythm(bursts: Sequence[_Burst]) -> Iterator[Signal]:
    if not bursts:
        return
    tone = bursts[-1].tone
    if _within(tone.low, _CALL_PROGRESS) and _within(tone.high, _CALL_PROGRESS):
        yield from _call_progress(bursts)
    elif _all_within(bursts[-2:], _CNG, _CNG_BURST, _CNG_PAUSE):
        yield Signal.CNG
    elif _all_within(bursts[-2:], _CALLING_MODEM, _CALLING_BURST, _CALLING_PAUSE):
        yield Signal.MODEM


def _call_progress(bursts: Sequence[_Burst]) -> Iterator[Signal]:
    for signal, pattern in _PATTERNS:
        if _follows(bursts, pattern):
            yield signal
            return
    if _is_steady(bursts[-_TIMES:], _TIMES):
        on, off = _means(bursts[-_TIMES:])
        fits = _within(on, _BURST) and _within(off, _BURST) and _within(on / off, _RATIO)
        if fits and on + off <= _LONGEST_PERIOD:
            yield Signal.REORDER if on + off < _FAST_PERIOD else Signal.BUSY
    if _is_steady(bursts[-2:], 2):
        on, off = _means(bursts[-2:])
        if _within(on, _RING_BURST) and _within(off, _RING_PAUSE):
            yield Signal.RINGING


def _follows(bursts: Sequence[_Burst], pattern: Sequence[tuple[float, float]]) -> bool:
    """Whether the last bursts are the pattern over and over, begun at any of its places."""
    needed = max(_TIMES, 2 * len(pattern))
    if len(bursts) < needed:
        return False
    last = bursts[-needed:]
    return any(
        all(
            _alike(burst.on, pattern[(at + turn) % len(pattern)][0])
            and _alike(burst.off, pattern[(at + turn) % len(pattern)][1])
            for at, burst in enumerate(last)
        )
        for turn in range(len(pattern))
    )


def _is_steady(bursts: Sequence[_Burst], times: int) -> bool:
    """Whether there are so many, all alike."""
    on, off = _means(bursts)
    levels = [burst.tone.level for burst in bursts]
    return (
        len(bursts) == times
        and all(_alike(burst.on, on) and _alike(burst.off, off) for burst in bursts)
        and max(levels) <= _LEVEL_RATIO * min(levels)
    )


def _means(bursts: Sequence[_Burst]) -> tuple[float, float]:
    return sum(burst.on for burst in bursts) / len(bursts), sum(burst.off for burst in bursts) / len(bursts)


def _all_within(
    bursts: Sequence[_Burst],
    band: tuple[float, float],
    burst_seconds: tuple[float, float],
    pause_seconds: tuple[float, float],
) -> bool:
    return len(bursts) > 1 and all(
        burst.tone.is_single
        and _within(burst.tone.low, band)
        and _within(burst.on, burst_seconds)
        and _within(burst.off, pause_seconds)
        for burst in bursts
    )


def _swells(levels: Sequence[float]) -> bool:
    """Whether a tone is modulated as ANSam is."""
    turn = 2j * math.pi * _SWELLS * FRAME_SECONDS
    mean = sum(levels) / len(levels)
    swell = sum((level - mean) * cmath.exp(turn * at) for at, level in enumerate(levels))
    return 2 * abs(swell) > _SWELLING * mean * len(levels)


def _alike(seconds: float, expected: float) -> bool:
    return abs(seconds - expected) <= _TOLERANCE + _RELATIVE_TOLERANCE * expected


def _within(value: float, band: tuple[float, float]) -> bool:
    return band[0] <= value <= band[1]
