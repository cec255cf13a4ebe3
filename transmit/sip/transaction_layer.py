"""Matches what arrives with the transactions under way, and opens new ones (RFC 3261 §17.1.3, §17.2.3)."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog
from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip.message import SipError, branch_of, note_source, parse, response, sent_by
from transmit.sip.transaction import (
    ClientTransaction,
    InviteClientTransaction,
    InviteServerTransaction,
    NonInviteClientTransaction,
    NonInviteServerTransaction,
    Scheduler,
    ServerTransaction,
    SipTimers,
    TransactionState,
)

log = structlog.get_logger(__name__)

_ClientKey = tuple[str, str]
_ServerKey = tuple[str, HostPort, str]
_Key = TypeVar("_Key")


class TransactionLayer:
    """All transactions over one transport."""

    def __init__(
        self,
        send: Callable[[bytes, HostPort], None],
        clock: Scheduler,
        timers: SipTimers,
        *,
        on_request: Callable[[Request, ServerTransaction, HostPort], None],
        on_ack: Callable[[Request], None],
    ) -> None:
        """Makes an empty layer.

        Args:
            send: sends a datagram.
            clock: calls back later.
            timers: how long later.
            on_request: takes each new request, once, with its transaction and where it came from.
            on_ack: takes each ACK of a 2xx.
        """
        self._send = send
        self._clock = clock
        self._timers = timers
        self._on_request = on_request
        self._on_ack = on_ack
        self._clients: dict[_ClientKey, ClientTransaction] = {}
        self._peers: dict[_ClientKey, HostPort] = {}
        self._servers: dict[_ServerKey, ServerTransaction] = {}

    def __len__(self) -> int:
        """Transactions under way."""
        return len(self._clients) + len(self._servers)

    def request(
        self,
        message: Request,
        destination: HostPort,
        on_response: Callable[[Response], None],
        on_timeout: Callable[[], None],
    ) -> ClientTransaction:
        """Sends a request, and again until it is answered or timed out."""
        kind = InviteClientTransaction if message.method == "INVITE" else NonInviteClientTransaction
        transaction = kind(message, self._to(destination), self._clock, self._timers, on_response, on_timeout)
        key = (branch_of(message), message.method)
        self._clients[key] = transaction
        self._peers[key] = destination
        transaction.on_end = partial(self._forget, key)
        transaction.start()
        return transaction

    def receive(self, datagram: bytes, source: HostPort) -> None:
        """Takes a datagram from the transport; what is no SIP message is noted and dropped."""
        if not datagram.strip(b"\r\n\0 "):
            return  # a keep-alive (RFC 5626 §3.5.1)
        try:
            message = parse(datagram)
            if isinstance(message, Response):
                self._receive_response(message)
            else:
                self._receive_request(message, source)
        except SipError as fault:
            log.info("sip_message_dropped", source=str(source), reason=str(fault), octets=len(datagram))

    def break_off(self, peer: HostPort, reason: str, was_open: bool) -> None:  # noqa: FBT001 - a callback
        """The connection to a peer is broken, or was never made.

        What was sent on one that was open is sent once more, on another: a server that was started anew, or a
        router that forgot the connection, shows only then. Else nobody waits for a first word any more.
        """
        waiting = [self._clients[key] for key, known in self._peers.items() if known == peer]
        log.info("sip_connection_broken", peer=str(peer), reason=reason, requests=len(waiting))
        for transaction in waiting:
            if not (was_open and transaction.repeat_once()):
                transaction.break_off(reason)

    def invite_of(self, cancel: Request) -> InviteServerTransaction | None:
        """The INVITE that a CANCEL is about (RFC 3261 §9.2), while it has no final response."""
        found = self._servers.get((branch_of(cancel), sent_by(cancel), "INVITE"))
        if isinstance(found, InviteServerTransaction) and found.state is TransactionState.PROCEEDING:
            return found
        return None

    def close(self) -> None:
        """Forgets all transactions."""
        for transaction in [*self._clients.values(), *self._servers.values()]:
            transaction.end()

    def _receive_response(self, message: Response) -> None:
        transaction = self._clients.get((branch_of(message), message.cseq.method))
        if transaction is not None:
            transaction.receive(message)

    def _receive_request(self, message: Request, source: HostPort) -> None:
        method = "INVITE" if message.method == "ACK" else message.method
        key = (branch_of(message), sent_by(message), method)
        transaction = self._servers.get(key)
        if message.method == "ACK" and (
            transaction is None or transaction.state is TransactionState.ACCEPTED
        ):
            self._on_ack(message)
        elif transaction is not None:
            transaction.receive(message)
        else:
            self._open(key, message, source)

    def _open(self, key: _ServerKey, message: Request, source: HostPort) -> None:
        back = self._to(note_source(message, source))
        kind = InviteServerTransaction if message.method == "INVITE" else NonInviteServerTransaction
        transaction = kind(message, back, self._clock, self._timers)
        self._servers[key] = transaction
        transaction.on_end = partial(_drop, self._servers, key)
        if message.method == "INVITE":
            transaction.respond(response(message, 100))
        self._on_request(message, transaction, source)

    def _forget(self, key: _ClientKey) -> None:
        _drop(self._clients, key)
        _drop(self._peers, key)

    def _to(self, destination: HostPort) -> Callable[[bytes], None]:
        return lambda datagram: self._send(datagram, destination)


def _drop(transactions: dict[_Key, Any], key: _Key) -> None:
    transactions.pop(key, None)
