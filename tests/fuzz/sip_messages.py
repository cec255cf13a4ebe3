"""Fuzz target: what a SIP peer sends, in and out of calls of ours and of its own, in datagrams and streams.

The input is cut into datagrams at `SEPARATOR`; `@BRANCH`, `@CALL`, `@FROM` in them stand for what belongs to
our call, `@TAG` for the tag that we gave to theirs.
"""

import asyncio
import re
from collections.abc import Callable
from ipaddress import ip_address
from random import Random
from typing import Any

from sipmessage import Response

from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.addresses import host_of, tag_of, user_of
from transmit.sip.call import Call
from transmit.sip.call_events import Offered
from transmit.sip.digest import Credentials
from transmit.sip.framing import MessageSplitter
from transmit.sip.incoming import IncomingCall
from transmit.sip.message import (
    SipError,
    branch_of,
    contacts_of,
    field,
    parse,
    q850_cause,
    response,
    seen_from,
)
from transmit.sip.sdp import LocalSession
from transmit.sip.transaction import SipTimers
from transmit.sip.transport import Receiver, Transport
from transmit.sip.user_agent import UserAgent

USUAL = 4096
LARGEST = 16 * 1024
SEPARATOR = b"\n@@\n"
WORDS = (
    SEPARATOR, b"@BRANCH", b"@CALL", b"@FROM", b"@TAG", b"SIP/2.0 200 OK\r\n", b"SIP/2.0 183 P\r\n",
    b"SIP/2.0 401 U\r\n", b"SIP/2.0 302 M\r\n", b"SIP/2.0 491 P\r\n", b"INVITE sip:a@b SIP/2.0\r\n",
    b"UPDATE sip:a@b SIP/2.0\r\n", b"BYE sip:a@b SIP/2.0\r\n", b"PRACK sip:a@b SIP/2.0\r\n",
    b"Via: SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bK", b"CSeq: 1 INVITE\r\n", b"CSeq: 2 ", b"\r\nl: ",
    b"Contact: <sip:", b";q=0.5", b"Record-Route: <sip:192.0.2.7;lr>\r\n", b"Require: 100rel\r\nRSeq: 1\r\n",
    b"Session-Expires: 90;refresher=uac\r\n", b"Reason: Q.850;cause=17\r\n", b"Supported: timer\r\n",
    b'WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"\r\n', b"stale=true", b"algorithm=SHA-256",
    b"[::1]", b"%00", b"<", b">", b";tag=", b"\r\n ", b",", b"99999999999", b"m=image 9 udptl t38\r\n",
)  # fmt: skip

_WHOLE = re.compile(rb"([A-Z]+ \S+ SIP/2\.0|SIP/2\.0 \d{3} [^\r\n]*)(\r\n[A-Za-z-]+: [^\r\n]*)+", re.ASCII)
"""The head of a message that nobody can take for two."""
_PEER = HostPort("192.0.2.9", 5060)
_OURS = HostPort("192.0.2.1", 5060)
_TIMERS = SipTimers(t1=1000.0)
_LOOP = asyncio.new_event_loop()
_FAULTS: list[Any] = []
_TASKS: list[asyncio.Task[Any]] = []


class _Void:
    """A transport that only looks at what it is to send, and where."""

    address = _OURS

    def __init__(self, seen: Callable[[bytes], None]) -> None:
        self._seen = seen

    def send(self, datagram: bytes, destination: HostPort) -> None:
        ip_address(destination.host)
        assert 0 < destination.port <= 65535
        assert _WHOLE.fullmatch(datagram.partition(b"\r\n\r\n")[0])
        self._seen(datagram)

    async def close(self) -> None:
        """Nothing to free."""


class _Scene:
    """A user agent with a call of its own under way, which answers every other one."""

    def __init__(self) -> None:
        self.receive: Receiver = lambda _, __: None
        self.tag = b""
        self.invite = b""
        self.calls: list[Call] = []
        self.agent = UserAgent(
            on_call=self._answer,
            open_transport=self._open,
            timers=_TIMERS,
            credentials=Credentials(username="us", password="secret"),
            random=Random(1),  # noqa: S311 - repeatable on purpose
        )

    async def _open(self, _: HostPort, receiver: Receiver) -> Transport:
        self.receive = receiver
        return _Void(self._sent)

    def _sent(self, datagram: bytes) -> None:
        if not self.invite and datagram.startswith(b"INVITE"):
            self.invite = datagram

    def dial(self) -> None:
        offer = LocalSession(address=ip_address(_OURS.host), session_id=1).offer(sdp.audio(4000))
        call = self.agent.call(
            uri="sip:+1206@192.0.2.9", caller="us", called="+1206", domain="x", destination=_PEER, offer=offer
        )
        self.calls.append(call)

    def _answer(self, call: IncomingCall) -> None:
        self.calls.append(call)
        self.tag = call.key[1].encode()
        offer = call.read_offer()
        if offer is not None and offer.audio is not None:
            local = LocalSession(address=ip_address(_OURS.host), session_id=2)
            call.answer(local.answer(offer, offer.audio, sdp.audio(5000)))
        else:
            call.refuse(488)

    def filled_in(self, datagram: bytes) -> bytes:
        """The datagram with what belongs to the calls."""
        sent = parse(self.invite)
        ours = {b"@BRANCH": branch_of(sent), b"@CALL": sent.call_id, b"@FROM": tag_of(field(sent, "From"))}
        for name, value in ours.items():
            datagram = datagram.replace(name, value.encode())
        return datagram.replace(b"@TAG", self.tag)

    def take_events(self) -> None:
        """As whoever owns the calls does: some offers are accepted, some declined."""
        for number, call in enumerate(self.calls):
            while not call.events.empty():
                event = call.events.get_nowait()
                if isinstance(event, Offered) and event.offer.image is not None and number % 2 == 0:
                    call.accept(event, b"v=0\r\n")
                elif isinstance(event, Offered):
                    call.decline(488)


def check(octets: bytes) -> None:
    """Nothing raises, nothing is sent to a name, and a stream gives the same messages however it is cut."""
    for datagram in octets.split(SEPARATOR):
        _check_message(datagram)
    _check_stream(octets)
    _FAULTS.clear()
    _TASKS.clear()
    _LOOP.set_task_factory(_noted)
    _LOOP.set_exception_handler(lambda _, context: _FAULTS.append(context))
    _LOOP.run_until_complete(_feed(octets.split(SEPARATOR)[:40]))
    assert not _FAULTS, _FAULTS


def _check_message(datagram: bytes) -> None:
    try:
        message = parse(datagram)
    except SipError:
        return
    for name in ("From", "To", "Contact"):
        user_of(field(message, name))
        host_of(field(message, name))
    assert q850_cause(message) in {None, *range(1000)}
    assert all(contacts_of(message))
    if isinstance(message, Response):
        seen_from(message)
    else:
        again = parse(bytes(response(message, 486, tag="ours")))
        assert tag_of(field(again, "To"))


def _check_stream(octets: bytes) -> None:
    outcomes = [_split(octets, size) for size in (1 + len(octets), 1 + len(octets) // 7)]
    assert outcomes[0] == outcomes[1]


def _split(octets: bytes, size: int) -> list[bytes]:
    splitter = MessageSplitter()
    found: list[bytes] = []
    try:
        for start in range(0, len(octets), size):
            found += splitter.feed(octets[start : start + size])
    except SipError:
        return []  # how much came before the fault depends on the pieces
    return found


def _noted(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
    """A task whose outcome is looked at in the end, even if nobody waits for it."""
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **more)
    _TASKS.append(task)
    return task


async def _feed(datagrams: list[bytes]) -> None:
    scene = _Scene()
    await scene.agent.start(_OURS)
    scene.dial()
    await asyncio.sleep(0)
    for datagram in datagrams:
        scene.receive(scene.filled_in(datagram), _PEER)
        await asyncio.sleep(0)
        scene.take_events()
    await asyncio.sleep(0)
    await scene.agent.stop()
    tasks = [task for task in _TASKS if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
