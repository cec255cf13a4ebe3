"""A check: what it is called, where it stands in the report, and how long it may take."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from postfax.doctor.finding import Finding
from postfax.doctor.site import Site

Look = Callable[[Site], Awaitable[Sequence[Finding]]]
"""Looks at one subject; several findings where there are several of its kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One entry of the table."""

    name: str
    """As `--only` takes it."""
    group: str
    look: Look
    seconds: float = 15.0
    """The most that it may take."""
    needs: str = ""
    """The check without which this one can tell nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """What a check came to."""

    check: Check
    findings: tuple[Finding, ...]
    seconds: float
    """How long it took."""
