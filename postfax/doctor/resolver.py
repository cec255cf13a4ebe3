"""The resolver: does every server answer, how fast, and does it say "no such name" of a name that is not?

SPF must never take "no such record" for an answer that did not come, nor a made-up answer for a record. A
server that answers for names that do not exist (some providers' do) breaks that; so does a search domain with
a wildcard for the trunk and the smarthost, whose names the system's resolver looks up. DNSSEC is not needed.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence

from mta.dns_lookup import DnsTrouble
from postfax.doctor.finding import Finding, failure, ok, warning
from postfax.doctor.names import Names
from postfax.doctor.site import Site

SLOW = 0.5
"""Seconds for one answer; a mail needs several."""

_WHERE = "Name resolvers that work under dns.nameservers, or in /etc/resolv.conf."


async def resolver(site: Site) -> Sequence[Finding]:
    """Each server by itself, then the search list."""
    servers = site.settings.dns.nameservers or tuple(site.host.nameservers())
    if not servers:
        return [failure("there is no resolver: /etc/resolv.conf names none", _WHERE)]
    looks = [_server(Names(site.settings.dns, server=server), str(server), site) for server in servers]
    searched = [_search_domain(site.names, domain) for domain in site.host.search_domains()]
    findings = await asyncio.gather(*looks, *searched)
    return [finding for finding in findings if finding]


async def _server(names: Names, address: str, site: Site) -> Finding:
    began = time.monotonic()
    try:
        await names.exchanges(site.settings.domain)
        seconds = time.monotonic() - began
        invented = await names.addresses(_name_of_nobody("invalid"))
    except DnsTrouble:
        return failure("does not answer, or not usefully", _WHERE, subject=address)
    if invented:
        return failure(
            f"answers {invented[0]} for a name that does not exist",
            "Sender checks cannot be trusted with it. Use a resolver of your own, such as unbound on this "
            "host: dns.nameservers.",
            subject=address,
        )
    told = f"answers in {seconds * 1000:.0f} ms"
    if seconds > SLOW:
        return warning(
            told, "Every mail waits for several answers. A resolver nearer by is better.", subject=address
        )
    return ok(f"{told}, and says so of names that do not exist", subject=address)


async def _search_domain(names: Names, domain: str) -> Finding | None:
    """A search domain with a wildcard makes every mistyped host name exist."""
    try:
        invented = await names.addresses(_name_of_nobody(domain))
    except DnsTrouble:
        return None
    if not invented:
        return None
    return warning(
        f"answers {invented[0]} for every name in it",
        "Sender checks never use search domains, but the names of trunk, smarthost and archives may be found "
        "there. Write these with a final dot, or remove the domain from /etc/resolv.conf.",
        subject=f"search domain {domain}",
    )


def _name_of_nobody(domain: str) -> str:
    return f"postfax-{secrets.token_hex(8)}.{domain}"
