"""What holds for every session of a listener, as the settings have it."""

import ssl
from dataclasses import dataclass
from typing import Literal

from mta.smtp.limits import Network


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRules:
    """What holds for every session of a listener."""

    hostname: str
    """Ours, in the greeting."""
    domain: str
    """The one whose addresses are fax numbers."""
    max_size: int
    """Octets of a message."""
    max_recipients: int
    timeout: float
    """Seconds, for a command and for a silence within a message."""
    other_domains: tuple[str, ...] = ()
    """More of them."""
    tls: ssl.SSLContext | None = None
    """None: TLS and AUTH are not offered."""
    tls_from_start: bool = False
    """Whether TLS begins with the first octet, not with STARTTLS."""
    auth: Literal["off", "optional", "required"] = "off"
    """Whether clients may or must log in."""
    proxy_protocol: bool = False
    """Whether a connection begins with a PROXY header, and must come from a front end."""
    front_ends: tuple[Network, ...] = ()
    """Whose word is believed about the client they speak for."""
    contact: str = ""
    """The person to whom mail for postmaster should go instead; empty if there is none to name."""
