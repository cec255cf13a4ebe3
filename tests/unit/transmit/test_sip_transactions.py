"""Transactions in simulated time: repetitions, timeouts and ends as RFC 3261 §17 draws them."""

import heapq
from collections.abc import Callable

import pytest
from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip.message import SipError, parse, request, response
from transmit.sip.transaction import (
    InviteClientTransaction,
    InviteServerTransaction,
    NonInviteClientTransaction,
    NonInviteServerTransaction,
    RepeatedAnswer,
    ServerTransaction,
    SipTimers,
    TransactionState,
)
from transmit.sip.transaction_layer import TransactionLayer

PEER = HostPort("192.0.2.1", 5060)
TIMERS = SipTimers()


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class SimulatedClock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, _Timer]] = []
        self._count = 0

    def call_later(self, delay: float, callback: Callable[[], object], /) -> _Timer:
        timer = _Timer(callback)
        self._count += 1
        heapq.heappush(self._due, (self.now + delay, self._count, timer))
        return timer

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._due)
            if timer.callback is not None:
                timer.callback()
        self.now = until

    @property
    def idle(self) -> bool:
        return all(timer.callback is None for _, _, timer in self._due)


class Wire:
    """What was sent, and when."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self.sent: list[tuple[float, Request | Response]] = []

    def __call__(self, datagram: bytes) -> None:
        self.sent.append((self._clock.now, parse(datagram)))

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.sent]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def wire(clock: SimulatedClock) -> Wire:
    return Wire(clock)


def make(method: str, branch: str = "z9hG4bK1") -> Request:
    fields = [
        ("Via", f"SIP/2.0/UDP 192.0.2.9:5062;branch={branch};rport"),
        ("From", "<sip:a@192.0.2.9>;tag=ours"),
        ("To", "<sip:b@192.0.2.1>"),
        ("Call-ID", "call"),
        ("CSeq", f"1 {method}"),
    ]
    return request(method, "sip:b@192.0.2.1", fields=fields)


class _Outcomes:
    def __init__(self) -> None:
        self.responses: list[int] = []
        self.timeouts = 0

    def on_response(self, answer: Response) -> None:
        self.responses.append(answer.code)

    def on_timeout(self) -> None:
        self.timeouts += 1


def _invite_client(clock: SimulatedClock, wire: Wire) -> tuple[InviteClientTransaction, _Outcomes]:
    seen = _Outcomes()
    transaction = InviteClientTransaction(
        make("INVITE"), wire, clock, TIMERS, seen.on_response, seen.on_timeout
    )
    transaction.start()
    return transaction, seen


def test_an_unanswered_invite_is_repeated_and_given_up_after_32_seconds(
    clock: SimulatedClock, wire: Wire
) -> None:
    _, seen = _invite_client(clock, wire)
    clock.pass_time(100)
    assert wire.times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert seen.timeouts == 1
    assert clock.idle


def test_a_provisional_response_ends_the_repetition_and_the_deadline(
    clock: SimulatedClock, wire: Wire
) -> None:
    transaction, seen = _invite_client(clock, wire)
    clock.pass_time(1)
    transaction.receive(response(transaction.request, 180))
    clock.pass_time(300)
    assert wire.times == [0, 0.5]
    assert seen.responses == [180]
    assert seen.timeouts == 0


def test_each_repeated_refusal_is_acknowledged_and_told_once(clock: SimulatedClock, wire: Wire) -> None:
    transaction, seen = _invite_client(clock, wire)
    for _ in range(3):
        transaction.receive(response(transaction.request, 486, tag="theirs"))
    acks = [message for _, message in wire.sent[1:]]
    assert [message.method for message in acks if isinstance(message, Request)] == ["ACK"] * 3
    assert acks[0].headers["Via"] == transaction.request.headers["Via"]
    assert acks[0].headers["To"].endswith(";tag=theirs")
    assert seen.responses == [486]
    clock.pass_time(32)
    assert transaction.state is TransactionState.TERMINATED


def test_every_2xx_goes_up_for_its_ack(clock: SimulatedClock, wire: Wire) -> None:
    transaction, seen = _invite_client(clock, wire)
    for _ in range(2):
        transaction.receive(response(transaction.request, 200))
    assert seen.responses == [200, 200]
    assert len(wire.sent) == 1


def test_cancel_has_to_wait_for_a_provisional_response(clock: SimulatedClock, wire: Wire) -> None:
    transaction, seen = _invite_client(clock, wire)
    with pytest.raises(SipError):
        transaction.cancel_request()
    transaction.receive(response(transaction.request, 100))
    cancel = transaction.cancel_request()
    assert cancel.headers["Via"] == transaction.request.headers["Via"]
    assert cancel.headers["CSeq"] == "1 CANCEL"
    transaction.abandon()
    transaction.abandon()
    assert seen.timeouts == 1


def test_bye_is_repeated_up_to_every_four_seconds(clock: SimulatedClock, wire: Wire) -> None:
    seen = _Outcomes()
    transaction = NonInviteClientTransaction(
        make("BYE"), wire, clock, TIMERS, seen.on_response, seen.on_timeout
    )
    transaction.start()
    clock.pass_time(40)
    assert wire.times == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert seen.timeouts == 1


def test_a_final_response_to_bye_is_told_once(clock: SimulatedClock, wire: Wire) -> None:
    seen = _Outcomes()
    transaction = NonInviteClientTransaction(
        make("BYE"), wire, clock, TIMERS, seen.on_response, seen.on_timeout
    )
    transaction.start()
    for code in (100, 200, 200):
        transaction.receive(response(transaction.request, code))
    clock.pass_time(10)
    assert seen.responses == [200]
    assert transaction.state is TransactionState.TERMINATED
    assert clock.idle


def test_a_refusal_of_ours_is_repeated_until_it_is_acknowledged(clock: SimulatedClock, wire: Wire) -> None:
    transaction = InviteServerTransaction(make("INVITE"), wire, clock, TIMERS)
    transaction.respond(response(transaction.request, 486))
    clock.pass_time(2)
    assert wire.times == [0, 0.5, 1.5]
    transaction.receive(make("ACK"))
    clock.pass_time(60)
    assert len(wire.sent) == 3
    assert transaction.state is TransactionState.TERMINATED


def test_a_refusal_that_is_never_acknowledged_is_given_up(clock: SimulatedClock, wire: Wire) -> None:
    transaction = InviteServerTransaction(make("INVITE"), wire, clock, TIMERS)
    seen = _Outcomes()
    transaction.on_timeout = seen.on_timeout
    transaction.respond(response(transaction.request, 486))
    clock.pass_time(33)
    assert seen.timeouts == 1
    assert clock.idle


def test_a_repeated_invite_gets_the_last_response_again(clock: SimulatedClock, wire: Wire) -> None:
    transaction = InviteServerTransaction(make("INVITE"), wire, clock, TIMERS)
    transaction.respond(response(transaction.request, 180))
    transaction.receive(make("INVITE"))
    assert [message.code for _, message in wire.sent if isinstance(message, Response)] == [180, 180]
    transaction.respond(response(transaction.request, 200))
    transaction.receive(make("INVITE"))
    transaction.respond(response(transaction.request, 486))
    assert len(wire.sent) == 3


def test_a_repeated_bye_gets_the_same_answer(clock: SimulatedClock, wire: Wire) -> None:
    transaction = NonInviteServerTransaction(make("BYE"), wire, clock, TIMERS)
    transaction.receive(make("BYE"))
    transaction.respond(response(transaction.request, 200))
    transaction.receive(make("BYE"))
    assert len(wire.sent) == 2
    clock.pass_time(33)
    assert transaction.state is TransactionState.TERMINATED


def test_an_answer_is_repeated_until_its_ack(clock: SimulatedClock, wire: Wire) -> None:
    seen = _Outcomes()
    answer = bytes(response(make("INVITE"), 200))
    first = RepeatedAnswer(answer, wire, clock, TIMERS, seen.on_timeout)
    clock.pass_time(2)
    first.end()
    clock.pass_time(60)
    assert wire.times == [0.5, 1.5]
    RepeatedAnswer(answer, wire, clock, TIMERS, seen.on_timeout)
    clock.pass_time(60)
    assert seen.timeouts == 1


class _LayerUser:
    """A transaction layer and what it handed up."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.sent: list[tuple[Request | Response, HostPort]] = []
        self.requests: list[tuple[Request, ServerTransaction]] = []
        self.acks: list[Request] = []
        self.layer = TransactionLayer(
            lambda datagram, to: self.sent.append((parse(datagram), to)),
            clock,
            TIMERS,
            on_request=lambda message, transaction, _: self.requests.append((message, transaction)),
            on_ack=self.acks.append,
        )


def test_a_repeated_request_goes_up_once_and_answers_go_where_it_came_from(clock: SimulatedClock) -> None:
    user = _LayerUser(clock)
    for _ in range(3):
        user.layer.receive(bytes(make("INVITE")), HostPort("192.0.2.9", 40000))
    assert len(user.requests) == 1
    assert [message.code for message, _ in user.sent if isinstance(message, Response)] == [100, 100, 100]
    assert {to for _, to in user.sent} == {HostPort("192.0.2.9", 40000)}


def test_the_same_branch_with_another_method_is_another_transaction(clock: SimulatedClock) -> None:
    user = _LayerUser(clock)
    user.layer.receive(bytes(make("INVITE")), PEER)
    cancel = make("CANCEL")
    user.layer.receive(bytes(cancel), PEER)
    assert [message.method for message, _ in user.requests] == ["INVITE", "CANCEL"]
    assert user.layer.invite_of(cancel) is user.requests[0][1]
    user.requests[0][1].respond(response(user.requests[0][0], 200))
    assert user.layer.invite_of(cancel) is None


def test_the_ack_of_a_2xx_goes_up_and_the_ack_of_a_refusal_does_not(clock: SimulatedClock) -> None:
    user = _LayerUser(clock)
    user.layer.receive(bytes(make("INVITE")), PEER)
    user.requests[0][1].respond(response(user.requests[0][0], 486))
    user.layer.receive(bytes(make("ACK")), PEER)
    assert user.acks == []
    user.layer.receive(bytes(make("ACK", branch="z9hG4bK2")), PEER)
    assert len(user.acks) == 1


def test_a_response_finds_its_request_by_branch_and_method(clock: SimulatedClock) -> None:
    user = _LayerUser(clock)
    seen = _Outcomes()
    user.layer.request(make("BYE"), PEER, seen.on_response, seen.on_timeout)
    user.layer.receive(bytes(response(make("BYE", branch="z9hG4bK2"), 200)), PEER)
    user.layer.receive(bytes(response(make("OPTIONS"), 200)), PEER)
    assert seen.responses == []
    user.layer.receive(bytes(response(make("BYE"), 481)), PEER)
    assert seen.responses == [481]
    clock.pass_time(10)
    assert len(user.layer) == 0


def test_noise_and_keep_alives_are_dropped(clock: SimulatedClock) -> None:
    user = _LayerUser(clock)
    for noise in (b"", b"\r\n\r\n", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100):
        user.layer.receive(noise, PEER)
    assert user.requests == []
    assert user.sent == []


def test_a_closed_layer_has_nothing_left_to_do(clock: SimulatedClock) -> None:
    user = _LayerUser(clock)
    user.layer.request(make("BYE"), PEER, lambda _: None, lambda: None)
    user.layer.receive(bytes(make("INVITE", branch="z9hG4bK3")), PEER)
    user.layer.close()
    assert len(user.layer) == 0
    assert clock.idle
