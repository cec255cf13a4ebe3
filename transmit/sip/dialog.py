"""Dialogs: what two user agents agree on for the length of a call (RFC 3261 §12).

Pure state; it composes requests within the dialog and judges those that arrive. From, To, routes and the
remote target are kept verbatim, as the peer wrote them.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from random import Random

from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip.addresses import host_of, tag_of, uri_of
from transmit.sip.message import ALLOW, SUPPORTED, USER_AGENT, Fields, SipError, field, request, route_fields

_LOOSE = re.compile(r";\s*lr\b", re.IGNORECASE)


@dataclass(kw_only=True, slots=True)
class Dialog:
    """One call leg."""

    call_id: str
    local: str
    """Our From value, with our tag."""
    remote: str
    """Our To value, with the peer's tag once there is one."""
    contact: str
    """Our Contact value."""
    remote_target: str
    """The URI that requests go to."""
    route_set: tuple[str, ...] = ()
    first_hop: HostPort
    """Where the dialog's first message went or came from: the way when names would have to be looked up."""
    connected: bool = False
    """Whether that is a connection: then the same host is reached through it, whatever port it names."""
    local_cseq: int = 0
    remote_cseq: int | None = None

    @classmethod
    def answered(cls, invite: Request, tag: str, contact: str, source: HostPort) -> "Dialog":
        """The callee's side of an INVITE (§12.1.1)."""
        return cls(
            call_id=invite.call_id,
            local=f"{field(invite, 'To')};tag={tag}",
            remote=field(invite, "From"),
            contact=contact,
            remote_target=uri_of(field(invite, "Contact")),
            route_set=route_fields(invite, "Record-Route"),
            first_hop=source,
            remote_cseq=invite.cseq.sequence,
        )

    def establish(self, answer: Response) -> None:
        """Takes what a 2xx to our INVITE says (§12.1.2)."""
        self.remote = field(answer, "To")
        self.route_set = tuple(reversed(route_fields(answer, "Record-Route")))
        self.retarget(answer)

    def retarget(self, message: Request | Response) -> None:
        """Takes the Contact of an INVITE or its 2xx as the new remote target (§12.2)."""
        contact = uri_of(field(message, "Contact"))
        if contact:
            self.remote_target = contact

    @property
    def local_tag(self) -> str:
        """Our tag."""
        return tag_of(self.local)

    @property
    def remote_tag(self) -> str:
        """The peer's tag, or an empty text before it answered."""
        return tag_of(self.remote)

    @property
    def next_hop(self) -> HostPort:
        """Where requests are sent: the first route or the target, if it can be reached."""
        named = host_of(uri_of(self.route_set[0]) if self.route_set else self.remote_target)
        if named is None or not _is_reachable(named.host, self.first_hop.host):
            return self.first_hop
        return self.first_hop if self.connected and named.host == self.first_hop.host else named

    @property
    def request_uri(self) -> str:
        """The Request-URI: the target, or the first route where that is a strict router (§12.2.1.1)."""
        return uri_of(self.route_set[0]) if self._routes_strictly else self.remote_target

    @property
    def _routes_strictly(self) -> bool:
        return bool(self.route_set) and not _LOOSE.search(uri_of(self.route_set[0]))

    @property
    def _routes(self) -> tuple[str, ...]:
        """The Route fields; behind a strict router the target is the last of them."""
        if self._routes_strictly:
            return (*self.route_set[1:], f"<{self.remote_target}>")
        return self.route_set

    def compose(
        self,
        method: str,
        *,
        via: str,
        body: bytes = b"",
        cseq: int | None = None,
        extra: Fields = (),
    ) -> Request:
        """A request within the dialog, numbered anew, or with `cseq` for an ACK.

        Raises:
            SipError: the peer's own values do not make a message.
        """
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        fields = [("Via", via), ("Max-Forwards", "70")]
        fields += [("Route", route) for route in self._routes]
        fields += [("From", self.local), ("To", self.remote), ("Call-ID", self.call_id)]
        fields += [("CSeq", f"{cseq} {method}"), ("User-Agent", USER_AGENT)]
        if method == "INVITE":
            fields += [("Contact", self.contact), ("Allow", ALLOW), ("Supported", SUPPORTED)]
        return request(method, self.request_uri, fields=[*fields, *extra], body=body)

    def take(self, incoming: Request) -> None:
        """Notes a request of the peer's.

        Raises:
            SipError: it is older than the last one (§12.2.2).
        """
        number = incoming.cseq.sequence
        if self.remote_cseq is not None and number <= self.remote_cseq:
            raise SipError(f"CSeq {number} after {self.remote_cseq}")
        self.remote_cseq = number


def _is_reachable(host: str, first_hop: str) -> bool:
    """Whether it is a literal address, and no private one told from outside (a peer behind NAT)."""
    try:
        return not (ip_address(host).is_private and ip_address(first_hop).is_global)
    except ValueError:
        return False


def glare_delay(random: Random, *, owns_call_id: bool) -> float:
    """Seconds to wait after a 491 before offering again (§14.1): two ends never choose the same."""
    return random.randrange(210, 401) / 100 if owns_call_id else random.randrange(0, 201) / 100
