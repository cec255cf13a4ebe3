"""The six reports on what was sent: which numbers each of them has, and how they are told.

A report is a table of plain values under stable names (docs/reference/json.md). Durations are seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from store.tally import Counted, Measure

Value = str | int | float | None

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report."""

    name: str
    title: str
    value: Callable[[Counted], Value]
    words: Callable[[Value], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One of those that have figures of periods."""

    title: str
    measures: tuple[Measure, ...]
    figures: tuple[Figure, ...]
    drawn: str
    """The figure that a chart shows."""


def seconds_words(value: Value) -> str:
    """A duration as people say it: `4 s`, `3 min 20 s`, `2 h 5 min`."""
    if not isinstance(value, int | float):
        return "–"
    seconds = round(value)
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{value:.1f} s" if isinstance(value, float) and value < 10 else f"{seconds} s"  # noqa: PLR2004
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def count_words(value: Value) -> str:
    """A number with its thousands set apart."""
    return "–" if value is None else f"{value:,}"


def _seconds(measure: Measure, each: Measure | None = None) -> Callable[[Counted], Value]:
    """A duration, or its mean over as many as another measure says; None where there is none."""

    def read(counted: Counted) -> Value:
        count = counted[each] if each else 1
        return round(counted[measure] / count / _MICROSECONDS, 1) if count and counted[measure] else None

    return read


def _count(measure: Measure) -> Callable[[Counted], Value]:
    return lambda counted: counted[measure]


def _ratio(of: Measure, to: Measure, factor: int = 1) -> Callable[[Counted], Value]:
    return lambda counted: round(factor * counted[of] / counted[to], 1) if counted[to] else None


def _percent(value: Value) -> str:
    return "–" if value is None else f"{value} %"


REPORTS: Mapping[str, Report] = {
    "first-dial": Report(
        title="Average time to first dial",
        measures=(Measure.CALLED, Measure.WAIT, Measure.LONGEST_WAIT),
        figures=(
            Figure("faxes", "FAXES", _count(Measure.CALLED), count_words),
            Figure("average_seconds", "AVERAGE", _seconds(Measure.WAIT, Measure.CALLED), seconds_words),
            Figure("longest_seconds", "LONGEST", _seconds(Measure.LONGEST_WAIT), seconds_words),
        ),
        drawn="average_seconds",
    ),
    "completion": Report(
        title="Average total completion time",
        measures=(Measure.ENDED, Measure.DURATION, Measure.LONGEST_DURATION),
        figures=(
            Figure("faxes", "FAXES", _count(Measure.ENDED), count_words),
            Figure("average_seconds", "AVERAGE", _seconds(Measure.DURATION, Measure.ENDED), seconds_words),
            Figure("longest_seconds", "LONGEST", _seconds(Measure.LONGEST_DURATION), seconds_words),
        ),
        drawn="average_seconds",
    ),
    "usage": Report(
        title="Usage",
        measures=(Measure.FAXES, Measure.SENT, Measure.FAILED, Measure.CANCELLED, Measure.PAGES),
        figures=(
            Figure("faxes", "FAXES", _count(Measure.FAXES), count_words),
            Figure("successful", "SUCCESSFUL", _count(Measure.SENT), count_words),
            Figure("failed", "FAILED", _count(Measure.FAILED), count_words),
            Figure("cancelled", "CANCELLED", _count(Measure.CANCELLED), count_words),
            Figure("success_percent", "SUCCESS", _ratio(Measure.SENT, Measure.FAXES, 100), _percent),
            Figure("pages", "PAGES", _count(Measure.PAGES), count_words),
            Figure("pages_per_transmission", "PAGES/FAX", _ratio(Measure.PAGES, Measure.SENT), count_words),
        ),
        drawn="faxes",
    ),
    "failures": Report(
        title="Failures by status",
        measures=(Measure.FAXES,),
        figures=(Figure("faxes", "FAXES", _count(Measure.FAXES), count_words),),
        drawn="faxes",
    ),
}
"""Those that have figures of periods, by name."""

LISTS: Mapping[str, str] = {
    "busy": "Frequent busy destinations",
    "volume": "Highest volume destinations",
}
"""Those that list the first fifty numbers."""


DEFAULT_PERIOD = timedelta(days=30)
"""What a report is about where nothing is said."""
