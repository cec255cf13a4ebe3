"""The certificate that TLS presents, taken up anew when its files change."""

import ssl
from pathlib import Path

import structlog

from config.mail import TlsSettings
from mta.smtp.places import ListenerError

log = structlog.get_logger()


class Certificate:
    """A certificate with its key; `context` stays the same object and presents the newest good pair."""

    def __init__(self, settings: TlsSettings) -> None:
        """Read the files.

        Raises:
            ListenerError: they cannot be read, or are not a certificate and its key.
        """
        self._settings = settings
        self._seen = self._state()
        self.context = _context(settings)

    def refresh(self) -> None:
        """Take up files that have changed; a pair that does not fit stays outside, and the old one in use."""
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        try:
            # Tried first on a context that nobody uses: a load that fails leaves half of the new pair behind.
            _context(self._settings)
            self.context.load_cert_chain(self._settings.certificate, self._settings.key)
        except (ListenerError, OSError) as problem:
            log.error("certificate_not_renewed", cause=str(problem))
            return
        log.info("certificate_renewed", certificate=str(self._settings.certificate))

    def _state(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(map(_file_state, (self._settings.certificate, self._settings.key)))


def _file_state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except ssl.SSLError as error:
        raise ListenerError(
            f"{settings.certificate} and {settings.key} are not a certificate and its key "
            f"({error.reason or error}). Check mail.tls"
        ) from error
    except OSError as error:
        missing = error.filename or f"{settings.certificate} or {settings.key}"
        raise ListenerError(f"{missing} cannot be read ({error.strerror}). Check mail.tls") from error
    return context
