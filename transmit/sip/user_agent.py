"""The user agent: many calls over one transport, UDP, TCP or TLS (RFC 3261 §8).

Places calls with `call`, hands incoming ones to `on_call`, answers OPTIONS, and tells peers what it does not
do (405), what it cannot (420), and what it does not know (481).
"""

import re
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from random import Random, SystemRandom

import structlog
from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip.addresses import host_of, tag_of, user_of
from transmit.sip.call import Call
from transmit.sip.dialog import Dialog
from transmit.sip.digest import Credentials
from transmit.sip.incoming import IncomingCall
from transmit.sip.message import ALLOW, SDP, Fields, field, response, words_of
from transmit.sip.outgoing import Invitation, OutgoingCall, Redirect, follow_nowhere
from transmit.sip.reach import LoopClock, Reach
from transmit.sip.streams import open_streams
from transmit.sip.transaction import (
    ClientTransaction,
    InviteServerTransaction,
    Scheduler,
    ServerTransaction,
    SipTimers,
)
from transmit.sip.transaction_layer import TransactionLayer
from transmit.sip.transport import (
    OpenTransport,
    Receiver,
    Transport,
    TransportKind,
    open_udp,
    own_address_towards,
    resolve,
)

log = structlog.get_logger(__name__)

_KNOWN_METHODS = frozenset(ALLOW.split(", "))
_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
Tap = Callable[[bytes, HostPort, HostPort], None]
"""Called with a message, where it comes from and where it goes."""
_UNDERSTOOD = frozenset({"timer"})
"""Extensions that a caller may require of us; as a callee we send no provisional response reliably."""


class UserAgent:
    """One SIP endpoint."""

    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        on_call: Callable[[IncomingCall], None] | None = None,
        timers: SipTimers | None = None,
        open_transport: OpenTransport | None = None,
        reach: Reach | None = None,
        random: Random | None = None,
    ) -> None:
        """Makes it; nothing is opened before `start`.

        Args:
            credentials: for challenges to our requests.
            on_call: takes incoming calls; without it they are refused.
            timers: of all transactions; by default those of the RFC.
            open_transport: binds the socket; by default one of the kind that `reach` says.
            reach: what carries it, and under which address; by default UDP, under the socket's own.
            random: makes tags, branches and Call-IDs.
        """
        self.clock: Scheduler = LoopClock()
        self.reach = reach or Reach()
        self.timers = replace(timers or SipTimers(), reliable=self.reach.kind.is_reliable)
        self.random: Random = random or SystemRandom()
        self.credentials = credentials
        self._on_call = on_call
        self._open_transport = open_transport or self._open
        self._transport: Transport | None = None
        self._calls: dict[tuple[str, str], Call] = {}
        self._taps: dict[str, Tap] = {}
        self._layer = TransactionLayer(
            self.send, self.clock, self.timers, on_request=self._receive, on_ack=self._receive_ack
        )

    async def start(self, listen: HostPort) -> HostPort:
        """Binds the socket and gives its address, with the port that the kernel chose.

        Raises:
            OSError: the address is not ours, or its port is taken.
        """
        self._transport = await self._open_transport(listen, self._receive_octets)
        return self._transport.address

    async def stop(self) -> None:
        """Closes the socket. Calls that are up should have been hung up before."""
        for call in [*self._calls.values()]:
            call.abandon()
        self._calls.clear()
        self._layer.close()
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    @property
    def address(self) -> HostPort:
        """What the socket is bound to."""
        if self._transport is None:
            raise RuntimeError("the user agent is not started")
        return self._transport.address

    @property
    def calls(self) -> int:
        """Calls under way."""
        return len(self._calls)

    async def _open(self, listen: HostPort, receiver: Receiver) -> Transport:
        if self.reach.kind is TransportKind.UDP:
            return await open_udp(listen, receiver)
        tls, name = self.reach.tls, self.reach.peer_name
        return await open_streams(listen, receiver, self._layer.break_off, tls=tls, name=name)

    async def resolve(self, destination: HostPort) -> tuple[HostPort, ...]:
        """The addresses of a peer, in the socket's address family.

        Raises:
            OSError: its name has none.
        """
        return await resolve(destination, socket.AF_INET6 if ":" in self.address.host else socket.AF_INET)

    def media_host(self, destination: HostPort) -> str:
        """The address of ours that a peer at `destination` reaches."""
        bound = self.address.host
        return own_address_towards(destination) if ip_address(bound).is_unspecified else bound

    def call(
        self,
        *,
        uri: str,
        caller: str,
        called: str,
        domain: str,
        destination: HostPort,
        offer: bytes,
        alternates: tuple[HostPort, ...] = (),
        route: tuple[str, ...] = (),
        contact_user: str = "",
        fields: Fields = (),
        redirect: Redirect = follow_nowhere,
    ) -> OutgoingCall:
        """Places a call.

        Args:
            uri: the Request-URI.
            caller: the user part of From.
            called: the number, for the record.
            domain: the host part of From.
            destination: where the INVITE goes: an address, not a name.
            offer: the session description.
            alternates: where it goes if nobody answers there, or 503.
            route: Route values: an outbound proxy.
            contact_user: the user part of Contact; by default that of From.
            fields: further header fields.
            redirect: where a redirection leads to; by default it is a refusal.

        Raises:
            SipError: a value would break the message apart.
        """
        dialog = self.dialog(
            uri=uri, local=f"<sip:{caller}@{domain}>", user=contact_user or caller, destination=destination
        )
        dialog.route_set = route
        invitation = Invitation(
            caller=caller,
            called=called,
            offer=offer,
            servers=(destination, *alternates),
            fields=fields,
            redirect=redirect,
        )
        call = OutgoingCall(self, dialog, invitation)
        self._calls[call.key] = call
        call.start()
        return call

    def dialog(self, *, uri: str, local: str, user: str, destination: HostPort, remote: str = "") -> Dialog:
        """A new Call-ID and tag for requests from us.

        Args:
            uri: the Request-URI.
            local: the From value, without a tag.
            user: the user part of Contact.
            destination: where they go.
            remote: the To value; by default the Request-URI.
        """
        return Dialog(
            call_id=f"{self.random.getrandbits(96):024x}@{self.own_host(destination)}",
            local=f"{local};tag={self._token()}",
            remote=remote or f"<{uri}>",
            contact=self._contact(user, destination),
            remote_target=uri,
            first_hop=destination,
            connected=self.reach.kind.is_reliable,
        )

    def own_host(self, destination: HostPort) -> str:
        """Our address as a peer at `destination` knows it."""
        public = self.reach.public_address
        return str(public) if public is not None else self.media_host(destination)

    def via(self, destination: HostPort) -> str:
        """A Via value with a fresh branch (RFC 3261 §8.1.1.7) that asks for rport (RFC 3581)."""
        own = self._own(destination)
        branch = f"z9hG4bK{self.random.getrandbits(80):020x}"
        return f"SIP/2.0/{self.reach.kind} {own};branch={branch};rport"

    def send(self, datagram: bytes, destination: HostPort) -> None:
        """Sends a datagram."""
        if self._transport is not None:
            self._transport.send(datagram, destination)
        if self._taps:
            self._tap(datagram, self._own(destination), destination)

    def tap(self, call_id: str, tap: Tap | None) -> None:
        """Shows every message of a call, as it is on the wire; None ends it."""
        if tap is None:
            self._taps.pop(call_id, None)
        else:
            self._taps[call_id] = tap

    def request(
        self,
        message: Request,
        destination: HostPort,
        on_response: Callable[[Response], None],
        on_timeout: Callable[[], None],
    ) -> ClientTransaction:
        """Sends a request in a transaction."""
        return self._layer.request(message, destination, on_response, on_timeout)

    def forget(self, call: Call) -> None:
        """A call is over."""
        self._calls.pop(call.key, None)

    def _own(self, destination: HostPort) -> HostPort:
        return HostPort(self.own_host(destination), self.address.port or self.reach.kind.default_port)

    def _contact(self, user: str, destination: HostPort) -> str:
        """RFC 3261 §19.1.5: a Contact without `transport` is reached by UDP."""
        kind = self.reach.kind
        transport = "" if kind is TransportKind.UDP else f";transport={kind.lower()}"
        return f"<sip:{user}@{self._own(destination)}{transport}>"

    def _token(self) -> str:
        return f"{self.random.getrandbits(64):016x}"

    def _receive_octets(self, datagram: bytes, source: HostPort) -> None:
        if self._taps:
            self._tap(datagram, source, self._own(source))
        self._layer.receive(datagram, source)

    def _tap(self, datagram: bytes, source: HostPort, destination: HostPort) -> None:
        found = _CALL_ID.search(datagram)
        tap = self._taps.get(found[1].decode("ascii", "replace")) if found else None
        if tap is not None:
            tap(datagram, source, destination)

    def _receive(self, request: Request, transaction: ServerTransaction, source: HostPort) -> None:
        if request.method not in _KNOWN_METHODS:
            transaction.respond(response(request, 405, tag=self._token(), fields=[("Allow", ALLOW)]))
        elif strange := words_of(request, "Require") - _UNDERSTOOD:
            fields = [("Unsupported", ", ".join(sorted(strange)))]
            transaction.respond(response(request, 420, tag=self._token(), fields=fields))  # §8.2.2.3
        elif request.method == "CANCEL":
            self._cancel(request, transaction)
        elif tag_of(field(request, "To")):
            self._receive_in_call(request, transaction)
        elif request.method == "OPTIONS":
            self._tell_options(request, transaction)
        elif isinstance(transaction, InviteServerTransaction):
            self._receive_call(request, transaction, source)
        else:
            transaction.respond(response(request, 481, tag=self._token()))

    def _receive_in_call(self, request: Request, transaction: ServerTransaction) -> None:
        call = self._calls.get((request.call_id, tag_of(field(request, "To"))))
        if call is None:
            transaction.respond(response(request, 481))
        elif request.method == "OPTIONS":
            self._tell_options(request, transaction)
        else:
            call.receive(request, transaction)

    def _receive_call(self, request: Request, transaction: InviteServerTransaction, source: HostPort) -> None:
        tag = self._token()
        if self._on_call is None or host_of(str(request.uri)) is None:
            transaction.respond(response(request, 403, tag=tag))
            return
        called = (request.uri.user or "").partition(";")[0]
        dialog = Dialog.answered(request, tag, self._contact("postfax", source), source)
        dialog.connected = self.reach.kind.is_reliable
        call = IncomingCall(self, dialog, transaction, caller=user_of(field(request, "From")), called=called)
        self._calls[call.key] = call
        self._on_call(call)

    def _receive_ack(self, ack: Request) -> None:
        call = self._calls.get((ack.call_id, tag_of(field(ack, "To"))))
        if call is not None:
            call.receive_ack(ack)

    def _cancel(self, request: Request, transaction: ServerTransaction) -> None:
        invite = self._layer.invite_of(request)
        transaction.respond(response(request, 200 if invite is not None else 481, tag=self._token()))
        if invite is None:
            return
        for call in [*self._calls.values()]:
            if isinstance(call, IncomingCall) and call.invite is invite.request:
                call.cancelled()

    def _tell_options(self, request: Request, transaction: ServerTransaction) -> None:
        fields = [("Allow", ALLOW), ("Accept", SDP)]
        transaction.respond(response(request, 200, tag=self._token(), fields=fields))
