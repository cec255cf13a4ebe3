"""What the server that delivers into a mailbox found out of a mail's sender (RFC 8601). Pure.

Only its own word counts, and a sender can write fields that look like it. So:

1. Only fields above the first Received field of another host (`mta.imap.trace`) are looked at.
2. Of these the topmost one of the trusted authserv-id, and the ones that follow it without anything between
   them but what filters write (Received-SPF, ARC-…, X-…). Servers write their results in one go, as one field
   or as one for each filter; a field of that name behind anything else came with the mail.
3. Of each method the topmost of these fields that has it counts alone. So a field that a sender put directly
   below the server's own can change no result that the server has.

What remains is what RFC 8601 §5 asks of the server itself: that it removes fields of its own name from mails
that come in. Without that, a sender could say whatever the server is silent about.

Exchange Online leaves its name out. Where it is the trusted server, a field without a name is taken for its
own if the next Received field below is one of its hosts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from config.domain_name import ascii_domain
from mta.domain_name import aligned
from mta.imap.trace import HeaderField, above_other_hosts, receiving_host
from mta.proof.authentication_results import AuthenticationResults, MethodResult, parse

_FIELD = "authentication-results"
_FILTER_FIELDS = frozenset(
    {"received-spf", "dkim-filter", "dmarc-filter", "arc-seal", "arc-message-signature",
     "arc-authentication-results", "authentication-results-original"}
)  # fmt: skip
NAMELESS_SERVER = "mail.protection.outlook.com"
"""The hosts at which mail comes in to Exchange Online are called so, with a label before it."""

# OpenDMARC, Google and rspamd tell the domain's policy in a comment, Exchange Online in `action`.
_ENFORCED = re.compile(
    r"\b(?:p|policy|action|policy\.dmarc)\s*=\s*\"?o?(?:reject|quarantine)\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedResults:
    """What the trusted server says of one mail."""

    results: AuthenticationResults
    """Without results if it says nothing."""
    dmarc_enforced: bool = False
    """Whether it says that the From domain's DMARC failed, and that this domain wants such mail refused."""

    def proof(self, author_domain: str) -> MethodResult | None:
        """The result that proves that a mail comes from this From domain, if there is one.

        Where the server says that DMARC failed, nothing does: it knows how strictly the domain wants to be
        aligned.
        """
        if any(one.result == "fail" and _concerns(one, author_domain) for one in self.results.of("dmarc")):
            return None
        return next((one for one in self.results.results if _proves(one, author_domain)), None)


def trusted_results(fields: Sequence[HeaderField], authserv_id: str) -> TrustedResults:
    """The results of the server with this authserv-id.

    Args:
        fields: of the whole header, top first.
        authserv_id: compared without regard to case.
    """
    counting: dict[str, tuple[MethodResult, ...]] = {}
    enforced = False
    for field, said in _said_in_one_go(fields, authserv_id):
        for method in dict.fromkeys(one.method for one in said.results):
            if method not in counting:
                counting[method] = said.of(method)
                enforced |= method == "dmarc" and bool(_ENFORCED.search(field.value))
    results = AuthenticationResults(
        authserv_id=authserv_id, results=tuple(one for found in counting.values() for one in found)
    )
    failed = any(one.result == "fail" for one in results.of("dmarc"))
    return TrustedResults(results=results, dmarc_enforced=failed and enforced)


def proven_domain(result: MethodResult) -> str:
    """The domain that a result is about; empty if it is not told."""
    match result.method:
        case "dmarc":
            return result.value("header.from").rpartition("@")[2]
        case "dkim":
            return result.value("header.d") or result.value("header.i").rpartition("@")[2]
        case "spf":
            return result.value("smtp.mailfrom").rpartition("@")[2]
    return ""


def _proves(result: MethodResult, author_domain: str) -> bool:
    if result.result != "pass":
        return False
    if result.method == "dmarc":
        return _concerns(result, author_domain)
    domain = proven_domain(result)
    return bool(domain) and aligned(domain, author_domain)


def _concerns(dmarc: MethodResult, author_domain: str) -> bool:
    """DMARC judges the From domain itself (RFC 7489 §3.1); there is one, so it need not be named."""
    if "header.from" not in {name for name, _ in dmarc.properties}:
        return True
    return (ascii_domain(proven_domain(dmarc)) or "") == ascii_domain(author_domain)


def _said_in_one_go(
    fields: Sequence[HeaderField], authserv_id: str
) -> Iterator[tuple[HeaderField, AuthenticationResults]]:
    ours = above_other_hosts(fields, authserv_id)
    first = next((at for at, field in enumerate(ours) if _said(fields, at, authserv_id)), len(ours))
    together = takewhile(lambda field: _is_of_a_filter(field.name), ours[first:])
    for at, field in enumerate(together, first):
        if said := _said(fields, at, authserv_id):
            yield field, said


def _is_of_a_filter(name: str) -> bool:
    return name == _FIELD or name in _FILTER_FIELDS or name.startswith("x-")


def _said(fields: Sequence[HeaderField], at: int, authserv_id: str) -> AuthenticationResults | None:
    """What the field at this place says, if it is the trusted server's."""
    field = fields[at]
    if field.name != _FIELD:
        return None
    said = parse(field.value)
    if said is None and _is_nameless_server(fields[at:], authserv_id):
        said = parse(f"{authserv_id}; {field.value}")
    return said if said and said.authserv_id.lower() == authserv_id.lower() else None


def _is_nameless_server(below: Sequence[HeaderField], authserv_id: str) -> bool:
    if authserv_id.lower() != NAMELESS_SERVER:
        return False
    hop = next((field.value for field in below if field.name == "received"), "")
    return receiving_host(hop).endswith(f".{NAMELESS_SERVER}")
