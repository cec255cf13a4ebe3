"""How long to wait after trouble: longer each time, up to a limit. Pure."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The pauses after one kind of trouble."""

    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """The pause after so many failures in a row, of which there was at least one."""
        return min(self.longest, self.first * (1 << min(failures - 1, 30)))


AFTER_LOST_CONNECTION = Waiting(first=timedelta(seconds=1), longest=timedelta(minutes=2))
AFTER_REFUSED_LOGIN = Waiting(first=timedelta(minutes=1), longest=timedelta(minutes=30))
"""Servers lock accounts that try a wrong password too often."""
AFTER_FAILED_MAIL = Waiting(first=timedelta(minutes=1), longest=timedelta(hours=1))
