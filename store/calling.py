"""The part of the book about calls: begun, ended, and given back where their service is no more.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from store.destination import Destination
from store.gauges import Gauges
from store.job import Attempt, FaxJob, Outcome
from store.nodes import Nodes
from store.owner import is_gone
from store.records import attempts, calls, claims, gauges, interventions, lineless
from store.records.calls import GoesAlong, HeaderText
from store.records.claims import Claims, Released


class Calling(Nodes):
    """What is called, and by whom."""

    owner: str
    """In whose name claims are held."""

    # --- Calls --------------------------------------------------------------------------------------------

    async def claim_call(
        self,
        channels: Mapping[str, int],
        lease: timedelta,
        header: HeaderText,
        carries: Mapping[str, int] | None = None,
    ) -> tuple[FaxJob, Attempt] | None:
        """Take the job that has been due longest into a call, and open its attempt.

        Only jobs count whose sender may use a line with a free channel and whose number is in no other call.
        The sender's first allowed line with one is taken; a sender without a choice uses the first of
        `channels`.

        Args:
            channels: free channels by line, as far as this process knows.
            lease: how long the attempt is this owner's without `renew`.
            header: makes the text of the header line of (job, line, time); runs in the writer's thread.
            carries: by line, how many calls it may have in all, those of every process counted.

        Raises:
            BodiesUnavailable: no document could be read.
        """
        await self._bodies_are_there()
        return await self._access.write(calls.claim_call, channels, lease, header, carries or {})

    async def claim_companions(
        self, attempt_id: str, lease: timedelta, header: HeaderText, goes_along: GoesAlong
    ) -> tuple[tuple[FaxJob, Attempt], ...]:
        """Take other due jobs to the same number into an open call, and open their attempts.

        Args:
            attempt_id: whose call it is.
            lease: as in `claim_call`.
            header: likewise.
            goes_along: whether a job may; runs in the writer's thread too.

        Raises:
            AttemptClosed: the call is over.
        """
        return await self._access.write(calls.claim_companions, attempt_id, lease, header, goes_along)

    async def record_outcome(
        self,
        attempt_id: str,
        outcome: Outcome,
        next_call: datetime | None,
        explanation: str = "",
        *,
        destination: Destination | None = None,
        of_the_line: bool = False,
    ) -> FaxJob:
        """A call has ended: the job is sent, waits for `next_call`, or is at its end.

        `destination` is what is known of the number now; None where the call taught nothing. `of_the_line`
        is whether it was the line that failed: the next call takes it last. A job that was cancelled during
        the call is at its end unless it was sent. The same outcome a second time changes nothing.

        Raises:
            AttemptClosed: the attempt has another outcome already, or was interrupted.
        """
        return await self._access.write(
            calls.record_outcome,
            attempt_id,
            outcome,
            next_call,
            explanation,
            destination,
            of_the_line=of_the_line,
        )

    async def note_all_confirmed(self, attempt_id: str) -> None:
        """Every page of an open call is confirmed: it is a success even if nobody lives to record its end."""
        await self._access.write(calls.note_all_confirmed, attempt_id)

    async def record_interrupted(self, attempt_id: str) -> FaxJob:
        """The end of the service cut a call off: the job is due again, and three times do not count.

        An attempt that is closed already stays as it is.
        """
        return await self._access.write(calls.record_interrupted, attempt_id)

    async def record_called_off(self, attempt_id: str, cause: str, next_call: datetime) -> FaxJob:
        """An attempt came to nothing by no fault of its job's: that is due again then, and nothing counts.

        An attempt that is closed already stays as it is.
        """
        return await self._access.write(calls.record_called_off, attempt_id, cause, next_call)

    async def gauges(self, now: datetime) -> Gauges:
        """What is on its way, and since when."""
        return await self._access.read(gauges.gauges, now)

    async def calls_to_hang_up(self) -> tuple[str, ...]:
        """Ids of the jobs that were cancelled while their call is in progress."""
        return await self._access.read(attempts.calls_to_hang_up)

    # --- Claims -------------------------------------------------------------------------------------------

    async def renew(self, held: Claims, lease: timedelta) -> frozenset[str]:
        """Let the leases of what this process works on begin anew; the ids that are no longer its own."""
        return await self._access.write(claims.renew, held, lease)

    async def release_dead_owners(
        self, gone: Callable[[str], bool] = is_gone, kept: Collection[str] = (), *, silent: bool = True
    ) -> Released:
        """Give back what processes hold that are no more, and interrupt their calls. At each start.

        Calls on the lines named in `kept` stay open, for whoever can take them over. Without `silent` no
        owner on another host counts as dead because the lease of its call is over.
        """
        return await self._access.write(claims.release_dead_owners, gone, kept, silent=silent)

    async def take_over_calls(
        self,
        lines: Collection[str],
        lease: timedelta,
        gone: Callable[[str], bool] = is_gone,
        *,
        silent: bool = True,
    ) -> tuple[tuple[FaxJob, Attempt], ...]:
        """Go on with calls of processes that are no more, on lines that keep them, before their release.

        `silent` is as there.
        """
        return await self._access.write(claims.take_over_calls, lines, lease, gone, silent=silent)

    async def release_own_claims(self, kept: Collection[str] = ()) -> tuple[str, ...]:
        """Give back all that this owner holds, at the service's end; ids of the attempts it interrupted.

        Calls on the lines named in `kept` stay open for whoever comes next.
        """
        return await self._access.write(claims.release_claims_of, self.owner, kept)

    # --- What is called no more ---------------------------------------------------------------------------

    async def expire_jobs(self) -> tuple[str, ...]:
        """End the jobs that were not sent by the time that their senders gave, some at a time; their ids."""
        return await self._access.write(interventions.expire)

    async def lineless(self, lines: Collection[str]) -> Mapping[tuple[str, ...], int]:
        """How many jobs wait for lines of which none is among these, by those that they wait for."""
        return await self._access.read(lineless.count_lineless, lines)

    async def end_lineless(self, lines: Collection[str], before: datetime) -> tuple[str, ...]:
        """Give up those of them that were due before this time, some at a time; their ids."""
        return await self._access.write(lineless.end_lineless, lines, before)
