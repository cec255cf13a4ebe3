"""Places that keep copies of faxes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.fax_values import CertificateFingerprint, FileName, KnownHost
from config.file_values import LocalPath, ReadableFile
from config.mail_values import EmailAddress
from config.section import Section
from config.values import Name, Toggle, incomplete

ARCHIVE_METHODS = ("email", "sftp", "ftps", "folder")
"""The settings of an archive that name where its copies go."""

_USUAL_PORTS = {"sftp": 22, "ftps": 21}


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


class FtpsTarget(Section):
    """An FTP server over TLS that keeps copies."""

    host: Name
    """Its name or IP address. Its certificate must be for it, unless a fingerprint is given."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Its port; without it 21, or 990 with `tls: implicit`."""
    user: Name
    """Who logs in."""
    password_file: ReadableFile
    """A file whose first line is the password."""
    tls: Literal["explicit", "implicit", "insecure-none"] = "explicit"
    """How the connections are protected: explicit (AUTH TLS, RFC 4217), implicit (TLS from the first octet),
    or insecure-none: plain FTP, where everybody on the way can read the password and the faxes."""
    ca_file: ReadableFile | None = None
    """Certificates (PEM) that the server's is checked against, in place of the system's."""
    fingerprint: CertificateFingerprint | None = None
    """The SHA-256 fingerprint of the server's certificate, for one that no authority has signed. The server
    must show this very certificate; its name, its dates and `ca_file` do not matter then."""
    folder: str = "."
    """Where the file names of the archive begin."""

    @model_validator(mode="after")
    def _one_way_to_check(self) -> Self:
        checked = [name for name in ("ca_file", "fingerprint") if getattr(self, name)]
        if self.tls == "insecure-none" and checked:
            raise incomplete(f"has tls: insecure-none, which shows no certificate; {checked[0]} must go")
        if len(checked) > 1:
            raise incomplete("has both a ca_file and a fingerprint; one of them must go")
        return self


class FolderTarget(Section):
    """A folder that keeps copies: of this host, or mounted there."""

    path: LocalPath
    """The folder, in which the file names of the archive begin. It has to be there: it is never made."""
    readable_by: Literal["owner", "group"] = "owner"
    """Who may read the files: owner (the service's user alone), or group (the folder's group too, where the
    folder has the set-group-ID bit)."""


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
    ftps: FtpsTarget | None = None
    """Delivery by FTP over TLS."""
    folder: FolderTarget | None = None
    """Delivery into a folder."""
    file_name: FileName = "{date:%Y/%m}/{job_id}_{number}_{status}"
    """Path and name without ending. The tokens are date (with a format), job_id, number, status, user,
    department, reference and pages."""
    document: Literal["tiff", "pdf"] = "tiff"
    """What the copy is: tiff (the pages as they were sent) or pdf (the same pages as PDF/A-2)."""
    metadata: tuple[Literal["xml", "json"], ...] = ()
    """Sidecar files with the facts of the fax, written after the document."""

    @property
    def method(self) -> str:
        """Of `ARCHIVE_METHODS` the one that it delivers by; empty if it has none."""
        return next((method for method in ARCHIVE_METHODS if getattr(self, method)), "")

    @property
    def goes_to(self) -> str:
        """Where its copies go, in a few words: `sftp archive.example:2222/faxes`, `email faxes@x.example`."""
        if self.email:
            return f"email {self.email.to}"
        if self.folder:
            return f"folder {self.folder.path}"
        server = self.sftp or self.ftps
        if server is None:
            return ""
        port = "" if server.port in {None, _USUAL_PORTS[self.method]} else f":{server.port}"
        folder = "" if server.folder == "." else f"/{server.folder.lstrip('/')}"
        return f"{self.method} {server.host}{port}{folder}"

    @model_validator(mode="after")
    def _one_delivery_method(self) -> Self:
        said = [method for method in ARCHIVE_METHODS if getattr(self, method)]
        if len(said) > 1:
            raise incomplete(f"has {len(said)} delivery methods, {' and '.join(said)}; one of them may stay")
        if self.enabled and not said:
            methods = f"{', '.join(ARCHIVE_METHODS[:-1])} or {ARCHIVE_METHODS[-1]}"
            raise incomplete(f"is enabled without a delivery method; {methods} is needed")
        return self
