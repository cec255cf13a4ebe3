"""The telephone lines: does each trunk answer? Asked by OPTIONS from a port of our own; no call is placed."""

import asyncio
from collections.abc import Sequence

from config.server import SipLine
from config.values import HostPort
from postfax.doctor.finding import Finding, failure, ok, reason_of, warning
from postfax.doctor.site import Site
from transmit.sip.message import SipError, host_of
from transmit.sip.options import OptionsAnswer, ask_options
from transmit.sip.transaction import SipTimers
from transmit.sip.user_agent import UserAgent

SECONDS = 6.4
_TIMERS = SipTimers(t1=SECONDS / 64)
_SERVER_ERROR = 500


async def trunk(site: Site, *, timers: SipTimers = _TIMERS) -> Sequence[Finding]:
    """Each line."""
    lines = site.settings.lines
    if not lines:
        advice = "Name one under lines: in the settings; without it the service does not start."
        return [failure("there is no telephone line", advice)]
    return await asyncio.gather(*(_line(name, line, timers) for name, line in lines.items()))


async def _line(name: str, line: SipLine, timers: SipTimers) -> Finding:
    try:
        answer = await _ask(line, timers)
    except TimeoutError:
        return failure(
            f"{line.sip} does not answer",
            "Check the address, the firewall (UDP both ways), and that the provider knows this host's "
            "address. A few trunks answer no OPTIONS: then place a call with `postfax send`.",
            subject=name,
        )
    except (OSError, SipError) as problem:
        advice = f"Check lines.{name}.sip and lines.{name}.listen."
        return failure(f"{line.sip} cannot be asked ({reason_of(problem)})", advice, subject=name)
    return _judged(name, answer)


async def _ask(line: SipLine, timers: SipTimers) -> OptionsAnswer:
    """From another port than the line's own, which the running service has."""
    trunk_address = host_of(line.sip)
    if trunk_address is None or trunk_address.port == 0:
        raise SipError("it is no SIP address")
    agent = UserAgent(timers=timers)
    await agent.start(HostPort(line.listen.host, 0))
    try:
        return await ask_options(agent, trunk_address)
    finally:
        await agent.stop()


def _judged(name: str, answer: OptionsAnswer) -> Finding:
    product = f" by {answer.product}" if answer.product else ""
    told = f"answered in {answer.seconds * 1000:.0f} ms{product}: {answer.code} {answer.reason}".strip()
    if answer.code >= _SERVER_ERROR:
        advice = "It is reachable and says that it does not work now. Ask the provider."
        return warning(told, advice, subject=name)
    return ok(told, subject=name)
