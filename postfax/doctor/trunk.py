"""The telephone lines: does each trunk answer? Asked by OPTIONS from a port of our own; no call is placed.

Its servers are found, reached and believed as the line does it: NAPTR and SRV, UDP, TCP or TLS, proxy.
Nobody registers: that would take the calls of the running service away. Lines of other kinds are
logged in to.
"""

import asyncio
from collections.abc import Sequence

from config.line_kinds import LineSettings
from config.lines import SipLine
from config.values import HostPort
from postfax.doctor.finding import Finding, failure, ok, reason_of, warning
from postfax.doctor.other_lines import other_line
from postfax.doctor.site import Site
from transmit.line import LineError
from transmit.sip.dns_records import DnsRecords
from transmit.sip.options import OptionsAnswer
from transmit.sip.transaction import SipTimers
from transmit.trunk import ServerAnswer, Trunk

SECONDS = 6.4
_TIMERS = SipTimers(t1=SECONDS / 64)
_SERVER_ERROR = 500


async def trunk(site: Site, *, timers: SipTimers = _TIMERS) -> Sequence[Finding]:
    """Each line."""
    lines = site.settings.lines
    if not lines:
        advice = "Name one under lines: in the settings; without it the service does not start."
        return [failure("there is no telephone line", advice)]
    records = DnsRecords(site.settings.dns.nameservers, site.settings.dns.timeout)
    found = await asyncio.gather(*(_line(name, line, records, timers) for name, line in lines.items()))
    return [finding for findings in found for finding in findings]


async def _line(name: str, line: LineSettings, records: DnsRecords, timers: SipTimers) -> Sequence[Finding]:
    if isinstance(line, SipLine):
        return await _sip_line(name, line, records, timers)
    return [await other_line(name, line)]


async def _sip_line(name: str, line: SipLine, records: DnsRecords, timers: SipTimers) -> Sequence[Finding]:
    try:
        said = await _ask(name, line, records, timers)
    except LineError as problem:
        return [failure(f"{line.sip} cannot be asked", str(problem), subject=name)]
    except OSError as problem:
        advice = f"Check lines.{name}.sip and lines.{name}.listen."
        return [failure(f"{line.sip} cannot be asked ({reason_of(problem)})", advice, subject=name)]
    if all(each.answer is None for each in said):
        return [_silent(name, line, said)]
    return [_judged(name, each, alone=len(said) == 1) for each in said]


async def _ask(name: str, line: SipLine, records: DnsRecords, timers: SipTimers) -> Sequence[ServerAnswer]:
    """From another port than the line's own, which the running service has."""
    listen = HostPort(line.listen.host, 0)
    asked = Trunk(name, line.model_copy(update={"listen": listen}), records=records, timers=timers)
    try:
        await asked.open()
        return await asked.ask(timers.give_up)
    finally:
        await asked.stop()


def _silent(name: str, line: SipLine, said: Sequence[ServerAnswer]) -> Finding:
    reasons = {each.fault for each in said}
    both_ways = "" if said[0].kind.is_reliable else " (UDP both ways)"
    return failure(
        f"{line.sip} does not answer ({said[0].kind}: {', '.join(sorted(reasons))})",
        f"Check the address, the firewall{both_ways}, and that the provider knows this "
        "host's address. A few trunks answer no OPTIONS: then place a call with `postfax send`.",
        subject=name,
    )


def _judged(name: str, said: ServerAnswer, *, alone: bool) -> Finding:
    where = "" if alone else f"{said.server} by {said.kind} "
    if said.answer is None:
        advice = "Calls go to the trunk's other servers meanwhile. Ask the provider."
        return warning(f"{where}did not answer ({said.fault})", advice, subject=name)
    told = f"{where}{_told(said.answer)}"
    if said.answer.code >= _SERVER_ERROR:
        advice = "It is reachable and says that it does not work now. Ask the provider."
        return warning(told, advice, subject=name)
    seen = said.answer.seen_from
    if seen is not None and seen.host != said.own:
        advice = (
            f"A router translates addresses: set lines.{name}.public_address to {seen.host}, and let the "
            "router pass SIP and media to this host."
        )
        return warning(
            f"{told}; it sees us as {seen.host}, and we call ourselves {said.own}", advice, subject=name
        )
    return ok(told, subject=name)


def _told(answer: OptionsAnswer) -> str:
    product = f" by {answer.product}" if answer.product else ""
    return f"answered in {answer.seconds * 1000:.0f} ms{product}: {answer.code} {answer.reason}".strip()
