"""What the station does when a number is called: pure, and written in a few words.

fax              receives the fax, by T.38 at the station's own wish
passive          receives the fax, and leaves it to the caller to wish for T.38
refuse-t38       receives the fax over G.711
glare            wishes for T.38 in the very moment in which the caller does: each refuses the other (491)
standard-only    receives the fax, and takes no page finer than 98 lines an inch
no-ecm           receives the fax without error correction
slow             receives the fax with V.27ter alone, 4,800 bit/s
lossy PERCENT    receives the fax, while so much of what either end sends is lost
garbled          begins to receive the fax; a fifth of the image never arrives, however often it is sent
busy             486
no-answer        rings
SOUND            answers, and this is heard until the caller hangs up
early SOUND [CODE [Q850]]
                 does not answer: this is heard before (183), then it refuses with the code, or never does
fail CODE [Q850] refuses with a SIP status code, and a Q.850 cause
hang-up          hangs up in the middle of the first page
drop-after PAGES hangs up in the middle of the page that follows so many
drop-at SECONDS  hangs up so many seconds of the call after its answer, whatever is under way

SOUND is voice, silence, busy-tone, reorder-tone, ring-tone, sit (a special information tone that does not say
why, and an announcement), sit-intercept, sit-vacant, sit-reorder, sit-no-circuit (those that do), modem (one
for data), or endless (an answer tone that never stops).

Each may have `for N`, or N alone, behind it: the first N calls of a number are taken so, and the fax is
received after them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from config.fax import Resolution
from transmit.engine.order import AnswerWith
from transmit.media.sound import Signal

_SOUNDS: dict[str, Signal | None] = {
    "voice": None,
    "silence": None,
    "busy-tone": Signal.BUSY,
    "reorder-tone": Signal.REORDER,
    "ring-tone": Signal.RINGING,
    "sit": Signal.SIT,
    "sit-intercept": Signal.SIT_INTERCEPT,
    "sit-vacant": Signal.SIT_VACANT,
    "sit-reorder": Signal.SIT_REORDER,
    "sit-no-circuit": Signal.SIT_NO_CIRCUIT,
    "modem": Signal.MODEM,
    "endless": Signal.CED,
}
_PLAIN = (
    *("fax", "passive", "refuse-t38", "glare", "standard-only", "no-ecm", "slow", "garbled", "busy"),
    *("no-answer", "hang-up"),
)
_REFUSAL = r"(?P<{0}code>[4-6]\d\d)(?: +(?P<{0}cause>\d{{1,3}}))?"
_BEHAVIOUR = re.compile(
    rf"(?:(?P<plain>{'|'.join(_PLAIN)})"
    rf"|(?P<sound>{'|'.join(_SOUNDS)})"
    rf"|(?P<early>early) +(?P<early_sound>{'|'.join(_SOUNDS)})(?: +{_REFUSAL.format('early_')})?"
    rf"|(?P<fail>fail) +{_REFUSAL.format('')}"
    r"|(?P<lossy>lossy) +(?P<percent>\d{1,2})"
    r"|(?P<drop>drop-after) +(?P<pages>[1-9]\d{0,2})"
    r"|(?P<drop_at>drop-at) +(?P<seconds>\d{1,4}(?:\.\d{1,3})?))"
    r"(?: +(?:for +)?(?P<calls>[1-9]\d{0,2}))?"
)
_WRITTEN = (
    *_PLAIN, *_SOUNDS, "early SOUND [CODE [Q850]]", "fail CODE [Q850]", "lossy PERCENT", "drop-after PAGES",
    "drop-at SECONDS",
)  # fmt: skip
_V27TER = 4_800


class Answer(StrEnum):
    """How a call is taken."""

    FAX = "fax"
    PASSIVE = "passive"
    REFUSE_T38 = "refuse-t38"
    GLARE = "glare"
    STANDARD_ONLY = "standard-only"
    NO_ECM = "no-ecm"
    SLOW = "slow"
    LOSSY = "lossy"
    GARBLED = "garbled"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    SOUND = "sound"
    EARLY = "early"
    FAIL = "fail"
    HANG_UP = "hang-up"
    DROP_AFTER = "drop-after"
    DROP_AT = "drop-at"


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """What happens to calls of one number."""

    answer: Answer = Answer.FAX
    calls: int | None = None
    """How many calls are taken so, before faxes are received; None for all."""
    sip_code: int | None = None
    """The refusal's status code."""
    q850_cause: int | None = None
    sound: str = ""
    """What is heard instead of a fax machine: one of the names above."""
    pages: int = 0
    """Pages after which it hangs up, in the middle of the next one."""
    seconds: float | None = None
    """Of media after the answer, when it hangs up."""
    loss: float = 0.0
    """The share of the datagrams that are lost, each way."""
    finest: Resolution = Resolution.SUPERFINE
    ecm: bool = True
    max_rate: int = 14_400
    """bit/s."""

    @classmethod
    def parse(cls, text: str) -> "Behaviour":
        """Reads a behaviour as it is written above.

        Raises:
            ValueError: it is none; the text says what was expected.
        """
        found = _BEHAVIOUR.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not one of {', '.join(_WRITTEN)}, each with or without for N")
        if found["sound"]:
            return cls(answer=Answer.SOUND, sound=found["sound"], calls=_figure(found["calls"]))
        words = ("plain", "early", "fail", "lossy", "drop", "drop_at")
        behaviour = cls(
            answer=Answer(next(found[word] for word in words if found[word])),
            calls=_figure(found["calls"]),
            sip_code=_figure(found["code"] or found["early_code"]),
            q850_cause=_figure(found["cause"] or found["early_cause"]),
            sound=found["early_sound"] or "",
            pages=_figure(found["pages"]) or 0,
            seconds=float(found["seconds"]) if found["seconds"] else None,
            loss=(_figure(found["percent"]) or 0) / 100,
        )
        return replace(behaviour, **_IMPLIED.get(behaviour.answer, {}))

    @property
    def name(self) -> str:
        """The word for it."""
        return self.sound if self.answer is Answer.SOUND else self.answer.value

    @property
    def signal(self) -> Signal | None:
        """Which tones are heard, if it is tones."""
        return _SOUNDS.get(self.sound)

    @property
    def answer_with(self) -> AnswerWith:
        """What sits at our end of the call."""
        if not self.sound:
            return AnswerWith.FAX
        return AnswerWith.SIGNAL if self.signal is not None else AnswerWith(self.sound)


_IMPLIED: dict[Answer, dict[str, Any]] = {
    Answer.BUSY: {"sip_code": 486, "q850_cause": 17},
    Answer.STANDARD_ONLY: {"finest": Resolution.STANDARD},
    Answer.NO_ECM: {"ecm": False},
    Answer.SLOW: {"max_rate": _V27TER},
}


def _figure(text: str | None) -> int | None:
    return int(text) if text else None


class Behaviours:
    """The behaviour of every number: by its last digits, the longest match first."""

    def __init__(self, by_suffix: Mapping[str, Behaviour]) -> None:
        self._by_suffix = sorted(by_suffix.items(), key=lambda entry: -len(entry[0]))
        self._calls: dict[str, int] = {}

    def next(self, number: str) -> Behaviour:
        """What happens to this call of a number; counts it where that matters."""
        matching = [behaviour for suffix, behaviour in self._by_suffix if number.endswith(suffix)]
        if any(behaviour.calls is not None for behaviour in matching):
            self._calls[number] = self._calls.get(number, 0) + 1
        for behaviour in matching:
            if behaviour.calls is None or self._calls[number] <= behaviour.calls:
                return behaviour
        return Behaviour()
