"""The models of the server's settings: `/etc/postfax/postfax.yaml`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from config.settings import Section
from config.values import Address, ByteSize, Duration, HostPort


class Listener(Section):
    """One place where mail comes in. Exactly one protocol each."""

    smtp: Address | None = None


class TlsSettings(Section):
    """The certificate that STARTTLS offers."""

    certificate: Path
    key: Path


class Smarthost(Section):
    """The mail server that takes Postfax's own mails."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password_file: Path | None = None


class MailSettings(Section):
    """Mail in and mail out."""

    listen: tuple[Listener, ...] = (Listener(smtp=HostPort("127.0.0.1", 2525)),)
    hostname: str = ""
    """The name in the greeting and in our EHLO; by default the domain."""
    tls: TlsSettings | None = None
    """Without it STARTTLS is not offered."""
    max_size: ByteSize = 50 * 1024 * 1024
    """The largest mail."""
    sessions: Annotated[int, Field(ge=1)] = 500
    """Connections at one time."""
    timeout: Duration = timedelta(minutes=5)
    """How long a client may be silent (RFC 5321 §4.5.3.2.7)."""
    smarthost: Smarthost
    sender: str = ""
    """The From address of notices; by default postfax@DOMAIN."""


class DnsSettings(Section):
    """Where names are looked up."""

    nameservers: tuple[Address, ...] = ()
    """Resolvers, with port where it is not 53; empty for the system's."""
    timeout: Duration = timedelta(seconds=5)
    """For one question, all tries together."""


class SipLine(Section):
    """A telephone line: a SIP trunk that carries fax calls."""

    sip: str
    """Where calls go: `sip:trunk.example.net` or `sip:127.0.0.1:5070`."""
    listen: Address = HostPort("0.0.0.0", 0)  # noqa: S104 - a trunk is reached through whatever route there is
    """Our own address and port for SIP."""
    username: str = ""
    password_file: Path | None = None
    channels: Annotated[int, Field(ge=1, le=500)] = 4
    """Calls at one time."""
    caller: str = ""
    """The caller id of users without a sender number."""
    answer_timeout: Duration = timedelta(seconds=55)
    """How long it may ring."""
    t38: Literal["on", "off", "only"] = "on"
    """Whether T.38 is used: on (with G.711 as the fall-back), off (G.711 alone), only (never G.711)."""
    media_clock: Annotated[int, Field(ge=1, le=50)] = 1
    """How many times faster than real time the fax protocol runs: above 1 only against `postfax station`
    started with the same figure, to rehearse and to test."""


class ConvertSettings(Section):
    """How documents are made into pages."""

    processes: Annotated[int, Field(ge=1, le=64)] = 2
    """Documents converted at one time."""
    seconds: Duration = timedelta(seconds=60)
    """The most time that one document may take."""
    memory: ByteSize = 1024 * 1024 * 1024
    """The most address space that one document may take."""
    office_socket: Path | None = None
    """The Unix socket of a LibreOffice kept by systemd; without it Postfax starts its own in a sandbox."""


class ServerSettings(Section):
    """Everything in `postfax.yaml`."""

    domain: str
    """The mail domain whose addresses are fax numbers."""
    mail: MailSettings
    dns: DnsSettings = DnsSettings()
    store: str = "sqlite:/var/lib/postfax/book.db"
    """The book: `sqlite:PATH`."""
    documents: str = "file:/var/lib/postfax/documents"
    """Large mails and documents: `file:FOLDER`."""
    policy: Path
    """The policy: a file, or a folder of them."""
    lines: dict[str, SipLine] = {}
    """Telephone lines by name. Without one the service does not start."""
    convert: ConvertSettings = ConvertSettings()
    log_format: Literal["json", "console"] = "json"
