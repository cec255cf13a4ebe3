"""What a client is told whose mail is not proven: what was found, and who can mend it. Pure.

Codes are those of RFC 7372: 5.7.23 where SPF does not prove the sender, 5.7.26 where nothing does and the
domain's DMARC policy wants that refused.
"""

import re

from config.domain_name import ascii_domain
from mta.domain_name import aligned
from mta.proof.evidence import DkimResult, DmarcResult, SpfCode, SpfResult
from mta.reply import Reply

_DOMAIN = re.compile(r"[a-z0-9._-]{1,253}")

_NO_ANSWER = Reply(
    451, "4.4.3", "the sender could not be verified because the DNS did not answer; please try again later"
)
# RFC 7372 §3.2: SPF validation error.
_OUT_OF_TIME = Reply(451, "4.7.24", "the SPF check took too long; please try again later")
_SPF_SENTENCES = {
    SpfCode.FAIL: "SPF says that {client} may not send mail of {domain}; "
    "send through its own mail server, or have its administrator add this one to the SPF record",
    SpfCode.SOFTFAIL: "SPF does not confirm that {client} may send mail of {domain}; "
    "send through its own mail server, or have its administrator add this one to the SPF record",
    SpfCode.NEUTRAL: "SPF leaves open whether {client} may send mail of {domain}; "
    "have its administrator add this server to the SPF record",
    SpfCode.NONE: "{domain} has no SPF record that proves where its mail comes from; "
    "have its administrator publish one",
    SpfCode.PERMERROR: "the SPF record of {domain} has a mistake; have its administrator correct it",
    SpfCode.TEMPERROR: "SPF could at best prove {domain}, but the From address is at another domain; "
    "send with a return path of the same organisation",
    SpfCode.PASS: "SPF proves {domain}, but the From address is at another domain; "
    "send with a return path of the same organisation",
}


def not_own_address() -> Reply:
    """For a session that is logged in and writes in another's name."""
    return Reply(
        550, "5.7.1", "the From address is not one of the account that is logged in; send with your own"
    )


def trouble_refusal(*, spf_out_of_time: bool) -> Reply:
    """For a mail that the DNS left undecided."""
    return _OUT_OF_TIME if spf_out_of_time else _NO_ANSWER


def spf_refusal(
    client_address: str, from_domain: str, *, spf: SpfResult, dkim: tuple[DkimResult, ...], dmarc: DmarcResult
) -> Reply:
    """For a mail that neither SPF nor DKIM proves."""
    sentence = _SPF_SENTENCES[spf.code].format(client=client_address, domain=spf.domain or "the sender")
    if spf.code is SpfCode.PASS and aligned(spf.domain, from_domain) and dmarc.strict_spf:
        sentence = (
            f"SPF proves {spf.domain}, which {ascii_domain(from_domain)} publishes not to be enough (aspf=s)"
        )
    return Reply(550, "5.7.23", f"{sentence}{_of_signatures(dkim, from_domain)}")


def dmarc_refusal(
    client_address: str, from_domain: str, *, spf: SpfResult, dkim: tuple[DkimResult, ...], dmarc: DmarcResult
) -> Reply:
    """For a mail that nothing proves, of a domain that wants such mail refused."""
    domain = ascii_domain(from_domain) or "the sender"
    signatures = _of_signatures(dkim, from_domain) or "; it has no DKIM signature"
    sentence = (
        f"{domain} asks to refuse its mail where neither SPF nor DKIM proves it (DMARC p={dmarc.policy}). "
        f"SPF for {client_address} says {spf.code} of {spf.domain or 'no domain'}{signatures}. "
        "Send through its own mail server, or have its administrator see to it"
    )
    return Reply(550, "5.7.26", sentence)


def _of_signatures(dkim: tuple[DkimResult, ...], from_domain: str) -> str:
    """What is to say of the signatures: the one that comes nearest, which is the first."""
    if not dkim:
        return ""
    nearest = dkim[0]
    domain = nearest.domain if _DOMAIN.fullmatch(nearest.domain) else "an unknown domain"
    if nearest.domain and not aligned(nearest.domain, from_domain):
        return f"; the DKIM signature is of another domain ({domain})"
    return (
        f"; the DKIM signature of {domain} does not prove it either: {nearest.reason or 'it is not aligned'}"
    )
