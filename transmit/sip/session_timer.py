"""Session timers (RFC 4028): who refreshes a session, and when a silent peer is taken for gone. Pure."""

import re
from dataclasses import dataclass

from sipmessage import Request, Response

from transmit.sip.message import Fields, field, number_in, words_of

SHORTEST = 90
"""Seconds: nobody may ask for less (§5)."""
_REFRESHER = re.compile(r";\s*refresher\s*=\s*(uac|uas)\b", re.IGNORECASE)
_TOO_SMALL = 422
_MARGIN = 32
"""Seconds before the end at which a session without a refresh is given up; or a third of it (§10)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionTimer:
    """What two ends agreed on."""

    seconds: int
    """How long the session lasts without a refresh."""
    is_ours: bool
    """Whether we refresh it."""

    @property
    def refresh_after(self) -> float:
        """Seconds after which whoever refreshes does so (§10: half the time)."""
        return self.seconds / 2

    @property
    def gone_after(self) -> float:
        """Seconds without a refresh after which the other end is taken for gone."""
        return self.seconds - min(_MARGIN, self.seconds / 3)


def agreed(answer: Response) -> SessionTimer | None:
    """What a 2xx to a request of ours says (§7.2); None for a session without end."""
    seconds = number_in(answer, "Session-Expires")
    if seconds is None:
        return None
    found = _REFRESHER.search(field(answer, "Session-Expires"))
    is_ours = found is None or found[1].lower() == "uac"
    return SessionTimer(seconds=max(seconds, SHORTEST), is_ours=is_ours)


def longer(answer: Response, timer: SessionTimer | None) -> SessionTimer | None:
    """What a 422 asks for instead of `timer` (§6: that was too short); None if it asks for no more."""
    least = number_in(answer, "Min-SE")
    if answer.code != _TOO_SMALL or least is None or least <= (timer.seconds if timer is not None else 0):
        return None
    return SessionTimer(seconds=least, is_ours=True)


def asked_fields(timer: SessionTimer, *, least: int | None = None) -> Fields:
    """What a request of ours says of the timer (§7.1); `least` is what a 422 asked for."""
    refresher = (("Session-Expires", f"{timer.seconds};refresher=uac"),)
    return refresher if least is None else (*refresher, ("Min-SE", str(least)))


def taken(request: Request) -> SessionTimer | None:
    """What we agree to when asked (§9): it refreshes, unless it wants us to; None if it does not ask."""
    seconds = number_in(request, "Session-Expires")
    if seconds is None:
        return None
    found = _REFRESHER.search(field(request, "Session-Expires"))
    knows = "timer" in words_of(request, "Supported") or "timer" in words_of(request, "Require")
    is_ours = not knows or (found is not None and found[1].lower() == "uas")
    return SessionTimer(seconds=max(seconds, SHORTEST), is_ours=is_ours)


def answer_fields(request: Request) -> list[tuple[str, str]]:
    """What a 2xx of ours says of the timer that a request asks for (§9)."""
    timer = taken(request)
    if timer is None:
        return []
    refresher = "uas" if timer.is_ours else "uac"
    fields = [("Session-Expires", f"{timer.seconds};refresher={refresher}")]
    return fields if timer.is_ours else [*fields, ("Require", "timer")]
