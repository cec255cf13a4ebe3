"""How long a client may take (RFC 5321 §4.5.3.2), so that slow ones cannot hold the sessions of others. Pure.

- Between commands it may be silent for the time-out.
- A command line has to be whole within the time-out from its first octet: octets alone do not earn more.
- While a message comes, any octet ends a silence; but the whole has to come within the time-out and a second
  for every `FLOOR` octets: who sends one octet a second is let go little after the time-out.
- Our own work is nobody's silence.

All times are seconds of one clock that only goes forward.
"""

from enum import Enum

FLOOR = 1024
"""Octets a second that a message must have on average, once the time-out is used up."""


class _Phase(Enum):
    COMMAND = "command"
    MESSAGE = "message"
    OURS = "ours"


class Patience:
    """The deadline of one session."""

    __slots__ = ("_began", "_heard_at", "_message_began", "_message_octets", "_phase", "timeout")

    def __init__(self, timeout: float, now: float) -> None:
        """The first command may come."""
        self.timeout = timeout
        self._phase = _Phase.COMMAND
        self._heard_at = now
        self._began: float | None = None
        self._message_began: float | None = None
        self._message_octets = 0

    def heard(self, octets: int, now: float) -> None:
        """Octets came."""
        self._heard_at = now
        if self._began is None:
            self._began = now
        self._message_octets += octets

    def line_taken(self, *, more: bool) -> None:
        """A whole line was taken; `more` where octets of the next are there."""
        self._began = self._heard_at if more else None

    def message(self, now: float) -> None:
        """A message may come, or more of the one that began."""
        self._phase = _Phase.MESSAGE
        if self._message_began is None:
            self._message_began = self._heard_at = now
            self._message_octets = 0

    def message_over(self) -> None:
        """The message is there or given up."""
        self._message_began = None

    def ours(self) -> None:
        """We work, and the client waits."""
        self._phase = _Phase.OURS

    def command(self, now: float) -> None:
        """The client has its reply; the next command may come."""
        self._phase = _Phase.COMMAND
        self._heard_at = now
        self._began = None

    def deadline(self, now: float) -> float:
        """When to give up; later than now as long as there is nothing to wait for."""
        if self._phase is _Phase.OURS:
            return now + self.timeout
        silence = self._heard_at + self.timeout
        if self._phase is _Phase.COMMAND:
            return silence if self._began is None else self._began + self.timeout
        if self._message_began is None:
            return silence
        return min(silence, self._message_began + self.timeout + self._message_octets / FLOOR)
