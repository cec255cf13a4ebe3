"""What a line's files hold: its password, and the certificates for TLS. Read once, when the line starts."""

import ssl

from config.lines import SipLine
from transmit.line import LineError
from transmit.sip.digest import Credentials


def credentials_of(name: str, settings: SipLine) -> Credentials | None:
    """Who we are; None for nobody.

    Raises:
        LineError: the password cannot be read.
    """
    path = settings.password_file
    if path is None:
        return None
    try:
        password = path.read_text(encoding="utf-8-sig").partition("\n")[0].strip()
        return Credentials(username=settings.username, password=password)
    except (OSError, ValueError) as fault:
        raise LineError(
            f"line {name}: the password file {path} cannot be read: {reason_of(fault)}. "
            f"Create it, readable for the service: lines.{name}.password_file."
        ) from fault


def tls_context_of(name: str, settings: SipLine) -> ssl.SSLContext:
    """Which certificates are believed, and our own.

    Raises:
        LineError: a file of certificates cannot be used.
    """
    tls = settings.tls
    try:
        context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
        if tls.certificate is not None and tls.key is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as fault:  # an SSLError is an OSError
        raise LineError(
            f"line {name}: the certificates for TLS cannot be used: {reason_of(fault)}. "
            f"They are PEM files, and the key belongs to the certificate: lines.{name}.tls."
        ) from fault
    return context


def reason_of(fault: Exception) -> str:
    """The system's words without the errno and file name that Python adds."""
    return fault.strerror or str(fault) if isinstance(fault, OSError) else str(fault)
