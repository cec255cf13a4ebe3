"""Whether a trunk can take calls, as far as it told: by answers to OPTIONS, and by its registration. Pure.

A trunk that never answered OPTIONS may be one that does not know them, and is not called down for it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from config.values import HostPort
from transmit.sip.registration import Registered

_TOLERATED = 2
"""Unanswered questions in a row that say nothing yet."""
_OUT_OF_SERVICE = {502, 503, 504}
"""Answers that say so. A server that knows no OPTIONS says 405, 500 or 501, and carries calls."""


class TrunkState(StrEnum):
    """What is known of a trunk."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """It did not say anything yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrunkHealth:
    """A trunk's state, and why."""

    state: TrunkState
    reason: str


@dataclass(kw_only=True, slots=True)
class HealthRecord:
    """What one trunk told so far."""

    registers: bool
    """Whether calls need a registration."""
    registered: Registered | None = None
    silent: frozenset[HostPort] = field(default_factory=frozenset)
    """The servers that did not answer last time: they are asked last."""
    _ever_answered: bool = False
    _unanswered: int = 0
    _answer: str = ""
    _ill: bool = False

    def answered(self, code: int, reason: str) -> None:
        """A server answered OPTIONS."""
        self._ever_answered, self._unanswered = True, 0
        self._answer = f"OPTIONS answered with {code} {reason}".rstrip()
        self._ill = code in _OUT_OF_SERVICE

    def unanswered(self, reason: str) -> None:
        """No server answered."""
        self._unanswered += 1
        self._answer = f"OPTIONS not answered: {reason}"

    def health(self, now: float) -> TrunkHealth:
        """The trunk's state; `now` is by the event loop's clock."""
        if self.registers:
            told = self._of_registration(now)
            if told.state is not TrunkState.UP:
                return told
        if self._ever_answered and self._unanswered > _TOLERATED:
            return TrunkHealth(state=TrunkState.DOWN, reason=self._answer)
        if self._ill:
            return TrunkHealth(state=TrunkState.DOWN, reason=self._answer)
        if self._ever_answered or self.registers:
            return TrunkHealth(state=TrunkState.UP, reason=self._answer or "registered")
        return TrunkHealth(state=TrunkState.UNKNOWN, reason=self._answer or "not asked yet")

    def _of_registration(self, now: float) -> TrunkHealth:
        said = self.registered
        if said is None:
            return TrunkHealth(state=TrunkState.UNKNOWN, reason="not registered yet")
        if said.until is not None and now < said.until:
            return TrunkHealth(state=TrunkState.UP, reason="registered")
        told = f"{said.code} {said.reason}".strip() if said.code else said.reason
        return TrunkHealth(state=TrunkState.DOWN, reason=f"not registered: {told}")
