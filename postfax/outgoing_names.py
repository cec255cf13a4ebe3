"""What mails that leave without a smarthost need of the DNS, asked of the service's resolver."""

from collections.abc import Sequence

import dns.rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from config.server import DnsSettings
from mta.dns_lookup import DnsLookup, DnsTrouble
from notify.mail_names import Exchange, NamesUnknown


class OutgoingNames:
    """Each method raises `NamesUnknown` where there is no usable answer in time."""

    def __init__(self, settings: DnsSettings) -> None:
        """Nothing is asked yet."""
        self._lookup = DnsLookup(nameservers=settings.nameservers, timeout=settings.timeout)

    async def exchanges(self, domain: str) -> Sequence[Exchange]:
        """The MX records of a domain, preferred ones first; a lone `.` is an empty name (RFC 7505)."""
        found = (
            Exchange(
                host=record.exchange.to_text(omit_final_dot=True).removeprefix("."),
                preference=record.preference,
            )
            for record in await self._records(domain, "MX")
            if isinstance(record, MX)
        )
        return sorted(found, key=lambda exchange: exchange.preference)

    async def has_address(self, domain: str) -> bool:
        """Whether the domain has an address itself."""
        return bool(await self._records(domain, "A") or await self._records(domain, "AAAA"))

    async def texts(self, name: str) -> tuple[str, ...]:
        """TXT records, each with its character-strings joined."""
        records = await self._records(name, "TXT")
        return tuple(
            b"".join(record.strings).decode("utf-8", "replace")
            for record in records
            if isinstance(record, TXT)
        )

    async def _records(self, name: str, rdtype: str) -> tuple[dns.rdata.Rdata, ...]:
        try:
            return (await self._lookup.ask(name, rdtype)).records
        except DnsTrouble as problem:
            raise NamesUnknown(str(problem)) from problem
