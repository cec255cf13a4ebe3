"""Installations for the doctor to look at: settings, a host and a name server of our own, certificates."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.server import ServerSettings
from config.values import HostPort
from postfax.demonstration.dns_stub import DnsStub, Zone
from postfax.doctor.finding import Finding, State
from postfax.doctor.host import Host
from postfax.doctor.site import Site

DOMAIN = "fax.example.com"
OWN = "203.0.114.25"
ELSEWHERE = "203.0.114.99"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

POLICY = """\
company: General Hospital
users: [{name: Ana Ruiz, email: ana@hospital.example}]
"""


@dataclass
class SmallHost(Host):
    """A host with the addresses that a test gives it."""

    own: Sequence[str] = (OWN,)
    outward: Sequence[str] = (OWN,)
    search: Sequence[str] = ()
    resolvers: Sequence[HostPort] = ()

    def owns(self, address: str) -> bool:
        return address in self.own

    def outward_addresses(self) -> tuple[str, ...]:
        return tuple(self.outward)

    def nameservers(self) -> Sequence[HostPort]:
        return self.resolvers

    def search_domains(self) -> Sequence[str]:
        return self.search


def make_site(
    folder: Path,
    *,
    mail: dict[str, Any] | None = None,
    policy: str = POLICY,
    host: Host | None = None,
    recipient: str = "",
    **settings: Any,
) -> Site:
    """A site whose settings are those of the smallest installation, and these."""
    (folder / "policy.yaml").write_text(policy)
    smarthost = {"host": "127.0.0.1", "port": 9, "tls": "none"}
    entries = {
        "domain": DOMAIN,
        "mail": {"smarthost": smarthost, **(mail or {})},
        "store": f"sqlite:{folder}/book.db",
        "documents": f"file:{folder}/documents",
        "policy": folder / "policy.yaml",
        **settings,
    }
    return Site(
        settings_file=folder / "postfax.yaml",
        settings=ServerSettings.model_validate(entries),
        now=NOW,
        host=host or SmallHost(),
        recipient=recipient,
    )


@contextlib.asynccontextmanager
async def names(zone: Zone) -> AsyncIterator[dict[str, Any]]:
    """A name server, as the `dns` setting that names it."""
    stub = DnsStub(zone)
    address = await stub.start()
    try:
        yield {"nameservers": (address,), "timeout": timedelta(seconds=30)}
    finally:
        await stub.stop()


def only(findings: Sequence[Finding]) -> Finding:
    [finding] = findings
    return finding


def states(findings: Sequence[Finding]) -> list[State]:
    return [finding.state for finding in findings]


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def issue(
    name: str, *, by: Issued | None = None, days: float = 90, begins: datetime = NOW - timedelta(days=1)
) -> Issued:
    """A certificate for a DNS name; signed by itself unless `by` signs it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(by.key if by else key, hashes.SHA256())
    )
    return Issued(built, key)


def write_certificate(folder: Path, *chain: Issued, key: Issued | None = None) -> dict[str, Path]:
    """The chain in one file and the key of its first certificate (or another) in one: `mail.tls`."""
    certificate_file, key_file = folder / "fullchain.pem", folder / "key.pem"
    certificate_file.write_bytes(
        b"".join(each.certificate.public_bytes(serialization.Encoding.PEM) for each in chain)
    )
    key_file.write_bytes(
        (key or chain[0]).key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    key_file.chmod(0o600)
    return {"certificate": certificate_file, "key": key_file}
