"""The lines that the settings name: the one place that knows every kind of line."""

from collections.abc import Mapping

from config.lines import SipLine as SipLineSettings
from transmit.engine.pool import EnginePool
from transmit.line import Line
from transmit.sip.locating import Records
from transmit.sip_line import SipLine


def make_lines(
    settings: Mapping[str, SipLineSettings], pool: EnginePool, *, records: Records | None = None
) -> dict[str, Line]:
    """A line for each entry of `lines:`, not started yet; `records` is the DNS that trunks are found by."""
    return {name: SipLine(name, entry, pool, records=records) for name, entry in settings.items()}
