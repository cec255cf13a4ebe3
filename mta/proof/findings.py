"""What was found out about a mail, as results of RFC 8601. Pure.

Registered methods and properties are used (RFC 8601 §2.7, RFC 7489 §11, RFC 8617 §10.2), so that other
programs can read the field; `describe` reads it back for people.
"""

from config.domain_name import ascii_domain
from mta.proof.authentication_results import AuthenticationResults, MethodResult, compose, parse
from mta.proof.claims import State, dkim_claim, spf_claim
from mta.proof.evidence import ArcResult, DkimResult, DmarcCode, DmarcResult
from mta.proof.verdict import Facts
from store.mail import ProofMethod, SenderProof


def authentication_results(facts: Facts, *, hostname: str) -> str:
    """The value of the Authentication-Results field that we put on the mail."""
    results = (*_login(facts), *_spf(facts), *map(_dkim, facts.dkim or ()), *_dmarc(facts), *_arc(facts.arc))
    return compose(AuthenticationResults(authserv_id=hostname, results=tuple(results)))


def describe(proof: SenderProof) -> str:
    """The proof in words: `proven by DKIM (hospital.example); SPF softfail, DMARC pass (p=reject)`."""
    field = parse(proof.results) if proof.results else None
    found = [_in_words(one) for one in field.results if not _told(one, proof)] if field else []
    if not field and proof.spf_result and proof.method is not ProofMethod.SPF:
        found = [f"SPF {proof.spf_result}"]
    return "; ".join(filter(None, (_method_in_words(proof), ", ".join(found))))


def _login(facts: Facts) -> list[MethodResult]:
    if not facts.login:
        return []
    return [MethodResult(method="auth", result="pass", properties=(("smtp.auth", facts.login),))]


def _spf(facts: Facts) -> list[MethodResult]:
    spf = facts.spf
    if spf is None:
        return []
    identity = ("smtp.mailfrom", facts.return_path) if facts.return_path else ("smtp.helo", facts.helo)
    return [MethodResult(method="spf", result=spf.code, reason=spf.detail, properties=(identity,))]


def _dkim(one: DkimResult) -> MethodResult:
    properties = (("header.d", one.domain), ("header.s", one.selector), ("header.a", one.algorithm))
    return MethodResult(
        method="dkim",
        result=one.code,
        reason=one.reason,
        properties=tuple((name, value) for name, value in properties if value),
    )


def _dmarc(facts: Facts) -> list[MethodResult]:
    dmarc = facts.dmarc
    if dmarc is None or facts.author is None:
        return []
    domain = ascii_domain(facts.author.domain) or facts.author.domain
    properties = [("header.from", domain)]
    if dmarc.code is DmarcCode.FOUND:
        properties.append(("policy.dmarc", dmarc.policy))
    result = _dmarc_result(facts, dmarc, domain)
    return [MethodResult(method="dmarc", result=result, reason=dmarc.detail, properties=tuple(properties))]


def _dmarc_result(facts: Facts, dmarc: DmarcResult, domain: str) -> str:
    """RFC 7489 §11.2: pass or fail where there is a record, else what became of the search."""
    if dmarc.code is not DmarcCode.FOUND:
        return dmarc.code
    claims = [spf_claim(facts.spf, domain, dmarc), dkim_claim(facts.dkim or (), domain, dmarc)]
    if any(claim.state is State.PROVEN for claim in claims):
        return "pass"
    return "temperror" if any(claim.state is State.TROUBLED for claim in claims) else "fail"


def _arc(arc: ArcResult | None) -> list[MethodResult]:
    if arc is None:
        return []
    sealer = f"last sealed by {arc.hops[0].domain}" if arc.hops else ""
    reason = "; ".join(filter(None, (sealer, arc.reason)))
    return [MethodResult(method="arc", result=arc.code, reason=reason)]


def _told(one: MethodResult, proof: SenderProof) -> bool:
    """Whether the name of the method that proves it says so already."""
    return one.method == proof.method and one.result == "pass" and one.value("header.d") in {"", proof.detail}


def _method_in_words(proof: SenderProof) -> str:
    return {
        ProofMethod.AUTH: f"logged in as {proof.detail}",
        ProofMethod.SPF: f"proven by SPF ({proof.spf_domain})",
        ProofMethod.DKIM: f"proven by DKIM ({proof.detail})",
        ProofMethod.ARC: f"proven by ARC (sealed by {proof.detail})",
        ProofMethod.MAILBOX: "proven by the mailbox's own server",
        ProofMethod.RELEASED: f"released from quarantine by {proof.detail}",
        ProofMethod.UNPROVEN: "not proven, and taken all the same (require_spf: false)",
        ProofMethod.LOCAL: "submitted on this host",
    }[proof.method]


def _in_words(one: MethodResult) -> str:
    domain = one.value("header.d")
    more = {
        "dkim": f" ({domain})" if domain else "",
        "dmarc": f" (p={one.value('policy.dmarc')})" if one.value("policy.dmarc") else "",
    }.get(one.method, "")
    return f"{one.method.upper()} {one.result}{more}"
