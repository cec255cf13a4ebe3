"""Certificates that nobody vouches for but themselves, for servers of tests on this host."""

import contextlib
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class SelfSigned:
    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256, two digits a byte with colons between."""


def self_signed(
    folder: Path,
    name: str = "127.0.0.1",
    *,
    files: str = "certificate",
    ends: timedelta = timedelta(days=1),
) -> SelfSigned:
    """Write `FILES.pem` and `FILES.key` for an address or a DNS name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName([_named(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    written = SelfSigned(
        folder / f"{files}.pem", folder / f"{files}.key", made.fingerprint(hashes.SHA256()).hex(":")
    )
    written.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    written.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return written


def _named(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)
