"""The trunk against SIPp: each test is one thing that carriers do, written as the steps of a scenario."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from sipp_peer import (
    AUDIO,
    CONTACT,
    IMAGE,
    Sipp,
    pause,
    recv,
    recv_response,
    reply,
    reply_in_call,
    request,
    sipp,
)

from config.lines import SipLine
from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.call import OfferRefused
from transmit.sip.call_events import Agreed, Answered, CallEvent, HungUp, Offered, Refused, Ringing
from transmit.sip.locating import Naptr, Srv
from transmit.sip.outgoing import OutgoingCall
from transmit.sip.sdp import LocalSession
from transmit.sip.transaction import SipTimers
from transmit.trunk import Trunk
from transmit.trunk_health import TrunkState

LOOPBACK = HostPort("127.0.0.1", 0)
NUMBER = "+12065551234"
ANSWER = reply(200, "OK", CONTACT, body=AUDIO)
GOODBYE = (recv("BYE"), reply_in_call(200, "OK"))
QUICK = SipTimers(t1=0.05, t2=0.4, t4=0.5)


class Dns:
    """What the DNS has."""

    def __init__(self, *, naptr: Sequence[Naptr] = (), srv: dict[str, Sequence[Srv]] | None = None) -> None:
        self._naptr = naptr
        self._srv = srv or {}

    async def naptr(self, name: str) -> Sequence[Naptr]:
        assert name == "trunk.example"
        return self._naptr

    async def srv(self, name: str) -> Sequence[Srv]:
        return self._srv.get(name, ())


class Caller:
    """A trunk, and calls through it."""

    def __init__(self, trunk: Trunk) -> None:
        self.trunk = trunk
        self.session = LocalSession(address=ip_address("127.0.0.1"), session_id=1)

    async def dial(self, number: str = NUMBER, caller: str = "+12065550100") -> OutgoingCall:
        return self.trunk.call(number, caller, self.session.offer(sdp.audio(4000)), await self.trunk.way())

    async def connect(self) -> OutgoingCall:
        call = await self.dial()
        assert isinstance(await event_of(call), Answered)
        return call

    async def until(self, state: TrunkState) -> None:
        async with asyncio.timeout(60):
            while self.trunk.health.state is not state:
                await asyncio.sleep(0.01)


async def event_of(call: OutgoingCall) -> CallEvent:
    return await asyncio.wait_for(call.events.get(), 60)


@asynccontextmanager
async def trunk_at(
    address: HostPort | str, *, dns: Dns | None = None, timers: SipTimers | None = None, **settings: Any
) -> AsyncIterator[Caller]:
    written = SipLine(**{"sip": f"sip:{address}", "listen": LOOPBACK, "keep_alive": "0 s", **settings})
    trunk = Trunk("main", written, records=dns, timers=timers)
    await trunk.start()
    try:
        yield Caller(trunk)
    finally:
        await trunk.stop()


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("pass:word\n")
    return file


# --- A call -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_call_is_placed_rings_is_answered_and_hung_up(tcp: bool) -> None:  # noqa: FBT001 - a parameter
    kind = "TCP" if tcp else "UDP"
    async with (
        sipp(
            recv(
                "INVITE", "^INVITE sip:.12065551234@127", f"Via: SIP/2.0/{kind} ", "Supported: 100rel, timer"
            ),
            reply(100, "Trying", tag=""),
            reply(180, "Ringing"),
            ANSWER,
            recv("ACK"),
            *GOODBYE,
            tcp=tcp,
        ) as peer,
        trunk_at(peer.address, transport="tcp" if tcp else "auto") as caller,
    ):
        call = await caller.dial()
        assert await event_of(call) == Ringing(code=180)
        answered = await event_of(call)
        assert isinstance(answered, Answered)
        assert answered.session is not None
        assert answered.session.audio is not None
        assert answered.session.audio.address == HostPort("127.0.0.1", 6000)
        await call.hang_up()
        await peer.finished()


async def test_the_called_hangs_up_and_says_why() -> None:
    async with (
        sipp(
            recv("INVITE", keep="call"),
            ANSWER,
            recv("ACK"),
            request("BYE", 1, 'Reason: Q.850;cause=16;text="Normal"'),
            recv_response(200),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        assert await event_of(call) == HungUp(reason='BYE Q.850;cause=16;text="Normal"', q850=16)
        await peer.finished()


# --- Who we are -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "field"), [(401, "WWW-Authenticate"), (407, "Proxy-Authenticate")])
async def test_a_challenge_is_answered_and_a_stale_nonce_replaced(
    password: Path, code: int, field: str
) -> None:
    challenge = f'{field}: Digest realm="gw", nonce="%s", algorithm=MD5, qop="auth,auth-int"'
    proof = ("us", "pass:word") if code == 401 else None  # SIPp verifies no other
    async with (
        sipp(
            recv("INVITE"),
            reply(code, "Who", challenge % "first"),
            recv("ACK"),
            recv("INVITE", 'nonce="first"', "qop=auth, nc=00000001", auth=proof),
            reply(code, "Too old", f"{challenge % 'second'}, stale=true"),
            recv("ACK"),
            recv("INVITE", 'nonce="second"'),
            ANSWER,
            recv("ACK", 'nonce="second"'),
            recv("BYE", 'nonce="second"', "nc=00000002"),
            reply_in_call(200, "OK"),
        ) as peer,
        trunk_at(peer.address, username="us", password_file=password) as caller,
    ):
        call = await caller.connect()
        await call.hang_up()
        await peer.finished()


async def test_the_stronger_challenge_is_answered_and_both_servers_are_convinced(password: Path) -> None:
    offered = 'Digest realm="gw", nonce="a,b", algorithm=MD5, Digest realm="gw", nonce="n", algorithm=SHA-256'
    async with (
        sipp(
            recv("INVITE"),
            reply(407, "Proxy", f"Proxy-Authenticate: {offered}"),
            recv("ACK"),
            recv("INVITE", "Proxy-Authorization: Digest.*algorithm=SHA-256"),
            reply(401, "Callee", 'WWW-Authenticate: Digest realm="callee", nonce="m"'),
            recv("ACK"),
            recv("INVITE", "Proxy-Authorization: Digest", '[^-]Authorization: Digest.*realm="callee"'),
            ANSWER,
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address, username="us", password_file=password) as caller,
    ):
        call = await caller.connect()
        await call.hang_up()
        await peer.finished()


async def test_a_wrong_password_is_not_tried_again(password: Path) -> None:
    challenge = 'WWW-Authenticate: Digest realm="gw", nonce="%s"'
    async with (
        sipp(
            recv("INVITE"),
            reply(401, "Who", challenge % "1"),
            recv("ACK"),
            recv("INVITE"),
            reply(401, "Wrong", challenge % "2"),
            recv("ACK"),
        ) as peer,
        trunk_at(peer.address, username="us", password_file=password) as caller,
    ):
        call = await caller.dial()
        assert await event_of(call) == Refused(code=401, reason="Wrong")
        await peer.finished()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ("From: <sip:.12065550100@127",)),
        ({"plus": "false", "domain": "us.example"}, ("From: <sip:12065550100@us.example>;tag",)),
        (
            {"identity": "asserted", "from_user": "account"},
            ("From: <sip:account@127", "P-Asserted-Identity: <sip:.12065550100@127"),
        ),
        ({"identity": "preferred"}, ("P-Preferred-Identity: <sip:.12065550100@",)),
        (
            {"identity": "asserted", "hide_caller": "true"},
            (
                "From: <sip:anonymous@anonymous.invalid>;tag=",
                "Contact: <sip:anonymous@127",
                "Privacy: id",
                "P-Asserted-Identity: <sip:.12065550100@127",
            ),
        ),
    ],
)
async def test_who_calls_is_told_as_the_trunk_wants_it(
    settings: dict[str, Any], expected: tuple[str, ...]
) -> None:
    async with (
        sipp(recv("INVITE", *expected), reply(486, "Busy Here"), recv("ACK")) as peer,
        trunk_at(peer.address, **settings) as caller,
    ):
        assert await event_of(await caller.dial()) == Refused(code=486, reason="Busy Here")
        await peer.finished()


# --- The way ----------------------------------------------------------------------------------------------


async def test_everything_goes_through_the_outbound_proxy() -> None:
    async with (
        sipp(
            recv("INVITE", "^INVITE sip:.12065551234@trunk.example SIP", "Route: <sip:127.0.0.1:[0-9]*;lr>"),
            reply(200, "OK", CONTACT, "[last_Route:]", body=AUDIO),
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at("trunk.example", outbound_proxy=f"sip:{peer.address}") as caller,
    ):
        call = await caller.connect()
        await call.hang_up()
        await peer.finished()


@pytest.mark.parametrize("loose", [True, False])
async def test_requests_take_the_recorded_route(loose: bool) -> None:  # noqa: FBT001 - a parameter
    routes = "Record-Route: <sip:far.example;lr>, <sip:[local_ip]:[local_port]%s>" % (";lr" if loose else "")
    if loose:
        expected = ("^ACK sip:gw@127", "Route: <sip:127.0.0.1:[0-9]*;lr>.*Route: <sip:far.example;lr>")
    else:
        expected = ("^ACK sip:127.0.0.1:[0-9]* SIP", "Route: <sip:far.example;lr>.*Route: <sip:gw@127")
    bye = tuple(each.replace("ACK", "BYE") for each in expected)
    async with (
        sipp(
            recv("INVITE"),
            reply(200, "OK", CONTACT, routes, body=AUDIO),
            recv("ACK", *expected),
            recv("BYE", *bye),
            reply_in_call(200, "OK"),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        await call.hang_up()
        await peer.finished()


async def test_behind_a_router_the_public_address_is_told() -> None:
    async with (
        sipp(
            recv(
                "INVITE",
                "Via: SIP/2.0/UDP 203.0.113.7:[0-9]*;.*;rport",
                "Contact: <sip:.1206[0-9]*@203.0.113.7:",
            ),
            reply(486, "Busy Here"),
            recv("ACK"),
        ) as peer,
        trunk_at(peer.address, public_address="203.0.113.7") as caller,
    ):
        assert isinstance(await event_of(await caller.dial()), Refused)
        await peer.finished()


def two_servers(first: HostPort, second: HostPort) -> Dns:
    records = [
        Srv(priority=2, weight=0, port=second.port, target="127.0.0.1"),
        Srv(priority=1, weight=0, port=first.port, target="127.0.0.1"),
    ]
    return Dns(srv={"_sip._udp.trunk.example": records})


async def test_a_silent_server_is_left_for_the_next_one_and_not_called_when_it_wakes_up() -> None:
    async with (
        sipp(recv("INVITE"), pause(1500), reply(180, "Ringing"), recv("CANCEL"), reply(200, "OK")) as sleeper,
        sipp(recv("INVITE"), ANSWER, recv("ACK"), *GOODBYE) as second,
        trunk_at(
            "trunk.example", dns=two_servers(sleeper.address, second.address), timers=SipTimers(t1=0.1)
        ) as caller,
    ):
        call = await caller.connect()
        await sleeper.finished()
        await call.hang_up()
        await second.finished()


async def test_a_server_that_is_out_of_order_is_left_for_the_next_one() -> None:
    async with (
        sipp(recv("INVITE"), reply(503, "Out of order"), recv("ACK")) as first,
        sipp(recv("INVITE"), ANSWER, recv("ACK"), *GOODBYE) as second,
        trunk_at("trunk.example", dns=two_servers(first.address, second.address)) as caller,
    ):
        call = await caller.connect()
        await call.hang_up()
        await first.finished()
        await second.finished()


async def test_the_dns_says_what_carries_sip() -> None:
    async with sipp(recv("INVITE"), reply(486, "Busy Here"), recv("ACK"), tcp=True) as peer:
        naptr = [
            Naptr(order=2, preference=1, flags="s", service="SIP+D2U", replacement="_sip._udp.trunk.example"),
            Naptr(order=1, preference=2, flags="S", service="SIP+D2T", replacement="_sip._tcp.trunk.example"),
            Naptr(
                order=1, preference=1, flags="s", service="SIP+D2S", replacement="_sip._sctp.trunk.example"
            ),
        ]
        srv = [Srv(priority=1, weight=1, port=peer.address.port, target="127.0.0.1")]
        dns = Dns(naptr=naptr, srv={"_sip._tcp.trunk.example": srv})
        async with trunk_at("trunk.example", dns=dns) as caller:
            assert await event_of(await caller.dial()) == Refused(code=486, reason="Busy Here")
            await peer.finished()


async def test_a_server_that_nobody_listens_at_is_known_at_once_with_tcp() -> None:
    async with trunk_at("127.0.0.1:9", transport="tcp") as caller:
        refused = await event_of(await caller.dial())
        assert isinstance(refused, Refused)
        assert refused.code is None
        assert "no connection to 127.0.0.1:9: Connection refused" in refused.reason


# --- Registration and health ------------------------------------------------------------------------------


async def test_a_registration_is_made_renewed_and_given_up(password: Path) -> None:
    challenge = 'WWW-Authenticate: Digest realm="gw", nonce="n", qop="auth"'
    contact = "Contact: <sip:us@127.0.0.1:[0-9]*>;expires="
    async with (
        sipp(
            recv(
                "REGISTER", "^REGISTER sip:127.0.0.1:[0-9]* SIP|^REGISTER sip:127.0.0.1 SIP", f"{contact}600"
            ),
            reply(423, "Too brief", "Min-Expires: 900"),
            recv("REGISTER", f"{contact}900"),
            reply(401, "Who", challenge),
            recv("REGISTER", f"{contact}900", auth=("us", "pass:word"), keep="ours"),
            reply(
                200, "OK", "Contact: <sip:us@other>;expires=99, <[$ours_Contact]>;expires=2", "Expires: 99"
            ),
            recv("REGISTER", "nc=00000002"),
            reply(200, "OK", "Contact: <sip:us@other>;expires=9", "Expires: 3"),
            recv("REGISTER", f"{contact}0"),
            reply(200, "OK"),
        ) as peer,
        trunk_at(peer.address, username="us", password_file=password, register_for="10 min") as caller,
    ):
        await caller.until(TrunkState.UP)
        await asyncio.sleep(1.3)
        await caller.trunk.stop()
        await peer.finished()


async def test_a_refused_registration_makes_the_trunk_down(password: Path) -> None:
    async with (
        sipp(recv("REGISTER"), reply(403, "Not you")) as peer,
        trunk_at(peer.address, username="us", password_file=password, register_for="10 min") as caller,
    ):
        await peer.finished()
        await caller.until(TrunkState.DOWN)
        assert caller.trunk.health.reason == "not registered: 403 Not you"


async def test_a_trunk_that_stops_answering_is_down() -> None:
    async with (
        sipp(recv("OPTIONS", "From: <sip:postfax@127"), reply(200, "OK", "Server: Gate")) as peer,
        trunk_at(peer.address, timers=SipTimers(t1=0.02), keep_alive="50 ms") as caller,
    ):
        assert caller.trunk.health.state is TrunkState.UNKNOWN
        await caller.until(TrunkState.UP)
        await caller.until(TrunkState.DOWN)
        assert caller.trunk.health.reason.startswith("OPTIONS not answered")


# --- Before the answer ------------------------------------------------------------------------------------


async def test_a_reliable_provisional_response_gets_its_prack_and_its_session_counts() -> None:
    async with (
        sipp(
            recv("INVITE", keep="call"),
            reply(183, "Progress", CONTACT, "Require: 100rel", "RSeq: 4711", body=AUDIO),
            recv("PRACK", "RAck: 4711 1 INVITE", "CSeq: 2 PRACK"),
            reply_in_call(200, "OK"),
            reply(180, "Ringing", CONTACT, "Require: 100rel", "RSeq: 4712", to="call", tag=""),
            recv("PRACK", "RAck: 4712 1 INVITE"),
            reply_in_call(200, "OK"),
            reply(200, "OK", CONTACT, to="call", tag=""),
            recv("ACK", "CSeq: 1 ACK"),
            recv("BYE", "CSeq: 4 BYE"),
            reply_in_call(200, "OK"),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.dial()
        early = await event_of(call)
        assert isinstance(early, Ringing)
        assert early.session is not None
        assert await event_of(call) == Ringing(code=180)
        answered = await event_of(call)
        assert answered == Answered(session=early.session)
        await call.hang_up()
        await peer.finished()


async def test_early_media_are_told_of_and_a_refusal_after_them_has_its_cause() -> None:
    async with (
        sipp(
            recv("INVITE"),
            reply(183, "Progress", body=AUDIO),
            reply(480, "No", "Reason: Q.850;cause=1"),
            recv("ACK"),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.dial()
        early = await event_of(call)
        assert isinstance(early, Ringing)
        assert early.session is not None
        assert early.session.audio is not None
        assert await event_of(call) == Refused(code=480, reason="No", q850=1)
        await peer.finished()


async def test_cancelling_while_it_rings() -> None:
    async with (
        sipp(
            recv("INVITE", keep="call"),
            reply(180, "Ringing"),
            recv("CANCEL", "CSeq: 1 CANCEL"),
            reply(200, "OK"),
            reply(487, "Request Terminated", to="call"),
            recv("ACK"),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.dial()
        assert await event_of(call) == Ringing(code=180)
        await call.give_up()
        assert await event_of(call) == Refused(code=487, reason="Request Terminated")
        await peer.finished()


async def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up() -> None:
    async with (
        sipp(
            recv("INVITE", keep="call"),
            reply(180, "Ringing"),
            recv("CANCEL"),
            reply(481, "Too late"),
            reply(200, "OK", CONTACT, to="call", body=AUDIO),
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.dial()
        assert await event_of(call) == Ringing(code=180)
        await call.give_up()
        assert await event_of(call) == Refused(code=487, reason="cancelled")
        await peer.finished()


async def test_a_second_answer_of_a_forked_call_is_hung_up() -> None:
    async with (
        sipp(
            recv("INVITE", keep="call"),
            reply(200, "OK", CONTACT, to="call", body=AUDIO),
            recv("ACK", "To:.*;tag=theirs"),
            reply(200, "OK", CONTACT, to="call", tag="other").replace("[last_To:]", "To:[$call_To]"),
            recv("ACK", "To:.*;tag=other"),
            recv("BYE", "To:.*;tag=other"),
            reply_in_call(200, "OK"),
            recv("BYE", "To:.*;tag=theirs"),
            reply_in_call(200, "OK"),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        await asyncio.sleep(0.3)
        await call.hang_up()
        await peer.finished()


# --- Redirections -----------------------------------------------------------------------------------------


async def redirected(to: str, peers: Sequence[Sipp], caller: Caller) -> CallEvent:
    event = await event_of(await caller.dial())
    for peer in peers:
        await peer.finished()
    return event


@pytest.mark.parametrize(
    ("user", "rule", "followed"),
    [
        ("+12065551234", "same_number", True),
        ("12065551234;npdi", "same_number", True),
        ("+19005551234", "same_number", False),
        ("+19005551234", "any", True),
        ("+12065551234", "never", False),
    ],
)
async def test_a_redirection_is_followed_as_the_settings_say(
    user: str,
    rule: str,
    followed: bool,  # noqa: FBT001 - a parameter
) -> None:
    async with sipp(recv("INVITE", "CSeq: 2 INVITE"), reply(486, "Busy Here"), recv("ACK")) as second:
        contacts = f"Contact: <sip:nobody@127.0.0.1:9>;q=0.1, <sip:{user}@{second.address}>;q=0.9"
        async with (
            sipp(recv("INVITE"), reply(302, "Moved", contacts), recv("ACK")) as first,
            trunk_at(first.address, redirects=rule, timers=QUICK) as caller,
        ):
            event = await event_of(await caller.dial())
            await first.finished()
            assert isinstance(event, Refused)
            assert event.code == (486 if followed else 302)
            if followed:
                await second.finished()
            else:
                assert user in event.reason


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ((404, "Not Here"), (486, "Busy Here"), 486),
        ((486, "Busy Here"), (404, "Not Here"), 486),
        ((488, "Not Acceptable"), (503, "Out of order"), 488),
        ((503, "Out of order"), (480, "Away"), 480),
        ((486, "Busy Here"), None, 486),
        ((503, "Out of order"), None, None),
    ],
)
async def test_of_the_places_of_a_redirection_the_one_that_says_most_is_told(
    first: tuple[int, str], second: tuple[int, str] | None, told: int | None
) -> None:
    busy, other = [
        sipp(recv("INVITE"), reply(*refusal), recv("ACK")) if refusal else None for refusal in (first, second)
    ]
    assert busy is not None
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(busy)
        two = (await stack.enter_async_context(other)).address if other else HostPort("127.0.0.1", 9)
        user = NUMBER.replace("+", "%2B")
        contacts = f"Contact: <sip:{user}@{two}>;q=0.1, <sip:{user}@{one.address}>;q=0.9"
        moved = await stack.enter_async_context(
            sipp(recv("INVITE"), reply(300, "Choose", contacts), recv("ACK"))
        )
        caller = await stack.enter_async_context(trunk_at(moved.address, timers=QUICK))
        refused = await event_of(await caller.dial())
        assert isinstance(refused, Refused)
        assert refused.code == told


async def test_a_place_that_answers_after_another_refused_has_the_call() -> None:
    async with (
        sipp(recv("INVITE"), reply(404, "Not Here"), recv("ACK")) as first,
        sipp(recv("INVITE"), ANSWER, recv("ACK"), *GOODBYE) as second,
    ):
        contacts = ", ".join(f'"Fax, Inc" <sip:{NUMBER}@{peer.address}>' for peer in (first, second))
        async with (
            sipp(recv("INVITE"), reply(302, "Moved", f"Contact: {contacts}"), recv("ACK")) as moved,
            trunk_at(moved.address, timers=QUICK) as caller,
        ):
            call = await caller.connect()
            await call.hang_up()
            for peer in (first, second, moved):
                await peer.finished()


async def test_a_refusal_by_everybody_ends_the_search() -> None:
    async with sipp(recv("INVITE"), reply(600, "Busy Everywhere"), recv("ACK")) as first:
        contacts = f"Contact: <sip:{NUMBER}@{first.address}>, <sip:{NUMBER}@127.0.0.1:9>"
        async with (
            sipp(recv("INVITE"), reply(302, "Moved", contacts), recv("ACK")) as moved,
            trunk_at(moved.address, timers=QUICK) as caller,
        ):
            assert await event_of(await caller.dial()) == Refused(code=600, reason="Busy Everywhere")


# --- In the call ------------------------------------------------------------------------------------------


async def test_a_refresh_is_answered_with_the_identical_session() -> None:
    same = "o=- 1 1 IN IP4 127.0.0.1.*m=audio 4000"
    async with (
        sipp(
            recv("INVITE", same, keep="call"),
            ANSWER,
            recv("ACK"),
            request("INVITE", 1, "Supported: timer", "Session-Expires: 1800;refresher=uac", body=AUDIO),
            recv_response(200, same, "Session-Expires: 1800;refresher=uac", "Require: timer"),
            request("ACK", 1),
            request("INVITE", 2, body=AUDIO.replace("o=gw 5 1", "o=gw 5 2")),
            recv_response(200, same),
            request("ACK", 2),
            request("INVITE", 3),
            recv_response(200, same),
            request("ACK", 3, body=AUDIO),
            request("UPDATE", 4, "Supported: timer", "Session-Expires: 1800"),
            recv_response(200, "Session-Expires: 1800;refresher=uac"),
            request("BYE", 5),
            recv_response(200),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        kinds = []
        while not isinstance(event := await event_of(call), HungUp):
            kinds.append(type(event).__name__)
        assert kinds == ["Acknowledged"] * 3
        await peer.finished()


async def test_an_answer_in_an_ack_counts() -> None:
    moved = AUDIO.replace("m=audio 6000", "m=audio 6010")
    async with (
        sipp(
            recv("INVITE", keep="call"),
            ANSWER,
            recv("ACK"),
            request("INVITE", 1),
            recv_response(200, "m=audio 4000"),
            request("ACK", 1, body=moved),
            request("BYE", 2),
            recv_response(200),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        events = [await event_of(call) for _ in range(3)]
        assert [type(event).__name__ for event in events] == ["Acknowledged", "Agreed", "HungUp"]
        assert isinstance(events[1], Agreed)
        assert events[1].session.audio is not None
        assert events[1].session.audio.port == 6010
        await peer.finished()


async def test_a_timer_that_is_too_short_is_made_longer() -> None:
    async with (
        sipp(
            recv("INVITE", "^INVITE.*Supported: 100rel, timer"),
            reply(422, "Session Interval Too Small", "Min-SE: 1800"),
            recv("ACK"),
            recv("INVITE", "CSeq: 2 INVITE", "Session-Expires: 1800", "Min-SE: 1800"),
            reply(200, "OK", CONTACT, "Session-Expires: 1800;refresher=uac", "Require: timer", body=AUDIO),
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        await call.hang_up()
        await peer.finished()


async def test_a_timer_that_is_too_short_whatever_we_say_is_a_refusal() -> None:
    async with (
        sipp(
            recv("INVITE"),
            reply(422, "Too Small", "Min-SE: 1800"),
            recv("ACK"),
            recv("INVITE", "Session-Expires: 1800"),
            reply(422, "Too Small", "Min-SE: 1800"),
            recv("ACK"),
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        assert await event_of(await caller.dial()) == Refused(code=422, reason="Too Small")
        await peer.finished()


async def test_a_refresh_that_is_too_short_or_by_a_method_that_is_not_taken_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transmit.sip.session_timer.SHORTEST", 1)
    same = "o=- 1 1 IN IP4 127.0.0.1.*m=audio 4000"
    longer = "Session-Expires: 3;refresher=uac"
    async with (
        sipp(
            recv("INVITE"),
            reply(200, "OK", CONTACT, "Allow: UPDATE", "Session-Expires: 1;refresher=uac", body=AUDIO),
            recv("ACK"),
            recv("UPDATE", "Supported: 100rel, timer"),
            reply_in_call(405, "Method Not Allowed"),
            recv("INVITE", "Session-Expires: 1;refresher=uac", same),
            reply_in_call(422, "Session Interval Too Small", "Min-SE: 3"),
            recv("ACK"),
            recv("INVITE", longer, "Min-SE: 3", same),
            reply_in_call(200, "OK", CONTACT, longer, body=AUDIO),
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        await asyncio.sleep(1.2)
        await call.hang_up()
        await peer.finished()


async def test_a_refresh_that_clashes_with_the_other_ends_is_made_a_little_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transmit.sip.session_timer.SHORTEST", 2)
    monkeypatch.setattr("transmit.sip.call.glare_delay", lambda _, *, owns_call_id: 0.3 * owns_call_id)
    expires = "Session-Expires: 2;refresher=uac"
    async with (
        sipp(
            recv("INVITE"),
            reply(200, "OK", CONTACT, expires, body=AUDIO),
            recv("ACK"),
            recv("INVITE", expires),
            reply_in_call(491, "Request Pending"),
            recv("ACK"),
            recv("INVITE", expires),
            reply_in_call(200, "OK", CONTACT, expires, body=AUDIO),
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        await asyncio.sleep(1.7)
        await call.hang_up()
        await peer.finished()


@pytest.mark.parametrize("update", [True, False])
async def test_we_refresh_where_the_other_end_wants_us_to(
    monkeypatch: pytest.MonkeyPatch,
    update: bool,  # noqa: FBT001 - a parameter
) -> None:
    monkeypatch.setattr("transmit.sip.session_timer.SHORTEST", 1)
    allow = "Allow: INVITE, ACK, BYE, UPDATE" if update else "Allow: INVITE, ACK, BYE"
    expires = "Session-Expires: 1;refresher=uac"
    if update:
        refresh = [recv("UPDATE", expires), reply_in_call(200, "OK", CONTACT, expires)] * 2
    else:
        same = "o=- 1 1 IN IP4 127.0.0.1.*m=audio 4000"
        answer = reply_in_call(200, "OK", CONTACT, expires, body=AUDIO)
        refresh = [recv("INVITE", expires, same), answer, recv("ACK")] * 2
    async with (
        sipp(
            recv("INVITE"),
            reply(200, "OK", CONTACT, allow, expires, "Require: timer", body=AUDIO),
            recv("ACK"),
            *refresh,
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        await asyncio.sleep(1.3)
        await call.hang_up()
        await peer.finished()


async def test_an_end_that_does_not_refresh_is_taken_for_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transmit.sip.session_timer.SHORTEST", 1)
    async with (
        sipp(
            recv("INVITE"),
            reply(200, "OK", CONTACT, "Session-Expires: 1;refresher=uas", body=AUDIO),
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        assert await event_of(call) == HungUp(reason="the session was not refreshed in time")
        await call.give_up()
        await peer.finished()


async def test_the_other_end_switches_to_t38() -> None:
    async with (
        sipp(
            recv("INVITE", keep="call"),
            ANSWER,
            recv("ACK"),
            request("INVITE", 1, body=IMAGE),
            recv_response(200, "m=image 4002 udptl t38"),
            request("ACK", 1),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        offered = await event_of(call)
        assert isinstance(offered, Offered)
        assert offered.offer.image is not None
        call.accept(offered, caller.session.answer(offered.offer, offered.offer.image, sdp.image(4002)))
        assert type(await event_of(call)).__name__ == "Acknowledged"
        await call.hang_up()
        await peer.finished()


async def test_glare_is_waited_out_and_the_other_ends_offer_taken_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transmit.sip.call.glare_delay", lambda _, *, owns_call_id: 0.6 * owns_call_id)
    async with (
        sipp(
            recv("INVITE", keep="call"),
            ANSWER,
            recv("ACK"),
            recv("INVITE", "m=image", keep="mine"),
            request("INVITE", 1, body=IMAGE),
            recv_response(491),
            request("ACK", 1),
            reply(491, "Request Pending", to="mine", tag="")
            .replace("[last_To:]", "To:[$mine_To]")
            .replace("[last_From:]", "From:[$mine_From]"),
            recv("ACK"),
            request("INVITE", 2, body=IMAGE),
            recv_response(200, "m=image 4002"),
            request("ACK", 2),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        switched = False
        offering = asyncio.create_task(
            call.offer(caller.session.offer(sdp.image(4002)), still_wanted=lambda: not switched)
        )
        offered = await event_of(call)
        assert isinstance(offered, Offered)
        assert offered.offer.image is not None
        switched = True
        call.accept(offered, caller.session.answer(offered.offer, offered.offer.image, sdp.image(4002)))
        with pytest.raises(OfferRefused):
            await offering
        await call.hang_up()
        await peer.finished()


async def test_t38_that_is_refused_leaves_the_call_up_and_is_told_with_its_code() -> None:
    async with (
        sipp(
            recv("INVITE"),
            ANSWER,
            recv("ACK"),
            recv("INVITE", "m=image"),
            reply_in_call(488, "Not Acceptable Here"),
            recv("ACK"),
            *GOODBYE,
        ) as peer,
        trunk_at(peer.address) as caller,
    ):
        call = await caller.connect()
        with pytest.raises(OfferRefused) as refused:
            await call.offer(caller.session.offer(sdp.image(4000)), still_wanted=lambda: True)
        assert refused.value.code == 488
        await call.hang_up()
        await peer.finished()


async def test_a_call_is_bounded_where_a_peer_answers_nothing_any_more() -> None:
    async with (
        sipp(recv("INVITE"), ANSWER, recv("ACK")) as peer,
        trunk_at(peer.address, timers=QUICK) as caller,
    ):
        call = await caller.connect()
        await peer.finished()
        loop = asyncio.get_running_loop()
        before = loop.time()
        await call.hang_up(patience=timedelta(seconds=0.2).total_seconds())
        assert loop.time() - before < 10
