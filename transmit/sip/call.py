"""A call that is up: re-INVITE in both directions, BYE, and the requests of the peer (RFC 3261 §13 to §15).

`sip.outgoing` and `sip.incoming` begin calls. What happens comes as `events`; what is to happen are methods.
Nothing here knows what the sessions carry.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Protocol

import structlog
from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.call_events import Acknowledged, CallEvent, HungUp, Offered
from transmit.sip.dialog import Dialog, glare_delay
from transmit.sip.digest import Challenge, Credentials, authorization, challenge_of
from transmit.sip.message import SipError, is_provisional, is_refusal, is_success, q850_cause, response
from transmit.sip.sdp import SdpError, SessionDescription
from transmit.sip.transaction import (
    ClientTransaction,
    RepeatedAnswer,
    Scheduler,
    ServerTransaction,
    SipTimers,
)

log = structlog.get_logger(__name__)

_CHALLENGES = (401, 407)
_PENDING = 491
_GONE = (408, 481)
"""Answers within a dialog that mean that the peer has forgotten it (§12.2.1.2)."""


class OfferRefused(Exception):  # noqa: N818 - named as what happened
    """The peer keeps the session as it is."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        """The status code; None if it never answered."""
        super().__init__(f"re-INVITE refused: {code or 'no response'}")


class Agent(Protocol):
    """What a call needs of the user agent that it belongs to."""

    clock: Scheduler
    timers: SipTimers
    random: Random
    credentials: Credentials | None

    def via(self, destination: HostPort) -> str:
        """A Via value with a fresh branch."""

    def send(self, datagram: bytes, destination: HostPort) -> None:
        """Sends outside of any transaction: an ACK, or a repeated 2xx."""

    def request(
        self,
        message: Request,
        destination: HostPort,
        on_response: Callable[[Response], None],
        on_timeout: Callable[[], None],
    ) -> ClientTransaction:
        """Sends in a transaction."""

    def forget(self, call: "Call") -> None:
        """The call is over; later requests in it are answered with 481."""


class NoResponse(Exception):  # noqa: N818 - named as what happened
    """A request was never answered (timers B and F)."""


class Call:
    """An INVITE session, from either side."""

    def __init__(self, agent: Agent, dialog: Dialog, *, caller: str, called: str) -> None:
        self.caller = caller
        """The user part of the caller's address: the caller id."""
        self.called = called
        """The number that was called."""
        self.events: asyncio.Queue[CallEvent] = asyncio.Queue()
        self.over = False
        self._agent = agent
        self._dialog = dialog
        self._local_body = b""
        self._remote_session: SessionDescription | None = None
        self._challenge: Challenge | None = None
        self._nonce_uses = 0
        self._inviting = False
        self._undecided: ServerTransaction | None = None
        self._unacknowledged: dict[int, RepeatedAnswer] = {}
        self._acks: dict[tuple[int, str], bytes] = {}

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._dialog.call_id

    @property
    def key(self) -> tuple[str, str]:
        """Call-ID and our tag: how requests within the call are recognised."""
        return self._dialog.call_id, self._dialog.local_tag

    async def offer(self, body: bytes, *, still_wanted: Callable[[], bool]) -> SessionDescription:
        """Asks the peer for another session (re-INVITE) and gives its answer; glare is waited out.

        Args:
            body: our session description.
            still_wanted: asked before each further try: the peer's own offer may have made ours needless.

        Raises:
            OfferRefused: the session stays as it is.
        """
        while not self.over:
            code = _PENDING if self._busy_inviting else await self._offer_once(body)
            if not isinstance(code, int):
                return code
            await asyncio.sleep(glare_delay(self._agent.random, owns_call_id=self._owns_call_id))
            if not still_wanted():
                raise OfferRefused(code)
        raise OfferRefused(None)

    def accept(self, offered: Offered, body: bytes) -> None:
        """Accepts the peer's offer with a session description of ours."""
        transaction, self._undecided = self._undecided, None
        if transaction is not None:
            self._remote_session = offered.offer
            self._local_body = body
            self._answer(transaction, body)

    def decline(self, code: int) -> None:
        """Refuses the peer's offer; the session stays as it is (RFC 3261 §14.2: 488)."""
        transaction, self._undecided = self._undecided, None
        if transaction is not None:
            transaction.respond(response(transaction.request, code))

    async def hang_up(self, *, patience: float = 2.0) -> None:
        """Sends BYE and waits for its answer for `patience` seconds at most; it is repeated beyond that."""
        if self.over:
            return
        self._close()
        try:
            await asyncio.wait_for(self._ask("BYE"), patience)
        except (TimeoutError, NoResponse, SipError) as fault:
            log.info("sip_bye_unanswered", call_id=self.call_id, reason=str(fault) or "timeout")

    def receive(self, request: Request, transaction: ServerTransaction) -> None:
        """Takes a request of the peer's within the call."""
        try:
            self._dialog.take(request)
        except SipError as fault:
            log.info("sip_request_out_of_order", call_id=self.call_id, reason=str(fault))
            transaction.respond(response(request, 500))
            return
        if request.method == "BYE":
            transaction.respond(response(request, 200))
            self._peer_left(f"BYE {request.headers.get('Reason') or ''}".strip(), q850_cause(request))
        elif request.method == "INVITE":
            self._receive_offer(request, transaction)

    def receive_ack(self, ack: Request) -> None:
        """Takes the ACK of an answer of ours."""
        repeated = self._unacknowledged.pop(ack.cseq.sequence, None)
        if repeated is not None:
            repeated.end()
            self.events.put_nowait(Acknowledged())

    def _receive_offer(self, request: Request, transaction: ServerTransaction) -> None:
        if self._inviting:
            transaction.respond(response(request, _PENDING))  # §14.2: glare
        elif self._undecided is not None:
            transaction.respond(response(request, 500, fields=[("Retry-After", "1")]))
        else:
            self._dialog.retarget(request)
            self._undecided = transaction
            self._consider(request)

    def _consider(self, request: Request) -> None:
        """Answers a refreshed session (RFC 4028) as before; a new one is for the user to decide."""
        try:
            offer = sdp.parse(request.body) if request.body.strip() else self._remote_session
        except SdpError as fault:
            log.info("sip_offer_unreadable", call_id=self.call_id, reason=str(fault))
            self.decline(488)
            return
        offered = Offered(request=request, offer=offer) if offer is not None else None
        if offered is None:
            self.decline(488)
        elif offer == self._remote_session:
            self.accept(offered, self._local_body)
        else:
            self.events.put_nowait(offered)

    @property
    def _busy_inviting(self) -> bool:
        return self._inviting or self._undecided is not None or bool(self._unacknowledged)

    @property
    def _owns_call_id(self) -> bool:
        return False

    async def _offer_once(self, body: bytes) -> SessionDescription | int:
        """The peer's answer, or 491."""
        try:
            answer = await self._ask("INVITE", body)
        except (NoResponse, SipError):
            self._peer_left("re-INVITE without response", None)
            raise OfferRefused(None) from None
        if answer.code == _PENDING:
            return _PENDING
        if answer.code in _GONE:
            self._peer_left(f"re-INVITE answered with {answer.code}", None)
        if is_refusal(answer):
            raise OfferRefused(answer.code)
        try:
            self._remote_session = sdp.parse(answer.body)
        except SdpError:
            raise OfferRefused(answer.code) from None
        self._local_body = body
        self._dialog.retarget(answer)
        return self._remote_session

    async def _ask(self, method: str, body: bytes = b"") -> Response:
        """A request within the call and its final response; a challenge is answered once, a stale one again.

        Raises:
            NoResponse: none came.
            SipError: a challenge that cannot be answered.
        """
        while True:
            answer = await self._transact(method, body)
            if answer.code not in _CHALLENGES or not self._may_answer(answer):
                return answer

    def _may_answer(self, refusal: Response) -> bool:
        if self._agent.credentials is None:
            return False
        challenge = challenge_of(refusal)
        if self._challenge is not None and not challenge.stale and self._nonce_uses == 1:
            return False  # the answer to the first challenge was wrong
        self._challenge, self._nonce_uses = challenge, 0
        return True

    async def _transact(self, method: str, body: bytes) -> Response:
        loop = asyncio.get_running_loop()
        final: asyncio.Future[Response] = loop.create_future()
        hop = self._dialog.next_hop
        proof = self._authorization(method)
        message = self._dialog.compose(method, via=self._agent.via(hop), body=body, extra=proof)

        def on_response(answer: Response) -> None:
            if is_provisional(answer):
                self._provisional(answer)
                return
            if method == "INVITE" and is_success(answer):
                self._acknowledge(answer, proof, first=not final.done())
            if not final.done():
                final.set_result(answer)

        def on_timeout() -> None:
            if not final.done():
                final.set_exception(NoResponse(f"no response to {method}"))

        self._inviting = method == "INVITE"
        try:
            self._begun(self._agent.request(message, hop, on_response, on_timeout))
            return await final
        finally:
            self._inviting = False

    def _begun(self, transaction: ClientTransaction) -> None:
        """A transaction of ours has started."""

    def _provisional(self, answer: Response) -> None:
        """A provisional response to a request of ours."""

    def _acknowledge(self, answer: Response, proof: tuple[tuple[str, str], ...], *, first: bool) -> None:
        """Sends the ACK of a 2xx with the INVITE's own proof (§22.1), again for each repetition."""
        number = answer.cseq.sequence
        known = (number, str(answer.headers.get("To")))
        if first:
            self._established(answer)
            hop = self._dialog.next_hop
            ack = self._dialog.compose("ACK", via=self._agent.via(hop), cseq=number, extra=proof)
            self._acks[known] = bytes(ack)
        if known in self._acks:
            self._agent.send(self._acks[known], self._dialog.next_hop)

    def _established(self, answer: Response) -> None:
        """The first 2xx to an INVITE of ours came."""

    def _authorization(self, method: str) -> tuple[tuple[str, str], ...]:
        if self._challenge is None or self._agent.credentials is None:
            return ()
        self._nonce_uses += 1
        value = authorization(
            self._challenge,
            self._agent.credentials,
            method=method,
            uri=self._dialog.remote_target,
            cnonce=f"{self._agent.random.getrandbits(64):016x}",
            count=self._nonce_uses,
        )
        return ((self._challenge.field, value),)

    def _answer(self, transaction: ServerTransaction, body: bytes) -> None:
        """Accepts an INVITE, again and again until its ACK comes."""
        number = transaction.request.cseq.sequence
        contact = ("Contact", self._dialog.contact)
        answer = response(transaction.request, 200, tag=self._dialog.local_tag, fields=[contact], body=body)
        transaction.respond(answer)
        self._unacknowledged[number] = RepeatedAnswer(
            bytes(answer),
            lambda datagram: self._agent.send(datagram, self._dialog.next_hop),
            self._agent.clock,
            self._agent.timers,
            lambda: self._peer_left("the answer was never acknowledged", None),
        )

    def _peer_left(self, reason: str, q850: int | None) -> None:
        if not self.over:
            self._close()
            self.events.put_nowait(HungUp(reason=reason, q850=q850))

    def _close(self) -> None:
        self.over = True
        for repeated in self._unacknowledged.values():
            repeated.end()
        self._unacknowledged.clear()
        if self._undecided is not None:
            self._undecided.respond(response(self._undecided.request, 487))
            self._undecided = None
        self._agent.forget(self)
