"""How many pages a user may fax in a day (`fax.pages_per_day`), and whether a mail still fits. Pure.

A day goes from one midnight of the policy's time zone to the next. A page counts once its document is made,
whatever becomes of the call.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.datetimes import written
from config.settings import DatetimeSettings, Settings
from store.job import Refusal
from store.status import Status


def day_begins(now: datetime, when: DatetimeSettings) -> datetime:
    """The last midnight in the policy's time zone."""
    zone = ZoneInfo(when.time_zone)
    return datetime.combine(now.astimezone(zone).date(), time.min, zone)


def day_ends(now: datetime, when: DatetimeSettings) -> datetime:
    """The next midnight in the policy's time zone."""
    zone = ZoneInfo(when.time_zone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time.min, zone)


def refuse_pages(pages: int, used: int, settings: Settings, now: datetime) -> Refusal | None:
    """Why a mail may not be faxed today, or None.

    Args:
        pages: of all faxes that the mail makes.
        used: of the user's faxes since midnight.
        settings: the user's.
        now: the time.
    """
    limit = settings.fax.pages_per_day
    if not limit or used + pages <= limit:
        return None
    makes = f"This mail makes {pages} fax {'page' if pages == 1 else 'pages'}"
    if pages > limit:
        return Refusal(
            status=Status.BLOCKED,
            explanation=f"{makes}, and you may fax {limit} in a day.",
            advice="Send it in parts on several days, or ask your administrator for more.",
            quotes_nothing=True,
        )
    free_again = written(day_ends(now, settings.datetime), settings.datetime)
    return Refusal(
        status=Status.BLOCKED,
        explanation=f"{makes}, and {used} of the {limit} that you may fax in a day are used.",
        advice=f"Send it again after {free_again}, or ask your administrator for more.",
        quotes_nothing=True,
    )
