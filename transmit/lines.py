"""The lines that the settings name: the one place that knows every kind of line."""

from collections.abc import Mapping

from config.hylafax_line import HylafaxLine as HylafaxLineSettings
from config.line_kinds import LineSettings
from config.lines import SipLine as SipLineSettings
from transmit.engine.pool import EnginePool
from transmit.hylafax_line import HylafaxLine
from transmit.line import Line
from transmit.provider_line import ProviderLine
from transmit.sip.locating import Records
from transmit.sip_line import SipLine


def make_lines(
    settings: Mapping[str, LineSettings], pool: EnginePool, *, records: Records | None = None
) -> dict[str, Line]:
    """A line for each entry of `lines:`, not started yet; `records` is the DNS that trunks are found by."""
    return {name: _line(name, entry, pool, records) for name, entry in settings.items()}


def lines_that_keep_calls(settings: Mapping[str, LineSettings]) -> frozenset[str]:
    """The names of those whose calls go on while the service is gone."""
    return frozenset(name for name, entry in settings.items() if not isinstance(entry, SipLineSettings))


def _line(name: str, settings: LineSettings, pool: EnginePool, records: Records | None) -> Line:
    match settings:
        case SipLineSettings():
            return SipLine(name, settings, pool, records=records)
        case HylafaxLineSettings():
            return HylafaxLine(name, settings)
        case _:
            return ProviderLine(name, settings)
