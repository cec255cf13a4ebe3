"""The signatures of notices: whether what is published of each key is what signs (RFC 6376 §3.6)."""

from collections.abc import Sequence

from notify.signing import Signature, Signer, SigningKey, SigningTrouble, read_key
from postfax.doctor.finding import Finding, failure, not_checked, ok, warning
from postfax.doctor.site import Site

_USUAL = 2048
"""Bits of an RSA key (RFC 8301 §3.2)."""


async def dkim(site: Site) -> Sequence[Finding]:
    """Every key of `mail.dkim`."""
    signatures = Signer(site.settings.mail.dkim, site.sender).signatures
    if not signatures:
        return [
            not_checked(
                "there is no key under mail.dkim: notices are signed by the smarthost, or not at all",
                "Have one of the two sign them; large providers ask for it.",
                subject=site.sender_domain,
            )
        ]
    return [await _look(site, signature) for signature in signatures]


async def _look(site: Site, signature: Signature) -> Finding:
    try:
        key = read_key(signature.key_file)
    except SigningTrouble as problem:
        advice = "Notices wait until it can be used, and none is lost."
        return failure(str(problem).rstrip("."), advice, subject=signature.name)
    published = await site.names.texts(signature.name)
    records = [text for text in published if _tag(text, "p") is not None]
    publish = f'Publish there the TXT record "{key.record}".'
    if not records:
        return failure("the public key is not published", publish, subject=signature.name)
    if _tag(records[0], "p") != _tag(key.record, "p"):
        return failure("another key is published than the one that signs", publish, subject=signature.name)
    return _judged(key, signature)


def _judged(key: SigningKey, signature: Signature) -> Finding:
    kind = "RSA" if key.algorithm.startswith("rsa") else "Ed25519"
    told = f"signs with the key that is published ({kind}, {key.bits} bits)"
    if kind == "RSA" and key.bits < _USUAL:
        return warning(
            told, f"Make one of {_USUAL} bits; some receivers accept no less.", subject=signature.name
        )
    return ok(told, subject=signature.name)


def _tag(record: str, name: str) -> str | None:
    """The value of a tag (RFC 6376 §3.2) without white space, or None."""
    for tag in record.split(";"):
        key, separator, value = tag.partition("=")
        if separator and key.strip() == name:
            return "".join(value.split())
    return None
