"""The resolver of sender proof: absolute names only, answers kept for their time to live, no trouble hidden.

A resolver's search list must never play a part (`x.test` that does not exist would become
`x.test.our-own-domain`), and a temporary fault must never look like "there is no such record". Answers are
kept as long as they say, negative ones as RFC 2308 has it; trouble is not kept. Equal questions at one time
are one query. Belongs to one event loop.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdatatype
import dns.resolver

from config.values import HostPort

_DNS_PORT = 53
_ANSWERS_KEPT = 20_000
_OCTETS_KEPT = 32 * 1024 * 1024
_ANSWER_OCTETS = 400
"""What an answer costs besides its records."""
_LONGEST = 24 * 3600
_LONGEST_NEGATIVE = 3600  # RFC 2308 §5: one to three hours
_CIRCULAR = 60
"""Seconds for which aliases that lead to no end count as none."""
_LONGEST_TRY = 2.0
"""Seconds that one server has for one try."""
_AT_ONCE = 200
"""Queries under way; each has a socket."""


class DnsTrouble(Exception):  # noqa: N818 - named as what happened
    """The name servers did not answer, or not usefully. Asking again later may help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the DNS says of a name and a type."""

    records: tuple[dns.rdata.Rdata, ...]
    """Aliases followed; empty if the name has none or does not exist."""
    expires: float
    """By the lookup's clock."""


Question = tuple[str, str]
"""A name in lower case without its final dot, and a type: `TXT`, `A`, …"""


class DnsLookup:
    """Asks the configured name servers, or the system's."""

    def __init__(
        self,
        *,
        nameservers: Sequence[HostPort],
        timeout: timedelta,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked yet.

        Args:
            nameservers: IP addresses with their ports (0 stands for 53); empty for the system's resolvers.
            timeout: for one question, all servers and tries together.
            clock: seconds that never go back.

        Raises:
            ValueError: a name server is not given by its IP address.
        """
        resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        if nameservers:
            resolver.nameservers = [_nameserver(server) for server in nameservers]
        # An answer that does not fit in a UDP datagram is asked for again over TCP.
        resolver.use_edns(0, 0, 1232)
        self._resolver = resolver
        self._timeout = timeout.total_seconds()
        # One server that is silent must leave time for the others, and a lost datagram for another try.
        resolver.timeout = min(_LONGEST_TRY, self._timeout / (len(resolver.nameservers) + 1))
        self.clock = clock
        self._kept: OrderedDict[Question, Answer] = OrderedDict()
        self._octets = 0
        self._asked: dict[Question, asyncio.Task[Answer | DnsTrouble]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def known(self, name: str, rdtype: str) -> Answer | None:
        """The answer if it is known and still holds."""
        question = _question(name, rdtype)
        answer = self._kept.get(question)
        if answer is None:
            return None
        if answer.expires <= self.clock():
            self._forget(question)
            return None
        self._kept.move_to_end(question)
        return answer

    async def ask(self, name: str, rdtype: str) -> Answer:
        """The answer for an absolute name.

        Args:
            name: a domain name, with or without its final dot. One that cannot exist has no records.
            rdtype: `TXT`, `A`, …

        Raises:
            DnsTrouble: no usable answer in time.
        """
        if answer := self.known(name, rdtype):
            return answer
        question = _question(name, rdtype)
        task = self._asked.get(question)
        if task is None:
            task = self._asked[question] = asyncio.create_task(self._query(question))
            task.add_done_callback(lambda _: self._asked.pop(question, None))
        # Whoever else asks the same goes on waiting when one of them is cut off.
        answer_or_trouble = await asyncio.shield(task)
        if isinstance(answer_or_trouble, DnsTrouble):
            raise DnsTrouble(str(answer_or_trouble))
        return answer_or_trouble

    def close(self) -> None:
        """Give up the queries under way."""
        for task in self._asked.values():
            task.cancel()

    async def _query(self, question: Question) -> Answer | DnsTrouble:
        name, rdtype = question
        try:
            absolute = dns.name.from_text(name, origin=dns.name.root)
        except (dns.exception.DNSException, UnicodeError):
            return self._keep(question, (), _LONGEST)
        try:
            async with self._turns:
                answer = await self._resolver.resolve(
                    absolute, rdtype, search=False, lifetime=self._timeout, raise_on_no_answer=False
                )
        except dns.resolver.NXDOMAIN as error:
            return self._keep(question, (), _negative_seconds(error, absolute))
        except dns.resolver.NoNameservers as error:
            if _goes_in_circles(error):
                return self._keep(question, (), _CIRCULAR)
            return DnsTrouble(f"{rdtype} {name}: {error}")
        except (dns.exception.DNSException, OSError) as error:
            return DnsTrouble(f"{rdtype} {name}: {error}")
        records = tuple(answer.rrset or ())
        longest = _LONGEST if records else _LONGEST_NEGATIVE
        return self._keep(question, records, min(answer.chaining_result.minimum_ttl, longest))

    def _keep(self, question: Question, records: tuple[dns.rdata.Rdata, ...], seconds: float) -> Answer:
        """The answer, kept while it holds; the ones that were asked longest ago make room."""
        answer = Answer(records, self.clock() + seconds)
        if seconds > 0:
            self._forget(question)
            self._kept[question] = answer
            self._octets += _size(answer)
        while len(self._kept) > _ANSWERS_KEPT or self._octets > _OCTETS_KEPT:
            self._octets -= _size(self._kept.popitem(last=False)[1])
        return answer

    def _forget(self, question: Question) -> None:
        answer = self._kept.pop(question, None)
        if answer is not None:
            self._octets -= _size(answer)


def _question(name: str, rdtype: str) -> Question:
    return name.lower().removesuffix("."), rdtype


def _size(answer: Answer) -> int:
    return _ANSWER_OCTETS + sum(len(record.to_digestable()) for record in answer.records)


def _negative_seconds(error: dns.resolver.NXDOMAIN, name: dns.name.Name) -> float:
    """How long "it does not exist" holds (RFC 2308 §5): by the SOA record, and not at all without one."""
    response: dns.message.QueryMessage = error.response(name)  # type: ignore[no-untyped-call]
    try:
        seconds = response.resolve_chaining().minimum_ttl
    except dns.exception.DNSException:
        return 0
    return min(seconds, _LONGEST_NEGATIVE)


def _goes_in_circles(error: dns.resolver.NoNameservers) -> bool:
    """Whether all that is wrong are aliases without an end: a mistake in the zone, no trouble that passes."""
    failures = error.kwargs["errors"]
    return bool(failures) and all(isinstance(failure[3], dns.message.ChainTooLong) for failure in failures)


def _nameserver(server: HostPort) -> dns.nameserver.Nameserver:
    address = str(ip_address(server.host))
    return dns.nameserver.Do53Nameserver(address, server.port or _DNS_PORT)
