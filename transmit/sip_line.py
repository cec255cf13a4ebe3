"""The `sip` line: fax calls through a SIP trunk, each with an engine of its own in a worker process.

line = SipLine("main", settings, pool)
await line.start()                      # LineError: a sentence for the administrator
outcome = await line.send(order, report)
await line.stop()
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import structlog

from config.lines import SipLine as SipLineSettings
from store.job import Outcome
from store.status import Status
from transmit.causes import CallFacts, judge
from transmit.engine.events import EngineResult
from transmit.engine.order import IDENT_LENGTH, Role, SessionOrder
from transmit.engine.pool import EngineCall, EnginePool, EngineUnavailable
from transmit.fax_call import FaxCall
from transmit.line import CallOrder, CallProgress, ProgressKind, Report
from transmit.packet_trace import PacketTrace, trace_name
from transmit.sip import sdp
from transmit.sip.locating import Records
from transmit.sip.message import SipError
from transmit.sip.outgoing import OutgoingCall
from transmit.sip.sdp import LocalSession
from transmit.sip.transaction import SipTimers
from transmit.sip.transport import OpenTransport
from transmit.trunk import Trunk, Way
from transmit.trunk_health import TrunkHealth, TrunkState
from transmit.trunk_secrets import reason_of

log = structlog.get_logger(__name__)

_SET_UP = 300.0
_PAGE_OVERHEAD = 120.0
_SLOWEST = 2400
"""bit/s: T.30 falls back no further; with the two above, in seconds, it bounds a call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Preparation:
    """What a call needs before it is placed."""

    way: Way
    """How the trunk is reached."""
    engine: EngineCall
    session: LocalSession
    longest: float
    """Seconds of media that the call may take at the very most."""
    trace: PacketTrace | None
    """Where its packets are written, if they are."""


class SipLine:
    """One trunk."""

    def __init__(
        self,
        name: str,
        settings: SipLineSettings,
        pool: EnginePool,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        records: Records | None = None,
        timers: SipTimers | None = None,
        open_transport: OpenTransport | None = None,
    ) -> None:
        """Makes it; nothing is opened before `start`.

        Args:
            name: in the settings.
            settings: what the administrator wrote.
            pool: fax engines; started, and stopped, by whoever made it.
            now: the time of day.
            records: the DNS; without it the trunk's name has addresses alone.
            timers: of SIP; by default those of the RFC.
            open_transport: binds the socket.
        """
        self.name = name
        self.channels = settings.channels
        self.keeps_calls = False
        self._settings = settings
        self._pool = pool
        self._now = now
        self._trunk = Trunk(name, settings, records=records, timers=timers, open_transport=open_transport)
        self._started = False

    async def start(self) -> None:
        """Opens the trunk.

        Raises:
            LineError: a setting does not work here.
        """
        await self._trunk.start()
        self._started = True

    async def stop(self) -> None:
        """Closes the SIP port."""
        self._started = False
        await self._trunk.stop()

    @property
    def health(self) -> TrunkHealth:
        """Whether the trunk can take calls, as far as it told."""
        return self._trunk.health

    @property
    def down(self) -> str:
        """See `Line.down`."""
        health = self._trunk.health
        return health.reason if health.state is TrunkState.DOWN else ""

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        """Places one call and says what it came to; see `Line.send`."""
        if not self._started:
            raise RuntimeError(f"line {self.name} is not started")
        answered_at = None
        with self._tracing(order) as trace:
            try:
                prepared = await self._prepare(order, trace)
            except (OSError, EngineUnavailable) as fault:
                facts = CallFacts(pages_asked=order.pages - order.first_page, fault=reason_of(fault))
            else:
                facts, answered_at = await self._place(order, prepared, report)
        return self._outcome(order, facts, answered_at)

    async def _prepare(self, order: CallOrder, trace: PacketTrace | None) -> _Preparation:
        octets = order.document.stat().st_size
        way = await self._trunk.way()
        agent, first = way.agent, way.servers[0]
        path = trace.path if trace is not None else None
        return _Preparation(
            way=way,
            trace=trace,
            engine=await self._pool.open(self._session_order(order, agent.media_host(first), path)),
            session=LocalSession(
                address=ip_address(agent.own_host(first)), session_id=agent.random.getrandbits(31)
            ),
            longest=_SET_UP + _PAGE_OVERHEAD * order.pages + octets * 8 / _SLOWEST,
        )

    @contextlib.contextmanager
    def _tracing(self, order: CallOrder) -> Iterator[PacketTrace | None]:
        """The trace of a call, where the settings want one; a call without it is better than none."""
        folder, trace = self._settings.trace, None
        if folder is not None:
            try:
                trace = PacketTrace.create(folder / trace_name(order.attempt_id))
            except OSError as fault:
                cause = reason_of(fault)
                log.warning("trace_not_begun", line=self.name, folder=str(folder), cause=cause)
        try:
            yield trace
        finally:
            if trace is not None:
                trace.close()

    def _session_order(self, order: CallOrder, own_host: str, trace: Path | None) -> SessionOrder:
        ports = self._settings.media_ports
        return SessionOrder(
            role=Role.CALLER,
            document=order.document,
            first_page=order.first_page,
            max_rate=order.max_rate,
            station_id=order.station_id[:IDENT_LENGTH],
            subaddress=order.subaddress,
            bind_host=own_host,
            ports=(ports.first, ports.last) if ports is not None else None,
            trace=trace,
            clock=self._settings.media_clock,
        )

    async def _place(
        self, order: CallOrder, prepared: _Preparation, report: Report
    ) -> tuple[CallFacts, datetime | None]:
        """Dials, and follows the call to its end: what is known of it, and when it was answered."""
        try:
            await order.fence()
        except BaseException:
            await prepared.engine.hang_up(drain=0.0)
            raise
        report(
            CallProgress(
                kind=ProgressKind.DIALLING,
                attempt_id=order.attempt_id,
                destination=self._trunk.uri(order.number),
                pages=order.pages,
            )
        )
        try:
            call = self._dial(order, prepared)
        except SipError as fault:
            await prepared.engine.hang_up(drain=0.0)
            return CallFacts(pages_asked=order.pages - order.first_page, fault=str(fault)), None
        course = FaxCall(
            order=order,
            call=call,
            engine=prepared.engine,
            session=prepared.session,
            settings=self._settings,
            longest=prepared.longest,
            report=report,
            now=self._now,
            find=prepared.way.agent.resolve,
        )
        try:
            return await course.run(), course.answered_at
        finally:
            prepared.way.agent.tap(call.call_id, None)

    def _dial(self, order: CallOrder, prepared: _Preparation) -> OutgoingCall:
        offer = prepared.session.offer(sdp.audio(prepared.engine.media_port))
        call = self._trunk.call(order.number, order.caller, offer, prepared.way)
        if prepared.trace is not None:
            prepared.way.agent.tap(call.call_id, prepared.trace.add)
        log.info(
            "call_dialled", line=self.name, job=order.job_id, attempt=order.attempt_id, call=call.call_id
        )
        return call

    def _outcome(self, order: CallOrder, facts: CallFacts, answered_at: datetime | None) -> Outcome:
        verdict = judge(facts)
        engine = facts.engine or EngineResult()
        # An offer of T.38 that ended the call leaves no media that both ends have, and the next call others.
        without_media = facts.no_common_media or (
            facts.left_at_t38 and verdict.status is Status.NEGOTIATION_FAILED
        )
        outcome = Outcome(
            status=verdict.status,
            cause=verdict.cause,
            ended_at=self._now(),
            answered_at=answered_at,
            pages_confirmed=engine.pages_confirmed,
            sip_code=facts.sip_code,
            q850_cause=facts.q850_cause,
            t30_code=engine.t30_code,
            t30_result=engine.t30_result,
            transport="" if without_media else engine.transport,
            bit_rate=engine.bit_rate,
            ecm=engine.ecm,
            compression=engine.compression.value if engine.compression else "",
            remote_csid=engine.remote_csid,
            remote_finest=engine.remote.resolutions[-1].value if engine.remote else "",
            bad_rows=engine.bad_rows,
            retransmissions=engine.retransmissions,
            transcript="\n".join(map(str, engine.frames)),
        )
        described = {"status": outcome.status.value, "cause": outcome.cause}
        log.info("call_ended", line=self.name, job=order.job_id, attempt=order.attempt_id, **described)
        return outcome
