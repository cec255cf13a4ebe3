"""Telephone lines through a SIP trunk, as `lines:` in `postfax.yaml` names them."""

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from config.file_values import LocalPath, ReadableFile
from config.forms import Form
from config.login import password_has_username
from config.section import Section
from config.telephone_line import TelephoneLine
from config.values import Address, Duration, HostPort, SipUri, Toggle, expected, incomplete

_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535


def _ip_address(value: Any) -> IPv4Address | IPv6Address:
    try:
        found = ip_address(value.strip() if isinstance(value, str) else value)
    except ValueError:
        raise expected("an IP address such as 203.0.113.7 or 2001:db8::7") from None
    if found.is_unspecified or found.is_multicast:
        raise expected("an IP address such as 203.0.113.7 or 2001:db8::7")
    return found


IpAddress = Annotated[
    IPv4Address | IPv6Address,
    BeforeValidator(_ip_address),
    Form(words="an IP address such as 203.0.113.7", pattern="[0-9A-Fa-f:.]+", example="203.0.113.7"),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class PortRange:
    """UDP ports, the first and the last one included."""

    first: int
    last: int

    def __len__(self) -> int:
        """How many there are."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def _port_range(value: Any) -> PortRange:
    if isinstance(value, PortRange):
        return value
    found = (
        re.fullmatch(r"\s*(\d{4,5})\s*-\s*(\d{4,5})\s*", value, re.ASCII) if isinstance(value, str) else None
    )
    if not found or not _LOWEST_PORT <= int(found[1]) <= int(found[2]) <= _HIGHEST_PORT:
        raise expected("ports from 1024 to 65535, such as 20000-20999")
    return PortRange(first=int(found[1]), last=int(found[2]))


Ports = Annotated[
    PortRange,
    BeforeValidator(_port_range),
    PlainSerializer(str),
    Form(words="ports, such as 20000-20999", pattern="[0-9]{4,5} *- *[0-9]{4,5}", example="20000-20999"),
]


class TrunkTls(Section):
    """TLS towards the trunk. Its certificate is always checked."""

    name: str = ""
    """The name that the trunk's certificate must have; by default the host of `sip`."""
    ca: ReadableFile | None = None
    """The authorities that its certificate may come from, PEM; by default the system's."""
    certificate: ReadableFile | None = None
    """Our own certificate with its chain, PEM, for trunks that ask for one."""
    key: ReadableFile | None = None
    """Its private key, PEM."""

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise incomplete("has only one of certificate and key")
        return self


class SipLine(TelephoneLine):
    """A telephone line: a SIP trunk that carries fax calls."""

    sip: SipUri
    """Where calls go: `sip:trunk.example.net` or `sip:127.0.0.1:5070`."""
    transport: Literal["auto", "udp", "tcp", "tls"] = "auto"
    """What carries SIP: udp, tcp or tls; auto as the DNS says of the trunk (NAPTR, SRV), else udp."""
    tls: TrunkTls = TrunkTls()
    """TLS towards the trunk. Its certificate is always checked."""
    outbound_proxy: SipUri | None = None
    """A proxy that everything is sent through, such as sip:sbc.example.net; by default none."""
    listen: Address = HostPort("0.0.0.0", 0)  # noqa: S104 - a trunk is reached through whatever route there is
    """Our own address and port for SIP."""
    public_address: IpAddress | None = None
    """Our address as the trunk sees it, where a router translates addresses (NAT); by default our own."""
    media_ports: Ports | None = None
    """The UDP ports of ours that media come to, for firewalls and routers that must know them: at least twice
    as many as channels; by default any."""
    username: str = ""
    """Who registers and answers a challenge; by default nobody."""
    password_file: ReadableFile | None = None
    """A file whose first line is the password."""
    register_for: Duration = timedelta(0)
    """How long a registration at the trunk is asked to last, such as 10 min; it is renewed in time. 0 s for
    trunks that know us by our address: then nobody registers."""
    domain: str = ""
    """The domain of our own address at the trunk (From, registration); by default the host of `sip`."""
    keep_alive: Duration = timedelta(seconds=30)
    """How often the trunk is asked whether it is there (OPTIONS), which also keeps a router's way open; 0 s
    for never."""
    from_user: str = ""
    """What stands before the @ of From, for trunks that want the account there; by default the caller id."""
    identity: Literal["from", "asserted", "preferred"] = "from"
    """Where the caller id is told: in From alone, or in P-Asserted-Identity (asserted) or
    P-Preferred-Identity (preferred) too (RFC 3325)."""
    hide_caller: Toggle = False
    """Whether the called is not to see the caller id (RFC 3323): From is anonymous, Privacy is id."""
    plus: Toggle = True
    """Whether numbers are told with their plus sign, as in +12065550100."""
    redirects: Literal["same_number", "any", "never"] = "same_number"
    """Which redirections (3xx) are followed: same_number (to another server), any (to another number too), or
    never."""
    answer_timeout: Duration = timedelta(seconds=55)
    """How long it may ring."""
    t38: Literal["on", "off", "only"] = "on"
    """Whether T.38 is used: on (with G.711 as the fall-back), off (G.711 alone), only (never G.711)."""
    trace: LocalPath | None = None
    """A folder where the packets of each call are written, SIP and media, for `postfax call trace`: the last
    100 calls. They carry the faxes themselves. By default none."""
    media_clock: Annotated[int, Field(ge=1, le=50)] = 1
    """How many times faster than real time the fax protocol runs: above 1 only against `postfax station`
    started with the same figure, to rehearse and to test."""

    _complete_login = model_validator(mode="after")(password_has_username)

    @property
    def goes_to(self) -> str:
        """The trunk's address."""
        return self.sip

    @model_validator(mode="after")
    def _somebody_registers(self) -> Self:
        if self.register_for and not self.username:
            raise incomplete("has register_for but no username")
        return self

    @model_validator(mode="after")
    def _ports_for_all_channels(self) -> Self:
        if self.media_ports is not None and len(self.media_ports) < 2 * self.channels:
            raise incomplete(f"has media_ports for fewer than twice its {self.channels} channels")
        return self

    @model_validator(mode="after")
    def _one_family(self) -> Self:
        public = self.public_address
        if public is not None and (public.version == 6) != (":" in self.listen.host):  # noqa: PLR2004 - IPv6
            raise incomplete("has a public_address and a listen of which one is IPv4 and one IPv6")
        return self
