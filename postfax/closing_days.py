"""Keeps what was faxed on each day for two years, when the faxes themselves are long forgotten."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from postfax.periods import Step, begin_words, periods
from store.book import Book
from store.records.days import MEASURES
from store.tally import Apart, Period

KEPT = timedelta(days=731)
_CHANGES = timedelta(days=8)
"""For so long a fax of a day may still come to its end."""


async def close_days(book: Book, moment: datetime, zone: ZoneInfo) -> int:
    """Count the days to yesterday that are not kept yet or may have changed, and forget the oldest; how many.

    Args:
        book: the record.
        moment: the time.
        zone: whose days are meant.
    """
    span = await book.recorded_span()
    if span is None:
        return 0
    today = _midnight(moment.astimezone(zone), zone)
    known = await book.last_day()
    first = _midnight(span[0].astimezone(zone), zone)
    if known:
        # Of its first day the record may have forgotten some already: that stays as it is kept.
        first = max(first + timedelta(days=1), _midnight(date.fromisoformat(known) - _CHANGES, zone))
    if first >= today:
        return 0
    parts = list(periods(Period(begin=first, end=today), Step.DAY, zone))
    counted = await book.tally(parts, MEASURES, apart=Apart.DEPARTMENT)
    for part, departments in zip(parts, counted, strict=True):
        await book.keep_day(begin_words(part, Step.DAY, zone), departments)
    await book.purge_days(f"{today - KEPT:%Y-%m-%d}")
    return len(parts)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
