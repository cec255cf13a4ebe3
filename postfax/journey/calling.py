"""Calling: what one attempt comes to, from the check of its number to the outcome that its line tells.

A call that was placed before the service began, on a line that keeps its calls, is taken up: followed to its
end, whatever has become of its document here.
"""

import asyncio
import contextlib
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import structlog

from convert.attempt_document import join_documents
from postfax.journey.call_leases import CallLeases
from postfax.journey.ordering import OrderedCall, order_to_follow, ordered_call
from postfax.journey.shared_call import outcomes_of
from postfax.lease import Lease
from postfax.live_policy import LivePolicy
from postfax.loop import PAUSE_AFTER_TROUBLE
from postfax.opening import Clock
from store.book import Book
from store.destination import Destination
from store.errors import BodyMissing, BookUnavailable
from store.job import Attempt, FaxDocument, FaxJob, Outcome
from store.records.claims import Claims
from store.status import Status
from submission.allowance import policy_blocks
from transmit.call_settings import CallSettings, call_settings, learned
from transmit.line import CallNotOurs, CallOrder, CallProgress, Line, ProgressKind

LEASE = timedelta(minutes=10)
"""Of a call: it is renewed while the call goes on, and just before it is placed."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class CallResult:
    """What came of an attempt."""

    outcome: Outcome
    destination: Destination | None = None
    """What is known of the number now; None where the call taught nothing."""
    call: Outcome | None = None
    """What the call as a whole came to; None for a fax that only went along in it, or that was not called."""


class Calling:
    """Places calls, and knows the orders of those in progress."""

    def __init__(
        self,
        book: Book,
        lines: Mapping[str, Line],
        policy: LivePolicy,
        *,
        folder: Path,
        clock: Clock,
        lease: timedelta,
        leases: CallLeases,
    ) -> None:
        """Nothing is called yet.

        Args:
            book: what is known of jobs and numbers.
            lines: by name.
            policy: that holds now.
            folder: where documents get their header lines; each call has a folder of its own.
            clock: the time.
            lease: of a call.
            leases: those of this node's calls.
        """
        self._book = book
        self._lines = lines
        self._policy = policy
        self._folder = folder
        self._clock = clock
        self._lease = lease
        self._leases = leases
        self._noting: set[asyncio.Task[None]] = set()
        self.orders: dict[str, CallOrder] = {}
        """Of the calls in progress, by their jobs."""

    async def result(self, job: FaxJob, attempt: Attempt, *, taken_up: bool) -> CallResult:
        """What the call came to; whatever fails on our side is an outcome too.

        Of a call that was taken up it is not: its line may have placed it, and would go on with it while we
        call once more. It is followed as soon as the book can be read, with its document or without.

        Raises:
            CallNotOurs: another service has closed the attempt, and no call was placed.
            BookUnavailable: what had to be known before the call is not, and none was placed.
        """
        try:
            if taken_up:
                return await self._followed(job, attempt)
            if blocked := await self._blocked(job):
                return CallResult(outcome=blocked)
            with self._call_folder() as folder:
                known, settings = await self._settings(job, attempt)
                ordered = await self._ordered(job, attempt, settings, Path(folder))
                return await self._call(job, attempt, ordered, known, settings)
        except (CallNotOurs, BookUnavailable):
            raise
        except Exception as problem:
            cause, unforeseen = _told(problem)
            log.error("attempt_failed_on_our_side", job=job.id, cause=cause, exc_info=unforeseen)
            return CallResult(outcome=self._failed(cause))

    async def shared(self, calls: Sequence[tuple[FaxJob, Attempt]]) -> list[CallResult]:
        """What each of several faxes to one number came to that go in one call; as `result` for one.

        A fax that is blocked meanwhile, or cannot be made ready, does not keep the others from theirs.

        Raises:
            CallNotOurs: another service has closed one of the attempts, and no call was placed.
            BookUnavailable: as with `result`.
        """
        results: dict[str, CallResult] = {}
        try:
            with self._call_folder() as folder:
                known, settings = await self._settings(*calls[0])
                parts = [
                    (job, attempt, part)
                    for job, attempt in calls
                    if (part := await self._part(job, attempt, settings, Path(folder), results))
                ]
                if parts:
                    call = await self._call_shared(parts, Path(folder))
                    outcomes = outcomes_of(call, [part.order.pages for _, _, part in parts])
                    for (job, _, _), outcome in zip(parts, outcomes, strict=True):
                        results[job.id] = CallResult(outcome=outcome)
                    lead, outcome = parts[0][0], outcomes[0]
                    taught = learned(known, calls[0][1].called, settings, outcome)
                    results[lead.id] = CallResult(outcome=outcome, destination=taught, call=call)
        except (CallNotOurs, BookUnavailable):
            raise
        except Exception as problem:
            cause, unforeseen = _told(problem)
            log.error("attempt_failed_on_our_side", job=calls[0][0].id, cause=cause, exc_info=unforeseen)
            failed = self._failed(cause)
            results = {job.id: CallResult(outcome=failed) for job, _ in calls} | results
        return [results[job.id] for job, _ in calls]

    async def _part(
        self,
        job: FaxJob,
        attempt: Attempt,
        settings: CallSettings,
        folder: Path,
        results: dict[str, CallResult],
    ) -> OrderedCall | None:
        """One fax of a shared call, ready to be joined; without, its result is noted."""
        if blocked := await self._blocked(job):
            results[job.id] = CallResult(outcome=blocked)
            return None
        try:
            own = folder / job.id
            own.mkdir()
            return await self._ordered(job, attempt, settings, own)
        except BookUnavailable:
            raise
        except Exception as problem:
            cause, unforeseen = _told(problem)
            log.error("attempt_failed_on_our_side", job=job.id, cause=cause, exc_info=unforeseen)
            results[job.id] = CallResult(outcome=self._failed(cause))
            return None

    def _failed(self, cause: str) -> Outcome:
        """What an attempt comes to that failed on our side: never a page that is not the fax's."""
        return Outcome(status=Status.GENERAL_ERROR, cause=cause[:200], ended_at=self._clock())

    async def _call_shared(
        self, parts: Sequence[tuple[FaxJob, Attempt, OrderedCall]], folder: Path
    ) -> Outcome:
        """What the call as a whole came to."""
        joined = folder / "joined.tif"
        await asyncio.to_thread(join_documents, [part.order.document for _, _, part in parts], joined)

        async def fence() -> None:
            for _, attempt, _ in parts:
                await self._keep(attempt)

        pages = sum(part.order.pages for _, _, part in parts)
        order = replace(parts[0][2].order, document=joined, pages=pages, fence=fence)
        for job, attempt, _ in parts:
            # They share the event that hangs up.
            self.orders[job.id] = replace(order, job_id=job.id, attempt_id=attempt.id)
        ends = deque(zip(accumulate(part.order.pages for _, _, part in parts), parts, strict=True))

        def told(progress: CallProgress) -> None:
            _report(progress)
            confirmed = progress.pages_confirmed if progress.kind is ProgressKind.PAGE_CONFIRMED else 0
            while ends and ends[0][0] <= confirmed:
                self._note_confirmed(ends.popleft()[1][1])

        return await self._lines[parts[0][1].line].send(order, told)

    async def _followed(self, job: FaxJob, attempt: Attempt) -> CallResult:
        """What a call came to that a service before this one began."""
        while True:
            try:
                known, settings = await self._settings(job, attempt)
                break
            except BookUnavailable as problem:
                log.error("call_not_yet_followed", job=job.id, cause=problem.cause or str(problem))
                await asyncio.sleep(PAUSE_AFTER_TROUBLE)
        with contextlib.ExitStack() as stack:
            try:
                folder = Path(stack.enter_context(self._call_folder()))
                ordered = await self._ordered(job, attempt, settings, folder)
            except Exception as problem:
                log.error("document_not_made_again", job=job.id, attempt=attempt.id, exc_info=problem)
                trouble = f"its document cannot be made ready again: {str(problem) or repr(problem)}"
                ordered = order_to_follow(job, attempt, settings, trouble[:300])
            ordered = replace(ordered, order=replace(ordered.order, taken_up=True))
            return await self._call(job, attempt, ordered, known, settings)

    def _call_folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True)

    async def _blocked(self, job: FaxJob) -> Outcome | None:
        """The outcome of a call that is not placed, because the number was blocked after the job was made."""
        number, user = job.recipient.number, self._policy.current.user(job.user.email) or job.user
        block = policy_blocks(user.blocked_numbers).blocking(number)
        if block := block or await self._book.blocking(number):
            return Outcome(status=Status.BLOCKED, cause=f"blocked by {block}", ended_at=self._clock())
        return None

    async def _settings(self, job: FaxJob, attempt: Attempt) -> tuple[Destination | None, CallSettings]:
        """What is known of the number, and how it is called by that."""
        known = await self._book.destination(attempt.called)
        earlier = await self.earlier(job)
        return known, call_settings(known, earlier, resolution=_document(job).resolution.value)

    async def _ordered(
        self, job: FaxJob, attempt: Attempt, settings: CallSettings, folder: Path
    ) -> OrderedCall:
        source = await self._book.body_path(_document(job).body, folder)
        return await asyncio.to_thread(ordered_call, job, attempt, settings, source, folder)

    async def _call(
        self,
        job: FaxJob,
        attempt: Attempt,
        ordered: OrderedCall,
        known: Destination | None,
        settings: CallSettings,
    ) -> CallResult:
        self.orders[job.id] = order = replace(ordered.order, fence=partial(self._keep, attempt))
        told = partial(self._told, attempt)
        outcome = ordered.of_the_fax(await self._lines[attempt.line].send(order, told))
        taught = learned(known, attempt.called, settings, outcome)
        return CallResult(outcome=outcome, destination=taught, call=outcome)

    def _told(self, attempt: Attempt, progress: CallProgress) -> None:
        """A step of a call that carries one fax."""
        _report(progress)
        if progress.kind is ProgressKind.PAGE_CONFIRMED and progress.pages_confirmed == progress.pages:
            self._note_confirmed(attempt)

    def _note_confirmed(self, attempt: Attempt) -> None:
        """The last page of a fax was confirmed.

        Until the end of the call is recorded it takes a second or more, and other faxes may come first. If
        the service ends in that time, the fax must not be sent once more.
        """
        noting = asyncio.create_task(self._note_all_confirmed(attempt))
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)

    async def _note_all_confirmed(self, attempt: Attempt) -> None:
        try:
            await self._book.note_all_confirmed(attempt.id)
        except BookUnavailable as problem:
            log.warning("confirmation_not_noted", attempt=attempt.id, cause=problem.cause or str(problem))

    async def _keep(self, attempt: Attempt) -> None:
        """The fence of a call: whoever stood still for longer than the lease finds the attempt closed.

        Raises:
            CallNotOurs: it is.
            BookUnavailable: nobody knows.
        """
        while True:
            lease = Lease.from_now(self._lease)
            if await self._book.renew(Claims(attempts=[attempt.id]), self._lease):
                raise CallNotOurs(attempt.id)
            self._leases.renewed([attempt.id], lease)
            if lease.holds:  # or else the answer of the book was long on its way
                return

    async def earlier(self, job: FaxJob) -> tuple[Outcome, ...]:
        """What the job's calls so far came to, those left out that the end of a service cut off."""
        known = await self._book.job(job.id)
        calls = known.attempts if known else ()
        return tuple(call.outcome for call in calls if call.outcome and not call.interrupted)


def _document(job: FaxJob) -> FaxDocument:
    if job.document is None:
        raise AssertionError(f"{job.id} was claimed for a call and has no document")
    return job.document


def _report(progress: CallProgress) -> None:
    job_id = progress.attempt_id.partition("#")[0]
    event = f"call_{progress.kind.name.lower()}"
    log.info(event, job=job_id, attempt=progress.attempt_id, **_facts_of(progress))


def _facts_of(progress: CallProgress) -> dict[str, Any]:
    match progress.kind:
        case ProgressKind.DIALLING:
            return {"destination": progress.destination}
        case ProgressKind.NEGOTIATED:
            return {
                "bit_rate": progress.bit_rate,
                "ecm": progress.ecm,
                "compression": progress.compression,
                "remote_csid": progress.remote_csid,
            }
        case ProgressKind.PAGE_CONFIRMED:
            return {"page": progress.pages_confirmed, "pages": progress.pages}
    return {}


def _told(problem: Exception) -> tuple[str, Exception | None]:
    """Why an attempt failed, in words; and the failure itself where the log needs more than those."""
    foreseen = isinstance(problem, BodyMissing)
    return (str(problem), None) if foreseen else (repr(problem), problem)
