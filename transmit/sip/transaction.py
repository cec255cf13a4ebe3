"""Transactions: a request and its responses, repeated over UDP until answered, timed out else (RFC 3261 §17).

Four machines, each a class: INVITE and the other methods, on the client's and on the server's side; with the
Accepted state of RFC 6026, so that a 2xx repeated by the network does no harm. They hold no socket and no
clock of their own: `send` and a `Scheduler` come in, so tests run them in simulated time.
`sip.transaction_layer` matches messages with them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from sipmessage import Request, Response

from transmit.sip.message import SipError, field, is_provisional, is_refusal, is_success, request

Send = Callable[[bytes], None]
"""Sends to the transaction's peer."""


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Makes it not happen."""


class Scheduler(Protocol):
    """What an asyncio event loop offers; tests bring their own."""

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer:
        """Calls back after `delay` seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SipTimers:
    """The base timers of RFC 3261 §17.1.1.1, in seconds."""

    t1: float = 0.5
    """The estimated round trip."""
    t2: float = 4.0
    """The longest pause between repetitions."""
    t4: float = 5.0
    """How long a message may stay in the network."""
    reliable: bool = False
    """Whether the transport loses nothing: then requests and refusals are not repeated (§17)."""

    @property
    def give_up(self) -> float:
        """Timers B, F, H, L and M: how long an answer is waited for."""
        return 64 * self.t1

    @property
    def repetitions(self) -> float:
        """Timers D and J: how long what was answered may come again."""
        return 0.0 if self.reliable else self.give_up

    @property
    def stragglers(self) -> float:
        """Timers I and K: how long a message may still be on its way."""
        return 0.0 if self.reliable else self.t4

    @property
    def fail_over(self) -> float:
        """How long one of several servers has for its first word (RFC 3263 §4.3)."""
        return 8 * self.t1


class TransactionState(Enum):
    """The states of RFC 3261 §17 and RFC 6026 §7; CALLING is called Trying for methods other than INVITE."""

    CALLING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    ACCEPTED = auto()
    TERMINATED = auto()


class Transaction:
    """What the four have in common: a peer, timers, an end."""

    def __init__(self, send: Send, clock: Scheduler, timers: SipTimers, first: TransactionState) -> None:
        self.state = first
        self.on_end: Callable[[], None] = lambda: None
        """Called once, when the transaction needs no more messages."""
        self._send = send
        self._clock = clock
        self._timers = timers
        self._pending: list[Timer] = []

    def end(self) -> None:
        """Forgets everything that was still to happen."""
        if self.state is not TransactionState.TERMINATED:
            self.state = TransactionState.TERMINATED
            self._stop_timers()
            self.on_end()

    def _enter(self, state: TransactionState, lasting: float | None = None) -> None:
        """Changes the state and voids the timers of the one before; the new one lasts `lasting` seconds."""
        self._stop_timers()
        self.state = state
        if lasting is not None:
            self._after(lasting, self.end)

    def _after(self, delay: float, callback: Callable[[], object]) -> None:
        self._pending.append(self._clock.call_later(delay, callback))

    def _repeat(self, message: bytes, interval: float, longest: float) -> None:
        """Sends again after `interval`, then twice that, up to `longest`, until the state changes."""

        def again() -> None:
            self._send(message)
            self._repeat(message, min(2 * interval, longest), longest)

        self._after(interval, again)

    def _stop_timers(self) -> None:
        for timer in self._pending:
            timer.cancel()
        self._pending.clear()


class ClientTransaction(Transaction):
    """A request of ours."""

    def __init__(
        self,
        sent: Request,
        send: Send,
        clock: Scheduler,
        timers: SipTimers,
        on_response: Callable[[Response], None],
        on_timeout: Callable[[], None],
    ) -> None:
        super().__init__(send, clock, timers, TransactionState.CALLING)
        self.request = sent
        self._repeated = False
        self.broken = ""
        """Why there was no way to the peer, if that ended it."""
        self._on_response = on_response
        self._on_timeout = on_timeout

    def start(self) -> None:
        """Sends the request."""
        message = bytes(self.request)
        if not self._timers.reliable:
            self._repeat(message, self._timers.t1, self._longest_pause)
        self._after(self._timers.give_up, self._give_up)
        self._send(message)

    def receive(self, response: Response) -> None:
        """Takes a response that matches."""
        raise NotImplementedError

    def repeat_once(self) -> bool:
        """Sends the request again, if nothing was heard yet and for the first time; whether it did.

        To the peer it is the same transaction: one that has it already takes it for a repetition (§17.2.3).
        """
        if self.state is not TransactionState.CALLING or self._repeated:
            return False
        self._repeated = True
        self._send(bytes(self.request))
        return True

    def break_off(self, reason: str) -> None:
        """The way to the peer is broken: as a timeout, if nothing at all was heard (§8.1.3.1)."""
        if self.state is TransactionState.CALLING:
            self.broken = reason
            self._give_up()

    @property
    def _longest_pause(self) -> float:
        return self._timers.t2

    def _give_up(self) -> None:
        self.end()
        self._on_timeout()


class InviteClientTransaction(ClientTransaction):
    """An INVITE of ours (RFC 3261 §17.1.1). Acknowledges refusals itself; the ACK of a 2xx is the call's."""

    _ack: bytes = b""
    _is_cancelled = False

    @property
    def _longest_pause(self) -> float:
        return self._timers.give_up

    def receive(self, response: Response) -> None:
        """Takes a response; each provisional one, the first refusal and every 2xx go up."""
        if self.state in {TransactionState.CALLING, TransactionState.PROCEEDING}:
            self._proceed(response)
        elif self.state is TransactionState.COMPLETED and is_refusal(response):
            self._send(self._ack)
        elif self.state is TransactionState.ACCEPTED and is_success(response):
            self._on_response(response)

    def _proceed(self, response: Response) -> None:
        if is_provisional(response):
            self._enter(TransactionState.PROCEEDING)
        elif is_success(response):
            self._enter(TransactionState.ACCEPTED, self._timers.give_up)
        else:
            self._enter(TransactionState.COMPLETED, self._timers.repetitions)
            self._ack = bytes(_sibling(self.request, "ACK", field(response, "To")))
            self._send(self._ack)
        self._on_response(response)

    def cancel_request(self) -> Request:
        """The CANCEL of this INVITE (§9.1). Only to be sent once a provisional response came.

        Raises:
            SipError: none came yet, the INVITE has its final response, or it is cancelled already.
        """
        if self.state is not TransactionState.PROCEEDING:
            raise SipError("only a ringing call can be cancelled")
        if self._is_cancelled:
            raise SipError("it is cancelled already")
        self._is_cancelled = True
        return _sibling(self.request, "CANCEL", field(self.request, "To"))

    def abandon(self) -> None:
        """Stops waiting for the final response, as after a timeout; nothing, if it came (§9.1)."""
        if self.state in {TransactionState.CALLING, TransactionState.PROCEEDING}:
            self._give_up()


class NonInviteClientTransaction(ClientTransaction):
    """BYE, CANCEL or OPTIONS of ours (RFC 3261 §17.1.2)."""

    def receive(self, response: Response) -> None:
        """Takes a response; provisional ones slow the repetition down, the first final one goes up."""
        if self.state not in {TransactionState.CALLING, TransactionState.PROCEEDING}:
            return
        if is_provisional(response):
            self.state = TransactionState.PROCEEDING
            return
        self._enter(TransactionState.COMPLETED, self._timers.stragglers)
        self._on_response(response)


class ServerTransaction(Transaction):
    """A request of the peer's."""

    def __init__(self, received: Request, send: Send, clock: Scheduler, timers: SipTimers) -> None:
        super().__init__(send, clock, timers, TransactionState.PROCEEDING)
        self.request = received
        self.on_timeout: Callable[[], None] = lambda: None
        """Called if a final response is never acknowledged."""
        self._last = b""

    def respond(self, response: Response) -> None:
        """Sends a response, and again as often as needed; after a final one nothing more is sent."""
        raise NotImplementedError

    def receive(self, request: Request) -> None:
        """Takes the request's repetition, or its ACK."""
        raise NotImplementedError


class InviteServerTransaction(ServerTransaction):
    """An INVITE of the peer's (RFC 3261 §17.2.1). Repeats refusals itself; a 2xx is repeated by the call."""

    def respond(self, response: Response) -> None:
        """Sends a response."""
        if self.state is not TransactionState.PROCEEDING:
            return
        self._last = bytes(response)
        self._send(self._last)
        if is_success(response):
            self._enter(TransactionState.ACCEPTED, self._timers.give_up)
        elif is_refusal(response):
            self._enter(TransactionState.COMPLETED)
            if not self._timers.reliable:
                self._repeat(self._last, self._timers.t1, self._timers.t2)
            self._after(self._timers.give_up, self._give_up)

    def receive(self, request: Request) -> None:
        """Takes a repeated INVITE, or the ACK of a refusal."""
        if request.method == "ACK":
            if self.state is TransactionState.COMPLETED:
                self._enter(TransactionState.CONFIRMED, self._timers.stragglers)
        elif self._last and self.state in {TransactionState.PROCEEDING, TransactionState.COMPLETED}:
            self._send(self._last)

    def _give_up(self) -> None:
        self.end()
        self.on_timeout()


class NonInviteServerTransaction(ServerTransaction):
    """Any other request of the peer's (RFC 3261 §17.2.2)."""

    def respond(self, response: Response) -> None:
        """Sends the final response; kept for repetitions of the request."""
        if self.state is TransactionState.PROCEEDING:
            self._last = bytes(response)
            self._send(self._last)
            self._enter(TransactionState.COMPLETED, self._timers.repetitions)

    def receive(self, request: Request) -> None:
        """Answers a repetition as the first time."""
        if self._last and request.method == self.request.method:
            self._send(self._last)


class RepeatedAnswer(Transaction):
    """A 2xx to an INVITE, repeated until its ACK comes and `end` is called (RFC 3261 §13.3.1.4)."""

    def __init__(
        self, answer: bytes, send: Send, clock: Scheduler, timers: SipTimers, on_timeout: Callable[[], None]
    ) -> None:
        super().__init__(send, clock, timers, TransactionState.COMPLETED)
        self._on_timeout = on_timeout
        self._repeat(answer, timers.t1, timers.t2)
        self._after(timers.give_up, self._give_up)

    def _give_up(self) -> None:
        self.end()
        self._on_timeout()


def _sibling(invite: Request, method: str, to: str) -> Request:
    """The ACK of a refusal (§17.1.1.3) or the CANCEL (§9.1): same URI, topmost Via, From and number."""
    fields = [("Via", field(invite, "Via")), ("Max-Forwards", "70")]
    fields += [("Route", route) for route in invite.headers.getlist("Route")]
    fields += [("From", field(invite, "From")), ("To", to), ("Call-ID", invite.call_id)]
    fields += [("CSeq", f"{invite.cseq.sequence} {method}")]
    return request(method, str(invite.uri), fields=fields)
