"""How often a number is called."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from config.forms import Form
from config.section import Section
from config.values import SAID_ONCE, Duration, did_you_mean, expected

RETRYABLE_STATUSES = (
    "BUSY",
    "Fast Busy",
    "No Answer",
    "Voice Answer",
    "Not a Fax Machine",
    "Negotiation Failed",
    "Exceeded ECM Retransmit",
    "Transmission Failed",
    "General Error",
)
"""The words of `store.status` after which a number is called again; the others are final at once."""


def _retryable_status(value: Any) -> str:
    words = {status.casefold(): status for status in RETRYABLE_STATUSES}
    word = str(value).casefold()
    if word in words:
        return words[word]
    listed = ", ".join(RETRYABLE_STATUSES)
    raise expected(f"one of the statuses {listed}", did_you_mean(word, list(RETRYABLE_STATUSES)))


RetryableStatus = Annotated[
    str,
    BeforeValidator(_retryable_status),
    Form(
        words=f"one of {', '.join(RETRYABLE_STATUSES)}",
        choices=RETRYABLE_STATUSES,
        any_case=True,
        example="BUSY",
    ),
]


class StatusRetry(Section):
    """How one status is retried, where it differs."""

    attempts: Annotated[int, Field(ge=1, le=50)] | None = None
    """Calls in all, where the last one ended so."""
    interval: Duration | None = None
    """From the end of such a call to the next one."""


class Resume(StrEnum):
    """What follows a call that broke off after some pages were confirmed."""

    HEADER = "header"
    COVER = "cover"
    OFF = "off"


class RetrySettings(Section):
    """How often a number is called."""

    attempts: Annotated[int, Field(ge=1, le=50)] = 4
    """Calls in all."""
    interval: Duration = timedelta(minutes=5)
    """From the end of a call to the next one."""
    statuses: Annotated[dict[RetryableStatus, StatusRetry], SAID_ONCE] = {}
    """By status, for example `BUSY: {interval: 3 min}`."""
    resume: Resume = Resume.HEADER
    """How a fax goes on that broke off: header (from the first page that was not confirmed; the header line
    says that it is continued), cover (a page before them says so too), or off (all its pages once more)."""
