"""Delivery to an FTP server over TLS that proves to be the one the policy names.

Each file goes to a temporary name in its folder and is renamed when it is complete, as with SFTP
(`archive.sftp`). Both connections are protected before the password and before a file goes over them; a
server that does not offer that, or shows a certificate that is not the right one, gets nothing.
"""

import asyncio
import contextlib
import ftplib
import ssl
from pathlib import Path, PurePosixPath

import structlog

from archive.filing import ArchiveFile, temporary_name
from archive.ftp_session import FtpSession, NoTls, OtherCertificate
from archive.secret_file import password_in, unreadable
from archive.trouble import ArchivePermanent, ArchiveTemporary, ArchiveTrouble
from config.archive import FtpsTarget

_ALL_SECONDS = 600
_OUT_OF_DATE = {9, 10}
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and …_HAS_EXPIRED."""
_BROKEN = (EOFError, BrokenPipeError, ConnectionAbortedError, ConnectionResetError, ssl.SSLEOFError)
_NOT_LOGGED_IN = "530"

_log = structlog.get_logger(__name__)


class CertificateMismatch(ArchivePermanent):
    """The server did not prove to be the one that the policy names: perhaps somebody stands in between."""


class FtpsArchive:
    """An FTP server that keeps copies."""

    def __init__(self, target: FtpsTarget) -> None:
        self._target = target

    async def put(self, copy_id: str, files: tuple[ArchiveFile, ...]) -> str:
        """Write the files in their order and return the path of the first.

        Raises:
            CertificateMismatch: the server's certificate is not one that the policy trusts.
            ArchivePermanent: it does not offer TLS.
            ArchiveTemporary: everything else.
        """
        session = self._session()
        try:
            await asyncio.to_thread(self._put, session, copy_id, files)
        except asyncio.CancelledError:
            session.hang_up()
            raise
        place = str(PurePosixPath(self._target.folder) / files[0].path)
        _log.info("copy_uploaded", copy=copy_id, server=self._target.host, place=place)
        return place

    def _session(self) -> FtpSession:
        try:
            return FtpSession(self._target, seconds=_ALL_SECONDS)
        except OSError as trouble:
            setting, path = "archive.ftps.ca_file", self._target.ca_file or Path()
            raise unreadable(setting, path, trouble) from trouble

    def _put(self, session: FtpSession, copy_id: str, files: tuple[ArchiveFile, ...]) -> None:
        password = password_in("archive.ftps.password_file", self._target.password_file)
        try:
            with contextlib.closing(session):
                session.open(password)
                self._write_all(session, copy_id, files)
                with contextlib.suppress(ftplib.Error, OSError, EOFError):
                    session.quit()
        except (ftplib.Error, OSError, EOFError, ValueError, NoTls, OtherCertificate) as trouble:
            raise self._judged(trouble) from trouble

    def _write_all(self, session: FtpSession, copy_id: str, files: tuple[ArchiveFile, ...]) -> None:
        # The files of a copy are in one folder (`archive.filing`): it is entered, and their names are bare.
        session.enter(str(PurePosixPath(self._target.folder) / PurePosixPath(files[0].path).parent))
        for file in files:
            partial = temporary_name(file.name, copy_id)
            try:
                session.store(partial, file.octets)
                session.rename_over(partial, file.name)
            except ftplib.Error:
                with contextlib.suppress(ftplib.Error, OSError, EOFError):
                    session.delete(partial)
                raise

    def _judged(self, trouble: Exception) -> ArchiveTrouble:
        cause = f"{type(trouble).__name__}: {trouble}"
        match trouble:
            case NoTls():
                return ArchivePermanent(
                    f"{self._server} does not offer TLS; nothing was sent. Let the server speak it, or use "
                    "archive.sftp. `tls: insecure-none` would send the password and the faxes for everybody "
                    "on the way to read.",
                    cause,
                )
            case OtherCertificate():
                return CertificateMismatch(
                    f"{self._server} has another certificate than archive.ftps.fingerprint says; nothing was "
                    "sent. Find out whether the server's was changed before you change the policy.",
                    cause,
                )
            case ssl.SSLCertVerificationError() if trouble.verify_code not in _OUT_OF_DATE:
                return CertificateMismatch(
                    f"The certificate of {self._server} is not trusted ({trouble.verify_message}); nothing "
                    "was sent. Name who signed it as archive.ftps.ca_file, or the certificate itself as "
                    "archive.ftps.fingerprint.",
                    cause,
                )
        return ArchiveTemporary(self._passing(trouble), cause)

    def _passing(self, trouble: Exception) -> str:
        """What is told of trouble that may be over when the server is asked again."""
        server = self._server
        sentences: tuple[tuple[bool, str], ...] = (
            # Renewed there as a rule, without a change here.
            (
                isinstance(trouble, ssl.SSLCertVerificationError),
                f"The certificate of {server} is out of date; nothing was sent.",
            ),
            (str(trouble).startswith(_NOT_LOGGED_IN), f"{server} refused the login of {self._target.user}."),
            (isinstance(trouble, (ftplib.Error, ValueError)), f"{server} did not take the file."),
            (isinstance(trouble, TimeoutError), f"{server} did not answer in time."),
            (isinstance(trouble, _BROKEN), f"The connection to {server} broke off."),
            (isinstance(trouble, ssl.SSLError), f"{server} and we could not agree on TLS."),
        )
        return next((sentence for holds, sentence in sentences if holds), f"{server} could not be reached.")

    @property
    def _server(self) -> str:
        return f"{self._target.host}:{self._target.port}" if self._target.port else self._target.host
