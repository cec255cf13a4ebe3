"""The course of a fax call: a callee does what real ones do, and the engine what the test tells it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from config.fax import Resolution
from config.lines import SipLine as SipLineSettings
from config.values import HostPort
from store.status import Status
from transmit.causes import CallFacts, judge
from transmit.engine.engine_call import EngineCall
from transmit.engine.events import Ended, EngineResult, Hearing, Negotiated, Signal, SignalHeard
from transmit.engine.order import FULL_RATE, Codec, Compression, MediaAddress
from transmit.fax_call import FaxCall
from transmit.line import CallOrder, CallProgress, ProgressKind
from transmit.sip import sdp
from transmit.sip.call_events import Acknowledged, CallEvent, HungUp, Offered
from transmit.sip.incoming import IncomingCall
from transmit.sip.sdp import LocalSession, SessionDescription
from transmit.sip.transaction import SipTimers
from transmit.sip.user_agent import UserAgent

LOOPBACK = HostPort("127.0.0.1", 0)
TIMERS = SipTimers(t1=0.1, t2=0.4, t4=0.5)


class ToldEngine(EngineCall):
    """Notes its orders; a test tells what it reports."""

    def __init__(self) -> None:
        self.media_port = 4000
        self.events = asyncio.Queue()
        self.orders: list[tuple[str, int]] = []
        self.hosts: list[str] = []
        self.result = EngineResult(t30_code=49, t30_result="dropped")
        self.drained: float | None = None

    def listen(self, remote: MediaAddress, codec: Codec) -> None:
        self.orders.append((f"listen to {codec.value}", remote.port))

    def start_audio(self, remote: MediaAddress, codec: Codec) -> None:
        self.orders.append((codec.value, remote.port))
        self.hosts.append(remote.host)

    def switch_to_t38(
        self,
        remote: MediaAddress,
        *,
        max_datagram: int,
        redundancy: int = 3,
        fec: bool = False,
        max_rate: int = FULL_RATE,
    ) -> None:
        limits = f"{max_datagram} {redundancy}{' FEC' if fec else ''}"
        limits += f" at {max_rate}" if max_rate < FULL_RATE else ""
        self.orders.append((f"T.38 {limits}", remote.port))
        self.hosts.append(remote.host)

    def back_to_audio(self, remote: MediaAddress, codec: Codec) -> None:
        self.orders.append((f"back to {codec.value}", remote.port))

    async def hang_up(self, *, drain: float = 0.5) -> EngineResult:
        self.drained = drain
        return self.result

    def hear(self, signal: Signal) -> None:
        self.result = replace(self.result, heard=Hearing(signals=(*self.result.heard.signals, signal)))
        self.events.put_nowait(SignalHeard(at=1.0, signal=signal))

    def end(self, result: EngineResult) -> None:
        self.result = result
        self.events.put_nowait(Ended(at=1.0, result=result))


async def next_event(call: IncomingCall) -> CallEvent:
    return await asyncio.wait_for(call.events.get(), 60)


@dataclass
class Scene:
    """A call under way to a callee in the test's hands."""

    agent: UserAgent
    callee: UserAgent
    incoming: asyncio.Queue[IncomingCall]
    engine: ToldEngine = field(default_factory=ToldEngine)
    progress: list[ProgressKind] = field(default_factory=list)
    theirs: LocalSession = field(
        default_factory=lambda: LocalSession(address=ip_address("127.0.0.1"), session_id=2)
    )

    def begin(self, longest: float = 600.0, **settings: object) -> asyncio.Task[CallFacts]:
        session = LocalSession(address=ip_address("127.0.0.1"), session_id=1)
        written = {"sip": f"sip:{self.callee.address}", "media_clock": 1, **settings}
        call = self.agent.call(
            uri=f"sip:1@{self.callee.address}",
            caller="us",
            called="1",
            domain="127.0.0.1",
            destination=self.callee.address,
            offer=session.offer(sdp.audio(4000)),
        )
        course = FaxCall(
            order=CallOrder(job_id="J", attempt_id="J#1", number="1", document=Path(), pages=1),
            call=call,
            engine=self.engine,
            session=session,
            settings=SipLineSettings.model_validate(written),
            longest=longest,
            report=self.note,
            now=lambda: datetime.now(UTC),
            find=self.agent.resolve,
        )
        return asyncio.create_task(course.run())

    def note(self, progress: CallProgress) -> None:
        self.progress.append(progress.kind)

    async def ring(self, port: int = 5000) -> IncomingCall:
        """The callee's network is heard before there is an answer."""
        call = await asyncio.wait_for(self.incoming.get(), 60)
        offer = call.read_offer()
        assert offer is not None
        assert offer.audio is not None
        call.progress(self.theirs.answer(offer, offer.audio, sdp.audio(port)))
        async with asyncio.timeout(60):
            while not self.engine.orders:
                await asyncio.sleep(0.01)
        return call

    async def answer(self, body: bytes | None = None) -> IncomingCall:
        """The callee answers with audio, or with what it is given."""
        call = await asyncio.wait_for(self.incoming.get(), 60)
        offer = call.read_offer()
        assert offer is not None
        assert offer.audio is not None
        call.answer(self.theirs.answer(offer, offer.audio, sdp.audio(5000)) if body is None else body)
        assert isinstance(await next_event(call), Acknowledged)
        return call

    async def offer(self, call: IncomingCall, body: bytes) -> SessionDescription:
        return await asyncio.wait_for(call.offer(body, still_wanted=lambda: True), 60)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()
    agent = UserAgent(timers=TIMERS)
    callee = UserAgent(timers=TIMERS, on_call=incoming.put_nowait)
    await agent.start(LOOPBACK)
    await callee.start(LOOPBACK)
    yield Scene(agent=agent, callee=callee, incoming=incoming)
    await agent.stop()
    await callee.stop()


_SETTLED = Negotiated(
    at=1.0, bit_rate=14400, ecm=True, compression=Compression.MMR, width=1728, resolution=Resolution.FINE,
    remote_csid="x",
)  # fmt: skip


def _ok(pages: int = 1) -> EngineResult:
    return EngineResult(t30_code=0, t30_result="OK", pages_confirmed=pages, transport="T.38", bit_rate=14400)


async def test_the_callees_t38_is_accepted_with_its_limits(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.answer()
    body = scene.theirs.offer(sdp.image(5002)).replace(b"MaxDatagram:400", b"MaxDatagram:176")
    body = body.replace(b"MaxBitRate:14400", b"MaxBitRate:9600")
    answer = await scene.offer(call, body)
    assert answer.image is not None
    scene.engine.end(_ok())
    assert judge(await running).status is Status.SUCCESS
    assert scene.engine.orders == [("PCMU", 5000), ("T.38 176 3 at 9600", 5002)]
    assert ProgressKind.T38 in scene.progress
    assert isinstance(await next_event(call), HungUp)


async def test_a_callee_that_wants_forward_error_correction_gets_it(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.answer()
    answer = await scene.offer(call, scene.theirs.offer(sdp.image(5002, fec=True)))
    assert answer.image is not None
    assert answer.image.attribute("T38FaxUdpEC") == "t38UDPFEC"
    scene.engine.end(_ok())
    await running
    assert scene.engine.orders[-1] == ("T.38 400 3 FEC", 5002)


async def test_a_callee_that_goes_back_to_audio_is_followed(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.answer()
    await scene.offer(call, scene.theirs.offer(sdp.image(5002)))
    back = await scene.offer(call, scene.theirs.offer(sdp.audio(5004, (sdp.PayloadType.PCMA,))))
    assert back.audio is not None
    await call.hang_up()
    facts = await running
    assert scene.engine.orders[-1] == ("back to PCMA", 5004)
    assert scene.engine.drained == 0.5
    assert "hung up" in facts.fault


async def test_audio_that_moves_is_followed(scene: Scene) -> None:
    running = scene.begin(t38="off")
    call = await scene.answer()
    await scene.offer(call, scene.theirs.offer(sdp.audio(5010)))
    await call.hang_up()
    await running
    assert scene.engine.orders == [("PCMU", 5000), ("PCMU", 5010)]


async def test_t38_is_declined_once_the_fax_runs_over_audio(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.answer()
    scene.engine.events.put_nowait(_SETTLED)
    async with asyncio.timeout(60):
        while ProgressKind.NEGOTIATED not in scene.progress:
            await asyncio.sleep(0.01)
    with pytest.raises(Exception, match="488"):
        await scene.offer(call, scene.theirs.offer(sdp.image(5002)))
    scene.engine.end(_ok())
    assert judge(await running).status is Status.SUCCESS


@pytest.mark.parametrize(
    ("said", "answered"),
    [("sendonly", "recvonly"), ("inactive", "inactive"), ("recvonly", "sendonly"), ("sendrecv", "sendrecv")],
)
async def test_a_hold_is_answered_as_one_and_the_fax_goes_on_after_it(
    scene: Scene, said: str, answered: str
) -> None:
    running = scene.begin(t38="off")
    call = await scene.answer()
    held = sdp.audio(5010).directed(said)
    answer = await scene.offer(call, scene.theirs.offer(held))
    assert answer.audio is not None
    assert answer.audio.direction == answered
    back = await scene.offer(call, scene.theirs.offer(sdp.audio(5012)))
    assert back.audio is not None
    assert back.audio.direction == "sendrecv"
    scene.engine.end(_ok())
    assert judge(await running).status is Status.SUCCESS
    assert scene.engine.orders == [("PCMU", 5000), ("PCMU", 5010), ("PCMU", 5012)]


async def test_a_hold_of_the_old_kind_is_taken(scene: Scene) -> None:
    running = scene.begin(t38="off")
    call = await scene.answer()
    body = scene.theirs.offer(sdp.audio(5010)).replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0")
    answer = await scene.offer(call, body)
    assert answer.audio is not None
    assert answer.audio.direction == "recvonly"
    scene.engine.end(_ok())
    assert judge(await running).status is Status.SUCCESS
    assert scene.engine.orders == [("PCMU", 5000)]


@pytest.mark.parametrize("follows", [True, False])
async def test_an_answer_on_hold_is_waited_out(scene: Scene, *, follows: bool) -> None:
    running = scene.begin(t38="off", media_clock=50)
    body = scene.theirs.offer(sdp.audio(5000)).replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0")
    call = await scene.answer(body)
    if follows:
        await scene.offer(call, scene.theirs.offer(sdp.audio(5002)))
        await asyncio.sleep(0.8)
        scene.engine.end(_ok())
    status = judge(await running).status
    assert status is (Status.SUCCESS if follows else Status.NEGOTIATION_FAILED)
    assert scene.engine.orders == ([("PCMU", 5002)] if follows else [])


async def test_a_name_in_the_place_of_a_media_address_is_looked_up(scene: Scene) -> None:
    running = scene.begin()
    session = LocalSession(address=ip_address("127.0.0.1"), session_id=2)
    named = (b"c=IN IP4 127.0.0.1", b"c=IN IP4 localhost")
    call = await scene.answer(session.offer(sdp.audio(5000)).replace(*named))
    await scene.offer(call, session.offer(sdp.image(5002)).replace(*named))
    scene.engine.end(_ok())
    assert judge(await running).status is Status.SUCCESS
    assert scene.engine.hosts == ["127.0.0.1"] * 2


@pytest.mark.parametrize("host", [b"IP4 nowhere.invalid", b"IP6 2001:db8::1"])
async def test_media_that_nothing_can_be_sent_to_are_a_failed_negotiation(scene: Scene, host: bytes) -> None:
    running = scene.begin()
    body = scene.theirs.offer(sdp.audio(5000)).replace(b"c=IN IP4 127.0.0.1", b"c=IN " + host)
    await scene.answer(body)
    assert judge(await running).status is Status.NEGOTIATION_FAILED
    assert scene.engine.orders == []


@pytest.mark.parametrize("body", [b"", b"v=0\r\n", b"m=video 1 RTP/AVP 31\r\n"])
async def test_an_answer_without_audio_is_a_failed_negotiation(scene: Scene, body: bytes) -> None:
    running = scene.begin()
    call = await scene.answer(body)
    assert judge(await running).status is Status.NEGOTIATION_FAILED
    assert isinstance(await next_event(call), HungUp)
    assert scene.engine.orders == []


async def test_t38_that_is_accepted_without_an_address_is_a_failed_negotiation(scene: Scene) -> None:
    running = scene.begin(t38="only")
    call = await scene.answer()
    offered = await next_event(call)
    call.accept(offered, scene.theirs.offer(sdp.image(0)))  # type: ignore[arg-type]
    assert judge(await running).status is Status.NEGOTIATION_FAILED


@pytest.mark.parametrize(
    "refusal", [sdp.image(0), replace(sdp.audio(5000), attributes=())], ids=["port 0", "audio"]
)
async def test_t38_that_is_answered_without_an_address_leaves_the_fax_on_audio(
    scene: Scene, refusal: sdp.MediaDescription
) -> None:
    running = scene.begin(media_clock=50)
    call = await scene.answer()
    offered = await next_event(call)
    assert isinstance(offered, Offered)
    assert offered.offer.image is not None
    call.accept(offered, scene.theirs.offer(refusal))
    assert isinstance(await next_event(call), Acknowledged)
    again = await next_event(call)
    assert isinstance(again, Offered)
    assert again.offer.audio is not None
    call.accept(again, scene.theirs.answer(again.offer, again.offer.audio, sdp.audio(5006)))
    async with asyncio.timeout(60):
        while len(scene.engine.orders) < 2:
            await asyncio.sleep(0.01)
    scene.engine.end(replace(_ok(), transport="G.711"))
    assert judge(await running).status is Status.SUCCESS
    assert scene.engine.orders == [("PCMU", 5000), ("PCMU", 5006)]


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_far_end_that_hangs_up_on_our_t38_is_called_without_it_next(
    scene: Scene, *, refuses: bool
) -> None:
    running = scene.begin(media_clock=50)
    call = await scene.answer()
    assert isinstance(await next_event(call), Offered)
    if refuses:
        call.decline(488)
        await asyncio.sleep(0.1)
    await call.hang_up()
    facts = await running
    assert facts.left_at_t38
    assert judge(facts).status is Status.NEGOTIATION_FAILED


async def test_after_a_glare_t38_is_not_offered_once_the_fax_runs_over_audio(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transmit.sip.call.glare_delay", lambda _, *, owns_call_id: 0.3 * owns_call_id)
    running = scene.begin(media_clock=50)
    call = await scene.answer()
    assert isinstance(await next_event(call), Offered)
    scene.engine.events.put_nowait(_SETTLED)
    call.decline(491)
    await asyncio.sleep(0.8)
    assert call.events.empty()
    scene.engine.end(_ok())
    assert judge(await running).status is Status.SUCCESS


async def test_a_crashed_engine_hangs_up(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.answer()
    scene.engine.end(EngineResult(crashed=True))
    assert judge(await running).status is Status.GENERAL_ERROR
    assert isinstance(await next_event(call), HungUp)


async def test_no_call_lasts_for_ever(scene: Scene) -> None:
    running = scene.begin(longest=5.0, t38="off", media_clock=50)
    call = await scene.answer()
    facts = await asyncio.wait_for(running, 60)
    assert "longer than any fax" in facts.fault
    assert isinstance(await next_event(call), HungUp)


async def test_a_busy_tone_before_the_answer_cancels_the_call(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.ring()
    assert scene.engine.orders == [("listen to PCMU", 5000)]
    scene.engine.hear(Signal.BUSY)
    verdict = judge(await running)
    assert (verdict.status, verdict.cause) == (Status.BUSY, "hung up on the busy tone; heard busy tone")
    assert (await next_event(call)) == HungUp(reason="CANCEL")


async def test_after_a_sit_the_network_may_still_say_why(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.ring()
    scene.engine.hear(Signal.SIT)
    await asyncio.sleep(0.05)
    call.refuse(503, q850=34)
    verdict = judge(await running)
    assert verdict.status is Status.FAST_BUSY
    assert verdict.cause == "SIP 503, Q.850 34 (Service Unavailable); heard special information tone"


async def test_an_announcement_that_nothing_follows_is_hung_up(scene: Scene) -> None:
    running = scene.begin(media_clock=50)
    call = await scene.ring()
    scene.engine.hear(Signal.SIT)
    verdict = judge(await running)
    assert verdict.status is Status.OPERATOR_MESSAGE
    assert "after the announcement" in verdict.cause
    assert (await next_event(call)) == HungUp(reason="CANCEL")


async def test_a_ringing_tone_ends_nothing_and_an_answer_after_it_counts(scene: Scene) -> None:
    running = scene.begin()
    call = await scene.ring()
    scene.engine.hear(Signal.RINGING)
    offer = call.read_offer()
    assert offer is not None
    assert offer.audio is not None
    call.answer(scene.theirs.answer(offer, offer.audio, sdp.audio(5000)))
    assert isinstance(await next_event(call), Acknowledged)
    scene.engine.end(_ok())
    assert judge(await running).status is Status.SUCCESS
    assert scene.engine.orders == [("listen to PCMU", 5000), ("PCMU", 5000)]


@pytest.mark.parametrize(
    ("signal", "status"),
    [
        (Signal.BUSY, Status.BUSY),
        (Signal.REORDER, Status.FAST_BUSY),
        (Signal.SIT_INTERCEPT, Status.OPERATOR_MESSAGE),
    ],
)
async def test_tones_after_the_answer_hang_up(scene: Scene, signal: Signal, status: Status) -> None:
    running = scene.begin()
    call = await scene.answer()
    scene.engine.hear(signal)
    verdict = judge(await running)
    assert verdict.status is status
    assert f"hung up on the {signal.value}" in verdict.cause
    assert isinstance(await next_event(call), HungUp)
