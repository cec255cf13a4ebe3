"""SPF (RFC 7208) by pyspf, on a resolver of ours.

pyspf asks the DNS through its module-level `DNSLookup`, whose own driver honours the search list and lets
some resolver errors pass for "no record". On import this module puts its driver in that place, for the whole
process; the driver asks the `DnsLookup` of the check that runs in its thread. pyspf is blocking, so every
check runs in a thread of a small pool.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import spf
import structlog
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from mta.dns_lookup import DnsLookup, DnsTrouble
from mta.domain_name import ascii_domain
from mta.proof.verdict import SpfCode, SpfResult

TOTAL_SECONDS = 20
"""For one evaluation (RFC 7208 §4.6.4: at least 20 seconds)."""

_THREADS = 16

log = structlog.get_logger()
_of_thread = threading.local()


class SpfChecker:
    """Evaluates SPF for SMTP clients."""

    def __init__(self, dns: DnsLookup, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._dns = dns
        self._total_seconds = total_seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="spf")

    async def check(self, *, client_address: str, return_path: str, helo: str) -> SpfResult:
        """The result for the MAIL FROM identity, or for the HELO identity where the return path is null.

        Never raises: what goes wrong is a result too.
        """
        domain = _domain_of(return_path, helo)
        if domain is None:
            # RFC 7208 §4.3: a malformed or single-label domain has the result none.
            return SpfResult(code=SpfCode.NONE, domain="", detail="not a domain name")
        question = (client_address, return_path, helo, domain)
        answer = asyncio.get_running_loop().run_in_executor(self._threads, self._evaluate, *question)
        try:
            # pyspf keeps to the time by itself; the margin is for a pool that is busy.
            return await asyncio.wait_for(answer, self._total_seconds * 1.25)
        except TimeoutError:
            detail = f"no result in {self._total_seconds} s"
            return SpfResult(code=SpfCode.TEMPERROR, domain=domain, detail=detail, out_of_time=True)

    def close(self) -> None:
        """Let the threads end; checks that have not begun are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _evaluate(self, client_address: str, return_path: str, helo: str, domain: str) -> SpfResult:
        _of_thread.dns = self._dns
        # pyspf takes the first @ for the last one; in a quoted local part there may be one before it.
        local_part = return_path.rpartition("@")[0].replace("@", "_") or "postmaster"
        try:
            query = spf.query(
                i=client_address,
                s=f"{local_part}@{domain}" if return_path else "",
                h=ascii_domain(helo) or helo,
                querytime=self._total_seconds,
            )
            code, _, explanation = query.check()
        except Exception:
            # pyspf stumbles over some hostile records. Whoever publishes one proves nothing by it.
            log.exception("spf_evaluation_stumbled", domain=domain)
            return SpfResult(code=SpfCode.PERMERROR, domain=domain, detail="not evaluable")
        detail = query.mechanism or "" if code not in {"temperror", "permerror"} else explanation
        out_of_time = code == "temperror" and "exceeded max query lookup time" in explanation
        return SpfResult(code=SpfCode(code), domain=domain, detail=detail, out_of_time=out_of_time)


def _domain_of(return_path: str, helo: str) -> str | None:
    domain = ascii_domain(return_path.rpartition("@")[2] if return_path else helo)
    return domain if domain and "." in domain and not domain.startswith("[") else None


def _dns_driver(name: str, qtype: str, _strict: object, timeout: float) -> list[tuple[tuple[str, str], Any]]:
    """What pyspf calls `DNSLookup`: records in its own shape, every trouble a TempError."""
    lookup: DnsLookup = _of_thread.dns
    try:
        records = lookup.records(name, qtype, timeout=timeout)
    except DnsTrouble as trouble:
        raise spf.TempError(f"DNS {trouble}") from trouble
    return [((name, qtype), _value(record)) for record in records]


def _value(record: object) -> Any:
    if isinstance(record, A | AAAA):
        return record.address
    if isinstance(record, MX):
        return record.preference, record.exchange.to_text(omit_final_dot=True)
    if isinstance(record, PTR):
        return record.target.to_text(omit_final_dot=True)
    if isinstance(record, TXT):
        return record.strings
    raise spf.TempError(f"DNS: unexpected record {record!r}")


spf.DNSLookup = _dns_driver
