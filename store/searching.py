"""The part of the book that administrators ask, and that sends a fax again for them.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice

from config.settings import DatetimeSettings
from store.activity import Activity, ActivityFilter, Found
from store.cdr import DetailRecord
from store.erasing import Erasing
from store.errors import NotInBook
from store.happening import Happening
from store.ids import read_id
from store.job import FaxJob
from store.records import activity, days, detail_records, happenings, resending, tallies
from store.records.conditions import departments
from store.resend import Resend
from store.sqlite import READERS
from store.tally import Apart, Counted, DayTotal, Leader, Measure, Period, pieces, together_by_key


class Searching(Erasing):
    """What was faxed, searched and counted."""

    # --- Searched -----------------------------------------------------------------------------------------

    async def activity(self, wanted: ActivityFilter, *, rows: int, before: int = 0) -> Found:
        """One page of the faxes that a filter lets through, newest first, after so many newer ones."""
        return await self._access.read(activity.find_activity, wanted, rows, before)

    async def every_activity(self, wanted: ActivityFilter) -> AsyncIterator[Activity]:
        """All of them, newest first. Each page is read by itself, so that nobody waits for the whole."""
        after: Activity | None = None
        while page := await self._access.read(activity.activity_after, wanted, after):
            for each in page:
                yield each
            after = page[-1]

    async def recorded_span(self) -> tuple[datetime, datetime] | None:
        """When the oldest and the newest fax of the record were made; None while there is none."""
        return await self._access.read(activity.recorded_span)

    async def recorded_departments(self) -> tuple[str, ...]:
        """Every department that a fax of the record is of."""
        return await self._access.read(lambda connection: tuple(departments(connection)))

    async def matching_jobs(self, wanted: ActivityFilter) -> tuple[str, ...]:
        """Ids of all jobs that a filter lets through, newest first."""
        return await self._access.read(activity.matching_jobs, wanted)

    async def newest_datetimes(self) -> DatetimeSettings:
        """How the newest fax's policy has times told; the built-in way where there is no fax."""
        return await self._access.read(activity.newest_datetimes)

    # --- Counted ------------------------------------------------------------------------------------------

    async def tally(
        self,
        periods: Sequence[Period],
        measures: Sequence[Measure],
        *,
        departments: Sequence[str] | None = None,
        apart: Apart = Apart.NOTHING,
    ) -> list[dict[str, Counted]]:
        """What was counted of the faxes made in each period, by what is told apart.

        Args:
            periods: each for itself.
            measures: what is counted.
            departments: only faxes of these, as they are recorded; None for all.
            apart: with a status, only faxes that came to nothing are counted.
        """
        if apart is Apart.DEPARTMENT:
            return await self._tally_departments(periods, measures, departments)
        parts = [list(pieces(period)) for period in periods]
        flat = [piece for part in parts for piece in part]
        share = max(1, -(-len(flat) // READERS))  # so that all readers have as much to do
        counted = await asyncio.gather(
            *(
                self._access.read(tallies.tally, flat[begin : begin + share], measures, departments, apart)
                for begin in range(0, len(flat), share)
            )
        )
        found = chain.from_iterable(counted)
        return [together_by_key(list(islice(found, len(part))), measures) for part in parts]

    async def _tally_departments(
        self, periods: Sequence[Period], measures: Sequence[Measure], names: Sequence[str] | None
    ) -> list[dict[str, Counted]]:
        names = await self.recorded_departments() if names is None else names
        found = await asyncio.gather(
            *(self._access.read(tallies.tally_department, name, periods, measures) for name in names)
        )
        by_name = list(zip(names, found, strict=True))
        return [
            {name: of_name for name, counted in by_name if (of_name := counted[place]) is not None}
            for place in range(len(periods))
        ]

    async def highest_volume(
        self, period: Period, departments: Sequence[str] | None = None
    ) -> tuple[Leader, ...]:
        """The fifty numbers to which most faxes were made."""
        return await self._access.read(tallies.highest_volume, period, departments)

    async def most_busy(self, period: Period, departments: Sequence[str] | None = None) -> tuple[Leader, ...]:
        """The fifty numbers at which most calls found the line busy."""
        return await self._access.read(tallies.most_busy, period, departments)

    async def keep_day(self, day: str, departments: Mapping[str, Counted]) -> None:
        """Keep what was counted of a day (YYYY-MM-DD), in place of what was kept of it before."""
        await self._access.write(days.keep_day, day, departments)

    async def purge_days(self, before: str) -> int:
        """Forget the days before that one; how many rows."""
        return await self._access.write(days.purge_days, before)

    async def last_day(self) -> str:
        """The last day that is kept; an empty text if there is none."""
        return await self._access.read(days.last_day)

    async def days(self, first: str, last: str) -> tuple[DayTotal, ...]:
        """What is kept of these days, both included, in their order."""
        return await self._access.read(days.find_days, first, last)

    async def detail_records(
        self,
        period: Period,
        failures: bool,  # noqa: FBT001 - as `postfax.cdr` calls it
    ) -> AsyncIterator[tuple[DetailRecord, ...]]:
        """The faxes that came to their end in a period, oldest first: those that were sent, or the others.

        They come in groups, none of them empty. The next group is read while the caller works with one.
        """

        def read(after: tuple[int, str]) -> "asyncio.Task[tuple[DetailRecord, ...]]":
            group = self._access.read(detail_records.detail_records, period, after, failures=failures)
            return asyncio.create_task(group)

        ahead = read((0, ""))
        try:
            while group := await ahead:
                ahead = read((group[-1].finished_at, group[-1].job_id))
                await asyncio.sleep(0)  # so that it begins
                yield group
        finally:
            ahead.cancel()

    # --- Followed -----------------------------------------------------------------------------------------

    async def happenings_after(self, number: int) -> tuple[Happening, ...]:
        """What happened to faxes after the happening with this number; some at a time, the oldest first."""
        return await self._access.read(happenings.happenings_after, number)

    async def newest_happenings(self, count: int) -> tuple[Happening, ...]:
        """The last so many, the oldest of them first."""
        return await self._access.read(happenings.newest_happenings, count)

    async def last_happening(self) -> int:
        """The number of the last one; 0 where nothing has happened."""
        return await self._access.read(happenings.last_number)

    # --- Sent again ---------------------------------------------------------------------------------------

    async def resend(self, job_id: str, wanted: Resend, *, by: str) -> FaxJob:
        """Send a fax again as a job of its own, with cover page and header made anew; the new job.

        Of two who want it at one time, one gets the job and the other the refusal, unless the second says
        `at_once`.

        Raises:
            NotInBook: there is no such job.
            ResendRefused: it is under way, or sent again and under way, or its mail never became a fax.
            BodyPurged: the mail was kept long enough and is gone.
        """
        known = read_id(job_id)
        if known is None:
            raise NotInBook("job", job_id)
        mail = await self._access.read(resending.mail_of_job, known)
        body = await self._keep(await self._fetch(mail, self._bodies.read), ".eml")
        try:
            return await self._access.write(resending.resend, known, wanted, body, self._rng, by=by)
        except BaseException:
            await self._access.in_thread(self._bodies.discard, body)
            raise

    async def resends_of(self, job_id: str) -> tuple[str, ...]:
        """Ids of the jobs that a job was sent again as, oldest first."""
        known = read_id(job_id)
        return await self._access.read(resending.resends_of, known) if known else ()
