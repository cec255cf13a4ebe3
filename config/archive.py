"""Places that keep copies of faxes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.fax_values import FileName, KnownHost
from config.file_values import ReadableFile
from config.mail_values import EmailAddress
from config.section import Section
from config.values import Name, Toggle, incomplete


class SftpTarget(Section):
    """An SFTP server that keeps copies."""

    host: Name
    """Its name or IP address."""
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    """Its port."""
    user: Name
    """Who logs in."""
    key_file: ReadableFile | None = None
    """A private key in OpenSSH form. A key file or a password file is needed."""
    password_file: ReadableFile | None = None
    """A file whose first line is the password."""
    known_host: KnownHost
    """The server's public key as in known_hosts without the host: `ssh-ed25519 AAAA…`."""
    folder: str = "."
    """Where the file names of the archive begin."""

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if not self.key_file and not self.password_file:
            raise incomplete("has neither a key_file nor a password_file; one of them is needed")
        return self


class EmailTarget(Section):
    """A mailbox that keeps copies."""

    to: EmailAddress
    """Its address."""


class ArchiveSettings(Section):
    """A place that receives a copy of every fax in its final state. One archive has one delivery method."""

    enabled: Toggle = False
    """Whether copies are made."""
    outbound: Toggle = True
    """Whether outbound faxes are filed."""
    email: EmailTarget | None = None
    """Delivery by mail."""
    sftp: SftpTarget | None = None
    """Delivery by SFTP."""
    file_name: FileName = "{date:%Y/%m}/{job_id}_{number}_{status}"
    """Path and name without ending. The tokens are date (with a format), job_id, number, status, user,
    department, reference and pages."""
    document: Literal["tiff", "pdf"] = "tiff"
    """What the copy is: tiff (the pages as they were sent) or pdf."""
    metadata: tuple[Literal["xml", "json"], ...] = ()
    """Sidecar files with the facts of the fax, written after the document."""

    @model_validator(mode="after")
    def _one_delivery_method(self) -> Self:
        if self.email and self.sftp:
            raise incomplete("has two delivery methods; either email or sftp must go")
        if self.enabled and not self.email and not self.sftp:
            raise incomplete("is enabled without a delivery method; email or sftp is needed")
        return self
