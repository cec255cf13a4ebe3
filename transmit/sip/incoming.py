"""A call that comes in: ringing, the answer or refusal, CANCEL by the caller (RFC 3261 §13.3, §9.2)."""

from sipmessage import Request

from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.call import Agent, Call
from transmit.sip.dialog import Dialog
from transmit.sip.message import response
from transmit.sip.sdp import SdpError, SessionDescription
from transmit.sip.transaction import InviteServerTransaction, TransactionState


class IncomingCall(Call):
    """A call of a peer's. It is trying until `ring`, `answer` or `refuse`.

    `Acknowledged` is the event that says it is up; `HungUp` comes also where the caller cancels.
    """

    def __init__(
        self, agent: Agent, dialog: Dialog, transaction: InviteServerTransaction, *, caller: str, called: str
    ) -> None:
        super().__init__(agent, dialog, caller=caller, called=called)
        self._invite = transaction

    @property
    def source(self) -> HostPort:
        """Where the call came from."""
        return self._dialog.first_hop

    @property
    def invite(self) -> Request:
        """The INVITE that began the call."""
        return self._invite.request

    def read_offer(self) -> SessionDescription | None:
        """The caller's session description; None if it sent none that can be read."""
        try:
            self._remote_session = sdp.parse(self.invite.body)
        except SdpError:
            return None
        return self._remote_session

    def ring(self) -> None:
        """Sends 180 Ringing."""
        contact = ("Contact", self._dialog.contact)
        self._invite.respond(response(self.invite, 180, tag=self._dialog.local_tag, fields=[contact]))

    def progress(self, body: bytes) -> None:
        """Sends 183 Session Progress with a session description: early media (RFC 3960)."""
        contact = ("Contact", self._dialog.contact)
        self._invite.respond(
            response(self.invite, 183, tag=self._dialog.local_tag, fields=[contact], body=body)
        )

    def answer(self, body: bytes) -> None:
        """Accepts the call with a session description."""
        if self._invite.state is TransactionState.PROCEEDING:
            self._local_body = body
            self._answer(self._invite, body)

    def refuse(self, code: int, *, q850: int | None = None) -> None:
        """Refuses the call, with a Q.850 cause in the Reason field where one is given."""
        fields = [("Reason", f"Q.850;cause={q850}")] if q850 is not None else []
        self._invite.respond(response(self.invite, code, tag=self._dialog.local_tag, fields=fields))
        if not self.over:
            self._close()

    def cancelled(self) -> None:
        """The caller sent CANCEL before there was an answer."""
        if self._invite.state is TransactionState.PROCEEDING:
            self._invite.respond(response(self.invite, 487, tag=self._dialog.local_tag))
            self._peer_left("CANCEL", None)
