"""What each method proves of a From address, as far as it is known. Pure.

A claim is proven, or not, or it cannot be told yet: because a fact was not asked for, or because the DNS did
not answer. Only what could still prove the address counts as open: SPF for another organisation's domain
proves nothing whether the DNS answers or not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from config.domain_name import ascii_domain
from mta.domain_name import aligned
from mta.proof.authentication_results import AuthenticationResults
from mta.proof.evidence import (
    ArcCode,
    ArcResult,
    DkimCode,
    DkimResult,
    DmarcCode,
    DmarcResult,
    SpfCode,
    SpfResult,
)


class Fact(StrEnum):
    """What can be found out about a mail, at a cost."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    ARC = "arc"


class State(IntEnum):
    """How far a claim is settled; of several, the highest counts."""

    REFUTED = 0
    TROUBLED = 1
    """The DNS did not say what would settle it."""
    UNASKED = 2
    PROVEN = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One way in which the From address may be proven."""

    state: State
    needs: frozenset[Fact] = field(default_factory=frozenset)
    """What settles an unasked claim."""
    by: str = ""
    """The domain that proves it."""
    trouble: str = ""
    """For the log."""


REFUTED = Claim(state=State.REFUTED)


def best(claims: Iterable[Claim]) -> Claim:
    """The claim that is nearest to a proof."""
    return max(claims, key=lambda claim: claim.state, default=REFUTED)


def alignment(proven: str, claimed: str, dmarc: DmarcResult | None, *, method: Fact) -> Claim:
    """Whether a proven domain stands for the From domain, as its DMARC record has it (RFC 7489 §3.1).

    Args:
        proven: the domain that SPF or DKIM proves.
        claimed: the From domain.
        dmarc: the record; None while it was not asked for.
        method: SPF or DKIM, which may be strict or relaxed each.
    """
    if ascii_domain(proven) == ascii_domain(claimed):
        return Claim(state=State.PROVEN, by=proven)
    if not aligned(proven, claimed):
        return REFUTED
    if dmarc is None:
        return Claim(state=State.UNASKED, needs=frozenset({Fact.DMARC}))
    if dmarc.code is DmarcCode.TEMPERROR:
        return Claim(state=State.TROUBLED, trouble=f"DMARC: {dmarc.detail}")
    strict = dmarc.strict_spf if method is Fact.SPF else dmarc.strict_dkim
    return REFUTED if strict else Claim(state=State.PROVEN, by=proven)


def spf_claim(spf: SpfResult | None, from_domain: str, dmarc: DmarcResult | None) -> Claim:
    """What SPF proves."""
    if spf is None:
        return Claim(state=State.UNASKED, needs=frozenset({Fact.SPF}))
    if spf.code not in {SpfCode.PASS, SpfCode.TEMPERROR}:
        return REFUTED
    stands = alignment(spf.domain, from_domain, dmarc, method=Fact.SPF)
    return _troubled(stands, f"SPF: {spf.detail}") if spf.code is SpfCode.TEMPERROR else stands


def dkim_claim(dkim: tuple[DkimResult, ...] | None, from_domain: str, dmarc: DmarcResult | None) -> Claim:
    """What the signatures prove."""
    if dkim is None:
        return Claim(state=State.UNASKED, needs=frozenset({Fact.DKIM}))
    return best(_signature_claim(one, from_domain, dmarc) for one in dkim)


def _signature_claim(signature: DkimResult, from_domain: str, dmarc: DmarcResult | None) -> Claim:
    if signature.code not in {DkimCode.PASS, DkimCode.TEMPERROR}:
        return REFUTED
    stands = alignment(signature.domain, from_domain, dmarc, method=Fact.DKIM)
    return _troubled(stands, f"DKIM: {signature.reason}") if signature.code is DkimCode.TEMPERROR else stands


def arc_claim(
    arc: ArcResult | None, from_domain: str, dmarc: DmarcResult | None, *, trusted: tuple[str, ...]
) -> Claim:
    """What trusted forwarders attest: those from the last one back to the first that is not trusted."""
    if arc is None:
        return Claim(state=State.UNASKED, needs=frozenset({Fact.ARC}))
    if arc.code not in {ArcCode.PASS, ArcCode.TEMPERROR}:
        return REFUTED
    attested = []
    for hop in arc.hops:
        if not is_trusted(hop.domain, trusted):
            break
        claim = attestation(hop.results, from_domain, dmarc) if hop.results else REFUTED
        attested.append(Claim(state=claim.state, needs=claim.needs, by=hop.domain, trouble=claim.trouble))
    stands = best(attested)
    return _troubled(stands, f"ARC: {arc.reason}") if arc.code is ArcCode.TEMPERROR else stands


def attestation(results: AuthenticationResults, from_domain: str, dmarc: DmarcResult | None) -> Claim:
    """What the results of a trusted server prove: `dmarc=pass` for the From domain, or an aligned pass."""
    said = [one for one in results.of("dmarc") if _same(one.value("header.from"), from_domain)]
    if any(one.result == "fail" for one in said):
        return REFUTED
    if any(one.result == "pass" for one in said):
        return Claim(state=State.PROVEN, by=results.authserv_id)
    spf = [one.value("smtp.mailfrom") for one in results.of("spf") if one.result == "pass"]
    dkim = [
        one.value("header.d") or one.value("header.i") for one in results.of("dkim") if one.result == "pass"
    ]
    return best(
        [
            *(alignment(_domain(one), from_domain, dmarc, method=Fact.SPF) for one in spf),
            *(alignment(_domain(one), from_domain, dmarc, method=Fact.DKIM) for one in dkim),
        ]
    )


def is_trusted(sealer: str, trusted: tuple[str, ...]) -> bool:
    """Whether a sealing domain is a trusted one, or below it."""
    return any(sealer == domain or sealer.endswith(f".{domain}") for domain in map(str.lower, trusted))


def _troubled(claim: Claim, trouble: str) -> Claim:
    """The claim of a method that the DNS left without an answer; an unproven domain stays refuted."""
    return Claim(state=State.TROUBLED, trouble=trouble) if claim.state is State.PROVEN else claim


def _same(said: str, domain: str) -> bool:
    return bool(said) and ascii_domain(_domain(said)) == ascii_domain(domain)


def _domain(address_or_domain: str) -> str:
    return address_or_domain.rpartition("@")[2]
