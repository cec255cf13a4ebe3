"""What is counted and measured, by the names that Prometheus knows it under (docs/admin/monitoring.md).

Counters and times are of this process since its start; the gauges are what `watch` saw last.
"""

from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from postfax.watching.condition import Condition
from store.gauges import Waiting
from store.job import Attempt, FaxJob, Outcome

REGISTRY = CollectorRegistry()

_CALLS = Counter("postfax_calls", "Calls that have ended.", ("line", "status"), registry=REGISTRY)
_FAXES = Counter(
    "postfax_fax_attempts", "Faxes of calls that have ended, one or several of each.", ("line", "status"),
    registry=REGISTRY,
)  # fmt: skip
_PAGES = Counter(
    "postfax_pages_confirmed", "Pages that far ends have confirmed.", ("line",), registry=REGISTRY
)
_CALL_SECONDS = Histogram(
    "postfax_call_seconds", "From the beginning of a call to its end.", ("line",),
    buckets=(1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600), registry=REGISTRY,
)  # fmt: skip
_DIAL_DELAY = Histogram(
    "postfax_dial_delay_seconds", "From the time at which a fax was due to its call.",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600), registry=REGISTRY,
)  # fmt: skip
_CONVERSION = Histogram(
    "postfax_conversion_seconds", "From a decided mail to the pages of its faxes.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60), registry=REGISTRY,
)  # fmt: skip
_JOBS = Gauge("postfax_jobs", "Fax jobs on their way, by state.", ("state",), registry=REGISTRY)
_MAILS = Gauge("postfax_mails", "Mails on their way, by state.", ("state",), registry=REGISTRY)
_MAIL_AGE = Gauge(
    "postfax_mail_oldest_seconds", "Age of the mail that waits longest, by state.", ("state",),
    registry=REGISTRY,
)  # fmt: skip
_DUE = Gauge("postfax_due_jobs", "Fax jobs that may be called now.", registry=REGISTRY)
_DUE_AGE = Gauge("postfax_due_oldest_seconds", "How long the first of them has been due.", registry=REGISTRY)
_OWED = Gauge("postfax_outbox", "Notices and copies that are owed.", ("kind",), registry=REGISTRY)
_OWED_AGE = Gauge(
    "postfax_outbox_oldest_seconds", "How long the first of them has been owed.", ("kind",), registry=REGISTRY
)
_LINE_UP = Gauge(
    "postfax_line_up", "Whether a line takes calls: 1, or 0 where it is held or down.", ("line",),
    registry=REGISTRY,
)  # fmt: skip
_LINE_CALLS = Gauge("postfax_line_calls", "Calls in progress.", ("line",), registry=REGISTRY)
_LINE_CHANNELS = Gauge("postfax_line_channels", "Calls that a line carries.", ("line",), registry=REGISTRY)
_FREE = Gauge("postfax_disk_free_bytes", "Room on the disk of a folder.", ("folder",), registry=REGISTRY)
_CERTIFICATE = Gauge(
    "postfax_certificate_expiry_timestamp_seconds", "When the certificate expires; 0 without one.",
    registry=REGISTRY,
)  # fmt: skip


def note_fax(job: FaxJob, attempt: Attempt, outcome: Outcome) -> None:
    """An attempt of a fax has ended: in a call of its own, in one with others, or before there was one."""
    _FAXES.labels(attempt.line, outcome.status.value).inc()
    _PAGES.labels(attempt.line).inc(outcome.pages_confirmed)
    _DIAL_DELAY.observe(_seconds(attempt.started_at - job.due_at))


def note_call(attempt: Attempt, outcome: Outcome) -> None:
    """A call has ended, with one fax or several; the attempt is that of the first."""
    _CALLS.labels(attempt.line, outcome.status.value).inc()
    _CALL_SECONDS.labels(attempt.line).observe(_seconds(outcome.ended_at - attempt.started_at))


def note_conversion(seconds: float) -> None:
    """The documents of a mail were made."""
    _CONVERSION.observe(seconds)


def show(condition: Condition) -> None:
    """Have the gauges show what was seen."""
    seen = condition.gauges
    for state, count in seen.jobs.items():
        _JOBS.labels(state.value).set(count)
    for mail_state, waiting in seen.mails.items():
        _MAILS.labels(mail_state.value).set(waiting.count)
        _MAIL_AGE.labels(mail_state.value).set(_age(waiting, condition.at))
    _DUE.set(seen.due.count)
    _DUE_AGE.set(_age(seen.due, condition.at))
    for kind, owed in (("notice", seen.notices), ("copy", seen.copies)):
        _OWED.labels(kind).set(owed.count)
        _OWED_AGE.labels(kind).set(_age(owed, condition.at))
    for line in condition.lines:
        _LINE_UP.labels(line.name).set(not line.closed)
        _LINE_CALLS.labels(line.name).set(line.calls)
        _LINE_CHANNELS.labels(line.name).set(line.channels)
    for folder, free in condition.free.items():
        _FREE.labels(folder).set(free)
    expires = condition.certificate_expires
    _CERTIFICATE.set(expires.timestamp() if expires else 0)


def _age(waiting: Waiting, now: datetime) -> float:
    return _seconds(now - waiting.since) if waiting.since else 0.0


def _seconds(time: timedelta) -> float:
    """Never below 0: clocks are set back now and then."""
    return max(0.0, time.total_seconds())
