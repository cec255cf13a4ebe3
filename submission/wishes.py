"""What the directives of one fax change: the policy that applies to it, and its own facts. Pure."""

from config.retry import RetrySettings, StatusRetry
from config.settings import UserPolicy
from store.job import Priority, Wishes
from submission.directives import Directives


def wishes_of(directives: Directives) -> Wishes:
    """The facts of the fax that are no settings."""
    return Wishes(
        sender_name=directives.sender_name,
        priority=Priority.NORMAL if directives.priority is None else directives.priority,
        not_before=directives.at,
        expires_at=directives.expire,
        notify=directives.notify,
    )


def policy_for(user: UserPolicy, directives: Directives) -> UserPolicy | None:
    """The sender's policy with the directives laid over it; None where they change nothing of it."""
    settings = user.settings
    pages = {
        name: value
        for name, value in (("resolution", directives.resolution), ("paper", directives.paper))
        if value is not None
    }
    changed = settings.model_copy(
        update={
            "fax": settings.fax.model_copy(update=pages),
            "retry": _retry(settings.retry, directives),
            "lines": (directives.line,) if directives.line else settings.lines,
        }
    )
    return None if changed == settings else user.model_copy(update={"settings": changed})


def _retry(retry: RetrySettings, directives: Directives) -> RetrySettings:
    """The sender's word goes before what the policy says of single statuses, but never for more calls."""
    attempts = retry.attempts if directives.retries is None else directives.retries + 1
    interval = directives.retry_interval or retry.interval
    statuses = {
        status: StatusRetry(
            attempts=one.attempts
            and (one.attempts if directives.retries is None else min(attempts, one.attempts)),
            interval=directives.retry_interval or one.interval,
        )
        for status, one in retry.statuses.items()
    }
    return retry.model_copy(update={"attempts": attempts, "interval": interval, "statuses": statuses})
