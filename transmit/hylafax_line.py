"""The `hylafax` line: fax calls that a HylaFAX server places.

A call of ours is a job of HylaFAX's that bears the id of our attempt (JOBINFO). That id is in our book before
the job is made, so whoever comes back - we, or the server - finds the job by it, whatever has become of it,
and follows it. A job is submitted only where none is found; while it is not known whether it was taken, it is
looked for, and nothing else.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import structlog

from config.hylafax_line import HylafaxLine as HylafaxLineSettings
from store.job import Outcome
from store.status import Status
from transmit.hylafax.control import HylafaxRefusal
from transmit.hylafax.job import HylafaxJob, JobStage
from transmit.hylafax.server import HylafaxServer, logged_in
from transmit.hylafax.statuses import code_of, judge_job
from transmit.hylafax.submission import JobSettings, job_parameters
from transmit.line import CallOrder, CallProgress, LineError, ProgressKind, Report
from transmit.sheet import Sheet, sheet_of
from transmit.watched import Watched

log = structlog.get_logger(__name__)

RECONNECT = 2.0
"""Seconds until a server that went away is tried again. Also what it has to end what it was doing for us
when the connection broke, before we look what became of it."""
LOOKS_FOR_A_JOB = 3
"""So many times a job is not there before it is believed to be lost."""
UNHEARD = 7200.0
"""Seconds beyond `keep_for` that a server with a job of ours may stay away: any fax is over by then."""


class _NotPlaced(Exception):  # noqa: N818 - named as what happened
    """HylaFAX has no job for this call; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fax:
    """What is sent."""

    document: bytes
    sheet: Sheet

    @classmethod
    def of(cls, order: CallOrder) -> Self:
        return cls(document=order.document.read_bytes(), sheet=sheet_of(order.document))


class HylafaxLine:
    """One HylaFAX server."""

    def __init__(
        self,
        name: str,
        settings: HylafaxLineSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        reconnect: float = RECONNECT,
        unheard: float = UNHEARD,
    ) -> None:
        """Makes it; nothing is opened before `start`.

        Args:
            name: in the settings.
            settings: what the administrator wrote.
            now: the time of day.
            reconnect: seconds until a server that went away is tried again.
            unheard: seconds that it may stay away beyond `keep_for`.
        """
        self.name = name
        self.channels = settings.channels
        self.keeps_calls = True
        self._settings = settings
        self._password = ""
        self._now = now
        self._reconnect = reconnect
        self._unheard = unheard + settings.keep_for.total_seconds()
        self._watched = Watched(name, self._try)

    @property
    def down(self) -> str:
        """See `Line.down`."""
        return self._watched.down

    async def start(self) -> None:
        """Reads the password, and looks whether the server is there. One that is not is waited for.

        Raises:
            LineError: the password cannot be read, or the server does not let us in.
        """
        if path := self._settings.password_file:
            try:
                self._password = path.read_text("utf-8-sig").partition("\n")[0].strip()
            except (OSError, ValueError) as fault:
                raise LineError(
                    f"line {self.name}: the password file {path} cannot be read: {fault}. "
                    f"Create it, readable for the service: lines.{self.name}.password_file."
                ) from fault
        try:
            await self.ask()
        except HylafaxRefusal as fault:
            raise LineError(
                f"line {self.name}: HylaFAX at {self._settings.hylafax} does not let us in ({fault}). "
                f"Let this host and user in (hosts.hfaxd, faxadduser), and check lines.{self.name}.username."
            ) from fault
        except OSError as fault:
            self._watched.failed(self._unreachable(fault))

    async def stop(self) -> None:
        """Asks no more. Jobs at the server go on."""
        await self._watched.stop()

    async def ask(self) -> str:
        """What the server says that it is.

        Raises:
            OSError: it cannot be reached.
            HylafaxRefusal: it does not let us in.
        """
        async with self._server() as server:
            return await server.product()

    async def _try(self) -> None:
        try:
            await self.ask()
        except HylafaxRefusal as fault:
            raise OSError(str(fault)) from fault

    @contextlib.asynccontextmanager
    async def _server(self) -> AsyncIterator[HylafaxServer]:
        settings = self._settings
        async with logged_in(settings.hylafax, settings.username, self._password) as server:
            yield server

    def _unreachable(self, fault: Exception) -> str:
        return f"HylaFAX at {self._settings.hylafax} cannot be used: {str(fault) or type(fault).__name__}"

    # --- One call -----------------------------------------------------------------------------------------

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        """Places one call and says what it came to; see `Line.send`."""
        fax = None if order.no_document else await asyncio.to_thread(_Fax.of, order)
        try:
            job_id = await self._placed(order, fax)
        except _NotPlaced as fault:
            return self._failed(order, str(fault))
        if job_id is None:
            return self._over(order, Status.JOB_CANCELLED, "cancelled before HylaFAX had it")
        self._watched.works()
        self._tell(order, report, job_id)
        job = await self._followed(order, job_id, report)
        return self._failed(order, job) if isinstance(job, str) else self._outcome(order, job)

    async def _placed(self, order: CallOrder, fax: _Fax | None) -> str | None:
        """The job of this call: found, or submitted; None if it was cancelled before there was one.

        Without a fax it is only looked for.

        Raises:
            _NotPlaced: there is none, or nobody can say.
        """
        unsure = order.taken_up
        begun = self._clock()
        if unsure:
            await asyncio.sleep(self._reconnect)
        while True:
            try:
                async with self._server() as server:
                    if unsure and (job_id := await self._found(server, order)):
                        return job_id
                    if order.hang_up.is_set():
                        return None
                    if fax is None:
                        raise _NotPlaced(f"HylaFAX has no job of this call, and {order.no_document}")
                    await order.fence()
                    unsure = True
                    return await self._submitted(server, order, fax)
            except (OSError, HylafaxRefusal) as fault:
                cause = self._unreachable(fault)
                self._watched.failed(cause)
                if not unsure:
                    raise _NotPlaced(cause) from fault
                if self._clock() - begun > self._unheard:
                    raise _NotPlaced(f"{cause}: whether it has the fax is not known") from fault
                await asyncio.sleep(self._reconnect)

    async def _submitted(self, server: HylafaxServer, order: CallOrder, fax: _Fax) -> str:
        """The job that was made.

        Raises:
            _NotPlaced: the server does not take it.
            OSError: whether it was taken is not known.
        """
        settings = JobSettings(
            sender=self._settings.username,
            modem=self._settings.modem,
            plus=self._settings.plus,
            caller=self._settings.caller,
            keep_for=self._settings.keep_for,
        )
        try:
            return await server.submit(
                lambda file: job_parameters(order, fax.sheet, settings, file), fax.document
            )
        except HylafaxRefusal as fault:
            cause = f"HylaFAX at {self._settings.hylafax} does not take the fax: {fault}"
            self._watched.failed(cause)
            raise _NotPlaced(cause) from fault

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()

    async def _found(self, server: HylafaxServer, order: CallOrder) -> str | None:
        job_id = await server.find(order.attempt_id)
        if job_id is None:
            return None
        log.info("hylafax_job_found", line=self.name, attempt=order.attempt_id, hylafax_job=job_id)
        job = await server.read(job_id)
        if job is not None and job.stage is JobStage.SUSPENDED and not order.hang_up.is_set():
            await server.resume(job_id)
        return job_id

    async def _followed(self, order: CallOrder, job_id: str, report: Report) -> HylafaxJob | str:
        """The job as it ended, or why that is not known."""
        heard = self._clock()
        missing = 0
        known: HylafaxJob | None = None
        spent: HylafaxJob | None = None
        while True:
            try:
                async with (
                    self._server() as server,
                    contextlib.aclosing(self._looks(server, order, job_id)) as looks,
                ):
                    async for job in looks:
                        heard = self._clock()
                        missing = 0 if job else missing + 1
                        if missing >= LOOKS_FOR_A_JOB:
                            return (
                                f"HylaFAX no longer knows job {job_id}: whether the fax went out is not known"
                            )
                        if job and job.stage.final:
                            return job.ended_as(spent) if spent else job
                        if job and job.spent:  # it would lie there for minutes before HylaFAX gave it up
                            spent = job
                            await server.kill(job_id)
                        known = self._report_changes(order, known, job, report)
            except (OSError, HylafaxRefusal) as fault:
                self._watched.failed(self._unreachable(fault))
                if self._clock() - heard > self._unheard:
                    return f"{self._unreachable(fault)}: what became of its job {job_id} is not known"
                await asyncio.sleep(self._reconnect)

    async def _looks(
        self, server: HylafaxServer, order: CallOrder, job_id: str
    ) -> AsyncGenerator[HylafaxJob | None, None]:
        """The job again and again, killed once the order is cancelled."""
        killed = False
        while True:
            if order.hang_up.is_set() and not killed:
                await server.kill(job_id)
                killed = True
            job = await server.read(job_id)
            self._watched.works()
            yield job
            await self._pause(order, killed=killed)

    async def _pause(self, order: CallOrder, *, killed: bool) -> None:
        """Until the next look, or until the order is cancelled."""
        seconds = self._settings.ask_every.total_seconds()
        if killed:
            await asyncio.sleep(min(seconds, 1.0))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await order.hang_up.wait()

    # --- What is told -------------------------------------------------------------------------------------

    def _tell(self, order: CallOrder, report: Report, job_id: str) -> None:
        destination = f"{self._settings.goes_to} job {job_id}"
        report(
            CallProgress(
                kind=ProgressKind.DIALLING,
                attempt_id=order.attempt_id,
                destination=destination,
                pages=order.pages,
            )
        )

    def _report_changes(
        self, order: CallOrder, known: HylafaxJob | None, job: HylafaxJob | None, report: Report
    ) -> HylafaxJob | None:
        """Tell what is new of a job; what is known of it now."""
        if job is None:
            return known
        if job.pages_sent > (known.pages_sent if known else 0):
            report(
                CallProgress(
                    kind=ProgressKind.PAGE_CONFIRMED,
                    attempt_id=order.attempt_id,
                    pages_confirmed=order.first_page + job.pages_sent,
                    pages=order.pages,
                )
            )
        return job

    def _outcome(self, order: CallOrder, job: HylafaxJob) -> Outcome:
        verdict = judge_job(job, pages_asked=order.pages - order.first_page, cancelled=order.hang_up.is_set())
        answered = job.answered_calls > 0
        outcome = Outcome(
            status=verdict.status,
            cause=verdict.cause,
            ended_at=self._now(),
            pages_confirmed=job.pages_sent,
            t30_result=job.status if _OF_T30.start <= code_of(job) < _OF_T30.stop else "",
            transport="modem" if answered else "",
            bit_rate=job.bit_rate if answered else None,
            # MMR is used with error correction alone (T.30 table 2); otherwise it is not told.
            ecm=True if answered and job.compression == "MMR" else None,
            compression=job.compression if answered else "",
            remote_csid=job.remote_csid,
        )
        self._log(order, outcome, hylafax_job=job.job_id, hylafax_session=job.session)
        return outcome

    def _failed(self, order: CallOrder, cause: str) -> Outcome:
        return self._over(order, Status.GENERAL_ERROR, cause)

    def _over(self, order: CallOrder, status: Status, cause: str) -> Outcome:
        outcome = Outcome(status=status, cause=cause, ended_at=self._now())
        self._log(order, outcome)
        return outcome

    def _log(self, order: CallOrder, outcome: Outcome, **more: str) -> None:
        described = {"status": outcome.status.value, "cause": outcome.cause, **more}
        log.info("call_ended", line=self.name, job=order.job_id, attempt=order.attempt_id, **described)


_OF_T30 = range(100, 300)
"""HylaFAX's codes of what happened within a T.30 session."""
