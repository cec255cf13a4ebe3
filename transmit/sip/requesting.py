"""Requests of ours with one Call-ID: to one server after the other, challenges answered, 2xx acknowledged.

A server that says nothing within the time for it, or 503, is left for the next one (RFC 3263 §4.3); once it
wakes up, its call is cancelled. A second acceptance of a forked INVITE is acknowledged and hung up at once
(RFC 3261 §13.2.2.4).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Protocol

import structlog
from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip.authenticator import Authenticator
from transmit.sip.dialog import Dialog
from transmit.sip.digest import Credentials
from transmit.sip.message import Fields, SipError, field, is_provisional, is_success
from transmit.sip.reliable import ReliableResponses
from transmit.sip.transaction import ClientTransaction, InviteClientTransaction, Scheduler, SipTimers

log = structlog.get_logger(__name__)

_UNAVAILABLE = 503


class NoResponse(Exception):  # noqa: N818 - named as what happened
    """A request was never answered (timers B and F)."""


class Network(Protocol):
    """What requests need of the user agent that they leave from."""

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


class _Exchange:
    """One request to one server."""

    def __init__(self, method: str, server: HostPort, proof: Fields) -> None:
        self.method = method
        self.server = server
        self.proof = proof
        """What proves who we are; an ACK carries its INVITE's (§22.1)."""
        self.transaction: ClientTransaction | None = None
        self.final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.heard = asyncio.Event()
        """Set with the first response, whatever it is, and when there will be none."""
        self.left = False
        """Whether another server was asked instead."""

    def conclude(self, answer: Response) -> None:
        """The final response is there; further ones are the ACK's business."""
        self.heard.set()
        if not self.final.done():
            self.final.set_result(answer)

    def timed_out(self) -> None:
        """No response will come."""
        self.heard.set()
        broken = self.transaction.broken if self.transaction is not None else ""
        reason = f"no connection to {self.server}: {broken}" if broken else f"no response to {self.method}"
        if not self.final.done():
            self.final.set_exception(NoResponse(reason))

    async def was_heard(self, seconds: float) -> bool:
        """Waits for the first word of the server."""
        try:
            async with asyncio.timeout(seconds):
                await self.heard.wait()
        except TimeoutError:
            return False
        return True


class Requesting:
    """Requests that belong together: those of a call, or of a registration."""

    def __init__(self, network: Network, dialog: Dialog, servers: tuple[HostPort, ...] = ()) -> None:
        """Makes it; nothing is sent.

        Args:
            network: the user agent.
            dialog: numbers and addresses.
            servers: where to, the first choice first; empty for the dialog's own next hop.
        """
        self._network = network
        self._dialog = dialog
        self._servers = servers
        self._authenticator = Authenticator(network.credentials, network.random)
        self._inviting = False
        self._reliable = ReliableResponses()
        self._acks: dict[tuple[int, str], tuple[bytes, HostPort]] = {}

    async def ask(self, method: str, body: bytes = b"", *, extra: Fields = ()) -> Response:
        """Sends a request and gives its final response; challenges are answered.

        Raises:
            NoResponse: none came.
            SipError: a challenge that cannot be answered.
        """
        while True:
            answer = await self._ask_servers(method, body, extra)
            if not self._authenticator.may_answer(answer) or not self._is_wanted(method):
                return answer

    async def _ask_servers(self, method: str, body: bytes, extra: Fields) -> Response:
        servers = self._servers or (self._dialog.next_hop,)
        self._dialog.local_cseq += 1
        for position, server in enumerate(servers[:-1]):
            try:
                answer = await self._transact(method, body, extra, server, self._network.timers.fail_over)
            except NoResponse:
                if not self._is_wanted(method):
                    raise
                log.warning("sip_server_silent", server=str(server), method=method)
                continue
            if answer.code != _UNAVAILABLE or not self._is_wanted(method):
                self._stay_with(servers[position:])
                return answer
            log.warning("sip_server_unavailable", server=str(server), method=method)
        self._stay_with(servers[-1:])
        return await self._transact(method, body, extra, servers[-1], None)

    def _stay_with(self, servers: tuple[HostPort, ...]) -> None:
        """What follows goes to the server that answered, and not back to those that did not."""
        if self._servers:
            self._servers = servers
            self._dialog.first_hop = servers[0]

    async def _transact(
        self, method: str, body: bytes, extra: Fields, server: HostPort, patience: float | None
    ) -> Response:
        """One request to one server, which has `patience` seconds for its first word where that is given."""
        proof = self._authenticator.fields(method, self._dialog.request_uri, body)
        message = self._dialog.compose(
            method,
            via=self._network.via(server),
            body=body,
            cseq=self._dialog.local_cseq,
            extra=(*proof, *extra),
        )
        exchange = _Exchange(method, server, proof)
        self._inviting = method == "INVITE"
        try:
            exchange.transaction = self._network.request(
                message, server, lambda answer: self._take(exchange, answer), exchange.timed_out
            )
            self._begun(exchange.transaction, server)
            if patience is not None and not await exchange.was_heard(patience):
                exchange.left = True
                raise NoResponse(f"no response to {method}")
            return await exchange.final
        finally:
            self._inviting = False

    def _take(self, exchange: _Exchange, answer: Response) -> None:
        if exchange.left:
            self._take_late(exchange, answer)
            return
        if is_provisional(answer):
            exchange.heard.set()
            self._take_provisional(answer)
            return
        if exchange.method == "INVITE" and is_success(answer):
            self._acknowledge(answer, exchange.proof, first=not exchange.final.done())
        exchange.conclude(answer)

    def _take_late(self, exchange: _Exchange, answer: Response) -> None:
        """A server wakes up after another one was asked: its call must not ring, nor stay up."""
        if exchange.method != "INVITE":
            return
        if is_success(answer):
            self._acknowledge(answer, exchange.proof, first=False)
        elif is_provisional(answer):
            self._cancel(exchange.transaction, exchange.server)

    def _take_provisional(self, answer: Response) -> None:
        rack = self._reliable.rack_of(answer)
        if rack is not None:
            self._acknowledge_provisional(answer, rack)
        self._provisional(answer)

    def _acknowledge_provisional(self, answer: Response, rack: str) -> None:
        """Sends PRACK in the dialog that a provisional response begins (RFC 3262 §4)."""
        early = replace(self._dialog)
        if not early.remote_tag:
            early.establish(answer)
        self._dialog.local_cseq += 1
        proof = self._authenticator.fields("PRACK", early.request_uri)
        hop = early.next_hop
        prack = early.compose(
            "PRACK",
            via=self._network.via(hop),
            cseq=self._dialog.local_cseq,
            extra=(("RAck", rack), *proof),
        )
        self._network.request(prack, hop, _ignore, _ignore_timeout)

    def _acknowledge(self, answer: Response, proof: Fields, *, first: bool) -> None:
        """Sends the ACK of a 2xx, again for each repetition; one that nobody waits for is hung up too."""
        known = (answer.cseq.sequence, field(answer, "To"))
        if first:
            self._established(answer)
            self._acks[known] = self._ack_of(self._dialog, answer, proof)
        elif known not in self._acks:
            stray = replace(self._dialog)
            stray.establish(answer)
            self._acks[known] = self._ack_of(stray, answer, proof)
            self._hang_up_stray(stray)
        self._network.send(*self._acks[known])

    def _ack_of(self, dialog: Dialog, answer: Response, proof: Fields) -> tuple[bytes, HostPort]:
        hop = dialog.next_hop
        via = self._network.via(hop)
        ack = dialog.compose("ACK", via=via, cseq=answer.cseq.sequence, extra=proof)
        return bytes(ack), hop

    def _hang_up_stray(self, stray: Dialog) -> None:
        log.info("sip_stray_answer", call_id=stray.call_id)
        self._dialog.local_cseq += 1
        hop = stray.next_hop
        proof = self._authenticator.fields("BYE", stray.request_uri)
        via = self._network.via(hop)
        bye = stray.compose("BYE", via=via, cseq=self._dialog.local_cseq, extra=proof)
        # Behind the ACK, which leaves when this has returned.
        self._network.clock.call_later(0, lambda: self._network.request(bye, hop, _ignore, _ignore_timeout))

    def _cancel(self, invite: ClientTransaction | None, server: HostPort) -> bool:
        """Sends CANCEL, if the peer is known to have the INVITE and has not answered it (§9.1)."""
        if not isinstance(invite, InviteClientTransaction):
            return False
        try:
            cancel = invite.cancel_request()
        except SipError:
            return False
        self._network.request(cancel, server, _ignore, _ignore_timeout)
        self._network.clock.call_later(self._network.timers.give_up, invite.abandon)
        return True

    def _is_wanted(self, method: str) -> bool:
        """Whether a request that came to nothing is to be tried again."""
        del method
        return True

    def _begun(self, transaction: ClientTransaction, server: HostPort) -> None:
        """A transaction of ours has started."""

    def _provisional(self, answer: Response) -> None:
        """A provisional response to a request of ours."""

    def _established(self, answer: Response) -> None:
        """The first 2xx to an INVITE of ours came."""


def _ignore(answer: Response) -> None:
    """Whatever the peer says, there is nothing to do."""
    del answer


def _ignore_timeout() -> None:
    """The peer says nothing; there is nothing to do."""
