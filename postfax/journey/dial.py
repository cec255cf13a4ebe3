"""Dial: a due job is called over a line with a free channel, and what the call came to is recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from config.roles import Role
from postfax.fair_share import FairShare
from postfax.journey.call_leases import CallLeases
from postfax.journey.calling import LEASE, Calling, CallResult
from postfax.journey.shared_call import OTHER_CANCELLED, begins_batch, goes_along
from postfax.journey.wording import header_text
from postfax.lease import Lease
from postfax.live_policy import LivePolicy
from postfax.loop import PAUSE_AFTER_TROUBLE
from postfax.open_lines import OpenLines
from postfax.opening import Clock
from postfax.watching import metrics
from store.book import Book
from store.errors import AttemptClosed, BookUnavailable
from store.job import Attempt, FaxJob
from store.node import LATE_AFTER
from store.records.claims import Claims
from store.status import Status
from transmit.line import CallNotOurs, Line
from transmit.other_line import wants_other_line
from transmit.retry import decide

Claimed = tuple[FaxJob, Attempt]
T = TypeVar("T")
LEASE_OVER = "this host could not reach the record for so long that another may have taken the fax over"
_CALL = "call "
_CANCELLED_AGAIN = 5.0
"""Seconds after which a call that was cancelled and goes on is cancelled again."""
"""Before the attempt, it names a task."""
NOT_PLACED = "not placed: the record could not be read or written"
NOT_PLACED_AGAIN = timedelta(minutes=1)
"""How long a fax waits whose call could not be placed for that reason a second time in a row."""
log = structlog.get_logger()


class Dial:
    """Claims due jobs while lines have free channels, and follows each call in a task of its own."""

    def __init__(
        self,
        book: Book,
        lines: Mapping[str, Line],
        policy: LivePolicy,
        *,
        folder: Path,
        clock: Clock,
        lease: timedelta = LEASE,
        shared: bool = False,
    ) -> None:
        """Nothing is called yet.

        Args:
            book: what there is to be called.
            lines: those of this node.
            policy: that holds now.
            folder: where documents get their header lines; each call has a folder of its own.
            clock: the time.
            lease: of a call; it is renewed while the call goes on.
            shared: whether other hosts work on the book: then calls end with their leases.
        """
        self._book = book
        self._clock = clock
        self._lines = lines
        self._lease = lease
        self._leases = CallLeases(self._lease_is_over if shared else None)
        self._fair = FairShare(self._transmitting_nodes)
        self.open_lines = OpenLines(book, lines)
        """Which lines take calls, and how many are on each."""
        self._calling = Calling(
            book, lines, policy, folder=folder, clock=clock, lease=lease, leases=self._leases
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: set[asyncio.Task[None]] = set()
        self._renewing: asyncio.Task[None] | None = None
        self._finishing = False

    @property
    def calls(self) -> int:
        """Calls in progress."""
        return len(self._tasks)

    async def step(self) -> bool:
        """Begin one more call; False if that cannot be."""
        if not (channels := await self.open_lines.free_channels()):
            return False
        carries = {line: self.open_lines.carries[line] for line in channels}
        await self._fair.wait(carries, self.open_lines.calls)
        lease = Lease.from_now(self._lease)
        claimed = await self._book.claim_call(channels, self._lease, _header_line, carries)
        if claimed is None:
            return False
        self._begin(*claimed, others=await self._companions(*claimed), lease=lease)
        return True

    async def _transmitting_nodes(self) -> int:
        return await self._book.nodes_with_role(Role.TRANSMIT, self._clock() - LATE_AFTER)

    async def _companions(self, job: FaxJob, attempt: Attempt) -> tuple[Claimed, ...]:
        """The faxes to the same number that go along in a call."""
        if self._lines[attempt.line].keeps_calls or not begins_batch(job):
            return ()
        try:
            found = await self._book.claim_companions(attempt.id, self._lease, _header_line, goes_along)
        except Exception as problem:  # whatever it is: the call that was claimed has to begin
            log.error("call_not_shared", job=job.id, attempt=attempt.id, exc_info=problem)
            return ()
        if found:
            log.info("call_shared", job=job.id, attempt=attempt.id, others=[one.id for one, _ in found])
        return found

    def take_up(self, calls: Iterable[tuple[FaxJob, Attempt]]) -> None:
        """Go on with calls that a service before this one began, on lines that keep them."""
        for job, attempt in calls:
            log.info("call_taken_up", job=job.id, attempt=attempt.id, line=attempt.line)
            self._begin(job, attempt, lease=Lease.from_now(self._lease), taken_up=True)

    def _begin(
        self,
        job: FaxJob,
        attempt: Attempt,
        *,
        lease: Lease,
        others: Sequence[Claimed] = (),
        taken_up: bool = False,
    ) -> None:
        self.open_lines.begin(attempt.line)
        attempts = [attempt.id, *(one.id for _, one in others)]
        self._leases.begin(attempts, lease)
        alone = self._follow(job, attempt, taken_up=taken_up) if not others else None
        following = alone or self._follow_shared([(job, attempt), *others])
        task = asyncio.create_task(following, name=f"{_CALL}{attempt.id}")
        self._tasks.add(task)
        if self._lines[attempt.line].keeps_calls:
            self._kept.add(task)
        task.add_done_callback(lambda _: self._leases.end(attempts))
        task.add_done_callback(self._over)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew_while_calling(), name="calls renewed")

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._kept.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            # The attempt stays open; the next service finds its owner gone and closes it as interrupted.
            log.error("call_not_recorded", task=task.get_name(), exc_info=problem)

    async def hang_up(self) -> bool:
        """Hang up what somebody cancelled. It is no work that could be gone on with: always False."""
        if self._calling.orders:
            for job_id in await self._book.calls_to_hang_up():
                if order := self._calling.orders.get(job_id):
                    order.hang_up.set()
        return False

    async def _renew_while_calling(self) -> None:
        """Keep the claims; what others have is ended here."""
        pause = self._lease.total_seconds() / 8
        while self._tasks:
            await asyncio.sleep(pause)
            try:
                await self._renew()
                pause = self._lease.total_seconds() / 8
            except BookUnavailable as problem:
                log.error("calls_not_renewed", calls=self.calls, cause=problem.cause or str(problem))
                pause = PAUSE_AFTER_TROUBLE

    async def _renew(self) -> None:
        held = frozenset(order.attempt_id for order in self._calling.orders.values())
        if not held:
            return
        lease = Lease.from_now(self._lease)
        lost = await self._book.renew(Claims(attempts=held), self._lease)
        self._leases.renewed(held - lost, lease)
        for attempt in lost:
            self._end_lost(attempt)

    def _lease_is_over(self, attempt: str) -> None:
        """Hang up; one that its line keeps goes on, and is followed by whoever can reach the book."""
        if attempt not in self._kept_attempts():
            self._hang_up(attempt, "call_lease_over")

    def _end_lost(self, attempt: str) -> None:
        """End our part in a call that others have taken for dead: they call anew, or follow it."""
        if task := self._kept_attempts().get(attempt):
            log.error("call_lost_to_others", attempt=attempt)
            task.cancel()
        else:
            self._hang_up(attempt, "call_lost_to_others")

    def _hang_up(self, attempt: str, event: str) -> None:
        for order in self._calling.orders.values():
            if order.attempt_id == attempt:
                log.error(event, job=order.job_id, attempt=attempt)
                order.hang_up.set()

    def _kept_attempts(self) -> dict[str, asyncio.Task[None]]:
        return {task.get_name().removeprefix(_CALL): task for task in self._kept}

    async def finish(self, seconds: float) -> None:
        """Let calls end by themselves for so long; then hang up and close them as interrupted.

        Calls that their line keeps go on without us, and stay open for the service that comes next.
        """
        for task in self._kept:
            task.cancel()
        if waiting := self._tasks - self._kept:
            log.info("waiting_for_calls", calls=len(waiting), seconds=seconds)
            await asyncio.wait(waiting, timeout=seconds)
        self._finishing = True
        left = set(self._tasks)
        while left:
            for task in left:
                task.cancel()
            # Again, should one of them have gone on nevertheless: a library's own waiting may forget it.
            _, left = await asyncio.wait(left, timeout=_CANCELLED_AGAIN)
        if self._renewing:
            self._renewing.cancel()

    async def _follow(self, job: FaxJob, attempt: Attempt, *, taken_up: bool) -> None:
        """One call, from the header line to the record of its outcome."""
        try:
            result = await self._calling.result(job, attempt, taken_up=taken_up)
            end = self._record_one_of(job, attempt, result)
        except CallNotOurs:
            log.error("call_left_to_others", job=job.id, attempt=attempt.id)
            return
        except BookUnavailable as problem:
            end = self._give_back([(job, attempt)], problem)
        except asyncio.CancelledError:
            if self._lines[attempt.line].keeps_calls:
                log.info("call_left_to_its_line", job=job.id, attempt=attempt.id, line=attempt.line)
            else:
                await asyncio.shield(self._book.record_interrupted(attempt.id))
                log.warning("attempt_interrupted", job=job.id, attempt=attempt.number)
            raise
        finally:
            # Free before the outcome is recorded: that commit wakes the loop, which then finds the channel.
            self.open_lines.end(attempt.line)
            self._calling.orders.pop(job.id, None)
        await _to_the_end(end)

    async def _follow_shared(self, calls: Sequence[Claimed]) -> None:
        """One call of several faxes, each of which has an outcome of its own."""
        try:
            end = self._record_all(calls, await self._calling.shared(calls))
        except CallNotOurs as problem:
            log.error("call_left_to_others", attempt=str(problem))
            end = self._interrupt(calls)  # what others have closed stays so
        except BookUnavailable as problem:
            end = self._give_back(calls, problem)
        except asyncio.CancelledError:
            await asyncio.shield(self._interrupt(calls))
            raise
        finally:
            self.open_lines.end(calls[0][1].line)
            for job, _ in calls:
                self._calling.orders.pop(job.id, None)
        await _to_the_end(end)

    async def _give_back(self, calls: Sequence[Claimed], problem: BookUnavailable) -> None:
        """Let faxes be called as soon as the book answers: a call that was never placed is no try."""
        for job, attempt in calls:
            log.error("call_not_placed", job=job.id, attempt=attempt.id, cause=problem.cause or str(problem))
        for job, attempt in calls:
            await self._surely(partial(self._call_off, job, attempt), "call_not_given_back", job)

    async def _call_off(self, job: FaxJob, attempt: Attempt) -> None:
        known = await self._book.job(job.id)
        before = known.attempts[-2:-1] if known else ()
        # Where all that can be done is to write, a number would be claimed again and again.
        pause = NOT_PLACED_AGAIN if any(one.interrupted for one in before) else timedelta()
        await self._book.record_called_off(attempt.id, NOT_PLACED, self._clock() + pause)

    async def _interrupt(self, calls: Sequence[Claimed]) -> None:
        for job, attempt in calls:
            await self._surely(partial(self._book.record_interrupted, attempt.id), "call_not_given_back", job)
            log.warning("attempt_interrupted", job=job.id, attempt=attempt.number)

    async def _record_all(self, calls: Sequence[Claimed], results: Sequence[CallResult]) -> None:
        """Record what each fax of a call came to; one that fails keeps none of the others from it."""
        recording = [
            self._record_one_of(job, attempt, result)
            for (job, attempt), result in zip(calls, results, strict=True)
        ]
        for problem in await asyncio.gather(*recording, return_exceptions=True):
            if problem:
                raise problem

    async def _record_one_of(self, job: FaxJob, attempt: Attempt, result: CallResult) -> None:
        """Record what a fax came to; one whose call ended for no reason of its own is due again at once."""
        status, cause = result.outcome.status, ""
        if status is not Status.SUCCESS and not self._leases.holds(attempt.id):
            cause = LEASE_OVER
        elif status is Status.JOB_CANCELLED:
            cause = OTHER_CANCELLED
        if cause:
            ended = partial(self._ended_for_others, job, attempt, cause)
            if await self._surely(ended, "outcome_not_yet_recorded", job):
                return
        await self._record_surely(job, attempt, result)

    async def _ended_for_others(self, job: FaxJob, attempt: Attempt, cause: str) -> bool:
        """Whether it was not this fax that somebody cancelled; then it is recorded so."""
        now = await self._book.job(job.id)
        if now is None or now.cancel_requested_by:
            return False
        await self._book.record_called_off(attempt.id, cause, self._clock())
        log.info("call_called_off", job=job.id, attempt=attempt.id, cause=cause)
        return True

    async def _record_surely(self, job: FaxJob, attempt: Attempt, result: CallResult) -> None:
        """Record the outcome. One that is not in the book is as good as none: the fax would go once more."""
        try:
            await self._surely(partial(self._record, job, attempt, result), "outcome_not_yet_recorded", job)
        except AttemptClosed:
            # Others have taken this process for dead, and the fax goes out anew: nothing can be done.
            log.error("outcome_too_late", job=job.id, attempt=attempt.id, status=result.outcome.status)

    async def _surely(self, record: Callable[[], Awaitable[T]], event: str, job: FaxJob) -> T:
        """Do something with the book, again and again while it cannot be used; `event` says that in the log.

        Raises:
            BookUnavailable: it cannot be used, and the service ends.
        """
        while True:
            try:
                return await record()
            except BookUnavailable as problem:
                if self._finishing:
                    raise
                log.error(event, job=job.id, cause=problem.cause or str(problem))
                await asyncio.sleep(PAUSE_AFTER_TROUBLE)

    async def _record(self, job: FaxJob, attempt: Attempt, result: CallResult) -> None:
        outcome, retry = result.outcome, job.user.settings.retry
        earlier = [before.status for before in await self._calling.earlier(job)]
        decision = decide(outcome, job.tries + 1, retry, self._clock(), earlier=earlier)
        recorded = await self._book.record_outcome(
            attempt.id,
            outcome,
            decision.at,
            destination=result.destination,
            of_the_line=wants_other_line(outcome),
        )
        metrics.note_fax(job, attempt, outcome)
        if result.call:
            metrics.note_call(attempt, result.call)
        log.info(
            "attempt_ended",
            job=job.id,
            attempt=attempt.number,
            status=outcome.status,
            cause=outcome.cause,
            pages_confirmed=attempt.first_page + outcome.pages_confirmed,
            pages=job.pages,
            state=recorded.state,
            next_call=None if recorded.state.final else recorded.due_at.isoformat(),
            reason=decision.reason,
        )


async def _to_the_end(recording: Awaitable[None]) -> None:
    """Record although a stop comes in between: the call has ended, and what it came to must not be lost."""
    task = asyncio.ensure_future(recording)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _header_line(job: FaxJob, _line: str, moment: datetime) -> str:
    return str(header_text(job, moment))
