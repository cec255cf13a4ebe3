"""What a SIP trunk's settings mean in the words of SIP: who calls, who is called, through what. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from config.lines import SipLine
from transmit.caller_id import told
from transmit.line import LineError
from transmit.sip.addresses import user_in
from transmit.sip.message import Fields, SipError
from transmit.sip.transport import TransportKind

ANONYMOUS = "anonymous"
_ANONYMOUS_DOMAIN = "anonymous.invalid"  # RFC 3323 §4.1.1.3
_URI = re.compile(r"sip:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?", re.ASCII)
_IDENTITY_FIELDS = {"asserted": "P-Asserted-Identity", "preferred": "P-Preferred-Identity"}
_HIGHEST_PORT = 65535


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A SIP domain, as the settings name it."""

    host: str
    """A name, or a literal without brackets."""
    port: int | None
    """None where the DNS, or the default, is to say it."""

    @classmethod
    def of(cls, uri: str) -> "Place":
        """Reads `sip:HOST` or `sip:HOST:PORT`.

        Raises:
            SipError: it is none of them.
        """
        found = _URI.fullmatch(uri)
        port = int(found["port"]) if found and found["port"] else None
        if found is None or (port is not None and not 0 < port <= _HIGHEST_PORT):
            raise SipError(f"{uri} is no SIP trunk")
        return cls(host=found["host"].strip("[]"), port=port)

    @property
    def uri_host(self) -> str:
        """As the host of a URI without port."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return self.uri_host if self.port is None else f"{self.uri_host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerId:
    """How an INVITE says who calls (RFC 3261 §20.20, RFC 3323, RFC 3325)."""

    user: str
    """The user part of From."""
    domain: str
    """Its host."""
    fields: Fields
    """P-Asserted-Identity or P-Preferred-Identity, and Privacy."""


class TrunkAddress:
    """One trunk's addresses."""

    def __init__(self, name: str, settings: SipLine) -> None:
        """Reads the settings.

        Raises:
            LineError: an address in them is none.
        """
        self._settings = settings
        self.trunk = _place(name, "sip", settings.sip)
        proxy = settings.outbound_proxy
        self.proxy = _place(name, "outbound_proxy", proxy) if proxy else None
        """Where everything goes through, or None."""

    @property
    def first(self) -> Place:
        """Where messages are sent to: the outbound proxy, or the trunk."""
        return self.proxy or self.trunk

    @property
    def kind(self) -> TransportKind | None:
        """What must carry them; None to let the DNS say."""
        chosen = self._settings.transport
        return None if chosen == "auto" else TransportKind(chosen.upper())

    def route(self, kind: TransportKind) -> tuple[str, ...]:
        """The Route values: the outbound proxy (RFC 3261 §8.1.2)."""
        if self.proxy is None:
            return ()
        transport = "" if kind is TransportKind.UDP else f";transport={kind.lower()}"
        return (f"<sip:{self.proxy}{transport};lr>",)

    @property
    def registrar(self) -> str:
        """The Request-URI of REGISTER: a domain."""
        return f"sip:{self.domain}"

    @property
    def domain(self) -> str:
        """The domain of our own address at the trunk."""
        return self._settings.domain or self.trunk.uri_host

    @property
    def account(self) -> str:
        """Our address of record, as From and To have it."""
        return f"<sip:{_user(self._settings.username or 'postfax')}@{self.domain}>"

    @property
    def contact_user(self) -> str:
        """The user part of Contact; empty for the caller id."""
        registered = _user(self._settings.username) if self._settings.register_for else ""
        return registered or (ANONYMOUS if self._settings.hide_caller else "")

    @property
    def tls_name(self) -> str:
        """The name that the trunk's certificate must have (RFC 5922 §7.1: the domain, not the server)."""
        return self._settings.tls.name or self.first.host

    def called(self, number: str) -> str:
        """The Request-URI of a number."""
        return f"sip:{_user(self._told(number))}@{self.trunk}"

    def caller(self, number: str) -> CallerId:
        """How a call says who calls; `number` is that of the order, or empty for the line's own."""
        settings = self._settings
        shown = self._told(told(number or settings.caller)) or settings.username
        identity = _IDENTITY_FIELDS.get(settings.identity)
        fields: Fields = ((identity, f"<sip:{_user(shown)}@{self.domain}>"),) if identity and shown else ()
        if settings.hide_caller:
            fields = (*fields, ("Privacy", "id"))
            return CallerId(user=ANONYMOUS, domain=_ANONYMOUS_DOMAIN, fields=fields)
        user = _user(settings.from_user or shown or ANONYMOUS)
        return CallerId(user=user, domain=self.domain, fields=fields)

    def is_followed(self, uri: str, number: str) -> bool:
        """Whether a call to `number` goes on to where a redirection points."""
        rule = self._settings.redirects
        if rule == "never" or not uri.startswith("sip:"):
            return False
        return rule == "any" or _digits(user_in(uri)) == _digits(number)

    def _told(self, number: str) -> str:
        return number if self._settings.plus else number.removeprefix("+")


def _place(name: str, setting: str, uri: str) -> Place:
    try:
        return Place.of(uri)
    except SipError as fault:
        raise LineError(
            f"line {name}: {fault}. "
            f"Write it as sip:trunk.example.net or sip:192.0.2.1:5060: lines.{name}.{setting}."
        ) from fault


def _user(number: str) -> str:
    """A number or name as the user part of a URI."""
    return quote(number, safe="+")


def _digits(number: str) -> str:
    """A number without its plus sign and parameters."""
    return number.partition(";")[0].removeprefix("+")
