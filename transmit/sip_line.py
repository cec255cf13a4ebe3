"""The `sip` line: fax calls through a SIP trunk, each with an engine of its own in a worker process.

line = SipLine("main", settings, pool)
await line.start()                      # LineError: a sentence for the administrator
outcome = await line.send(order, report)
await line.stop()
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import quote

import structlog

from config.server import SipLine as SipLineSettings
from config.values import HostPort
from store.job import Outcome
from transmit.causes import CallFacts, judge
from transmit.engine.events import EngineResult
from transmit.engine.order import IDENT_LENGTH, Role, SessionOrder
from transmit.engine.pool import EngineCall, EnginePool, EngineUnavailable
from transmit.fax_call import FaxCall
from transmit.line import CallOrder, CallProgress, LineError, ProgressKind, Report
from transmit.sip import sdp
from transmit.sip.digest import Credentials
from transmit.sip.message import SipError, host_of
from transmit.sip.outgoing import OutgoingCall
from transmit.sip.sdp import LocalSession
from transmit.sip.transaction import SipTimers
from transmit.sip.transport import OpenTransport, open_udp
from transmit.sip.user_agent import UserAgent

log = structlog.get_logger(__name__)

_SET_UP = 300.0
_PAGE_OVERHEAD = 120.0
_SLOWEST = 2400
"""bit/s: T.30 falls back no further; with the two above, in seconds, it bounds a call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Preparation:
    """What a call needs before it is placed."""

    destination: HostPort
    """The trunk's address."""
    engine: EngineCall
    session: LocalSession
    longest: float
    """Seconds of media that the call may take at the very most."""


class SipLine:
    """One trunk."""

    def __init__(
        self,
        name: str,
        settings: SipLineSettings,
        pool: EnginePool,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        timers: SipTimers | None = None,
        open_transport: OpenTransport = open_udp,
    ) -> None:
        """Makes it; nothing is opened before `start`.

        Args:
            name: in the settings.
            settings: what the administrator wrote.
            pool: fax engines; started, and stopped, by whoever made it.
            now: the time of day.
            timers: of SIP; by default those of the RFC.
            open_transport: binds the socket.
        """
        self.name = name
        self.channels = settings.channels
        self._settings = settings
        self._pool = pool
        self._now = now
        self._timers = timers
        self._open_transport = open_transport
        self._trunk = HostPort("", 0)
        self._agent: UserAgent | None = None

    async def start(self) -> None:
        """Reads the password and opens the SIP port.

        Raises:
            LineError: a setting does not work here.
        """
        self._trunk = self._read_trunk()
        agent = UserAgent(
            credentials=self._credentials(), timers=self._timers, open_transport=self._open_transport
        )
        try:
            address = await agent.start(self._settings.listen)
        except OSError as fault:
            raise LineError(
                f"line {self.name}: {self._settings.listen} cannot be opened for SIP: {_reason(fault)}. "
                f"Give another address or port: lines.{self.name}.listen."
            ) from fault
        self._agent = agent
        log.info("sip_line_started", line=self.name, address=str(address), trunk=self._settings.sip)

    async def stop(self) -> None:
        """Closes the SIP port."""
        if self._agent is not None:
            await self._agent.stop()
            self._agent = None

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        """Places one call and says what it came to; see `Line.send`."""
        if self._agent is None:
            raise RuntimeError(f"line {self.name} is not started")
        answered_at = None
        try:
            prepared = await self._prepare(order, self._agent)
        except (OSError, EngineUnavailable) as fault:
            facts = CallFacts(pages_asked=order.pages, fault=_reason(fault))
        else:
            facts, answered_at = await self._place(order, prepared, self._agent, report)
        return self._outcome(order, facts, answered_at)

    async def _prepare(self, order: CallOrder, agent: UserAgent) -> _Preparation:
        octets = order.document.stat().st_size
        destination = await agent.resolve(self._trunk)
        own = agent.media_host(destination)
        return _Preparation(
            destination=destination,
            engine=await self._pool.open(self._session_order(order, own)),
            session=LocalSession(address=ip_address(own), session_id=agent.random.getrandbits(31)),
            longest=_SET_UP + _PAGE_OVERHEAD * order.pages + octets * 8 / _SLOWEST,
        )

    def _session_order(self, order: CallOrder, own_host: str) -> SessionOrder:
        return SessionOrder(
            role=Role.CALLER,
            document=order.document,
            station_id=order.station_id[:IDENT_LENGTH],
            subaddress=order.subaddress,
            bind_host=own_host,
            clock=self._settings.media_clock,
        )

    async def _place(
        self, order: CallOrder, prepared: _Preparation, agent: UserAgent, report: Report
    ) -> tuple[CallFacts, datetime | None]:
        """Dials, and follows the call to its end: what is known of it, and when it was answered."""
        report(
            CallProgress(
                kind=ProgressKind.DIALLING,
                attempt_id=order.attempt_id,
                destination=self._uri(order.number),
                pages=order.pages,
            )
        )
        try:
            call = self._dial(order, prepared, agent)
        except SipError as fault:
            await prepared.engine.hang_up(drain=0.0)
            return CallFacts(pages_asked=order.pages, fault=str(fault)), None
        course = FaxCall(
            order=order,
            call=call,
            engine=prepared.engine,
            session=prepared.session,
            settings=self._settings,
            longest=prepared.longest,
            report=report,
            now=self._now,
        )
        return await course.run(), course.answered_at

    def _dial(self, order: CallOrder, prepared: _Preparation, agent: UserAgent) -> OutgoingCall:
        caller = order.caller or self._settings.caller or self._settings.username or "anonymous"
        call = agent.call(
            uri=self._uri(order.number),
            caller=_user(caller),
            called=order.number,
            domain=f"[{self._trunk.host}]" if ":" in self._trunk.host else self._trunk.host,
            destination=prepared.destination,
            offer=prepared.session.offer(sdp.audio(prepared.engine.media_port)),
        )
        log.info(
            "call_dialled", line=self.name, job=order.job_id, attempt=order.attempt_id, call=call.call_id
        )
        return call

    def _outcome(self, order: CallOrder, facts: CallFacts, answered_at: datetime | None) -> Outcome:
        verdict = judge(facts)
        engine = facts.engine or EngineResult()
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
            transport=engine.transport,
            bit_rate=engine.bit_rate,
            ecm=engine.ecm,
            compression=engine.compression.value if engine.compression else "",
            remote_csid=engine.remote_csid,
            bad_rows=engine.bad_rows,
            retransmissions=engine.retransmissions,
        )
        described = {"status": outcome.status.value, "cause": outcome.cause}
        log.info("call_ended", line=self.name, job=order.job_id, attempt=order.attempt_id, **described)
        return outcome

    def _uri(self, number: str) -> str:
        """The Request-URI of a number."""
        return f"sip:{_user(number)}@{self._trunk}"

    def _read_trunk(self) -> HostPort:
        trunk = host_of(self._settings.sip)
        if trunk is None or trunk.port == 0:
            raise LineError(
                f"line {self.name}: {self._settings.sip} is no SIP trunk. "
                f"Write it as sip:trunk.example.net or sip:192.0.2.1:5060: lines.{self.name}.sip."
            )
        return trunk

    def _credentials(self) -> Credentials | None:
        path = self._settings.password_file
        if path is None:
            return None
        try:
            return Credentials(username=self._settings.username, password=path.read_text().strip())
        except OSError as fault:
            raise LineError(
                f"line {self.name}: the password file {path} cannot be read: {_reason(fault)}. "
                f"Create it, readable for the service: lines.{self.name}.password_file."
            ) from fault


def _user(number: str) -> str:
    """A number or name as the user part of a URI."""
    return quote(number, safe="+")


def _reason(fault: Exception) -> str:
    """The system's words without the errno and file name that Python adds."""
    return fault.strerror or str(fault) if isinstance(fault, OSError) else str(fault)
