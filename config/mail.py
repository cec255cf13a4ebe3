"""Mail in and mail out, as `mail:` in `postfax.yaml` sets it."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from config.file_values import ReadableFile
from config.login import password_has_username
from config.mail_values import Domain, EmailAddress
from config.outgoing_mail import DkimKey
from config.section import Section
from config.values import (
    Address,
    ByteSize,
    Duration,
    HostPort,
    HttpUrl,
    LocalAddress,
    Name,
    Network,
    Toggle,
    UnixSocket,
    incomplete,
)


class Listener(Section):
    """One place where mail comes in. Exactly one protocol each."""

    smtp: Address | None = None
    """Address and port for SMTP, such as 0.0.0.0:25."""
    lmtp: LocalAddress | None = None
    """Address and port for LMTP, such as 127.0.0.1:2624, or unix: and the path of a socket."""
    tls: Literal["starttls", "implicit"] = "starttls"
    """How TLS begins where there is a certificate: starttls, or implicit (from the first octet, port 465)."""
    auth: Literal["off", "optional", "required"] = "optional"
    """Whether clients may or must log in. Only over TLS."""
    proxy_protocol: Toggle = False
    """Whether a load balancer begins every connection with a PROXY header (v1 or v2) that names the client.
    Connections from elsewhere than mail.front_ends are then turned away."""

    @model_validator(mode="after")
    def _one_protocol(self) -> Self:
        if (self.smtp is None) == (self.lmtp is None):
            raise incomplete("has not exactly one protocol; known are smtp, lmtp")
        if self.lmtp is not None and self.tls == "implicit":
            raise incomplete("has tls: implicit, which LMTP does not know")
        if isinstance(self.lmtp, UnixSocket) and self.proxy_protocol:
            raise incomplete("has proxy_protocol on a Unix socket; use XFORWARD there")
        return self


class TlsSettings(Section):
    """The certificate that STARTTLS and implicit TLS present. Renewed files need no restart."""

    certificate: ReadableFile
    """The certificate with its chain, PEM."""
    key: ReadableFile
    """Its private key, PEM."""


class Smarthost(Section):
    """The mail server that takes Postfax's own mails."""

    host: Name = ""
    """Its name or IP address. Needed, unless direct is true."""
    direct: Toggle = False
    """Whether there is none: mails go straight to the mail servers of their recipients (MX), with TLS where
    that is offered, and as a domain's MTA-STS policy asks. This host needs a name (PTR) and port 25 to the
    outside for it, and a key under mail.dkim."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its port."""
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """How the connection is protected: starttls, implicit (TLS from the first octet) or none."""
    username: str = ""
    """Who logs in; empty for nobody."""
    password_file: ReadableFile | None = None
    """A file whose first line is the password."""

    _complete_login = model_validator(mode="after")(password_has_username)

    @model_validator(mode="after")
    def _one_way_out(self) -> Self:
        if self.direct == bool(self.host):
            raise incomplete("has both a host and direct: true" if self.direct else "has no host")
        return self


class MailLimits(Section):
    """What clients may use of this host. All of them hold for the workers together."""

    sessions: Annotated[int, Field(ge=1)] = 2000
    """Connections at one time."""
    sessions_per_network: Annotated[int, Field(ge=1)] = 1000
    """Connections at one time from one network: an IPv4 /24 or an IPv6 /64. Front ends do not count."""
    connections_per_minute: Annotated[int, Field(ge=0)] = 0
    """New connections a minute from one network; 0 for no limit."""
    recipients: Annotated[int, Field(ge=1)] = 1000
    """Recipients of one mail; RFC 5321 §4.5.3.1.8 asks for 100 at least. What a user may have is the policy's
    recipients_per_mail."""
    bytes_in_flight: ByteSize = 2 * 1024**3
    """Octets of the mails that are arriving at one time."""
    mails_per_minute: Annotated[int, Field(ge=0)] = 0
    """Mails a minute, all senders together; 0 for no limit."""
    sender_mails_per_minute: Annotated[int, Field(ge=0)] = 0
    """Mails a minute of one user; 0 for no limit."""
    failed_logins_per_hour: Annotated[int, Field(ge=1)] = 30
    """Wrong passwords an hour from one network, and for one user."""


class OAuth(Section):
    """How an access token is had (RFC 6749): by client credentials, or with a refresh token."""

    token_url: HttpUrl
    """The token endpoint. Plain http:// only on this host."""
    client_id: Name
    """The client's id."""
    client_secret_file: ReadableFile | None = None
    """A file whose first line is the client's secret."""
    refresh_token_file: ReadableFile | None = None
    """A file whose first line is the refresh token; without it the client's own credentials are used. A new
    one that the endpoint gives is written there, if that may be."""
    scope: str = ""
    """The scope that is asked for."""

    @model_validator(mode="after")
    def _some_secret(self) -> Self:
        if self.client_secret_file is None and self.refresh_token_file is None:
            raise incomplete("has neither a client_secret_file nor a refresh_token_file")
        return self

    @model_validator(mode="after")
    def _secrets_over_tls(self) -> Self:
        host = urlsplit(self.token_url).hostname or ""
        if self.token_url.startswith("http:") and not _is_this_host(host):
            raise incomplete("has a token_url without TLS, to which no secret may be sent; use https://")
        return self


def _is_this_host(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Pickup(Section):
    """A mailbox on an IMAP server from which mails are fetched."""

    host: Name
    """The IMAP server's name or IP address."""
    port: Annotated[int, Field(ge=1, le=65535)] = 993
    """Its port."""
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    """How the connection is protected: implicit (TLS from the first octet), starttls or none."""
    username: Name
    """Who logs in."""
    password_file: ReadableFile | None = None
    """A file whose first line is the password."""
    oauth: OAuth | None = None
    """How an access token is had, instead of a password (XOAUTH2)."""
    mailbox: Name = "INBOX"
    """Where mails are found."""
    taken: Name = "Faxed"
    """Where mails go that were taken on; made if it is missing."""
    refused: Name = "Not faxed"
    """Where mails go that were not; made if it is missing."""
    authserv_id: Name
    """The name in the Authentication-Results fields that are believed: the server that delivers into the
    mailbox, which must remove fields of that name from mails that come in (RFC 8601 §5). For Exchange Online,
    which writes no name, it is mail.protection.outlook.com."""
    subject_numbers: Toggle = False
    """Whether the numbers stand in the subject: `[FAX] 2065551234, +4930123456`."""
    poll: Duration = timedelta(minutes=1)
    """How often the mailbox is looked at where the server cannot announce new mails (IDLE)."""

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if (self.password_file is None) == (self.oauth is None):
            raise incomplete("has not exactly one of password_file and oauth")
        return self


class QuarantineSettings(Section):
    """Automatic mail, which is neither faxed nor answered but kept for an administrator to see."""

    mails: Annotated[int, Field(ge=0)] = 1000
    """The most that are kept; further ones are refused."""
    days: Annotated[int, Field(ge=1)] = 30
    """How long each is kept."""


class MailSettings(Section):
    """Mail in and mail out."""

    listen: tuple[Listener, ...] = (Listener(smtp=HostPort("127.0.0.1", 2525)),)
    """Where mail comes in."""
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Processes that take mail in; each has a share of the connections."""
    hostname: Domain = ""
    """The name in the greeting and in our EHLO; by default the domain."""
    tls: TlsSettings | None = None
    """Without it neither STARTTLS nor AUTH is offered."""
    front_ends: tuple[Network, ...] = ()
    """Networks of mail servers and load balancers of our own, which are believed when they name the client
    they speak for (XFORWARD, XCLIENT, PROXY). A client on an LMTP Unix socket is always believed."""
    max_size: ByteSize = 50 * 1024 * 1024
    """The largest mail."""
    timeout: Duration = timedelta(minutes=5)
    """How long a client may be silent (RFC 5321 §4.5.3.2.7)."""
    limits: MailLimits = MailLimits()
    """What clients may use of this host."""
    pickup: tuple[Pickup, ...] = ()
    """Mailboxes from which mails are fetched."""
    quarantine: QuarantineSettings = QuarantineSettings()
    """Automatic mail, which is neither faxed nor answered."""
    smarthost: Smarthost
    """The mail server that takes Postfax's own mails."""
    sender: EmailAddress = ""
    """The From address of notices; by default postfax@DOMAIN."""
    sender_name: Name = "Postfax"
    """The name beside it, such as General Hospital Fax."""
    dkim: tuple[DkimKey, ...] = ()
    """Keys that sign Postfax's own mails, each with a signature: none where the smarthost signs them."""
    postmaster: EmailAddress = ""
    """A person's address, told to those who write to postmaster or abuse at the domain, where there is no
    mailbox; by default postmaster at the domain's organisation, such as postmaster@example.com."""

    @model_validator(mode="after")
    def _certificate_where_it_is_needed(self) -> Self:
        if self.tls is None and any(listener.tls == "implicit" for listener in self.listen):
            raise incomplete("has a listener with tls: implicit, and no certificate under tls")
        if self.tls is None and any(listener.auth == "required" for listener in self.listen):
            raise incomplete("has a listener with auth: required, which needs a certificate under tls")
        return self
