"""A call that is up: re-INVITE in both directions, BYE, and the requests of the peer (RFC 3261 §13 to §15).

`sip.outgoing` and `sip.incoming` begin calls. What happens comes as `events`; what is to happen are methods.
Nothing here knows what the sessions carry.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog
from sipmessage import Request, Response

from transmit.sip import sdp
from transmit.sip.call_events import Acknowledged, Agreed, CallEvent, HungUp, Offered
from transmit.sip.dialog import Dialog, glare_delay
from transmit.sip.message import (
    SUPPORTED,
    Fields,
    SipError,
    is_refusal,
    is_success,
    q850_cause,
    response,
    words_of,
)
from transmit.sip.requesting import Network, NoResponse, Requesting
from transmit.sip.sdp import SdpError, SessionDescription
from transmit.sip.session_timer import SessionTimer, agreed, answer_fields, asked_fields, longer, taken
from transmit.sip.transaction import InviteServerTransaction, RepeatedAnswer, ServerTransaction, Timer

__all__ = ["Agent", "Call", "NoResponse", "OfferRefused"]

log = structlog.get_logger(__name__)

_PENDING = 491
_AGAIN = (491, 500)
"""Answers to a refresh that mean that another one may come through (§14.1, §14.2)."""
_NO_UPDATE = (405, 420, 501)
_GONE = (408, 481)
"""Answers within a dialog that mean that the peer has forgotten it (§12.2.1.2)."""


class OfferRefused(Exception):  # noqa: N818 - named as what happened
    """The peer keeps the session as it is."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        """The status code; None if it never answered."""
        super().__init__(f"re-INVITE refused: {code or 'no response'}")


class Agent(Network, Protocol):
    """What a call needs of the user agent that it belongs to."""

    def forget(self, call: "Call") -> None:
        """The call is over; later requests in it are answered with 481."""


class Call(Requesting):
    """An INVITE session, from either side."""

    def __init__(self, agent: Agent, dialog: Dialog, *, caller: str, called: str) -> None:
        super().__init__(agent, dialog)
        self.caller = caller
        """The user part of the caller's address: the caller id."""
        self.called = called
        """The number that was called."""
        self.events: asyncio.Queue[CallEvent] = asyncio.Queue()
        self.over = False
        self._agent = agent
        self._local_body = b""
        self._remote_session: SessionDescription | None = None
        self._undecided: ServerTransaction | None = None
        self._unacknowledged: dict[int, RepeatedAnswer] = {}
        self._asked_for_offer = -1
        """CSeq of the last re-INVITE without an offer."""
        self._takes_update = False
        self._due: Timer | None = None
        self._refreshing: asyncio.Task[None] | None = None

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
            async with asyncio.timeout(patience):
                await self.ask("BYE")
        except (TimeoutError, NoResponse, SipError) as fault:
            log.info("sip_bye_unanswered", call_id=self.call_id, reason=str(fault) or "timeout")

    def abandon(self) -> None:
        """Stops without a word; for the end of the program."""
        self.over = True
        self._set_timer(None)
        if self._refreshing is not None:
            self._refreshing.cancel()
        for repeated in self._unacknowledged.values():
            repeated.end()

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
        elif request.method == "INVITE" or (request.method == "UPDATE" and request.body.strip()):
            self._receive_offer(request, transaction)
        elif request.method == "UPDATE":
            self._dialog.retarget(request)
            self._accept_update(transaction, b"")
        else:
            transaction.respond(response(request, 481))  # PRACK: nothing of ours was provisional and reliable

    def receive_ack(self, ack: Request) -> None:
        """Takes the ACK of an answer of ours."""
        repeated = self._unacknowledged.pop(ack.cseq.sequence, None)
        if repeated is not None:
            repeated.end()
            self.events.put_nowait(Acknowledged())
            if ack.cseq.sequence == self._asked_for_offer:
                self._take_answer(ack)

    def _take_answer(self, ack: Request) -> None:
        """Our 2xx made an offer, and the answer to it is in the ACK (RFC 3261 §13.2.1)."""
        try:
            session = sdp.parse(ack.body)
        except SdpError as fault:
            log.info("sip_answer_unreadable", call_id=self.call_id, reason=str(fault))
            return
        known, self._remote_session = self._remote_session, session
        if known is None or not session.is_same_as(known):
            self.events.put_nowait(Agreed(session=session))

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
        if request.method == "INVITE" and not request.body.strip():
            self._asked_for_offer = request.cseq.sequence
        known = self._remote_session
        offered = Offered(request=request, offer=offer) if offer is not None else None
        if offered is None:
            self.decline(488)
        elif known is not None and offered.offer.is_same_as(known):
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
            answer = await self.ask("INVITE", body)
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

    def _established(self, answer: Response) -> None:
        self._takes_update = "update" in words_of(answer, "Allow")
        self._set_timer(agreed(answer))

    def _answer(self, transaction: ServerTransaction, body: bytes) -> None:
        """Accepts an offer: an INVITE again and again until its ACK comes."""
        if not isinstance(transaction, InviteServerTransaction):
            self._accept_update(transaction, body)
            return
        invite = transaction.request
        self._takes_update = "update" in words_of(invite, "Allow")
        fields = [("Contact", self._dialog.contact), *answer_fields(invite)]
        answer = response(invite, 200, tag=self._dialog.local_tag, fields=fields, body=body)
        transaction.respond(answer)
        self._unacknowledged[invite.cseq.sequence] = RepeatedAnswer(
            bytes(answer),
            lambda datagram: self._agent.send(datagram, self._dialog.next_hop),
            self._agent.clock,
            self._agent.timers,
            lambda: self._peer_left("the answer was never acknowledged", None),
        )
        self._set_timer(taken(invite))

    def _accept_update(self, transaction: ServerTransaction, body: bytes) -> None:
        """Accepts an UPDATE (RFC 3311): a refresh, or an offer."""
        update = transaction.request
        fields = [("Contact", self._dialog.contact), *answer_fields(update)]
        transaction.respond(response(update, 200, fields=fields, body=body))
        self._set_timer(taken(update))

    def _set_timer(self, timer: SessionTimer | None, *, after: float | None = None) -> None:
        """Winds the session timer up anew (RFC 4028); without one the session lasts.

        Args:
            timer: what is agreed on.
            after: seconds until we refresh it; by default as the timer says.
        """
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if timer is not None and timer.is_ours:
            due = timer.refresh_after if after is None else after
            self._due = self._agent.clock.call_later(due, lambda: self._start_refresh(timer))
        elif timer is not None:
            self._due = self._agent.clock.call_later(timer.gone_after, self._not_refreshed)

    def _not_refreshed(self) -> None:
        """Whoever takes the event hangs up (RFC 4028 §10)."""
        self.events.put_nowait(HungUp(reason="the session was not refreshed in time"))

    def _start_refresh(self, timer: SessionTimer) -> None:
        self._refreshing = asyncio.get_running_loop().create_task(self._refresh(timer))

    async def _refresh(self, timer: SessionTimer) -> None:
        """Says that we are there: by UPDATE where the peer takes it, else with the same session again."""
        self._set_timer(timer)
        if self.over or self._busy_inviting:
            self._refresh_soon(timer)
            return
        try:
            answer = await self._ask_refresh(asked_fields(timer))
            if (least := longer(answer, timer)) is not None:
                answer = await self._ask_refresh(asked_fields(least, least=least.seconds))
        except (NoResponse, SipError) as fault:
            self._peer_left(f"the session could not be refreshed: {fault}", None)
            return
        if answer.code in _GONE:
            self._peer_left(f"the session could not be refreshed: {answer.code}", None)
        elif is_success(answer) and not self.over:
            self._set_timer(agreed(answer))
        elif answer.code in _AGAIN:
            self._refresh_soon(timer)

    async def _ask_refresh(self, extra: Fields) -> Response:
        if self._takes_update:
            own = (("Contact", self._dialog.contact), ("Supported", SUPPORTED))
            answer = await self.ask("UPDATE", extra=(*extra, *own))
            if answer.code not in _NO_UPDATE:
                return answer
            self._takes_update = False  # it said that it did
        return await self.ask("INVITE", self._local_body, extra=extra)

    def _refresh_soon(self, timer: SessionTimer) -> None:
        """Something else is under way, at one end or the other: after the wait of a glare there is time."""
        if not self.over:
            delay = glare_delay(self._agent.random, owns_call_id=self._owns_call_id)
            self._set_timer(timer, after=min(delay, timer.refresh_after))

    def _peer_left(self, reason: str, q850: int | None) -> None:
        if not self.over:
            self._close()
            self.events.put_nowait(HungUp(reason=reason, q850=q850))

    def _close(self) -> None:
        self.over = True
        self._set_timer(None)
        for repeated in self._unacknowledged.values():
            repeated.end()
        self._unacknowledged.clear()
        if self._undecided is not None:
            self._undecided.respond(response(self._undecided.request, 487))
            self._undecided = None
        self._agent.forget(self)
