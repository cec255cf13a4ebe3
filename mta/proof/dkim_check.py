"""DKIM (RFC 6376) by dkimpy: what each signature of a message is worth.

dkimpy returns False for a wrong signature, for a key that cannot be had and for a name server that is silent.
So the keys are fetched beforehand by our own resolver, and what is wrong with them is known apart. Reading
the header, hashing the body and verifying are done in a few threads, off the event loop.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dkim
import structlog

from mta.dns_lookup import DnsLookup
from mta.domain_name import aligned
from mta.proof.body_hash import Message
from mta.proof.evidence import DkimCode, DkimResult
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

SIGNATURES_LIMIT = 5
"""Signatures of one message that are looked at."""
CLOCKS_DIFFER = 300
"""Seconds for which a signature may be past its time."""

_MANDATORY = (b"v", b"a", b"b", b"bh", b"d", b"h", b"s")
_ALGORITHMS = {"rsa-sha256", "ed25519-sha256"}
_DIGITS = re.compile(rb"[0-9]{1,12}")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Signature:
    """One DKIM-Signature field."""

    position: int
    """Among the signatures, from the top."""
    tags: Tags
    result: DkimResult
    """What it is worth if it verifies, or why it need not be tried."""

    @property
    def key_name(self) -> str:
        return key_name(self.result.selector, self.result.domain)


class DkimChecker:
    """Verifies DKIM signatures."""

    def __init__(self, dns: DnsLookup, threads: ThreadPoolExecutor, *, clock: Callable[[], float]) -> None:
        """Nothing is done yet.

        Args:
            dns: for the keys.
            threads: where the work is done; how many there are is how much is done at one time.
            clock: seconds since the epoch, for signatures that expire.
        """
        self._dns = dns
        self._threads = threads
        self._clock = clock

    async def check(self, message: Message, from_domain: str) -> tuple[DkimResult, ...]:
        """The results, those of the From domain's organisation first; the others only if none of them passes.

        Never raises for what is wrong with the message or the DNS: that is a result too.
        """
        loop = asyncio.get_running_loop()
        try:
            signed = await loop.run_in_executor(self._threads, SignedMessage, message)
        except Unreadable as problem:
            return (DkimResult(code=DkimCode.PERMERROR, domain="", reason=str(problem)),)
        signatures = _read_signatures(signed, self._clock())
        ours = [one for one in signatures if aligned(one.result.domain, from_domain)]
        others = [one for one in signatures if one not in ours]
        results: list[DkimResult] = []
        for group in (ours[:SIGNATURES_LIMIT], others[: max(0, SIGNATURES_LIMIT - len(ours))]):
            keys = await fetch_keys(self._dns, [one.key_name for one in group if _worth_trying(one)])
            results += await loop.run_in_executor(self._threads, _verify_all, signed, group, keys)
            if any(result.code is DkimCode.PASS for result in results):
                break
        return tuple(results)


def _read_signatures(signed: SignedMessage, now: float) -> list[_Signature]:
    return [
        _read_signature(position, value, now)
        for position, value in enumerate(signed.values(b"dkim-signature"))
    ]


def _read_signature(position: int, value: bytes, now: float) -> _Signature:
    try:
        tags = read_tags(value)
    except Unreadable as problem:
        return _Signature(position, {}, DkimResult(code=DkimCode.PERMERROR, domain="", reason=str(problem)))
    code, reason = _fault(tags, now)
    result = DkimResult(
        code=code,
        domain=text_of(tags, b"d"),
        selector=text_of(tags, b"s"),
        algorithm=text_of(tags, b"a"),
        reason=reason,
    )
    return _Signature(position, tags, result)


def _fault(tags: Tags, now: float) -> tuple[DkimCode, str]:
    """What can be said of a signature without its key (RFC 6376 §6.1.1)."""
    missing = [tag.decode() for tag in _MANDATORY if not tags.get(tag)]
    if missing:
        return DkimCode.PERMERROR, f"without {', '.join(missing)}"
    algorithm = text_of(tags, b"a")
    names = signed_names(tags)
    expiry = tags.get(b"x", b"")
    faults = (
        (algorithm == "rsa-sha1", DkimCode.POLICY, "SHA-1 proves nothing any more (RFC 8301)"),
        (algorithm not in _ALGORITHMS | {"rsa-sha1"}, DkimCode.PERMERROR, "of an unknown algorithm"),
        (b"from" not in names, DkimCode.PERMERROR, "does not cover the From field"),
        (len(names) > SIGNED_FIELDS_LIMIT, DkimCode.PERMERROR, "covers too many fields"),
        (bool(expiry) and not _DIGITS.fullmatch(expiry), DkimCode.PERMERROR, "has a malformed expiry"),
        (
            bool(_DIGITS.fullmatch(expiry)) and int(expiry) + CLOCKS_DIFFER < now,
            DkimCode.FAIL,
            "has expired",
        ),
        (
            b"l" in tags and not _DIGITS.fullmatch(tags[b"l"]),
            DkimCode.PERMERROR,
            "has a malformed body length",
        ),
    )
    return next(((code, reason) for holds, code, reason in faults if holds), (DkimCode.PASS, ""))


def _worth_trying(signature: _Signature) -> bool:
    return signature.result.code is DkimCode.PASS


def _verify_all(
    signed: SignedMessage, signatures: list[_Signature], keys: Mapping[str, SigningKey]
) -> list[DkimResult]:
    return [
        _verify(signed, one, keys[one.key_name]) if _worth_trying(one) else one.result for one in signatures
    ]


def _verify(signed: SignedMessage, signature: _Signature, key: SigningKey) -> DkimResult:
    code, reason = _key_fault(signature, key) or _verified(signed, signature, key)
    result = signature.result
    return DkimResult(
        code=code,
        domain=result.domain,
        selector=result.selector,
        algorithm=result.algorithm,
        reason=reason,
    )


def _key_fault(signature: _Signature, key: SigningKey) -> tuple[DkimCode, str] | None:
    if key.code is not DkimCode.PASS:
        return key.code, key.reason
    if not signature.result.algorithm.startswith(f"{key.kind}-"):
        return DkimCode.PERMERROR, "the key is of another kind than the signature"
    if key.domain_alone and not _signs_for_domain_itself(signature.tags):
        return DkimCode.PERMERROR, "the key does not sign for subdomains (t=s)"
    return None


def _verified(signed: SignedMessage, signature: _Signature, key: SigningKey) -> tuple[DkimCode, str]:
    try:
        verified = _Verification(signed).verify(signature.position, lambda *_, **__: key.record)
    except BodyMismatch as problem:
        return DkimCode.FAIL, str(problem)
    except PartlySigned as problem:
        return DkimCode.POLICY, str(problem)
    except dkim.DKIMException as problem:
        # Its text has what the sender wrote; a reason may stand in a reply.
        log.info("dkim_signature_malformed", domain=signature.result.domain, cause=str(problem)[:200])
        return DkimCode.PERMERROR, "the signature is malformed"
    except Exception:
        # dkimpy stumbles over some hostile signatures in ways of its own. They prove nothing.
        log.exception("dkim_verification_stumbled", domain=signature.result.domain)
        return DkimCode.PERMERROR, "not evaluable"
    return (DkimCode.PASS, "") if verified else (DkimCode.FAIL, "the signature does not match the header")


def _signs_for_domain_itself(tags: Tags) -> bool:
    """RFC 6376 §3.6.1, flag s: the domain of `i=` is that of `d=`."""
    identity = text_of(tags, b"i")
    return not identity or identity.rpartition("@")[2] == text_of(tags, b"d")


class _Verification(BodyCheckedBySignedMessage, dkim.DKIM):  # type: ignore[misc] # dkimpy has no types
    pass
