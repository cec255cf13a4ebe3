"""A clock that is not believed (`store.reckoning`), in the words of an alert and of `postfax doctor`."""

from datetime import UTC, datetime, timedelta

from store.reckoning import Reckoned

_HOUR = timedelta(hours=1)
_MANY_HOURS = 48


def what_is_doubted(host: str, clock: Reckoned) -> str:
    """Why the clock of a host is not believed, and what follows; empty while it is believed."""
    believed_at = clock.believed_at
    if believed_at is None:
        return ""
    return (
        f"the clock of {host} shows {_moment(clock.read.clock)}, {_span(clock.ahead)} more than is known to "
        f"have passed; so that nothing is removed before its time, age is reckoned by "
        f"{_moment(clock.time)} until it shows {_moment(believed_at)}"
    )


def what_to_do() -> str:
    """About such a clock."""
    return (
        "If it is wrong, set it (`timedatectl`, chrony): faxes that wait go by it, and are called or end "
        "too early. If it is right, for the host was off or its clock had been behind, do nothing."
    )


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _span(time: timedelta) -> str:
    hours = round(time / _HOUR)
    return f"{hours} h" if hours <= _MANY_HOURS else f"{time.days} days"
