"""What receivers of notices look up: the address that they come from, SPF, DMARC.

Notices leave through the smarthost. Where that is another host, its address is what receivers see; where it
is this host, or one beside it with a private address, or where there is none (mail.smarthost.direct), it is
the address that our packets leave from.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from mta.proof.dmarc_check import DmarcChecker
from mta.proof.evidence import DmarcCode, DmarcResult, SpfCode
from mta.proof.spf_check import SpfChecker
from postfax.doctor.finding import Finding, failure, not_checked, ok, reason_of, warning
from postfax.doctor.site import Site

_SPF_SECONDS = 10.0


class Unknown(Exception):  # noqa: N818 - named as what happened
    """It cannot be told from here what receivers see; the text says why."""


async def reverse_name(site: Site) -> Sequence[Finding]:
    """PTR of each address, confirmed by the name's own records (RFC 1912 §2.1)."""
    try:
        addresses = await outgoing_addresses(site)
    except Unknown as why:
        return [not_checked(str(why))]
    return [await _reverse_name(site, address) for address in addresses]


async def _reverse_name(site: Site, address: str) -> Finding:
    names = await site.names.names_of(address)
    if not names:
        advice = (
            "Large providers refuse mail from it. Have whoever gave you the address publish a PTR record."
        )
        return warning("has no name (PTR)", advice, subject=address)
    for name in names:
        if address in await site.names.addresses(name):
            return ok(f"is {name}, and {name} is that address", subject=address)
    advice = f"Large providers refuse mail from it. Give {names[0]} an address record with {address}."
    return warning(f"is {names[0]}, whose own records say otherwise", advice, subject=address)


async def spf(site: Site) -> Sequence[Finding]:
    """Whether the domain of notices lets them come from there (RFC 7208)."""
    domain = site.sender_domain
    records = [text for text in await site.names.texts(domain) if _is_spf(text)]
    if not records:
        advice = (
            f'Publish a TXT record such as "v=spf1 mx -all" that names your outgoing mail server at {domain}.'
        )
        return [warning("has no SPF record", advice, subject=domain)]
    try:
        addresses = await outgoing_addresses(site)
    except Unknown as why:
        return [not_checked(f"{records[0]!r}, but {why}", subject=domain)]
    checker = SpfChecker(site.names.lookup, total_seconds=_SPF_SECONDS)
    try:
        return [await _spf(site, checker, address) for address in addresses]
    finally:
        checker.close()


async def _spf(site: Site, checker: SpfChecker, address: str) -> Finding:
    domain = site.sender_domain
    result = await checker.check(
        client_address=address, return_path=f"postmaster@{domain}", helo=site.hostname
    )
    match result.code:
        case SpfCode.PASS:
            return ok(f"lets {address} send ({result.detail})", subject=domain)
        case SpfCode.PERMERROR:
            advice = "Receivers take it as no record, or refuse. Correct the record."
            return failure(f"has a mistake in its SPF record: {result.detail}", advice, subject=domain)
        case SpfCode.TEMPERROR:
            return not_checked(
                f"SPF could not be evaluated: {result.detail}", "Try again later.", subject=domain
            )
        case _:
            advice = f"Add ip{ip_address(address).version}:{address} to the SPF record, before its `all`."
            return warning(f"does not let {address} send: {result.code.value}", advice, subject=domain)


def _is_spf(text: str) -> bool:
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


async def dmarc(site: Site) -> Sequence[Finding]:
    """What the domain of notices asks receivers to do (RFC 7489 §6)."""
    domain = site.sender_domain
    result = await DmarcChecker(site.names.lookup).check(domain)
    return [_dmarc(domain, result, signed=bool(site.settings.mail.dkim))]


def _dmarc(domain: str, result: DmarcResult, *, signed: bool) -> Finding:
    place = f"_dmarc.{result.domain or domain}"
    if result.code is DmarcCode.TEMPERROR:
        return not_checked(
            f"the name servers did not answer: {result.detail}", "Try again later.", subject=place
        )
    if result.code is DmarcCode.PERMERROR:
        advice = "Receivers ignore it as it is (RFC 7489 §6.6.3). Correct it."
        return warning(f"the record is of no use: {result.detail}", advice, subject=place)
    if result.code is DmarcCode.NONE:
        advice = 'Large providers ask for one. Publish the TXT record "v=DMARC1; p=none" there.'
        return warning("there is no DMARC record", advice, subject=place)
    if not result.enforced:
        return ok("asks for nothing (p=none)", subject=place)
    if signed:
        return ok(
            f"asks to {result.policy.value} what is not aligned; notices are signed for it", subject=place
        )
    return warning(
        f"asks to {result.policy.value} what is not aligned, notices too",
        f"Sign notices for {domain} with a key under mail.dkim, or have the smarthost sign them: they have "
        "no return path whose SPF could be aligned. Leave it so if it does.",
        subject=place,
    )


async def outgoing_addresses(site: Site) -> tuple[str, ...]:
    """The addresses that receivers of notices see.

    Raises:
        Unknown: this host is behind a NAT, or the smarthost has no address.
    """
    way_out = site.settings.mail.smarthost
    smarthost = () if way_out.direct else await _addresses_of(way_out.host)
    elsewhere = tuple(address for address in smarthost if _is_public(address) and not site.host.owns(address))
    if elsewhere:
        return elsewhere
    own = tuple(address for address in site.host.outward_addresses() if _is_public(address))
    if not own:
        raise Unknown("this host has no public address: what receivers of notices see is not known here")
    return own


async def _addresses_of(name: str) -> tuple[str, ...]:
    """As the connection to the smarthost finds them, `/etc/hosts` included."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise Unknown(f"the smarthost {name} has no address ({reason_of(problem)})") from problem
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_public(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_global
