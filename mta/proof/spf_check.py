"""SPF (RFC 7208) by pyspf, on a resolver of ours.

pyspf asks the DNS through its module-level `DNSLookup`, whose own driver honours the search list and lets
some resolver errors pass for "no record". On import this module puts its driver in that place, for the whole
process. pyspf is blocking and our resolver is not, so an evaluation runs on the answers that are there; where
one is missing it is broken off, the answer is fetched, and the evaluation runs again. The limits of RFC 7208
§4.6.4 keep that short, and with all answers known nothing waits at all.
"""

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import spf
import structlog
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from config.domain_name import ascii_domain
from mta.dns_lookup import Answer, DnsLookup, DnsTrouble, Question
from mta.proof.evidence import SpfCode, SpfResult
from mta.proof.kept_results import KeptResults

TOTAL_SECONDS = 20.0
"""For one evaluation (RFC 7208 §4.6.4: at least 20 seconds)."""

_TARGETS = 10
"""RFC 7208 §4.6.4: of MX and PTR, so many names are looked up."""
_ROUNDS = 200
"""More than the limits of RFC 7208 allow."""
_RECORD_LIMIT = 8 * 1024
"""Octets of one TXT record. RFC 7208 §3.4 wants 450; the largest that are published have some thousand."""
_LIGHT = 4 * 1024
"""Octets of TXT records up to which an evaluation costs too little to be done elsewhere."""
_THREADS = 2

log = structlog.get_logger()
_of_thread = threading.local()


@dataclass(frozen=True, slots=True)
class _Identity:
    """Whose right to send is in question, and who sends."""

    client_address: str
    return_path: str
    helo: str
    domain: str


@dataclass(slots=True)
class _Answers:
    """What one evaluation may use: what was fetched for it, and what the resolver knows."""

    dns: DnsLookup
    used: dict[Question, Answer | DnsTrouble] = field(default_factory=dict)
    octets: int = 0

    def of(self, name: str, rdtype: str) -> Answer:
        question = (name, rdtype)
        answer = self.used.get(question)
        if answer is None:
            answer = self.dns.known(name, rdtype)
            if answer is None:
                raise _Missing(question)
            self.add(question, answer)
        if isinstance(answer, DnsTrouble):
            raise answer
        return answer

    async def fetch(self, question: Question) -> None:
        try:
            self.add(question, await self.dns.ask(*question))
        except DnsTrouble as trouble:
            self.add(question, trouble)

    def add(self, question: Question, answer: Answer | DnsTrouble) -> None:
        self.used[question] = answer
        if isinstance(answer, Answer):
            self.octets += sum(_text_size(record) for record in answer.records)

    @property
    def expires(self) -> float:
        return min((answer.expires for answer in self.used.values() if isinstance(answer, Answer)), default=0)


class _Missing(Exception):  # noqa: N818 - named as what happened
    """The evaluation needs an answer that is not there yet."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


class SpfChecker:
    """Evaluates SPF for SMTP clients. Results are kept as long as all that they were made of."""

    def __init__(self, dns: DnsLookup, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._dns = dns
        self._total_seconds = total_seconds
        self._kept: KeptResults[SpfResult] = KeptResults(dns.clock)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="spf")

    def known(self, *, client_address: str, return_path: str, helo: str) -> SpfResult | None:
        """What `check` would say, where that was found out before and still holds."""
        return self._kept.get((client_address, return_path, helo))

    async def check(self, *, client_address: str, return_path: str, helo: str) -> SpfResult:
        """The result for the MAIL FROM identity, or for the HELO identity where the return path is null.

        Never raises: what goes wrong is a result too.
        """
        if kept := self.known(client_address=client_address, return_path=return_path, helo=helo):
            return kept
        domain = _domain_of(return_path, helo)
        if domain is None:
            # RFC 7208 §4.3: a malformed or single-label domain has the result none.
            return SpfResult(code=SpfCode.NONE, domain="", detail="not a domain name")
        answers = _Answers(self._dns)
        try:
            async with asyncio.timeout(self._total_seconds):
                result = await self._evaluate(_Identity(client_address, return_path, helo, domain), answers)
        except TimeoutError:
            detail = f"no result in {self._total_seconds} s"
            return SpfResult(code=SpfCode.TEMPERROR, domain=domain, detail=detail, out_of_time=True)
        if result.code is not SpfCode.TEMPERROR:
            self._kept.keep((client_address, return_path, helo), result, until=answers.expires)
        return result

    def close(self) -> None:
        """Let the threads end; evaluations that have not begun are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _evaluate(self, identity: _Identity, answers: _Answers) -> SpfResult:
        for _ in range(_ROUNDS):
            try:
                if answers.octets <= _LIGHT:
                    return _evaluate(identity, answers)
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, _evaluate, identity, answers)
            except _Missing as missing:
                await answers.fetch(missing.question)
                await _fetch_targets(identity, answers, missing.question)
        return SpfResult(code=SpfCode.PERMERROR, domain=identity.domain, detail="too many look-ups")


async def _fetch_targets(identity: _Identity, answers: _Answers, question: Question) -> None:
    """The addresses behind MX and PTR records, all at one time: they are what is asked for next."""
    answer = answers.used[question]
    if question[1] not in {"MX", "PTR"} or isinstance(answer, DnsTrouble):
        return
    rdtype = "AAAA" if ":" in identity.client_address else "A"
    names = sorted({_target(record) for record in answer.records})[:_TARGETS]
    wanted = [(name, rdtype) for name in names if (name, rdtype) not in answers.used]
    await asyncio.gather(*(answers.fetch(one) for one in wanted))


def _evaluate(identity: _Identity, answers: _Answers) -> SpfResult:
    """One run of pyspf.

    Raises:
        _Missing: an answer is not there.
    """
    _of_thread.answers = answers
    domain = identity.domain
    # pyspf takes the first @ for the last one; in a quoted local part there may be one before it.
    local_part = identity.return_path.rpartition("@")[0].replace("@", "_") or "postmaster"
    try:
        query = spf.query(
            i=identity.client_address,
            s=f"{local_part}@{domain}" if identity.return_path else "",
            h=ascii_domain(identity.helo) or identity.helo,
        )
        code, _, explanation = query.check()
    except _Missing:
        raise
    except Exception:
        # pyspf stumbles over some hostile records. Whoever publishes one proves nothing by it.
        log.exception("spf_evaluation_stumbled", domain=domain)
        return SpfResult(code=SpfCode.PERMERROR, domain=domain, detail="not evaluable")
    detail = query.mechanism or "" if code not in {"temperror", "permerror"} else explanation
    return SpfResult(code=SpfCode(code), domain=domain, detail=detail)


def _domain_of(return_path: str, helo: str) -> str | None:
    domain = ascii_domain(return_path.rpartition("@")[2] if return_path else helo)
    return domain if domain and "." in domain and not domain.startswith("[") else None


def _dns_driver(name: str, qtype: str, _strict: object, _timeout: float) -> list[tuple[tuple[str, str], Any]]:
    """What pyspf calls `DNSLookup`: records in its own shape, every trouble a TempError."""
    answers: _Answers = _of_thread.answers
    try:
        answer = answers.of(name, qtype)
    except DnsTrouble as trouble:
        raise spf.TempError(f"DNS {trouble}") from trouble
    return [((name, qtype), value) for value in _values(answer)]


def _values(answer: Answer) -> Iterable[Any]:
    for record in answer.records:
        if isinstance(record, A | AAAA):
            yield record.address
        elif isinstance(record, MX):
            yield record.preference, _target(record)
        elif isinstance(record, PTR):
            yield _target(record)
        elif isinstance(record, TXT):
            if _text_size(record) <= _RECORD_LIMIT:
                yield record.strings
            elif record.strings[0].lower().startswith(b"v=spf1"):
                raise spf.PermError(f"an SPF record of more than {_RECORD_LIMIT} octets")
        else:
            raise spf.TempError(f"DNS: unexpected record {record!r}")


def _target(record: object) -> str:
    if isinstance(record, MX):
        return record.exchange.to_text(omit_final_dot=True)
    return record.target.to_text(omit_final_dot=True) if isinstance(record, PTR) else ""


def _text_size(record: object) -> int:
    return sum(map(len, record.strings)) if isinstance(record, TXT) else 0


spf.DNSLookup = _dns_driver
