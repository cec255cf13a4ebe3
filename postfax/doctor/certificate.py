"""The certificate of `mail.tls`: its key, our name in it, the order of its chain, and how long it is good."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from config.mail import TlsSettings
from postfax.doctor.finding import Finding, failure, ok, reason_of, warning
from postfax.doctor.site import Site

RENEW_BEFORE = timedelta(days=21)
"""Certificates of 90 days are renewed with 30 left; with less than this the renewal does not work."""
_OTHERS_MAY_READ = 0o004
_RENEWED = "Renew it; the service takes up renewed files by itself."


async def certificate(site: Site) -> Sequence[Finding]:
    """Everything that is wrong with it, or that nothing is."""
    settings = site.settings.mail.tls
    if settings is None:
        advice = "Set mail.tls; without it neither STARTTLS nor AUTH is offered, and mails come in the clear."
        return [warning("there is no certificate", advice)]
    return await asyncio.to_thread(examine, settings, hostname=site.hostname, now=site.now)


def examine(settings: TlsSettings, *, hostname: str, now: datetime) -> Sequence[Finding]:
    """The findings about a certificate and its key at a time."""
    name = settings.certificate.name
    try:
        chain = x509.load_pem_x509_certificates(settings.certificate.read_bytes())
    except (OSError, ValueError) as problem:
        advice = "It must be PEM: our certificate, then the one that signed it, and so on. Check mail.tls."
        return [failure(f"cannot be read ({reason_of(problem)})", advice, subject=name)]
    key = _key_findings(settings.key, chain[0])
    found = [*_validity(chain, name, now), *_name(chain[0], name, hostname), *_order(chain, name)]
    if key or found:
        return [*key, *found]
    left = (min(each.not_valid_after_utc for each in chain) - now).days
    return [ok(f"good for {hostname} and for {left} more days", subject=name)]


def _key_findings(file: Path, leaf: x509.Certificate) -> list[Finding]:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
        mode = file.stat().st_mode
    except (OSError, ValueError, TypeError) as problem:
        advice = "It must be an unencrypted PEM key that the service may read. Check mail.tls."
        return [failure(f"cannot be read ({reason_of(problem)})", advice, subject=file.name)]
    if _octets(key.public_key()) != _octets(leaf.public_key()):
        advice = "Name the key that the certificate was made for: mail.tls.key."
        return [failure("is not the key of the certificate", advice, subject=file.name)]
    if mode & _OTHERS_MAY_READ:
        return [warning("may be read by everybody here", f"chmod o-r {file}", subject=file.name)]
    return []


def _octets(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _validity(chain: Sequence[x509.Certificate], name: str, now: datetime) -> list[Finding]:
    first = min(chain, key=lambda each: each.not_valid_after_utc)
    which = "" if first is chain[0] else f" (of {first.subject.rfc4514_string()} in its chain)"
    end, begin = first.not_valid_after_utc, max(each.not_valid_before_utc for each in chain)
    if end <= now:
        return [failure(f"expired on {end:%Y-%m-%d}{which}", _RENEWED, subject=name)]
    if begin > now:
        advice = "Check this host's clock, or wait."
        return [failure(f"is not valid before {begin:%Y-%m-%d %H:%M} UTC", advice, subject=name)]
    if end - now < RENEW_BEFORE:
        return [
            warning(f"expires on {end:%Y-%m-%d}, in {(end - now).days} days{which}", _RENEWED, subject=name)
        ]
    return []


def _name(leaf: x509.Certificate, name: str, hostname: str) -> list[Finding]:
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    if any(covers(pattern, hostname) for pattern in names):
        return []
    told = ", ".join(names[:3]) or "no name"
    advice = "Get one for the name in our greeting, or set mail.hostname to a name that it is for."
    return [failure(f"is for {told}, not for {hostname}", advice, subject=name)]


def covers(pattern: str, hostname: str) -> bool:
    """Whether a name of a certificate is this host's (RFC 6125 §6.4.3: * is one whole first label)."""
    pattern, hostname = pattern.lower(), hostname.lower()
    if pattern.startswith("*."):
        return hostname.partition(".")[2] == pattern[2:]
    return pattern == hostname


def _order(chain: Sequence[x509.Certificate], name: str) -> list[Finding]:
    for certificate, issuer in pairwise(chain):
        if not _signed(certificate, by=issuer):
            advice = "Put our certificate first, then the one that signed it, and so on; nothing else."
            return [failure("its chain is not in order (RFC 8446 §4.4.2)", advice, subject=name)]
    if len(chain) > 1:
        return []
    if _signed(chain[0], by=chain[0]):
        advice = (
            "Mail servers mostly accept it, mail programs of people with a login do not. Get a public one."
        )
        return [warning("is signed by itself", advice, subject=name)]
    advice = "Some clients cannot find the issuer. Name the file with the whole chain (fullchain.pem)."
    return [warning("comes without its chain", advice, subject=name)]


def _signed(certificate: x509.Certificate, *, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
