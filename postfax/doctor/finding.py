"""What a check found: one state, one sentence, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands."""

    OK = "ok"
    WARNING = "warning"
    """It works, and something may not be meant or will not work for long."""
    FAILURE = "failure"
    """Something does not work."""
    NOT_CHECKED = "not checked"
    """It cannot be told from here; `found` says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at."""

    state: State
    found: str
    """What there is, for a person; without a final full stop."""
    advice: str = ""
    """What to do, in sentences; empty where there is nothing to do."""
    subject: str = ""
    """Which of several is meant: an address, a line, a file."""


def ok(found: str, *, subject: str = "") -> Finding:
    """All is well."""
    return Finding(state=State.OK, found=found, subject=subject)


def warning(found: str, advice: str, *, subject: str = "") -> Finding:
    """It works, but."""
    return Finding(state=State.WARNING, found=found, advice=advice, subject=subject)


def failure(found: str, advice: str, *, subject: str = "") -> Finding:
    """It does not work."""
    return Finding(state=State.FAILURE, found=found, advice=advice, subject=subject)


def not_checked(why: str, advice: str = "", *, subject: str = "") -> Finding:
    """It cannot be told."""
    return Finding(state=State.NOT_CHECKED, found=why, advice=advice, subject=subject)


def reason_of(problem: BaseException) -> str:
    """An exception in the system's words, without the errno and the file name that Python adds."""
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return " ".join(str(problem).split()).rstrip(".") or type(problem).__name__
