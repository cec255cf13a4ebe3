"""Fax calls from the `sip` line to the station: real SIP, real engines, and media ten times as fast."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from fax_tiff import make_fax, same_pages

from config.lines import SipLine as SipLineSettings
from config.values import HostPort
from store.job import Outcome
from store.status import Status
from transmit.engine.pool import EnginePool
from transmit.line import CallOrder, CallProgress, LineError, ProgressKind
from transmit.lines import make_lines
from transmit.packet_trace import traces_of
from transmit.sip.transaction import SipTimers
from transmit.sip.transport import OpenTransport, Receiver, Transport, open_udp
from transmit.sip_line import SipLine
from transmit.station.record import CallRecord
from transmit.station.station import Station

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCK = 25
LOOPBACK = HostPort("127.0.0.1", 0)
NUMBER = "+12065551234"
BEHAVIOURS = {
    "01": "busy",
    "02": "busy 2",
    "03": "no-answer",
    "04": "voice",
    "05": "silence",
    "06": "refuse-t38",
    "07": "passive",
    "08": "hang-up",
    "404": "fail 404",
    "503": "fail 503 34",
    "403": "fail 403",
}


@dataclass
class Room:
    """A line and a station, and what the line tells."""

    line: SipLine
    station: Station
    document: Path
    pages: int
    folder: Path
    progress: list[CallProgress] = field(default_factory=list)
    reported: asyncio.Event = field(default_factory=asyncio.Event)
    recorded: asyncio.Event = field(default_factory=asyncio.Event)

    def order(self, number: str = NUMBER, attempt: str = "K7Q2-M9#1", **more: Any) -> CallOrder:
        return CallOrder(
            job_id=attempt.partition("#")[0],
            attempt_id=attempt,
            number=number,
            document=self.document,
            pages=self.pages,
            caller="+12065550100",
            station_id="+12065550100",
            **more,
        )

    def report(self, progress: CallProgress) -> None:
        self.progress.append(progress)
        self.reported.set()

    async def send(self, number: str = NUMBER, **more: Any) -> Outcome:
        return await asyncio.wait_for(self.line.send(self.order(number, **more), self.report), 180)

    async def until(self, kind: ProgressKind) -> None:
        async with asyncio.timeout(120):
            while kind not in self.kinds:
                self.reported.clear()
                await self.reported.wait()

    @property
    def kinds(self) -> list[ProgressKind]:
        return [progress.kind for progress in self.progress]

    async def records(self, count: int = 1) -> list[CallRecord]:
        """The station's records, once there are so many."""
        async with asyncio.timeout(120):
            while len(self.station.calls) < count:
                self.recorded.clear()
                await self.recorded.wait()
        return self.station.calls

    async def received(self) -> Path:
        record = (await self.records())[-1]
        return self.folder / "received" / record.document


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[EnginePool]:
    """One worker for all calls of this module: starting one takes longer than a short fax."""
    made = EnginePool(workers=1)
    await made.start()
    yield made
    await made.stop()


@asynccontextmanager
async def _room(
    folder: Path,
    pool: EnginePool,
    *,
    clock: int = CLOCK,
    pages: int = 2,
    callers: EnginePool | None = None,
    transport: OpenTransport = open_udp,
    line_transport: OpenTransport | None = None,
    timers: SipTimers | None = None,
    listen: HostPort = LOOPBACK,
    **settings: Any,
) -> AsyncIterator[Room]:
    recorded = asyncio.Event()
    station = Station(
        listen,
        folder,
        pool,
        behaviours=BEHAVIOURS,
        clock=clock,
        on_record=lambda _: recorded.set(),
        timers=timers,
        open_transport=transport,
    )
    address = await station.start()
    written = SipLineSettings(sip=f"sip:{address}", listen=listen, media_clock=clock, **settings)
    line = SipLine(
        "main", written, callers or pool, timers=timers, open_transport=line_transport or transport
    )
    await line.start()
    document = make_fax(folder / "document.tif", pages=pages)
    try:
        yield Room(
            line=line, station=station, document=document, pages=pages, folder=folder, recorded=recorded
        )
    finally:
        await line.stop()
        await station.stop()


async def test_a_fax_arrives_by_t38_pixel_for_pixel(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool) as room:
        outcome = await room.send()
        assert outcome.status is Status.SUCCESS
        assert (outcome.pages_confirmed, outcome.transport, outcome.t30_code) == (2, "T.38", 0)
        assert (outcome.bit_rate, outcome.ecm, outcome.compression) == (14400, True, "MMR")
        assert outcome.remote_csid == "POSTFAX STATION"
        assert outcome.answered_at is not None
        assert outcome.answered_at < outcome.ended_at
        assert room.kinds == [
            ProgressKind.DIALLING,
            ProgressKind.RINGING,
            ProgressKind.ANSWERED,
            ProgressKind.T38,
            ProgressKind.NEGOTIATED,
            ProgressKind.PAGE_CONFIRMED,
            ProgressKind.PAGE_CONFIRMED,
        ]
        assert [progress.pages_confirmed for progress in room.progress[-2:]] == [1, 2]
        assert same_pages(room.document, await room.received())
        record = room.station.calls[0]
        assert (record.number, record.caller, record.csid) == (NUMBER, "+12065550100", "+12065550100")
        written = json.loads((tmp_path / "received" / f"{record.name}.json").read_text())
        assert written["pages"] == 2
        assert written["sip_call_id"] == record.sip_call_id
        assert not list((tmp_path / "receiving").iterdir())


async def test_a_fax_arrives_over_ipv6(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1, listen=HostPort("::1", 0)) as room:
        outcome = await room.send()
        assert (outcome.status, outcome.transport) == (Status.SUCCESS, "T.38")
        assert same_pages(room.document, await room.received())


async def test_the_line_wishes_for_t38_where_the_callee_does_not(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1) as room:
        outcome = await room.send("+12065550107")
        assert (outcome.status, outcome.transport) == (Status.SUCCESS, "T.38")
        assert same_pages(room.document, await room.received())


async def test_where_t38_is_refused_the_fax_goes_over_audio(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1, clock=10) as room:
        outcome = await room.send("+12065550106")
        assert (outcome.status, outcome.transport) == (Status.SUCCESS, "G.711")
        assert ProgressKind.T38 not in room.kinds
        assert same_pages(room.document, await room.received())


async def test_a_line_without_t38_declines_it(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1, clock=10, t38="off") as room:
        outcome = await room.send()
        assert (outcome.status, outcome.transport) == (Status.SUCCESS, "G.711")


async def test_a_line_with_t38_alone_gives_up_where_it_is_refused(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, t38="only") as room:
        outcome = await room.send("+12065550106")
        assert outcome.status is Status.NEGOTIATION_FAILED
        assert "488" in outcome.cause
        assert outcome.transport == ""  # no common media: the next call changes it at once
        assert (await room.send()).status is Status.SUCCESS


@pytest.mark.parametrize(
    ("number", "status", "code", "q850"),
    [
        ("+12065550101", Status.BUSY, 486, 17),
        ("+12065550404", Status.OPERATOR_MESSAGE, 404, None),
        ("+12065550503", Status.FAST_BUSY, 503, 34),
        ("+12065550403", Status.GENERAL_ERROR, 403, None),
    ],
)
async def test_a_refused_call_has_its_status(
    tmp_path: Path, pool: EnginePool, number: str, status: Status, code: int, q850: int | None
) -> None:
    async with _room(tmp_path, pool) as room:
        outcome = await room.send(number)
        assert (outcome.status, outcome.sip_code, outcome.q850_cause) == (status, code, q850)
        assert outcome.answered_at is None
        assert outcome.pages_confirmed == 0
        assert (await room.records())[0].document == ""


async def test_busy_twice_and_then_delivered(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1) as room:
        statuses = [(await room.send("+12065550102")).status for _ in range(3)]
        assert statuses == [Status.BUSY, Status.BUSY, Status.SUCCESS]


async def test_nobody_answers(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, answer_timeout=timedelta(seconds=2)) as room:
        outcome = await room.send("+12065550103")
        assert outcome.status is Status.NO_ANSWER
        assert (await room.records())[0].ending == "CANCEL"


async def test_a_voice_answers(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool) as room:
        outcome = await room.send("+12065550104")
        assert outcome.status is Status.VOICE_ANSWER
        assert "speech" in outcome.cause


async def test_somebody_answers_and_says_nothing(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool) as room:
        outcome = await room.send("+12065550105")
        assert outcome.status is Status.NOT_A_FAX_MACHINE
        assert "silence" in outcome.cause


async def test_the_far_end_hangs_up_in_the_middle_of_a_page(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1) as room:
        make_fax(room.document, rows=2200, noise=0.1)
        outcome = await room.send("+12065550108")
        assert outcome.status is Status.TRANSMISSION_FAILED
        assert outcome.pages_confirmed == 0
        assert "hung up" in outcome.cause


async def test_a_cancelled_job_stops_ringing(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool) as room:
        order = room.order("+12065550103")
        sending = asyncio.create_task(room.line.send(order, room.report))
        await room.until(ProgressKind.RINGING)
        order.hang_up.set()
        outcome = await asyncio.wait_for(sending, 60)
        assert outcome.status is Status.JOB_CANCELLED
        assert (await room.records())[0].ending == "CANCEL"


async def test_a_job_that_is_cancelled_in_the_call_keeps_its_confirmed_pages(
    tmp_path: Path, pool: EnginePool
) -> None:
    async with _room(tmp_path, pool, pages=3) as room:
        order = room.order()
        sending = asyncio.create_task(room.line.send(order, room.report))
        await room.until(ProgressKind.PAGE_CONFIRMED)
        order.hang_up.set()
        outcome = await asyncio.wait_for(sending, 60)
        assert outcome.status is Status.JOB_CANCELLED
        assert outcome.pages_confirmed == 1
        assert (await room.records())[0].ending.startswith("BYE")


@pytest.mark.parametrize(
    ("number", "at", "ending"),
    [
        ("+12065550103", ProgressKind.RINGING, "CANCEL"),
        (NUMBER, ProgressKind.NEGOTIATED, "BYE"),
    ],
)
async def test_cancelling_the_task_hangs_up(
    tmp_path: Path, pool: EnginePool, number: str, at: ProgressKind, ending: str
) -> None:
    async with _room(tmp_path, pool) as room:
        sending = asyncio.create_task(room.line.send(room.order(number), room.report))
        await room.until(at)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(sending, 60)
        assert (await room.records())[0].ending.startswith(ending)


class _Losing:
    """A transport that loses some of what it sends."""

    def __init__(self, inner: Transport, lost: Callable[[], bool]) -> None:
        self._inner = inner
        self._lost = lost

    @property
    def address(self) -> HostPort:
        return self._inner.address

    def send(self, datagram: bytes, destination: HostPort) -> None:
        if not self._lost():
            self._inner.send(datagram, destination)

    async def close(self) -> None:
        await self._inner.close()


async def test_lost_sip_packets_delay_a_fax_and_do_not_stop_it(tmp_path: Path, pool: EnginePool) -> None:
    random = Random(3)  # noqa: S311 - repeatable on purpose

    async def open_losing(listen: HostPort, receiver: Receiver) -> Transport:
        return _Losing(await open_udp(listen, receiver), lambda: random.random() < 0.25)

    timers = SipTimers(t1=0.05, t2=0.4, t4=0.5)
    async with _room(tmp_path, pool, pages=1, transport=open_losing, timers=timers) as room:
        statuses = [(await room.send()).status for _ in range(2)]
        assert statuses == [Status.SUCCESS] * 2


async def test_a_caller_that_vanishes_is_forgotten(tmp_path: Path, pool: EnginePool) -> None:
    gone = False

    async def open_cut(listen: HostPort, receiver: Receiver) -> Transport:
        return _Losing(await open_udp(listen, receiver), lambda: gone)

    callers = EnginePool(workers=1)
    await callers.start()
    async with _room(
        tmp_path, pool, callers=callers, line_transport=open_cut, timers=SipTimers(t1=0.05)
    ) as room:
        make_fax(room.document, pages=2, rows=600, noise=0.02)
        sending = asyncio.create_task(room.line.send(room.order(), room.report))
        await room.until(ProgressKind.PAGE_CONFIRMED)
        gone = True
        await callers.stop()
        outcome = await sending
        assert outcome.status is Status.GENERAL_ERROR
        assert "crashed" in outcome.cause
        record = (await room.records())[0]
        took = (record.ended_at - outcome.ended_at).total_seconds() * CLOCK
        assert record.ending == "the caller did not hang up"
        assert took < 200


async def test_twenty_calls_at_one_time(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1) as room:
        orders = [room.order(f"+120655512{line:02}", attempt=f"J{line}#1") for line in range(20, 40)]
        outcomes = await asyncio.gather(*(room.line.send(order, room.report) for order in orders))
        assert [outcome.status for outcome in outcomes] == [Status.SUCCESS] * 20
        records = await room.records(20)
        assert {record.number for record in records} == {order.number for order in orders}
        for record in records:
            assert same_pages(room.document, tmp_path / "received" / record.document)


async def test_a_trunk_that_does_not_exist_is_a_general_error(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, timers=SipTimers(t1=0.01)) as room:
        await room.station.stop()
        outcome = await room.send()
        assert outcome.status is Status.GENERAL_ERROR
        assert "no response" in outcome.cause


async def test_a_missing_document_is_a_general_error_and_nobody_is_called(
    tmp_path: Path, pool: EnginePool
) -> None:
    async with _room(tmp_path, pool) as room:
        room.document.unlink()
        outcome = await room.send()
        assert outcome.status is Status.GENERAL_ERROR
        assert room.progress == []


async def test_a_line_whose_settings_do_not_work_says_why(tmp_path: Path, pool: EnginePool) -> None:
    taken = await open_udp(LOOPBACK, lambda _, __: None)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"sip": "sip:127.0.0.1:99999"}, "is no SIP trunk"),
        (
            {"sip": "sip:127.0.0.1", "username": "us", "password_file": tmp_path / "none"},
            "cannot be read: No such file",
        ),
        ({"sip": "sip:127.0.0.1", "listen": taken.address}, "Address already in use"),
    ]
    for settings, words in wrong:
        line = make_lines({"main": SipLineSettings(**settings)}, pool)["main"]
        with pytest.raises(LineError, match=re.escape(words)) as error:
            await line.start()
        assert "lines.main." in str(error.value)
    await taken.close()


async def test_no_call_is_remembered_after_its_end(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1) as room:
        await room.send()
        await room.records()
        await asyncio.sleep(0)
        assert room.station.active == 0
        assert room.station._agent.calls == 0
        assert [agent.calls for agent in room.line._trunk._agents.values()] == [0]


async def test_a_traced_call_keeps_its_sip_and_its_media(tmp_path: Path, pool: EnginePool) -> None:
    async with _room(tmp_path, pool, pages=1, trace=tmp_path / "traces") as room:
        assert (await room.send()).status is Status.SUCCESS
        [path] = traces_of(tmp_path / "traces", "K7Q2-M9")
        octets = path.read_bytes()
        for word in (b"INVITE sip:+12065551234@", b"SIP/2.0 200 OK", b"m=image", b"ACK ", b"BYE "):
            assert word in octets
        datagrams = _payloads(octets)
        assert sum(datagram[:2] == b"\x80\x00" for datagram in datagrams) > 10  # RTP, PCMU
        assert any(datagram[2:4] == b"\x01\x00" for datagram in datagrams)  # UDPTL: an indicator
        assert [agent._taps for agent in room.line._trunk._agents.values()] == [{}]


def _payloads(octets: bytes) -> list[bytes]:
    """What the UDP datagrams of a trace carry."""
    found, place = [], 24
    while place < len(octets):
        end = place + 16 + int.from_bytes(octets[place + 8 : place + 12], "little")
        found.append(octets[place + 16 + 28 : end])
        place = end
    return found


async def test_a_folder_that_cannot_be_written_does_not_keep_a_fax_from_being_sent(
    tmp_path: Path, pool: EnginePool
) -> None:
    (tmp_path / "traces").write_text("a file")
    async with _room(tmp_path, pool, pages=1, trace=tmp_path / "traces") as room:
        assert (await room.send()).status is Status.SUCCESS
