"""Whether a number is called again, and when: pure, from what the last call came to and the sender's policy.

The rules (the first that applies):
    a success is not repeated;
    a permanent cause never is, whatever the policy says: the call would come to the same;
    a voice, or silence, gets one redial: someone is being disturbed;
    anything else is tried `attempts` times in all, `interval` apart, a busy line a little sooner.
`retry.statuses` of the policy overrides attempts and interval by status.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.retry import RetrySettings, StatusRetry
from store.job import Outcome
from store.status import Status

PERMANENT = frozenset(
    {
        Status.OPERATOR_MESSAGE,
        Status.INVALID_FAX_NUMBER,
        Status.INVALID_ATTACHMENT,
        Status.NO_ATTACHMENT,
        Status.UNAUTHORIZED_SENDING_ADDRESS,
        Status.BLOCKED,
        Status.JOB_CANCELLED,
    }
)
"""What another call cannot change."""
REDIALLED_ONCE = frozenset({Status.VOICE_ANSWER, Status.NOT_A_FAX_MACHINE})
"""What may be a mistyped number: a second try, for an answering machine that gave way, and no more."""
BUSY_INTERVAL = timedelta(minutes=3)
"""A busy line is tried sooner: it will be free when its call is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryDecision:
    """What happens after a call."""

    retry: bool
    at: datetime | None
    """When to call again; None for not at all."""
    reason: str
    """For the log and the administrator."""


def decide(
    outcome: Outcome,
    tries_so_far: int,
    settings: RetrySettings,
    now: datetime,
    *,
    earlier: Sequence[Status] | None = None,
) -> RetryDecision:
    """Decides over the next call.

    Args:
        outcome: what the last call came to.
        tries_so_far: calls that count, the last one included.
        settings: the sender's policy.
        now: the time.
        earlier: what the calls before the last one came to. Without it a voice is final after any other call.
    """
    status = outcome.status
    if status is Status.SUCCESS:
        return _never("every page is confirmed")
    if status in PERMANENT:
        return _never(f"{status} is permanent")
    override = settings.statuses.get(status.value, StatusRetry())
    limit = override.attempts or settings.attempts
    if status in REDIALLED_ONCE and override.attempts is None:
        before = tries_so_far - 1 if earlier is None else sum(one in REDIALLED_ONCE for one in earlier)
        if before > 0:
            return _never(f"{status} again after a redial")
    if tries_so_far >= limit:
        return _never(f"{tries_so_far} of {limit} attempts made")
    at = max(now, outcome.ended_at + _interval(settings, override, status))
    return RetryDecision(retry=True, at=at, reason=f"{status}: attempt {tries_so_far + 1} of {limit}")


def _never(reason: str) -> RetryDecision:
    return RetryDecision(retry=False, at=None, reason=reason)


def _interval(settings: RetrySettings, override: StatusRetry, status: Status) -> timedelta:
    if override.interval is not None:
        return override.interval
    return min(settings.interval, BUSY_INTERVAL) if status is Status.BUSY else settings.interval
