"""The resolver, asking a name server in the test's own process."""

import time
from collections.abc import Callable
from datetime import timedelta

import dns.exception
import dns.message

from config.values import HostPort
from mta.dns_lookup import Answer, DnsLookup, DnsTrouble, Question
from postfax.demonstration.dns_stub import Zone

PATIENT = timedelta(seconds=30)
BRIEF = timedelta(seconds=0.3)


class StubLookup(DnsLookup):
    """Waits long for an answer that comes, however busy the machine, and briefly for one that never does."""

    def __init__(self, zone: Zone, server: HostPort, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(nameservers=[server], timeout=PATIENT, clock=clock)
        self._resolver.timeout = PATIENT.total_seconds()
        self._brief = DnsLookup(nameservers=[server], timeout=BRIEF)
        self._zone = zone

    async def _query(self, question: Question) -> Answer | DnsTrouble:
        if self._is_silent(question):
            return await self._brief._query(question)
        return await super()._query(question)

    def _is_silent(self, question: Question) -> bool:
        try:
            return self._zone.answer(dns.message.make_query(*question)) is None
        except (dns.exception.DNSException, UnicodeError):
            return False
