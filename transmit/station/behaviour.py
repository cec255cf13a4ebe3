"""What the station does when a number is called: pure, and written in a few words.

fax              receives the fax, by T.38 at the station's own wish
passive          receives the fax, and leaves it to the caller to wish for T.38
refuse-t38       receives the fax over G.711
standard-only    receives the fax, and takes no page finer than 98 lines an inch
no-ecm           receives the fax without error correction
slow             receives the fax with V.27ter alone, 4,800 bit/s
busy             486
no-answer        rings
voice            answers and talks
silence          answers and says nothing
fail CODE [Q850] refuses with a SIP status code, and a Q.850 cause
hang-up          hangs up in the middle of the first page
drop-after PAGES hangs up in the middle of the page that follows so many
drop-at SECONDS  hangs up so many seconds of the call after its answer, whatever is under way

Each may have `for N`, or N alone, behind it: the first N calls of a number are taken so, and the fax is
received after them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from config.fax import Resolution

_BEHAVIOUR = re.compile(
    r"(?:(?P<plain>fax|passive|refuse-t38|standard-only|no-ecm|slow|busy|no-answer|voice|silence|hang-up)"
    r"|(?P<fail>fail) +(?P<code>[4-6]\d\d)(?: +(?P<cause>\d{1,3}))?"
    r"|(?P<drop>drop-after) +(?P<pages>[1-9]\d{0,2})"
    r"|(?P<drop_at>drop-at) +(?P<seconds>\d{1,4}(?:\.\d{1,3})?))"
    r"(?: +(?:for +)?(?P<calls>[1-9]\d{0,2}))?"
)
_V27TER = 4_800


class Answer(StrEnum):
    """How a call is taken."""

    FAX = "fax"
    PASSIVE = "passive"
    REFUSE_T38 = "refuse-t38"
    STANDARD_ONLY = "standard-only"
    NO_ECM = "no-ecm"
    SLOW = "slow"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    VOICE = "voice"
    SILENCE = "silence"
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
    pages: int = 0
    """Pages after which it hangs up, in the middle of the next one."""
    seconds: float | None = None
    """Of media after the answer, when it hangs up."""
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
        behaviour = cls(
            answer=Answer(found["plain"] or found["fail"] or found["drop"] or found["drop_at"]),
            seconds=float(found["seconds"]) if found["seconds"] else None,
        )
        behaviour = replace(behaviour, calls=_figure(found["calls"]), pages=_figure(found["pages"]) or 0)
        match behaviour.answer:
            case Answer.BUSY:
                return replace(behaviour, sip_code=486, q850_cause=17)
            case Answer.FAIL:
                return replace(behaviour, sip_code=_figure(found["code"]), q850_cause=_figure(found["cause"]))
            case Answer.STANDARD_ONLY:
                return replace(behaviour, finest=Resolution.STANDARD)
            case Answer.NO_ECM:
                return replace(behaviour, ecm=False)
            case Answer.SLOW:
                return replace(behaviour, max_rate=_V27TER)
        return behaviour


_WRITTEN = (
    *("fax", "passive", "refuse-t38", "standard-only", "no-ecm", "slow", "busy", "no-answer", "voice"),
    *("silence", "fail CODE [Q850]", "hang-up", "drop-after PAGES", "drop-at SECONDS"),
)


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
