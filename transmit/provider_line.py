"""The `provider` line: fax calls that a provider places.

Each fax bears the id of our attempt as a label. That id is in our book before the fax is handed over, so a
service that comes back finds the fax by it and follows it. What the provider tells by itself is a hint and no
more: it has the fax looked at sooner. So it does not matter in which order it tells, how often, or whether
somebody else does in its name.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from config.provider_line import ProviderLine as ProviderLineSettings
from store.job import Outcome
from store.status import Status
from transmit.caller_id import told
from transmit.line import CallOrder, CallProgress, LineError, ProgressKind, Report
from transmit.provider.fax import ProviderFax
from transmit.provider.news import NewsServer
from transmit.provider.service import (
    ProviderRefusal,
    ProviderService,
    ProviderSilent,
    labelled,
)
from transmit.provider.statuses import confirmed_pages, judge_fax
from transmit.sheet import from_page, sheet_of
from transmit.watched import Watched

log = structlog.get_logger(__name__)

SETTLE = 10.0
"""Seconds that the provider has to show a fax that it took, before we believe that it did not."""
LOOKS_FOR_A_FAX = 3
_FOUND_BACK = timedelta(days=6)
"""How far back a fax is looked for that a service before this one handed over."""


class ProviderLine:
    """One project at a provider."""

    def __init__(
        self,
        name: str,
        settings: ProviderLineSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        settle: float = SETTLE,
    ) -> None:
        """Makes it; nothing is opened before `start`.

        Args:
            name: in the settings.
            settings: what the administrator wrote.
            now: the time of day.
            settle: seconds that the provider has to show a fax that it took.
        """
        self.name = name
        self.channels = settings.channels
        self.keeps_calls = True
        self._settings = settings
        self._now = now
        self._settle = settle
        self._service: ProviderService | None = None
        self._news = NewsServer(settings.news) if settings.news else None
        self._watched = Watched(name, self.ask)

    @property
    def down(self) -> str:
        """See `Line.down`."""
        return self._watched.down

    async def start(self) -> None:
        """Reads the secret, listens for news, and looks whether the provider lets us in.

        Raises:
            LineError: one of these cannot be; the text says which.
        """
        self.open()
        try:
            await self.ask()
        except ProviderRefusal as fault:
            raise LineError(
                f"line {self.name}: the provider does not let us in ({fault}). "
                f"Check project, username and password_file of lines.{self.name}."
            ) from fault
        except OSError as fault:
            self._watched.failed(self._unusable(fault))
        if self._news:
            try:
                await self._news.start()
            except OSError as fault:
                raise LineError(
                    f"line {self.name}: nobody can listen at lines.{self.name}.news.listen: {fault}. "
                    "Name an address of this host and a free port."
                ) from fault

    def open(self) -> None:
        """Reads the secret; nothing is asked yet.

        Raises:
            LineError: it cannot be read.
        """
        settings, path = self._settings, self._settings.password_file
        try:
            secret = path.read_text("utf-8-sig").partition("\n")[0].strip()
        except (OSError, ValueError) as fault:
            raise LineError(
                f"line {self.name}: the password file {path} cannot be read: {fault}. "
                f"Create it, readable for the service: lines.{self.name}.password_file."
            ) from fault
        self._service = ProviderService(settings.url, settings.project, settings.username, secret)

    async def stop(self) -> None:
        """Asks and listens no more. Faxes at the provider go on."""
        await self._watched.stop()
        if self._news:
            await self._news.stop()
        if self._service:
            await self._service.close()

    async def ask(self) -> None:
        """Whether the provider is there.

        Raises:
            OSError: it is not.
            ProviderRefusal: it does not let us in.
        """
        await self._open.ask()

    @property
    def _open(self) -> ProviderService:
        if self._service is None:
            raise RuntimeError(f"line {self.name} is not started")
        return self._service

    def _unusable(self, fault: Exception) -> str:
        return f"{self._settings.goes_to} cannot be used: {str(fault) or type(fault).__name__}"

    # --- One call -----------------------------------------------------------------------------------------

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        """Places one call and says what it came to; see `Line.send`."""
        try:
            fax = await self._placed(order)
            self._watched.works()
            self._tell(order, report, fax)
            ended = await self._followed(fax)
        except _Over as over:
            return self._ended(order, Outcome(status=over.status, cause=str(over), ended_at=self._now()))
        return self._ended(order, self._outcome(order, ended))

    async def _placed(self, order: CallOrder) -> ProviderFax:
        """The fax of this call: found, or handed over.

        Raises:
            _Over: there is none, or nobody can say.
        """
        wanted = None if order.no_document else await asyncio.to_thread(self._wanted, order)
        since = self._now() - _FOUND_BACK
        deadline = self._clock() + self._settings.keep_for.total_seconds()
        unsure = order.taken_up
        while True:
            try:
                if unsure and (fax := await self._open.find(order.attempt_id, order.number, since)):
                    log.info("provider_fax_found", line=self.name, attempt=order.attempt_id, fax=fax.fax_id)
                    return fax
                if order.hang_up.is_set():
                    raise _Over("cancelled before the provider had it", Status.JOB_CANCELLED)
                if wanted is None:
                    raise _Over(f"the provider has no fax of this call, and {order.no_document}")
                await order.fence()
                return await self._handed_over(*wanted)
            except (OSError, ProviderRefusal) as fault:
                self._watched.failed(self._unusable(fault))
                unsure = unsure or isinstance(fault, ProviderSilent)
                if not unsure:
                    raise _Over(self._unusable(fault)) from fault
                if self._clock() > deadline:
                    raise _Over(f"{self._unusable(fault)}: whether it has the fax is not known") from fault
            await asyncio.sleep(self._settle)

    async def _handed_over(self, document: bytes, fields: dict[str, str]) -> ProviderFax:
        """The fax that the provider took.

        Raises:
            _Over: it does not take it.
            OSError: it is not there, or silent.
        """
        try:
            return await self._open.send(document, fields)
        except ProviderRefusal as refusal:
            of_number = "to" in refusal.fields
            if not of_number:
                self._watched.failed(self._unusable(refusal))
            status = Status.INVALID_FAX_NUMBER if of_number else Status.GENERAL_ERROR
            raise _Over(f"the provider does not take the fax: {refusal}", status) from refusal

    def _wanted(self, order: CallOrder) -> tuple[bytes, dict[str, str]]:
        """What is handed over: the document, and what is said of it."""
        return from_page(order.document, order.first_page), self._fields(order)

    def _fields(self, order: CallOrder) -> dict[str, str]:
        """What is said of a fax: one call, the pages as they are, and whose it is."""
        settings, sheet = self._settings, sheet_of(order.document)
        fields = {
            "to": order.number,
            "from": told(order.caller or settings.caller),
            "serviceId": settings.service,
            "maxRetries": "0",
            "headerPageNumbers": "false",
            "imageConversionMethod": "MONOCHROME",
            "resolution": "SUPERFINE" if sheet.is_superfine else "FINE",
            **labelled(order.attempt_id),
        }
        if settings.news:
            fields |= {"callbackUrl": settings.news.url, "callbackUrlContentType": "application/json"}
        return {name: value for name, value in fields.items() if value}

    async def _followed(self, fax: ProviderFax) -> ProviderFax:
        """The fax as it ended.

        Raises:
            _Over: that is not known.
        """
        deadline = self._clock() + self._settings.keep_for.total_seconds()
        missing = 0
        with self._news.about(fax.fax_id) if self._news else contextlib.nullcontext(asyncio.Event()) as told:
            while True:
                told.clear()
                try:
                    looked = await self._open.read(fax.fax_id)
                except (OSError, ProviderRefusal) as fault:
                    self._watched.failed(self._unusable(fault))
                else:
                    self._watched.works()
                    if looked and looked.stage.final:
                        return looked
                    missing = 0 if looked else missing + 1
                if missing >= LOOKS_FOR_A_FAX:
                    raise _Over(f"the provider no longer knows fax {fax.fax_id}: {_UNKNOWN}")
                if self._clock() > deadline:
                    raise _Over(f"fax {fax.fax_id} is not over after {self._settings.keep_for}: {_UNKNOWN}")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.ask_every.total_seconds()):
                        await told.wait()

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()

    # --- What is told -------------------------------------------------------------------------------------

    def _tell(self, order: CallOrder, report: Report, fax: ProviderFax) -> None:
        report(
            CallProgress(
                kind=ProgressKind.DIALLING,
                attempt_id=order.attempt_id,
                destination=f"{self._settings.goes_to} fax {fax.fax_id}",
                pages=order.pages,
            )
        )

    def _outcome(self, order: CallOrder, fax: ProviderFax) -> Outcome:
        asked = order.pages - order.first_page
        verdict = judge_fax(fax, pages_asked=asked, cancelled=order.hang_up.is_set())
        return Outcome(
            status=verdict.status,
            cause=verdict.cause,
            ended_at=self._now(),
            pages_confirmed=min(asked, confirmed_pages(fax)),
        )

    def _ended(self, order: CallOrder, outcome: Outcome) -> Outcome:
        described = {"status": outcome.status.value, "cause": outcome.cause}
        log.info("call_ended", line=self.name, job=order.job_id, attempt=order.attempt_id, **described)
        return outcome


class _Over(Exception):  # noqa: N818 - named as what happened
    """A call is over without a fax that ended; the text says why."""

    def __init__(self, cause: str, status: Status = Status.GENERAL_ERROR) -> None:
        super().__init__(cause)
        self.status = status


_UNKNOWN = "whether it went out is not known"
