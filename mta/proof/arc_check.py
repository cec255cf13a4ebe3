"""ARC (RFC 8617) by dkimpy: what a chain of forwarders' seals is worth.

Only a chain whose last sealer is trusted is looked into: whoever sealed last vouches for what the mail is
now, and a stranger can put a valid seal on anything. dkimpy picks the fields of a set by searching for their
instance in the text; so every field is read here first, and a chain that can be read in two ways is none.
"""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import dkim
import structlog

from mta.dns_lookup import DnsLookup
from mta.proof.authentication_results import parse_sealed
from mta.proof.body_hash import Message
from mta.proof.claims import is_trusted
from mta.proof.evidence import ArcCode, ArcHop, ArcResult, DkimCode
from mta.proof.signed_message import (
    SIGNED_FIELDS_LIMIT,
    BodyCheckedBySignedMessage,
    BodyMismatch,
    PartlySigned,
    SignedMessage,
    Tags,
    Unreadable,
    read_tags,
    signed_names,
    text_of,
)
from mta.proof.signing_key import SigningKey, fetch_keys, key_name

SETS_LIMIT = 10
"""RFC 8617 §4.2.1 allows 50; no mail takes so many ways."""

_INSTANCE = re.compile(r"[1-9][0-9]?")

log = structlog.get_logger()

Field = TypeVar("Field")


@dataclass(frozen=True, slots=True)
class _ArcSet:
    """The three fields of one sealer."""

    seal: Tags
    signature: Tags
    results: str

    @property
    def domain(self) -> str:
        return text_of(self.seal, b"d")

    @property
    def hop(self) -> ArcHop:
        sealed = parse_sealed(self.results)
        return ArcHop(domain=self.domain, results=sealed[1] if sealed else None)


class ArcChecker:
    """Verifies ARC chains."""

    def __init__(self, dns: DnsLookup, threads: ThreadPoolExecutor) -> None:
        self._dns = dns
        self._threads = threads

    async def check(self, message: Message, trusted: tuple[str, ...]) -> ArcResult:
        """The chain, if its last sealer is one of `trusted`. Never raises for what is wrong with it."""
        loop = asyncio.get_running_loop()
        try:
            signed = await loop.run_in_executor(self._threads, SignedMessage, message)
            chain = _read_chain(signed)
        except Unreadable as problem:
            return ArcResult(code=ArcCode.FAIL, reason=str(problem))
        if not chain:
            return ArcResult(code=ArcCode.NONE)
        hops = tuple(one.hop for one in chain)
        if len(chain) > SETS_LIMIT:
            return ArcResult(code=ArcCode.POLICY, hops=hops, reason="the chain is too long")
        if not is_trusted(chain[0].domain, trusted):
            return ArcResult(code=ArcCode.POLICY, hops=hops, reason="the last sealer is not trusted")
        needed = [one.seal for one in chain] + [chain[0].signature]
        keys = await fetch_keys(self._dns, [_key_of(tags) for tags in needed])
        code, reason = await loop.run_in_executor(self._threads, _verify, signed, keys)
        trouble = [key.reason for key in keys.values() if key.code is DkimCode.TEMPERROR]
        if code is ArcCode.FAIL and trouble:
            return ArcResult(code=ArcCode.TEMPERROR, hops=hops, reason=trouble[0])
        return ArcResult(code=code, hops=hops, reason=reason)


def _read_chain(signed: SignedMessage) -> list[_ArcSet]:
    """The sets, the last one first.

    Raises:
        Unreadable: they are not one of each field for every instance from 1 on (RFC 8617 §4.2.1).
    """
    seals = _by_instance([(text_of(tags, b"i"), tags) for tags in _tags(signed, b"arc-seal")])
    signatures = _by_instance(
        [(text_of(tags, b"i"), tags) for tags in _tags(signed, b"arc-message-signature")]
    )
    texts = [value.decode(errors="replace") for value in signed.values(b"arc-authentication-results")]
    results = _by_instance([(_instance_of(text), text) for text in texts])
    if not len(seals) == len(signatures) == len(results):
        raise Unreadable("an ARC set is not complete")
    chain = [_ArcSet(seals[i], signatures[i], results[i]) for i in range(len(seals), 0, -1)]
    _see_that_dkimpy_reads_the_same(signed, chain)
    if chain and b"from" not in signed_names(chain[0].signature):
        raise Unreadable("the last ARC signature does not cover the From field")
    return chain


def _tags(signed: SignedMessage, name: bytes) -> list[Tags]:
    return [read_tags(value) for value in signed.values(name)]


def _instance_of(results: str) -> str:
    name, _, number = results.partition(";")[0].partition("=")
    return number.strip() if name.strip().lower() == "i" else ""


def _by_instance(fields: list[tuple[str, Field]]) -> dict[int, Field]:
    """The fields by instance: 1, 2, 3, …, each once."""
    if not all(_INSTANCE.fullmatch(instance) for instance, _ in fields):
        raise Unreadable("an ARC field has no instance")
    found = {int(instance): field for instance, field in fields}
    if sorted(found) != list(range(1, len(fields) + 1)):
        raise Unreadable("the ARC instances are not 1, 2, 3 and so on")
    return found


def _see_that_dkimpy_reads_the_same(signed: SignedMessage, chain: list[_ArcSet]) -> None:
    """For dkimpy takes the first text that looks like an instance, and looks a signature up by ` i=1;`."""
    for name in (b"arc-seal", b"arc-message-signature", b"arc-authentication-results"):
        found = [dkim.ARC.INSTANCE_RE.search(value) for value in signed.values(name)]
        instances = sorted(int(match[1]) for match in found if match)
        if instances != list(range(1, len(chain) + 1)):
            raise Unreadable("an ARC instance is ambiguous")
    signatures = [value.lower() for value in signed.values(b"arc-message-signature")]
    for instance, one in enumerate(reversed(chain), start=1):
        if len(signed_names(one.signature)) > SIGNED_FIELDS_LIMIT:
            raise Unreadable("an ARC signature covers too many fields")
        if sum(b" i=%d;" % instance in value for value in signatures) != 1:
            raise Unreadable("an ARC instance is ambiguous")


def _key_of(tags: Tags) -> str:
    return key_name(text_of(tags, b"s"), text_of(tags, b"d"))


def _verify(signed: SignedMessage, keys: Mapping[str, SigningKey]) -> tuple[ArcCode, str]:
    def record(name: bytes, **_: object) -> bytes:
        key = keys.get(name.decode("ascii", errors="replace").lower().removesuffix("."))
        return key.record if key and key.code is DkimCode.PASS else b""

    try:
        state, _, reason = _Verification(signed).verify(record)
    except dkim.DKIMException as problem:
        log.info("arc_chain_malformed", cause=str(problem)[:200])
        return ArcCode.FAIL, "the chain is malformed"
    except Exception:
        # dkimpy stumbles over some hostile chains in ways of its own. They prove nothing.
        log.exception("arc_verification_stumbled")
        return ArcCode.FAIL, "not evaluable"
    if state == dkim.CV_Pass:
        return ArcCode.PASS, ""
    log.info("arc_chain_invalid", cause=str(reason)[:200])
    return ArcCode.FAIL, "the seals do not match the message"


class _Verification(BodyCheckedBySignedMessage, dkim.ARC):  # type: ignore[misc] # dkimpy has no types
    def verify_sig(
        self, sig: Tags, include_headers: list[bytes], sig_header: object, dnsfunc: object
    ) -> bool:
        """As DKIM's; a body that does not match is a signature that does not."""
        try:
            return super().verify_sig(sig, include_headers, sig_header, dnsfunc)
        except (BodyMismatch, PartlySigned):
            return False
