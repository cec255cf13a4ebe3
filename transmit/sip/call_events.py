"""What happens to a call, as its user agent tells it."""

from dataclasses import dataclass

from sipmessage import Request

from transmit.sip.sdp import SessionDescription


@dataclass(frozen=True, kw_only=True, slots=True)
class Ringing:
    """A provisional response."""

    code: int
    session: SessionDescription | None = None
    """Early media that it announces: what the network says before, or instead of, an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """Our INVITE was accepted, and the ACK is sent."""

    session: SessionDescription | None
    """None where it cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Our INVITE came to nothing."""

    code: int | None
    """The status code of the final response; None if there was no response at all."""
    reason: str
    q850: int | None = None
    """The cause of a Reason field (RFC 3326)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledged:
    """The ACK of our answer arrived: the call is up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreed:
    """The peer asked for our offer (a re-INVITE without one), and its ACK has its answer to the offer."""

    session: SessionDescription


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """The peer wants another session (re-INVITE); to be given to `Call.accept` or `Call.decline`."""

    request: Request
    offer: SessionDescription


@dataclass(frozen=True, kw_only=True, slots=True)
class HungUp:
    """The peer ended the call: BYE, CANCEL, or silence where a message was due."""

    reason: str
    q850: int | None = None


CallEvent = Ringing | Answered | Refused | Acknowledged | Agreed | Offered | HungUp
