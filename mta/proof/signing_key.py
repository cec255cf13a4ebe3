"""The public keys that signatures are made with (RFC 6376 §3.6.1): fetched, and seen to be fit for it."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import dkim
from dkim.util import parse_tag_value
from dns.rdtypes.ANY.TXT import TXT

from mta.dns_lookup import Answer, DnsLookup, DnsTrouble
from mta.proof.evidence import DkimCode

SHORTEST_RSA_KEY = 1024  # RFC 8301 §3.2
_LONGEST_RSA_KEY = 8192
_LARGEST_EXPONENT = 1 << 33
"""With a larger one a single verification could take minutes."""
_RECORD_LIMIT = 8 * 1024


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What was found where a key should be."""

    record: bytes = b""
    """The text of the record; empty where there is no key that may be used."""
    kind: str = ""
    """`rsa` or `ed25519`."""
    domain_alone: bool = False
    """`t=s`: it does not sign for subdomains."""
    code: DkimCode = DkimCode.PASS
    """What a signature is worth that was made with it, if not its own result."""
    reason: str = ""


def key_name(selector: str, domain: str) -> str:
    """Where the key of a signature stands."""
    return f"{selector}._domainkey.{domain}"


async def fetch_keys(dns: DnsLookup, names: Iterable[str]) -> Mapping[str, SigningKey]:
    """The keys with these names, asked for at one time."""

    async def fetch(name: str) -> tuple[str, SigningKey]:
        try:
            return name, _only_key(await dns.ask(name, "TXT"))
        except DnsTrouble as trouble:
            return name, SigningKey(code=DkimCode.TEMPERROR, reason=f"no answer from the DNS: {trouble}")

    return dict(await asyncio.gather(*(fetch(name) for name in sorted(set(names)))))


def _only_key(answer: Answer) -> SigningKey:
    texts = [b"".join(record.strings) for record in answer.records if isinstance(record, TXT)]
    records = [text for text in texts if b"p=" in text.replace(b" ", b"")]
    if len(records) == 1:
        return read_key(records[0])
    reason = "there is more than one key" if records else "there is no key"
    return SigningKey(code=DkimCode.PERMERROR, reason=reason)


@lru_cache(maxsize=2000)
def read_key(record: bytes) -> SigningKey:
    """The key in a record, if it may be used."""
    if len(record) > _RECORD_LIMIT:
        return _unfit("the key record is too long")
    try:
        tags: dict[bytes, bytes] = parse_tag_value(record)
        if not tags.get(b"p"):
            return _unfit("the key was revoked")
        key, size, kind, for_reports = dkim.evaluate_pk("", record)
    except Exception:  # noqa: BLE001 - dkimpy stumbles over some hostile keys in ways of its own
        return _unfit("the key cannot be read")
    unfit = _unfit_rsa(key, size) if kind == b"rsa" else None
    if for_reports or not {b"*", b"email"} & _words(tags, b"s", b"*"):
        unfit = _unfit("the key is not for mail")
    elif b"sha256" not in _words(tags, b"h", b"sha256"):
        unfit = _unfit("the key is not for SHA-256")
    elif b"y" in _words(tags, b"t"):
        # RFC 6376 §3.6.1: a test must not make a difference.
        unfit = SigningKey(code=DkimCode.POLICY, reason="the key is published for testing (t=y)")
    return unfit or SigningKey(record, kind.decode("ascii"), domain_alone=b"s" in _words(tags, b"t"))


def _words(tags: Mapping[bytes, bytes], tag: bytes, unsaid: bytes = b"") -> set[bytes]:
    return set(tags.get(tag, unsaid).replace(b" ", b"").split(b":"))


def _unfit_rsa(key: Mapping[str, int], size: int) -> SigningKey | None:
    if size < SHORTEST_RSA_KEY:
        return SigningKey(code=DkimCode.POLICY, reason=f"the RSA key has only {size} bits")
    if size > _LONGEST_RSA_KEY or not 1 < key["publicExponent"] < _LARGEST_EXPONENT:
        return _unfit("the RSA key is larger than any that is used")
    return None


def _unfit(reason: str) -> SigningKey:
    return SigningKey(code=DkimCode.PERMERROR, reason=reason)
