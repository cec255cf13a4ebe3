"""Names looked up for the checks, by the resolver that the service uses, without any search list."""

import asyncio
from datetime import timedelta
from ipaddress import ip_address

import dns.rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from config.server import DnsSettings
from config.values import HostPort
from mta.dns_lookup import DnsLookup

SECONDS = 4.0
"""For one question; a check asks several."""


class Names:
    """Each method raises `mta.dns_lookup.DnsTrouble` where there is no usable answer in time."""

    def __init__(self, settings: DnsSettings, *, server: HostPort | None = None) -> None:
        """`server` stands in for the settings' name servers."""
        nameservers = (server,) if server else settings.nameservers
        timeout = min(settings.timeout, timedelta(seconds=SECONDS))
        self.lookup = DnsLookup(nameservers=nameservers, timeout=timeout)

    async def addresses(self, name: str) -> tuple[str, ...]:
        """IPv4 and IPv6 addresses; an address stands for itself."""
        try:
            return (str(ip_address(name)),)
        except ValueError:
            found = await asyncio.gather(self._records(name, "A"), self._records(name, "AAAA"))
        return tuple(
            record.address for records in found for record in records if isinstance(record, A | AAAA)
        )

    async def exchanges(self, domain: str) -> tuple[str, ...]:
        """Mail exchangers, the preferred first, without final dots; `.` is an empty text (RFC 7505)."""
        records = [record for record in await self._records(domain, "MX") if isinstance(record, MX)]
        records.sort(key=lambda record: record.preference)
        return tuple(record.exchange.to_text(omit_final_dot=True).removeprefix(".") for record in records)

    async def texts(self, name: str) -> tuple[str, ...]:
        """TXT records, each with its character-strings joined (RFC 7208 §3.3)."""
        records = await self._records(name, "TXT")
        return tuple(
            b"".join(record.strings).decode("utf-8", "replace")
            for record in records
            if isinstance(record, TXT)
        )

    async def names_of(self, address: str) -> tuple[str, ...]:
        """The names that an address has in the reverse tree."""
        records = await self._records(ip_address(address).reverse_pointer, "PTR")
        return tuple(
            record.target.to_text(omit_final_dot=True) for record in records if isinstance(record, PTR)
        )

    async def _records(self, name: str, rdtype: str) -> tuple[dns.rdata.Rdata, ...]:
        return (await self.lookup.ask(name, rdtype)).records
