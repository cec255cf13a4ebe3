"""What the station does when a number is called: pure, and written in a few words.

fax              receives the fax, by T.38 at the station's own wish
passive          receives the fax, and leaves it to the caller to wish for T.38
refuse-t38       receives the fax over G.711
busy [N]         486, always or for the first N calls, then fax
no-answer        rings
voice            answers and talks
silence          answers and says nothing
fail CODE [Q850] refuses with a SIP status code, and a Q.850 cause
hang-up          hangs up in the middle of the first page
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_BEHAVIOUR = re.compile(
    r"(?P<plain>fax|passive|refuse-t38|no-answer|voice|silence|hang-up)"
    r"|(?P<busy>busy)(?: +(?P<calls>[1-9]\d{0,2}))?"
    r"|(?P<fail>fail) +(?P<code>[4-6]\d\d)(?: +(?P<cause>\d{1,3}))?"
)


class Answer(StrEnum):
    """How a call is taken."""

    FAX = "fax"
    PASSIVE = "passive"
    REFUSE_T38 = "refuse-t38"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    VOICE = "voice"
    SILENCE = "silence"
    FAIL = "fail"
    HANG_UP = "hang-up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """What happens to calls of one number."""

    answer: Answer = Answer.FAX
    calls: int | None = None
    """How many calls are taken so, before faxes are received; None for all."""
    sip_code: int | None = None
    """The refusal's status code."""
    q850_cause: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Behaviour":
        """Reads a behaviour as it is written above.

        Raises:
            ValueError: it is none; the text says what was expected.
        """
        found = _BEHAVIOUR.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                f"{text!r} is not one of fax, passive, refuse-t38, busy [N], no-answer, voice, silence, "
                "fail CODE [Q850], hang-up"
            )
        if found["busy"]:
            return cls(answer=Answer.BUSY, calls=_figure(found["calls"]), sip_code=486, q850_cause=17)
        if found["fail"]:
            return cls(
                answer=Answer.FAIL, sip_code=_figure(found["code"]), q850_cause=_figure(found["cause"])
            )
        return cls(answer=Answer(found["plain"]))


def _figure(text: str | None) -> int | None:
    return int(text) if text else None


class Behaviours:
    """The behaviour of every number: by its last digits, the longest match first."""

    def __init__(self, by_suffix: Mapping[str, Behaviour]) -> None:
        self._by_suffix = sorted(by_suffix.items(), key=lambda entry: -len(entry[0]))
        self._calls: dict[str, int] = {}

    def next(self, number: str) -> Behaviour:
        """What happens to this call of a number; counts it."""
        self._calls[number] = self._calls.get(number, 0) + 1
        for suffix, behaviour in self._by_suffix:
            if number.endswith(suffix) and (
                behaviour.calls is None or self._calls[number] <= behaviour.calls
            ):
                return behaviour
        return Behaviour()
