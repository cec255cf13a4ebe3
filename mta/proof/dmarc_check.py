"""The DMARC record (RFC 7489) that holds for a From domain: found by our resolver, read by `dmarc`.

Whether identifiers are aligned is decided in `mta.proof.claims`: the package's own test takes every parent
of a domain for aligned with it, public suffixes included.
"""

import re
from functools import lru_cache

import dmarc
from dns.rdtypes.ANY.TXT import TXT

from config.domain_name import ascii_domain
from mta.dns_lookup import DnsLookup, DnsTrouble
from mta.domain_name import organisational_domain
from mta.proof.evidence import DmarcCode, DmarcPolicy, DmarcResult

_RECORD_LIMIT = 4096
_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_TAG = re.compile(r"(?:^|(?<=;))[^;=]*=[^;]*")
"""What the parser knows for a tag; it gives up the whole record for an empty one, as of `;;`."""
_SUBDOMAIN_TAG = re.compile(r";[ \t]*sp[ \t]*=", re.IGNORECASE)
_ONE_STEP_LESS = {
    DmarcPolicy.REJECT: DmarcPolicy.QUARANTINE,
    DmarcPolicy.QUARANTINE: DmarcPolicy.NONE,
    DmarcPolicy.NONE: DmarcPolicy.NONE,
}


class DmarcChecker:
    """Finds DMARC records."""

    def __init__(self, dns: DnsLookup) -> None:
        self._dns = dns

    async def check(self, from_domain: str) -> DmarcResult:
        """The record of a domain, or that of its organisational domain (RFC 7489 §6.6.3). Never raises."""
        domain = ascii_domain(from_domain)
        if domain is None or "." not in domain or domain.startswith("["):
            return DmarcResult(code=DmarcCode.NONE, detail="not a domain name")
        found = await self._at(domain, subdomain=False)
        organisation = organisational_domain(domain)
        if found.code is DmarcCode.NONE and organisation != domain:
            return await self._at(organisation, subdomain=True)
        return found

    async def _at(self, domain: str, *, subdomain: bool) -> DmarcResult:
        try:
            answer = await self._dns.ask(f"_dmarc.{domain}", "TXT")
        except DnsTrouble as trouble:
            return DmarcResult(code=DmarcCode.TEMPERROR, domain=domain, detail=str(trouble))
        texts = [b"".join(record.strings) for record in answer.records if isinstance(record, TXT)]
        records = [text.decode(errors="replace") for text in texts]
        records = [record for record in records if _VERSION.match(record)]
        if not records:
            return DmarcResult(code=DmarcCode.NONE)
        if len(records) > 1:
            return _unusable(domain, "there is more than one DMARC record")
        return read_record(records[0], domain, subdomain=subdomain)


@lru_cache(maxsize=2000)
def read_record(record: str, domain: str, *, subdomain: bool) -> DmarcResult:
    """What a record says.

    Args:
        record: one that begins as a DMARC record.
        domain: where it stands.
        subdomain: whether the From domain is below it, so that `sp` holds.

    A `pct` from 1 to 99 is not honoured: by chance the same mail would be taken one day and refused the next,
    and nobody could say why. `pct=0` and `t=y` ask for the next weaker policy (RFC 7489 §6.6.4) and get it.
    """
    if len(record) > _RECORD_LIMIT:
        return _unusable(domain, "the DMARC record is too long")
    published = dmarc.Policy("DMARC1", domain)
    try:
        # RFC 7489 §6.3: what is wrong in other tags than p and sp counts as not written.
        published.parse_record(";".join(_TAG.findall(record)), strict=False)
    except dmarc.RecordSyntaxError as error:
        return _unusable(domain, str(error))
    unread = published.sp is dmarc.DMARCDisposition.UNSPECIFIED
    if unread and _SUBDOMAIN_TAG.search(record):
        return _unusable(domain, "the sp tag of the DMARC record has no valid value")
    asked = published.sp if subdomain and not unread else published.p
    policy = DmarcPolicy(asked.value)
    if published.pct == 0:
        policy = _ONE_STEP_LESS[policy]
    return DmarcResult(
        code=DmarcCode.FOUND,
        domain=domain,
        policy=policy,
        strict_spf=published.aspf is dmarc.DMARCAlignment.STRICT,
        strict_dkim=published.adkim is dmarc.DMARCAlignment.STRICT,
    )


def _unusable(domain: str, why: str) -> DmarcResult:
    """RFC 7489 §6.6.3: a record that cannot be applied is not."""
    return DmarcResult(code=DmarcCode.PERMERROR, domain=domain, detail=why)
