"""Telephone lines through a HylaFAX server or a provider: does it let us in? No fax is handed over."""

import time

from config.hylafax_line import HylafaxLine as HylafaxLineSettings
from config.provider_line import ProviderLine as ProviderLineSettings
from postfax.doctor.finding import Finding, failure, ok
from transmit.hylafax_line import HylafaxLine
from transmit.line import LineError
from transmit.provider_line import ProviderLine


async def other_line(name: str, settings: HylafaxLineSettings | ProviderLineSettings) -> Finding:
    """One line."""
    line = _line(name, settings)
    begun = time.monotonic()
    try:
        await line.start()
        down = line.down
    except LineError as problem:
        return failure(f"{settings.goes_to} cannot be used", str(problem), subject=name)
    finally:
        await line.stop()
    if down:
        advice = f"Check its address in lines.{name}, the firewall, and that it runs."
        return failure(down, advice, subject=name)
    return ok(f"{settings.goes_to} let us in within {(time.monotonic() - begun) * 1000:.0f} ms", subject=name)


def _line(name: str, settings: HylafaxLineSettings | ProviderLineSettings) -> HylafaxLine | ProviderLine:
    if isinstance(settings, HylafaxLineSettings):
        return HylafaxLine(name, settings)
    return ProviderLine(name, settings.model_copy(update={"news": None}))  # the running service listens there
