"""From a mail to its verdict: gathers the facts that the verdict depends on, and no others.

Everything is asked at one time that can be. With known DNS answers and no signature to look at nothing waits.
"""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from config.settings import UserPolicy
from mta.dns_lookup import DnsLookup
from mta.proof.arc_check import ArcChecker
from mta.proof.body_hash import Message
from mta.proof.claims import Fact
from mta.proof.dkim_check import DkimChecker
from mta.proof.dmarc_check import DmarcChecker
from mta.proof.evidence import SpfResult
from mta.proof.findings import authentication_results
from mta.proof.kept_results import KeptResults
from mta.proof.spf_check import TOTAL_SECONDS, SpfChecker
from mta.proof.verdict import Admitted, Facts, FactsNeeded, Settled, grounds, judge

_VERIFICATIONS_AT_ONCE = 2
"""They share the interpreter with the sessions; more would only take turns."""

_ADMISSIONS = 1000
"""Remembered: of so many senders a mail costs no judgement."""


@dataclass(frozen=True, slots=True)
class _Admission:
    """A verdict that nothing was asked for: the same grounds come to the same with the same user and SPF."""

    user: UserPolicy | None
    spf: SpfResult | None
    admitted: Admitted

    def holds_for(self, facts: Facts) -> bool:
        return facts.user is self.user and facts.spf is self.spf


class SenderChecks:
    """Judges mails."""

    def __init__(
        self,
        dns: DnsLookup,
        *,
        hostname: str,
        spf_seconds: float = TOTAL_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is asked yet.

        Args:
            dns: where everything is looked up.
            hostname: who says it in the Authentication-Results field (RFC 8601 §2.5): our own name.
            spf_seconds: for one evaluation of SPF.
            clock: seconds since the epoch, for signatures that expire.
        """
        self._hostname = hostname
        self._threads = ThreadPoolExecutor(_VERIFICATIONS_AT_ONCE, thread_name_prefix="signatures")
        self._dns = dns
        self._spf = SpfChecker(dns, total_seconds=spf_seconds)
        self._dkim = DkimChecker(dns, self._threads, clock=clock)
        self._dmarc = DmarcChecker(dns)
        self._arc = ArcChecker(dns, self._threads)
        self._admissions: KeptResults[_Admission] = KeptResults(dns.clock, limit=_ADMISSIONS)

    def known_spf(self, *, client_address: str, return_path: str, helo: str) -> SpfResult | None:
        """The result of SPF where it was found out before and still holds."""
        return self._spf.known(client_address=client_address, return_path=return_path, helo=helo)

    async def verdict(self, facts: Facts, message: Message) -> Settled:
        """What becomes of a mail.

        Args:
            facts: what is known without asking.
            message: read only where a signature has to be verified; must stay readable until this returns.
        """
        known = self._admissions.get(why := grounds(facts))
        if known and known.holds_for(facts):
            return known.admitted
        asked, verdict = facts, judge(facts)
        while isinstance(verdict, FactsNeeded):
            asked = await self._gather(asked, verdict.facts, message)
            verdict = judge(asked)
        if not isinstance(verdict, Admitted):
            return verdict
        proof = replace(verdict.proof, results=authentication_results(asked, hostname=self._hostname))
        admitted = replace(verdict, proof=proof)
        if asked is facts:
            self._admissions.keep(why, _Admission(facts.user, facts.spf, admitted), until=math.inf)
        return admitted

    def close(self) -> None:
        """Give up what is being asked and verified."""
        self._dns.close()
        self._spf.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _gather(self, facts: Facts, needed: frozenset[Fact], message: Message) -> Facts:
        """The facts with the needed ones added."""
        names = sorted(needed)
        answers = await asyncio.gather(*(self._ask(name, facts, message) for name in names))
        return replace(facts, **dict(zip(names, answers, strict=True)))

    async def _ask(self, fact: Fact, facts: Facts, message: Message) -> Any:
        from_domain = facts.author.domain if facts.author else ""
        if fact is Fact.SPF:
            return await self._spf.check(
                client_address=facts.client_address, return_path=facts.return_path, helo=facts.helo
            )
        if fact is Fact.DKIM:
            return await self._dkim.check(message, from_domain)
        if fact is Fact.ARC:
            trusted = facts.user.settings.fax.trusted_sealers if facts.user else ()
            return await self._arc.check(message, trusted)
        return await self._dmarc.check(from_domain)
