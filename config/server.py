"""The server's settings, `/etc/postfax/postfax.yaml`: their models, and how they are read.

`read_server_settings` gives them whole, with every path absolute and every file that they name seen to be
readable, or raises `ConfigError` with all mistakes at once.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.file_values import BookUrl, DocumentsUrl, LocalPath
from config.line_kinds import LineSettings
from config.mail import MailSettings
from config.mail_values import Domain
from config.mistakes import ConfigError
from config.monitoring import MonitoringSettings
from config.object_store import ObjectStoreSettings
from config.outgoing_mail import is_aligned
from config.reading import read_yaml
from config.roles import Role
from config.section import Section
from config.validating import validate
from config.values import ByteSize, Duration, Name, Nameserver, incomplete


class DnsSettings(Section):
    """Where names are looked up."""

    nameservers: tuple[Nameserver, ...] = ()
    """Resolvers by IP address, with port where it is not 53; empty for the system's."""
    timeout: Duration = timedelta(seconds=5)
    """For one question, all tries together."""


class ConvertSettings(Section):
    """How documents are made into pages."""

    processes: Annotated[int, Field(ge=1, le=64)] = 2
    """Documents converted at one time."""
    seconds: Duration = timedelta(seconds=60)
    """The most time that one document may take."""
    memory: ByteSize = 1024 * 1024 * 1024
    """The most address space that one document may take."""
    office_socket: LocalPath | None = None
    """The Unix socket of a LibreOffice kept by systemd; without it Postfax starts its own in a sandbox."""


class ServerSettings(Section):
    """Everything in `postfax.yaml`."""

    domain: Domain
    """The mail domain whose addresses are fax numbers."""
    other_domains: tuple[Domain, ...] = ()
    """More of them: the same number is the same fax at each. Notices come from the first one, `domain`."""
    mail: MailSettings
    """Mail in and mail out."""
    dns: DnsSettings = DnsSettings()
    """Where names are looked up."""
    store: BookUrl = "sqlite:/var/lib/postfax/book.db"
    """The book: `sqlite:PATH`, or `postgresql://USER@HOST/DATABASE?password_file=PATH`."""
    documents: DocumentsUrl = "file:/var/lib/postfax/documents"
    """Large mails and documents: `file:FOLDER`."""
    object_store: ObjectStoreSettings | None = None
    """Where mails and documents are kept in place of that folder, which has only what arrives then."""
    policy: LocalPath
    """The policy: a file, or a folder of them."""
    lines: dict[Name, LineSettings] = {}
    """Telephone lines by name; `sip`, `hylafax` or `provider` says of which kind each is. Without one the
    service does not start."""
    fax_engines: Annotated[int, Field(ge=1, le=32)] = 2
    """Processes that run the fax protocol; each carries a hundred calls at one time."""
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] = tuple(Role)
    """What `postfax serve` does on this host: mta, convert, transmit, notify, archive; by default everything.
    `--roles` overrules it."""
    lost_after: Annotated[Duration, Field(ge=timedelta(seconds=10))] = timedelta(minutes=10)
    """For how long a host may be silent until others place its calls anew and take over its duties; the same
    on every host of a book."""
    destinations_kept: Duration = timedelta(days=30)
    """How long it is remembered what calls have taught about a number: resolution, rate, T.38 or G.711."""
    monitoring: MonitoringSettings = MonitoringSettings()
    """How it is watched."""
    convert: ConvertSettings = ConvertSettings()
    """How documents are made into pages."""
    log_format: Literal["json", "console"] = "json"
    """One JSON object a line for a log collector, or lines for people."""

    @property
    def domains(self) -> tuple[str, ...]:
        """Every mail domain whose addresses are fax numbers."""
        return (self.domain, *self.other_domains)

    @property
    def sender(self) -> str:
        """The From address of Postfax's own mails."""
        return self.mail.sender or f"postfax@{self.domain}"

    @model_validator(mode="after")
    def _signatures_count(self) -> Self:
        sending = self.sender.rpartition("@")[2].lower()
        for key in self.mail.dkim:
            if key.domain and not is_aligned(key.domain, sending):
                raise incomplete(
                    f"has a mail.dkim key of {key.domain}, which is no signature of {sending} for DMARC; "
                    f"leave its domain out, or name {sending} or a domain above it"
                )
        return self


def read_server_settings(path: Path) -> ServerSettings:
    """The settings in a file.

    Raises:
        ConfigError: The file cannot be read, or has mistakes; all of them.
    """
    document = read_yaml(path)
    settings, mistakes = validate(ServerSettings, document, folder=path.absolute().parent)
    if settings is None or mistakes:
        raise ConfigError(mistakes)
    return settings
