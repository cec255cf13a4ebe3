"""The receiving station: answers any number of calls at one time, and keeps what it received.

station = Station(HostPort("127.0.0.1", 5070), folder, pool, behaviours={"0199": "busy 2"})
address = await station.start()         # OSError: the port is taken, the folder cannot be written
…                                       # folder/received/NAME.tif and NAME.json
await station.stop()
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from random import Random

import structlog

from config.values import HostPort
from transmit.engine.events import EngineResult
from transmit.engine.order import Role, SessionOrder
from transmit.engine.pool import EnginePool
from transmit.sip.incoming import IncomingCall
from transmit.sip.sdp import LocalSession
from transmit.sip.transaction import SipTimers
from transmit.sip.transport import OpenTransport, open_udp
from transmit.sip.user_agent import UserAgent
from transmit.station.answering import Answering, Ending
from transmit.station.behaviour import Answer, Behaviour, Behaviours
from transmit.station.record import CallRecord, Received, name_of

log = structlog.get_logger(__name__)

STATION_ID = "POSTFAX STATION"
MEDIA_TIMEOUT = 20.0
"""Seconds of media without a packet of the caller, after which it is taken to have vanished."""


class Station:
    """A fax machine on a SIP port."""

    def __init__(
        self,
        listen: HostPort,
        folder: Path,
        pool: EnginePool,
        *,
        behaviours: Mapping[str, str] | None = None,
        clock: int = 1,
        station_id: str = STATION_ID,
        on_record: Callable[[CallRecord], None] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        timers: SipTimers | None = None,
        open_transport: OpenTransport = open_udp,
        random: Random | None = None,
    ) -> None:
        """Makes it; nothing is opened before `start`.

        Args:
            listen: where it answers; port 0 lets the kernel choose.
            folder: where calls are kept: `received/` in it.
            pool: fax engines; started, and stopped, by whoever made it.
            behaviours: by the last digits of the called number, as `station.behaviour` writes them.
            clock: how many times faster than real time the fax protocol runs; the caller's figure.
            station_id: our CSID.
            on_record: takes the record of each call when it is over.
            now: the time of day.
            timers: of SIP; by default those of the RFC.
            open_transport: binds the SIP socket.
            random: makes SIP's tags and numbers, and how long it waits after a glare.

        Raises:
            ValueError: a behaviour that there is not.
        """
        self.calls: list[CallRecord] = []
        """Calls that are over, in the order of their ends."""
        self._listen = listen
        self._folder = folder
        self._pool = pool
        self._behaviours = Behaviours(
            {number: Behaviour.parse(text) for number, text in (behaviours or {}).items()}
        )
        self._clock = clock
        self._station_id = station_id
        self._on_record = on_record
        self._now = now
        self._agent = UserAgent(
            on_call=self._on_call, timers=timers, open_transport=open_transport, random=random
        )
        self._received: Received | None = None
        self._answering: set[asyncio.Task[None]] = set()

    async def start(self) -> HostPort:
        """Makes the folders, opens the port, and gives its address.

        Raises:
            OSError: one of them is not possible.
        """
        self._received = Received(self._folder)
        address = await self._agent.start(self._listen)
        log.info("station_started", address=str(address), folder=str(self._folder))
        return address

    async def stop(self) -> None:
        """Hangs up all calls and closes the port."""
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._agent.stop()

    @property
    def active(self) -> int:
        """Calls in progress."""
        return len(self._answering)

    def _on_call(self, call: IncomingCall) -> None:
        if self._received is None:
            call.refuse(500)
            return
        task = asyncio.get_running_loop().create_task(self._take(call, self._received))
        self._answering.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("station_call_failed", cause=f"{type(fault).__name__}: {fault}")

    async def _take(self, call: IncomingCall, received: Received) -> None:
        """One call, from its INVITE to its record."""
        started_at = self._now()
        name = name_of(call.called, started_at, call.call_id)
        behaviour = self._behaviours.next(call.called)
        log.info("station_called", call=call.call_id, number=call.called, behaviour=behaviour.name)
        host = self._agent.media_host(call.source)
        answering = Answering(
            call=call,
            behaviour=behaviour,
            pool=self._pool,
            order=self._order(behaviour, received.unfinished(name), host),
            session=LocalSession(address=ip_address(host), session_id=self._agent.random.getrandbits(31)),
        )
        ending = await answering.run()
        self._keep(received, call, name, behaviour, started_at, ending)

    def _order(self, behaviour: Behaviour, receive_to: Path, host: str) -> SessionOrder:
        return SessionOrder(
            role=Role.ANSWERER,
            receive_to=receive_to,
            answer_with=behaviour.answer_with,
            signal=behaviour.signal,
            loss=behaviour.loss,
            spoils_image=behaviour.answer is Answer.GARBLED,
            station_id=self._station_id,
            ecm=behaviour.ecm,
            max_rate=behaviour.max_rate,
            finest=behaviour.finest,
            media_timeout=MEDIA_TIMEOUT,
            bind_host=host,
            clock=self._clock,
        )

    def _keep(
        self,
        received: Received,
        call: IncomingCall,
        name: str,
        behaviour: Behaviour,
        started_at: datetime,
        ending: Ending,
    ) -> None:
        engine = ending.engine or EngineResult()
        record = CallRecord(
            name=name,
            number=call.called,
            caller=call.caller,
            sip_call_id=call.call_id,
            behaviour=behaviour.name,
            started_at=started_at,
            ended_at=self._now(),
            ending=ending.reason,
            csid=engine.remote_csid,
            pages=engine.pages_received,
            t30_code=engine.t30_code,
            t30_result=engine.t30_result,
            transport=engine.transport,
            bit_rate=engine.bit_rate,
            ecm=engine.ecm,
            compression=engine.compression.value if engine.compression else "",
            document=received.keep_pages(name, engine.pages_received),
        )
        received.keep_record(record)
        log.info(
            "station_call_ended",
            call=call.call_id,
            number=record.number,
            pages=record.pages,
            ending=record.ending,
        )
        self.calls.append(record)
        self._on_record(record)
