"""Two user agents over loopback: calls, re-INVITEs both ways, glare, cancels, lost packets, passwords."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from random import Random

import pytest
from sipmessage import Response

from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.call import Call, OfferRefused
from transmit.sip.call_events import Acknowledged, Answered, CallEvent, HungUp, Offered, Refused, Ringing
from transmit.sip.digest import Credentials, authorization, challenge_of, parse_challenge
from transmit.sip.incoming import IncomingCall
from transmit.sip.message import parse, request, response
from transmit.sip.outgoing import OutgoingCall
from transmit.sip.reach import Reach
from transmit.sip.sdp import LocalSession
from transmit.sip.transaction import SipTimers
from transmit.sip.transport import OpenTransport, Receiver, Transport, TransportKind, open_udp
from transmit.sip.user_agent import UserAgent

LOOPBACK = HostPort("127.0.0.1", 0)
TIMERS = SipTimers(t1=0.1, t2=0.4, t4=0.5)
QUICK = SipTimers(t1=0.02, t2=0.16, t4=0.2)
"""Where no answer comes."""
BRIEF = SipTimers(t1=0.02, t2=0.1, t4=0.1)
"""Where what is answered is soon forgotten."""
MANY_TRIES = SipTimers(t1=0.05, t2=0.16, t4=0.2)


class LossyTransport:
    """Loses some of what it sends."""

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


def losing(lost: Callable[[], bool]) -> OpenTransport:
    async def open_lossy(listen: HostPort, receiver: Receiver) -> Transport:
        return LossyTransport(await open_udp(listen, receiver), lost)

    return open_lossy


class Ends:
    """A caller and a callee."""

    def __init__(self, caller: UserAgent, callee: UserAgent, incoming: asyncio.Queue[IncomingCall]) -> None:
        self.caller = caller
        self.callee = callee
        self._incoming = incoming
        self.session = LocalSession(address=ip_address("127.0.0.1"), session_id=1)
        self.other = LocalSession(address=ip_address("127.0.0.1"), session_id=2)

    def dial(self, number: str = "+12065551234") -> OutgoingCall:
        return self.caller.call(
            uri=f"sip:{number}@{self.callee.address}",
            caller="+12065550100",
            called=number,
            domain="127.0.0.1",
            destination=self.callee.address,
            offer=self.session.offer(sdp.audio(4000)),
        )

    async def arrives(self) -> IncomingCall:
        return await asyncio.wait_for(self._incoming.get(), 60)

    def accept(self, call: IncomingCall) -> None:
        offer = call.read_offer()
        assert offer is not None
        assert offer.audio is not None
        call.answer(self.other.answer(offer, offer.audio, sdp.audio(5000)))

    async def connect(self) -> tuple[OutgoingCall, IncomingCall]:
        """A call that is up."""
        ours = self.dial()
        theirs = await self.arrives()
        self.accept(theirs)
        assert isinstance(await next_event(ours), Answered)
        assert isinstance(await next_event(theirs), Acknowledged)
        return ours, theirs


async def next_event(call: Call) -> CallEvent:
    return await asyncio.wait_for(call.events.get(), 60)


@asynccontextmanager
async def two_ends(
    *,
    timers: SipTimers = TIMERS,
    transport: OpenTransport | None = None,
    credentials: Credentials | None = None,
    reach: Reach | None = None,
) -> AsyncIterator[Ends]:
    incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()
    caller = UserAgent(timers=timers, open_transport=transport, credentials=credentials, reach=reach)
    callee = UserAgent(timers=timers, open_transport=transport, reach=reach, on_call=incoming.put_nowait)
    await caller.start(LOOPBACK)
    await callee.start(LOOPBACK)
    try:
        yield Ends(caller, callee, incoming)
    finally:
        await caller.stop()
        await callee.stop()


async def test_a_call_rings_is_answered_and_hung_up_by_the_caller() -> None:
    async with two_ends() as ends:
        ours = ends.dial()
        theirs = await ends.arrives()
        assert (theirs.caller, theirs.called) == ("+12065550100", "+12065551234")
        theirs.ring()
        assert await next_event(ours) == Ringing(code=180)
        ends.accept(theirs)
        answered = await next_event(ours)
        assert isinstance(answered, Answered)
        assert answered.session is not None
        assert answered.session.audio is not None
        assert answered.session.audio.port == 5000
        assert isinstance(await next_event(theirs), Acknowledged)
        await ours.hang_up()
        assert await next_event(theirs) == HungUp(reason="BYE")
        assert ends.caller.calls == ends.callee.calls == 0


async def test_the_callee_hangs_up() -> None:
    async with two_ends() as ends:
        ours, theirs = await ends.connect()
        await theirs.hang_up()
        assert isinstance(await next_event(ours), HungUp)


@pytest.mark.parametrize(("code", "q850"), [(486, 17), (404, None), (503, 34)])
async def test_a_refusal_arrives_with_its_cause(code: int, q850: int | None) -> None:
    async with two_ends() as ends:
        ours = ends.dial()
        (await ends.arrives()).refuse(code, q850=q850)
        refused = await next_event(ours)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.q850) == (code, q850)
        assert ends.caller.calls == ends.callee.calls == 0


async def test_cancelling_while_it_rings() -> None:
    async with two_ends() as ends:
        ours = ends.dial()
        theirs = await ends.arrives()
        theirs.ring()
        await next_event(ours)
        await ours.give_up()
        refused = await next_event(ours)
        assert isinstance(refused, Refused)
        assert refused.code == 487
        assert await next_event(theirs) == HungUp(reason="CANCEL")


async def test_an_answer_that_crosses_the_cancel_is_hung_up() -> None:
    async with two_ends() as ends:
        ours = ends.dial()
        theirs = await ends.arrives()
        theirs.ring()
        await next_event(ours)
        ends.accept(theirs)
        await ours.give_up()
        events = [await next_event(theirs), await next_event(theirs)]
        assert isinstance(events[0], Acknowledged)
        assert isinstance(events[1], HungUp)


async def test_giving_up_before_anything_was_heard_is_quick_and_later_cleans_up() -> None:
    deaf = True
    async with two_ends(transport=losing(lambda: deaf)) as ends:
        ours = ends.dial()
        await asyncio.sleep(0.01)
        before = asyncio.get_running_loop().time()
        await ours.give_up(patience=0.2)
        assert asyncio.get_running_loop().time() - before < 5
        deaf = False
        theirs = await ends.arrives()
        assert await next_event(theirs) == HungUp(reason="CANCEL")


async def test_a_peer_that_is_not_there_is_told_of() -> None:
    async with two_ends(timers=QUICK, transport=losing(lambda: True)) as ends:
        refused = await next_event(ends.dial())
        assert refused == Refused(code=None, reason="no response to INVITE")


@pytest.mark.parametrize("by_caller", [True, False])
async def test_either_end_changes_the_session(by_caller: bool) -> None:  # noqa: FBT001 - a parameter
    async with two_ends() as ends:
        ours, theirs = await ends.connect()
        asking, asked = (ours, theirs) if by_caller else (theirs, ours)
        offering = asyncio.create_task(
            asking.offer(ends.session.offer(sdp.image(4000)), still_wanted=lambda: True)
        )
        offered = await next_event(asked)
        assert isinstance(offered, Offered)
        assert offered.offer.image is not None
        asked.accept(offered, ends.other.answer(offered.offer, offered.offer.image, sdp.image(5000)))
        answer = await asyncio.wait_for(offering, 60)
        assert answer.image is not None
        assert answer.image.port == 5000
        assert isinstance(await next_event(asked), Acknowledged)
        await ours.hang_up()


async def test_a_refused_change_leaves_the_call_up() -> None:
    async with two_ends() as ends:
        ours, theirs = await ends.connect()
        offering = asyncio.create_task(
            ours.offer(ends.session.offer(sdp.image(4000)), still_wanted=lambda: True)
        )
        assert isinstance(await next_event(theirs), Offered)
        theirs.decline(488)
        with pytest.raises(OfferRefused) as refused:
            await offering
        assert refused.value.code == 488
        await ours.hang_up()
        assert isinstance(await next_event(theirs), HungUp)


async def test_glare_ends_with_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "transmit.sip.call.glare_delay", lambda _, *, owns_call_id: 2.0 if owns_call_id else 0.1
    )
    async with two_ends() as ends:
        ours, theirs = await ends.connect()
        switched = False
        body = ends.session.offer(sdp.image(4000))
        mine = asyncio.create_task(ours.offer(body, still_wanted=lambda: not switched))
        others = asyncio.create_task(
            theirs.offer(ends.other.offer(sdp.image(5000)), still_wanted=lambda: True)
        )
        offered = await next_event(ours)
        assert isinstance(offered, Offered)
        assert offered.offer.image is not None
        switched = True
        ours.accept(offered, ends.session.answer(offered.offer, offered.offer.image, sdp.image(4000)))
        assert (await asyncio.wait_for(others, 60)).image is not None
        with pytest.raises(OfferRefused) as refused:
            await mine
        assert refused.value.code == 491


async def test_a_session_refresh_is_answered_as_before_without_asking() -> None:
    async with two_ends() as ends:
        ours, theirs = await ends.connect()
        same = await theirs.offer(theirs._local_body, still_wanted=lambda: True)
        assert same.audio is not None
        assert same.audio.port == 4000
        assert isinstance(await next_event(ours), Acknowledged)
        assert ours.events.empty()


async def test_calls_come_through_although_every_third_packet_is_lost() -> None:
    random = Random(4)  # noqa: S311 - repeatable on purpose
    async with two_ends(timers=MANY_TRIES, transport=losing(lambda: random.random() < 0.33)) as ends:
        for _ in range(10):
            ours, theirs = await ends.connect()
            await ours.hang_up(patience=60)
            assert isinstance(await next_event(theirs), HungUp)
        assert ends.caller.calls == ends.callee.calls == 0


async def test_an_answer_that_is_never_acknowledged_ends_the_call() -> None:
    mute = False
    async with two_ends(timers=MANY_TRIES, transport=losing(lambda: mute)) as ends:
        ours = ends.dial()
        theirs = await ends.arrives()
        theirs.ring()
        await next_event(ours)
        mute = True
        ends.accept(theirs)
        assert await next_event(theirs) == HungUp(reason="the answer was never acknowledged")


@pytest.mark.parametrize("kind", [TransportKind.UDP, TransportKind.TCP])
async def test_many_calls_leave_nothing_behind(kind: TransportKind) -> None:
    async with two_ends(timers=BRIEF, reach=Reach(kind=kind)) as ends:
        await _call_as_numbered(ends, 0)
        await _all_over(ends)
        before = _open_files()
        for number in range(120):
            await _call_as_numbered(ends, number)
        await _all_over(ends)
        assert ends.caller.calls == ends.callee.calls == 0
        assert _open_files() == before
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def _all_over(ends: Ends) -> None:
    """Every transaction has ended, and every socket of its call was closed."""
    async with asyncio.timeout(60):
        while len(ends.caller._layer) + len(ends.callee._layer):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.05)


def _open_files() -> int:
    """Files that this process holds, without those that earlier tests' garbage still does."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


async def _call_as_numbered(ends: Ends, number: int) -> None:
    """One call: answered, refused or cancelled, in turn."""
    if number % 3 == 0:
        ours, theirs = await ends.connect()
        await (ours if number % 2 else theirs).hang_up(patience=60)
        return
    ours = ends.dial()
    theirs = await ends.arrives()
    if number % 3 == 1:
        theirs.refuse(486)
        assert isinstance(await next_event(ours), Refused)
    else:
        theirs.ring()
        assert await next_event(ours) == Ringing(code=180)
        await ours.give_up(patience=60)


class Registrar:
    """A bare socket that speaks SIP as a test tells it."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[bytes, HostPort]] = asyncio.Queue()
        self.transport: Transport | None = None

    async def start(self) -> HostPort:
        self.transport = await open_udp(
            LOOPBACK, lambda data, source: self.received.put_nowait((data, source))
        )
        return self.transport.address

    async def next(self) -> tuple[bytes, HostPort]:
        return await asyncio.wait_for(self.received.get(), 60)

    def send(self, data: bytes, to: HostPort) -> None:
        assert self.transport is not None
        self.transport.send(data, to)


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    made = Registrar()
    await made.start()
    yield made
    assert made.transport is not None
    await made.transport.close()


def _dial_raw(agent: UserAgent, registrar: Registrar) -> OutgoingCall:
    assert registrar.transport is not None
    to = registrar.transport.address
    offer = LocalSession(address=ip_address("127.0.0.1"), session_id=1).offer(sdp.audio(4000))
    return agent.call(
        uri=f"sip:1@{to}", caller="me", called="1", domain="127.0.0.1", destination=to, offer=offer
    )


@pytest.mark.parametrize("code", [401, 407])
async def test_a_challenge_is_answered(registrar: Registrar, code: int) -> None:
    credentials = Credentials(username="me", password="secret")
    agent = UserAgent(timers=TIMERS, credentials=credentials)
    await agent.start(LOOPBACK)
    call = _dial_raw(agent, registrar)
    invite, source = await registrar.next()
    name = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
    challenge = 'Digest realm="trunk", nonce="n1", qop="auth,auth-int", algorithm=SHA-256'
    asked = parse(invite)
    assert not isinstance(asked, Response)
    registrar.send(bytes(response(asked, code, tag="t", fields=[(name, challenge)])), source)
    ack, _ = await registrar.next()
    assert ack.startswith(b"ACK ")
    again, _ = await registrar.next()
    proof = parse(again)
    assert not isinstance(proof, Response)
    given = proof.headers.get("Authorization" if code == 401 else "Proxy-Authorization")
    assert given is not None
    known = parse_challenge(challenge, "")
    assert known is not None
    cnonce = given.partition('cnonce="')[2].partition('"')[0]
    assert given == authorization(known, credentials, method="INVITE", uri=str(asked.uri), cnonce=cnonce)
    registrar.send(
        bytes(response(proof, code, tag="t2", fields=[(name, challenge.replace("n1", "n2"))])), source
    )
    refused = await next_event(call)
    assert isinstance(refused, Refused)
    assert refused.code == code
    await agent.stop()


async def test_without_a_password_a_challenge_is_a_refusal(registrar: Registrar) -> None:
    agent = UserAgent(timers=TIMERS)
    await agent.start(LOOPBACK)
    call = _dial_raw(agent, registrar)
    invite, source = await registrar.next()
    asked = parse(invite)
    assert not isinstance(asked, Response)
    refusal = response(asked, 401, fields=[("WWW-Authenticate", 'Digest realm="x", nonce="y"')])
    assert challenge_of(refusal).nonce == "y"
    registrar.send(bytes(refusal), source)
    refused = await next_event(call)
    assert isinstance(refused, Refused)
    assert refused.code == 401
    await agent.stop()


@pytest.mark.parametrize(
    ("method", "to", "code"),
    [
        ("OPTIONS", "<sip:x@y>", 200),
        ("REGISTER", "<sip:x@y>", 405),
        ("SUBSCRIBE", "<sip:x@y>", 405),
        ("BYE", "<sip:x@y>;tag=unknown", 481),
        ("INVITE", "<sip:x@y>;tag=unknown", 481),
        ("BYE", "<sip:x@y>", 481),
        ("CANCEL", "<sip:x@y>", 481),
        ("INVITE", "<sip:x@y>", 403),
    ],
)
async def test_requests_outside_of_calls(registrar: Registrar, method: str, to: str, code: int) -> None:
    agent = UserAgent(timers=TIMERS)
    address = await agent.start(LOOPBACK)
    assert registrar.transport is not None
    fields = [
        ("Via", f"SIP/2.0/UDP {registrar.transport.address};branch=z9hG4bKx;rport"),
        ("From", "<sip:a@b>;tag=1"),
        ("To", to),
        ("Call-ID", "c"),
        ("CSeq", f"1 {method}"),
    ]
    registrar.send(bytes(request(method, "sip:x@127.0.0.1", fields=fields)), address)
    answer = parse((await registrar.next())[0])
    assert isinstance(answer, Response)
    if answer.code == 100:
        answer = parse((await registrar.next())[0])
        assert isinstance(answer, Response)
    assert answer.code == code
    if code in {200, 405}:
        assert "INVITE" in (answer.headers.get("Allow") or "")
    await agent.stop()
