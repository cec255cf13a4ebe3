"""A call that we place: INVITE, what rings, CANCEL, the answer (RFC 3261 §13.2, §9.1); redirections."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sipmessage import Response

from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.addresses import tag_of
from transmit.sip.call import Agent, Call, NoResponse
from transmit.sip.call_events import Answered, Refused, Ringing
from transmit.sip.dialog import Dialog
from transmit.sip.message import Fields, SipError, contacts_of, field, is_refusal, q850_cause
from transmit.sip.sdp import SdpError, SessionDescription
from transmit.sip.session_timer import SessionTimer, asked_fields, longer
from transmit.sip.transaction import ClientTransaction, InviteClientTransaction

log = structlog.get_logger(__name__)

Redirect = Callable[[str], Awaitable[tuple[HostPort, ...]]]
"""The servers of a URI that a call is redirected to; none if it is not to be followed. May raise OSError."""

_BUSY = 486
_NOWHERE = frozenset({408, 480, 500, 502, 503, 504})
"""Answers that say more of a place than of whom is called."""
_MOST_TARGETS = 5


async def follow_nowhere(uri: str) -> tuple[HostPort, ...]:
    """Redirections are refusals."""
    del uri
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """What an INVITE says and where it goes."""

    caller: str
    """The caller id, for the record."""
    called: str
    """The number, for the record."""
    offer: bytes
    """The session description."""
    servers: tuple[HostPort, ...]
    """Addresses, the first choice first."""
    fields: Fields = ()
    """Further header fields: who calls."""
    redirect: Redirect = follow_nowhere


class OutgoingCall(Call):
    """A call of ours; its INVITE leaves with `start`.

    Its first events are any number of `Ringing`, then `Answered` or `Refused`.
    """

    def __init__(self, agent: Agent, dialog: Dialog, invitation: Invitation) -> None:
        super().__init__(agent, dialog, caller=invitation.caller, called=invitation.called)
        self._servers = invitation.servers
        self._fields = invitation.fields
        self._redirect = invitation.redirect
        self._local_body = invitation.offer
        self._invite: ClientTransaction | None = None
        self._invited = invitation.servers[0]
        self._early: dict[str, SessionDescription] = {}
        self._targets = [dialog.remote_target]
        self._is_up = False
        self._cancelled = False
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Sends the INVITE."""
        self._task = asyncio.get_running_loop().create_task(self._place(), name=f"INVITE {self.call_id}")

    async def give_up(self, *, patience: float = 2.0) -> None:
        """Ends the call as its state asks: CANCEL before the answer, BYE after it.

        Waits for the peer's word for `patience` seconds at most; an answer that crosses the CANCEL on its way
        is acknowledged and hung up, even later.
        """
        if self._is_up:
            await self.hang_up(patience=patience)
            return
        self._cancelled = True
        self._send_cancel()
        try:
            async with asyncio.timeout(patience):
                await self._ended.wait()
        except TimeoutError:
            log.info("sip_cancel_unanswered", call_id=self.call_id)

    def abandon(self) -> None:
        """Stops without a word; for the end of the program."""
        super().abandon()
        if self._task is not None:
            self._task.cancel()

    async def _place(self) -> None:
        try:
            answer = await self._invite_all()
        except (NoResponse, SipError) as fault:
            self._refused(Refused(code=None, reason=str(fault)))
            return
        if is_refusal(answer):
            self._refused(Refused(code=answer.code, reason=_reason(answer), q850=q850_cause(answer)))
        elif self._cancelled:
            await self.hang_up()  # the answer crossed our CANCEL (§9.1)
            self._refused(Refused(code=487, reason="cancelled"))
        else:
            self.events.put_nowait(Answered(session=self._read(answer)))

    async def _invite_all(self) -> Response:
        """The answer of the called; of several places that a redirection names, the one that says most.

        RFC 3261 §8.1.3.4: one place after the other, until one does not refuse or everybody does (6xx).
        """
        places: list[str] = []
        refusals: list[Response] = []
        timer: SessionTimer | None = None
        while True:
            asked = asked_fields(timer, least=timer.seconds) if timer is not None else ()
            try:
                answer = await self.ask("INVITE", self._local_body, extra=(*self._fields, *asked))
            except NoResponse:
                if await self._try_next(places):
                    continue
                if not any(map(_tells, refusals)):
                    raise
                return max(refusals, key=_tells)
            if not self._cancelled and (least := longer(answer, timer)) is not None:
                timer = least  # a proxy asked for less than somebody behind it takes (RFC 4028 §7.3)
                continue
            if _is_redirection(answer):
                places = [*contacts_of(answer), *places]
            elif not _leaves_others(answer):
                return answer
            refusals.insert(0, answer)
            if not await self._try_next(places):
                return max(refusals, key=_tells)

    async def _try_next(self, places: list[str]) -> bool:
        """Turns to the next place that a redirection named, if there is one that may be followed."""
        while places and len(self._targets) < _MOST_TARGETS and not self._cancelled:
            place = places.pop(0)
            servers = () if place in self._targets else await self._servers_of(place)
            if servers:
                log.info("sip_call_redirected", call_id=self.call_id, server=str(servers[0]))
                self._targets.append(place)
                self._dialog.remote_target = place
                self._servers = servers
                return True
        return False

    async def _servers_of(self, place: str) -> tuple[HostPort, ...]:
        try:
            return await self._redirect(place)
        except OSError as fault:
            log.info("sip_redirection_unreachable", call_id=self.call_id, reason=str(fault))
            return ()

    def _refused(self, refused: Refused) -> None:
        if not self.over:
            self._close()
        self._ended.set()
        self.events.put_nowait(refused)

    def _read(self, answer: Response) -> SessionDescription | None:
        """The session of an answer; it may have come before it, reliably (RFC 6337 §3.1.1)."""
        try:
            self._remote_session = sdp.parse(answer.body)
        except SdpError as fault:
            self._remote_session = self._early.get(tag_of(field(answer, "To")))
            if answer.body.strip() or self._remote_session is None:
                log.info("sip_answer_unreadable", call_id=self.call_id, reason=str(fault))
        return self._remote_session

    def _is_wanted(self, method: str) -> bool:
        return method != "INVITE" or not self._cancelled

    def _begun(self, transaction: ClientTransaction, server: HostPort) -> None:
        if isinstance(transaction, InviteClientTransaction) and not self._is_up:
            self._invite, self._invited = transaction, server

    def _provisional(self, answer: Response) -> None:
        if self._is_up or answer.cseq.method != "INVITE":
            return
        if self._cancelled:
            self._send_cancel()
        elif answer.code > 100:  # noqa: PLR2004 - 100 comes from the next hop alone
            self.events.put_nowait(Ringing(code=answer.code, session=self._read_early(answer)))

    def _read_early(self, answer: Response) -> SessionDescription | None:
        try:
            session = sdp.parse(answer.body)
        except SdpError:
            return None
        self._early[tag_of(field(answer, "To"))] = session
        return session

    def _established(self, answer: Response) -> None:
        if self._is_up:
            self._dialog.retarget(answer)
        else:
            self._dialog.establish(answer)
            self._is_up = True
            self._servers = ()
        super()._established(answer)

    @property
    def _owns_call_id(self) -> bool:
        return True

    def _send_cancel(self) -> None:
        self._cancel(self._invite, self._invited)


def _is_redirection(answer: Response) -> bool:
    return 300 <= answer.code < 400  # noqa: PLR2004 - RFC 3261 §21.3


def _leaves_others(answer: Response) -> bool:
    return 400 <= answer.code < 600  # noqa: PLR2004 - §21.6: 6xx is for all places


def _tells(refusal: Response) -> int:
    """How much a refusal says of whom is called."""
    if refusal.code == _BUSY:
        return 2
    return 0 if refusal.code in _NOWHERE or _is_redirection(refusal) else 1


def _reason(refusal: Response) -> str:
    places = contacts_of(refusal) if _is_redirection(refusal) else ()
    return f"{refusal.phrase}, to {', '.join(places)}" if places else refusal.phrase
