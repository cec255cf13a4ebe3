"""A call that we place: INVITE, what rings, CANCEL, the answer (RFC 3261 §13.2, §9.1)."""

import asyncio

import structlog
from sipmessage import Response

from transmit.sip import sdp
from transmit.sip.call import Agent, Call, NoResponse
from transmit.sip.call_events import Answered, Refused, Ringing
from transmit.sip.dialog import Dialog
from transmit.sip.message import SipError, is_refusal, q850_cause
from transmit.sip.sdp import SdpError, SessionDescription
from transmit.sip.transaction import ClientTransaction, InviteClientTransaction

log = structlog.get_logger(__name__)


class OutgoingCall(Call):
    """A call of ours; its INVITE leaves with `start`.

    Its first events are any number of `Ringing`, then `Answered` or `Refused`.
    """

    def __init__(self, agent: Agent, dialog: Dialog, *, caller: str, called: str, offer: bytes) -> None:
        super().__init__(agent, dialog, caller=caller, called=called)
        self._local_body = offer
        self._invite: InviteClientTransaction | None = None
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
            await asyncio.wait_for(self._ended.wait(), patience)
        except TimeoutError:
            log.info("sip_cancel_unanswered", call_id=self.call_id)

    def abandon(self) -> None:
        """Stops without a word; for the end of the program."""
        if self._task is not None:
            self._task.cancel()

    async def _place(self) -> None:
        try:
            answer = await self._ask("INVITE", self._local_body)
        except (NoResponse, SipError) as fault:
            self._refused(Refused(code=None, reason=str(fault)))
            return
        if is_refusal(answer):
            self._refused(Refused(code=answer.code, reason=answer.phrase, q850=q850_cause(answer)))
        elif self._cancelled:
            await self.hang_up()  # the answer crossed our CANCEL (§9.1)
            self._refused(Refused(code=487, reason="cancelled"))
        else:
            self.events.put_nowait(Answered(session=self._read(answer)))

    def _refused(self, refused: Refused) -> None:
        if not self.over:
            self._close()
        self._ended.set()
        self.events.put_nowait(refused)

    def _read(self, answer: Response) -> SessionDescription | None:
        try:
            self._remote_session = sdp.parse(answer.body)
        except SdpError as fault:
            log.info("sip_answer_unreadable", call_id=self.call_id, reason=str(fault))
        return self._remote_session

    def _begun(self, transaction: ClientTransaction) -> None:
        if isinstance(transaction, InviteClientTransaction) and not self._is_up:
            self._invite = transaction

    def _provisional(self, answer: Response) -> None:
        if self._is_up:
            return
        if self._cancelled:
            self._send_cancel()
        elif answer.code > 100:  # noqa: PLR2004 - 100 comes from the next hop alone
            self.events.put_nowait(Ringing(code=answer.code))

    def _established(self, answer: Response) -> None:
        if self._is_up:
            self._dialog.retarget(answer)
        else:
            self._dialog.establish(answer)
            self._is_up = True

    @property
    def _owns_call_id(self) -> bool:
        return True

    def _send_cancel(self) -> None:
        """Sends CANCEL, once the peer is known to have the INVITE (§9.1)."""
        if self._invite is None:
            return
        invite, hop = self._invite, self._dialog.next_hop
        try:
            cancel = invite.cancel_request()
        except SipError:
            return
        self._invite = None
        self._agent.request(cancel, hop, lambda _: None, lambda: None)
        self._agent.clock.call_later(self._agent.timers.give_up, invite.abandon)
