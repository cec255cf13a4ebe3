"""An order as the parameters of a HylaFAX job (the JPARM commands of hfaxd).

HylaFAX places one call and never another by itself: MAXDIALS and MAXTRIES are 1, since the next call is ours
to decide. It adds nothing to the pages: no tag line, which would stand over our header line, no cover for
what goes on, no cutting of white at the end. It tells nobody by mail.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from transmit.line import CallOrder
from transmit.sheet import Sheet

TSI_LENGTH = 20
"""Characters (T.30 §5.3.6.2.4)."""
FULL_RATE = 14_400
"""bit/s from which on no rate is asked for: the modem may know better ones (V.34)."""
_WIDTH = 209
"""mm, HylaFAX's figure for the 1,728 pixels of A4 and letter."""
_SHORTEST = 297


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSettings:
    """What the line says of each job."""

    sender: str
    modem: str
    plus: bool
    """Whether the number is told with its plus sign."""
    caller: str
    """Our TSI where the order has none."""
    keep_for: timedelta


def job_parameters(order: CallOrder, sheet: Sheet, settings: JobSettings, file: str) -> Iterator[str]:
    """What is said after JPARM, one after the other.

    Args:
        order: the call.
        sheet: of its document.
        settings: the line's.
        file: the document's name at the server.
    """
    number = order.number if settings.plus else order.number.removeprefix("+")
    yield f"FROMUSER {quoted(settings.sender)}"
    yield f"NOTIFYADDR {quoted(settings.sender)}"
    yield 'NOTIFY "NONE"'
    yield f"JOBINFO {quoted(order.attempt_id)}"
    yield f"DIALSTRING {quoted(number)}"
    yield f"EXTERNAL {quoted(order.number)}"
    yield f"MODEM {quoted(settings.modem)}"
    yield "MAXDIALS 1"
    yield "MAXTRIES 1"
    yield f"LASTTIME {_days_hours_minutes(settings.keep_for)}"
    yield "USETAGLINE NO"
    yield 'PAGECHOP "NONE"'
    yield "USEECM YES"
    yield f"PAGEWIDTH {_WIDTH}"
    yield f"PAGELENGTH {max(_SHORTEST, sheet.longest)}"
    yield f"VRES {196 if sheet.is_fine else 98}"
    yield f"USEXVRES {'YES' if sheet.is_superfine else 'NO'}"
    if station := (order.station_id or settings.caller)[:TSI_LENGTH]:
        yield f"TSI {quoted(station)}"
    if order.subaddress:
        yield f"SUBADDR {quoted(order.subaddress)}"
    if order.max_rate < FULL_RATE:
        yield f"BEGBR {order.max_rate}"
    if order.first_page:
        yield f"PAGERANGE {quoted(f'{order.first_page + 1}-{order.pages}')}"
    yield f"DOCUMENT {file}"


def quoted(text: str) -> str:
    """A text as hfaxd reads one: there is no way to write a quote mark or a control character within it."""
    kept = "".join(one if one.isprintable() and one not in '"\\' else " " for one in text)
    return f'"{kept}"'


def _days_hours_minutes(duration: timedelta) -> str:
    minutes = math.ceil(duration.total_seconds() / 60)
    return f"{minutes // 1440:02d}{minutes // 60 % 24:02d}{minutes % 60:02d}"
