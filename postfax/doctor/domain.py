"""The mail domains in the DNS: where their mail goes (MX, RFC 5321 §5), and the addresses of our own name."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address
from itertools import chain

from postfax.doctor.finding import Finding, failure, ok, warning
from postfax.doctor.site import Site


async def mx(site: Site) -> Sequence[Finding]:
    """Whether mail for each domain comes here, or to a front end."""
    found = await asyncio.gather(*(_mx_of(site, domain) for domain in site.settings.domains))
    return list(chain.from_iterable(found))


async def _mx_of(site: Site, domain: str) -> Sequence[Finding]:
    exchanges = await site.names.exchanges(domain)
    if "" in exchanges:
        advice = f"Replace the null MX (RFC 7505) of {domain} by one that names this host or its front end."
        return [failure(f"{domain} says that it takes no mail", advice)]
    if exchanges:
        return [await _exchange(site, exchange) for exchange in exchanges]
    addresses = await site.names.addresses(domain)
    if addresses:
        return [_where_to(site, f"{domain} (no MX, so its own address)", addresses)]
    if not site.settings.mail.listen:
        return [ok(f"{domain} has no MX; mail is fetched, none comes by itself")]
    return [
        failure(
            f"{domain} has neither MX nor address: nobody outside can send a fax",
            f"Publish `{domain}. MX 10 {site.hostname}.`, or route the domain here on your own mail server.",
        )
    ]


async def _exchange(site: Site, exchange: str) -> Finding:
    addresses = await site.names.addresses(exchange)
    if not addresses:
        advice = "Give the name an A or AAAA record, or remove it from the MX records."
        return failure("has no address", advice, subject=exchange)
    return _where_to(site, exchange, addresses)


def _where_to(site: Site, subject: str, addresses: Sequence[str]) -> Finding:
    told = ", ".join(addresses)
    if any(site.host.owns(address) for address in addresses):
        return ok(f"leads here ({told})", subject=subject)
    networks = site.settings.mail.front_ends
    if any(ip_address(address) in network for address in addresses for network in networks):
        return ok(f"leads to a front end ({told})", subject=subject)
    return warning(
        f"leads to {told}, which is no address of this host",
        "Right if a front end or a NAT stands there: name a front end under mail.front_ends. Otherwise "
        "correct the MX record.",
        subject=subject,
    )


async def addresses(site: Site) -> Sequence[Finding]:
    """Whether the name that we greet with is ours."""
    name = site.hostname
    found = await site.names.addresses(name)
    if not found:
        return [
            warning(
                "has no address",
                "Some servers refuse clients whose EHLO name has none. Give it an A or AAAA record, or "
                "set mail.hostname to a name that has one.",
                subject=name,
            )
        ]
    told = ", ".join(found)
    if any(site.host.owns(address) for address in found):
        return [ok(f"{told}, an address of this host", subject=name)]
    return [
        warning(
            f"{told}, no address of this host",
            "Right behind a NAT or a front end. Otherwise correct the record, or mail.hostname.",
            subject=name,
        )
    ]
