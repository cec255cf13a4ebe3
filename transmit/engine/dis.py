"""What a receiver says of itself: the facsimile information field of a DIS frame (T.30 §5.3.6.2, table 2).

Bits are numbered as in the table, from 1; bit 1 is the lowest of the first octet, the one that is sent first.
"""

from config.fax import Resolution
from transmit.engine.events import Capabilities
from transmit.engine.order import Compression

_HEADER = 3
"""Address, control and FCF octets before the information field."""

_V29, _V27TER, _V17 = 11, 12, 14
_FINE, _TWO_DIMENSIONAL = 15, 16
_WIDTH_2048, _WIDTH_2432 = 17, 18
_ECM, _T6 = 27, 31
_SUPERFINE = 41
_SUBADDRESS = 49


def read_dis(frame: bytes) -> Capabilities:
    """The capabilities in a DIS frame as it came off the line; what a short frame leaves out is not there."""
    field = frame[_HEADER:]

    def bit(number: int) -> bool:
        octet, shift = divmod(number - 1, 8)
        return octet < len(field) and bool(field[octet] >> shift & 1)

    ecm = bit(_ECM)
    return Capabilities(
        resolutions=(
            Resolution.STANDARD,
            *([Resolution.FINE] if bit(_FINE) else []),
            *([Resolution.SUPERFINE] if bit(_SUPERFINE) else []),
        ),
        compressions=(
            Compression.MH,
            *([Compression.MR] if bit(_TWO_DIMENSIONAL) else []),
            *([Compression.MMR] if ecm and bit(_T6) else []),  # T.30 table 2, note 17: T.6 needs ECM
        ),
        ecm=ecm,
        max_rate=_max_rate(v27ter=bit(_V27TER), v29=bit(_V29), v17=bit(_V17)),
        widths=_widths(b4=bit(_WIDTH_2048), a3=bit(_WIDTH_2432)),
        subaddress=bit(_SUBADDRESS),
    )


def _max_rate(*, v27ter: bool, v29: bool, v17: bool) -> int:
    if v17 and v27ter and v29:
        return 14400
    if v29:
        return 9600
    return 4800 if v27ter else 2400


def _widths(*, b4: bool, a3: bool) -> tuple[int, ...]:
    if a3:  # "0 1" means all three, and "1 1" is to be read like it
        return (1728, 2048, 2432)
    return (1728, 2048) if b4 else (1728,)
