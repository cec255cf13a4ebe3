"""One T.30 session inside libspandsp: how it is set up, and what its callbacks say.

`T38Terminal` and `AudioTerminal` own the C state; a `T30Session` belongs to one of them. One thread uses it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from config.fax import Resolution
from transmit._spandsp import ffi, lib
from transmit.engine.completion import Completion
from transmit.engine.dis import read_dis
from transmit.engine.events import (
    Capabilities,
    EngineEvent,
    EngineResult,
    Frame,
    Negotiated,
    PageConfirmed,
    PageReceived,
)
from transmit.engine.order import IDENT_LENGTH, Compression, Role, SessionOrder
from transmit.idents import shown

TICK_SAMPLES = 160
"""What one tick advances: 20 ms of media, in samples."""

# Facsimile control fields as libspandsp holds them, without the X bit (T.30 §5.3.6.1).
_DIS, _CFR = 0x80, 0x84
_FCD, _RCP = 0x06, 0x86
_EOP, _MPS, _EOM = 0x2E, 0x4E, 0x8E
_PPS, _PPS_NULL = 0xBE, 0x00
_MCF, _RTP, _PIP = 0x8C, 0xCC, 0xAC
_RNR = 0xEC
_CONFIRMATIONS = (_MCF, _RTP, _PIP)
"""T.30 §5.3.6.1.7: each says that the page was received satisfactorily."""
_FCF_OFFSET = 2

_COMPRESSIONS = {
    lib.T4_COMPRESSION_ITU_T4_1D: Compression.MH,
    lib.T4_COMPRESSION_ITU_T4_2D: Compression.MR,
    lib.T4_COMPRESSION_ITU_T6: Compression.MMR,
}
_COMPRESSION_MASKS = {
    Compression.MH: lib.T30_SUPPORT_T4_1D_COMPRESSION,
    Compression.MR: lib.T30_SUPPORT_T4_2D_COMPRESSION,
    Compression.MMR: lib.T30_SUPPORT_T6_COMPRESSION,
}
_IMAGE_SIZES = (
    lib.T30_SUPPORT_215MM_WIDTH
    | lib.T30_SUPPORT_UNLIMITED_LENGTH
    | lib.T30_SUPPORT_A4_LENGTH
    | lib.T30_SUPPORT_US_LETTER_LENGTH
    | lib.T30_SUPPORT_US_LEGAL_LENGTH
)
_ROWS_PER_METRE = {3850: Resolution.STANDARD, 7700: Resolution.FINE, 15400: Resolution.SUPERFINE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ears:
    """Who listens to a session, and by which clock."""

    now: Callable[[], float]
    """Seconds of media since the session was made."""
    tell: Callable[[EngineEvent], None]
    """Takes each event as it happens, from within a callback of libspandsp: it must not free the session."""


class T30Session:
    """The protocol side of one fax terminal."""

    def __init__(self, state: Any, order: SessionOrder, ears: Ears) -> None:
        """Set up libspandsp's T.30 `state`, which its owner frees, for `order`."""
        self._state = state
        self._ears = ears
        self.completion: Completion | None = None
        self._given_up = False
        self.heard_far_end = False
        """A frame arrived: the far end is a fax machine."""
        self.negotiated = False
        self._frames: list[Frame] = []
        self._remote: Capabilities | None = None
        self._confirmed = 0
        self._received = 0
        self._confirmation_due = False
        self._sent_again = 0
        """ECM frames of the pages that are confirmed: libspandsp counts those of one page alone."""
        self._is_counted = False
        """Whether that holds those of its last page."""
        self._handle = ffi.new_handle(
            self
        )  # libspandsp keeps its address: it has to live as long as the state
        _configure(state, order)
        lib.t30_set_phase_d_handler(state, lib.transmit_phase_d, self._handle)
        lib.t30_set_phase_e_handler(state, lib.transmit_phase_e, self._handle)
        lib.t30_set_real_time_frame_handler(state, lib.transmit_frame, self._handle)

    def terminate(self) -> None:
        """The call is down: a session that is not over ends with CALLDROPPED."""
        if not self._given_up:
            lib.t30_terminate(self._state)

    def give_up(self, completion: Completion) -> None:
        """The session is over, as libspandsp can do nothing more with it but free it."""
        self.completion = completion
        self._given_up = True

    def result(self, completion: Completion | None) -> EngineResult:
        """What the session came to, as far as T.30 knows; call it before the state is freed."""
        statistics = self._statistics()
        known = self.negotiated
        return EngineResult(
            t30_code=completion,
            t30_result="" if completion is None else _text(lib.t30_completion_code_to_str(completion)),
            pages_confirmed=self._confirmed,
            pages_received=self._received,
            last_page_unconfirmed=self._confirmation_due,
            bit_rate=statistics.bit_rate if known else None,
            ecm=bool(statistics.error_correcting_mode) if known else None,
            compression=_COMPRESSIONS.get(statistics.encoding) if known else None,
            width=statistics.width if known else None,
            resolution=_ROWS_PER_METRE.get(statistics.y_resolution) if known else None,
            remote_csid=self._remote_ident(),
            remote=self._remote,
            bad_rows=statistics.bad_rows,
            retransmissions=self._sent_again
            + (0 if self._is_counted else statistics.error_correcting_mode_retries),
            frames=tuple(self._frames),
        )

    def on_frame(self, frame: bytes, *, received: bool) -> None:
        """An HDLC frame was sent or received."""
        fcf = frame[_FCF_OFFSET] & 0xFE if len(frame) > _FCF_OFFSET else -1
        self.heard_far_end |= received
        if fcf == _FCD and not received:
            self._is_counted = False
        if fcf in (-1, _FCD, _RCP):
            return
        self._frames.append(Frame(at=self._ears.now(), received=received, name=_frame_name(frame)))
        if fcf == _DIS and received:
            self._remote = read_dis(frame)
        elif fcf == _CFR:
            self._on_training_confirmed()
        elif not received and _ends_page(fcf, frame):
            self._confirmation_due = True
        elif received and fcf != _RNR:
            self._confirmation_due = False

    def _on_training_confirmed(self) -> None:
        statistics = self._statistics()
        self.negotiated = True
        self._ears.tell(
            Negotiated(
                at=self._ears.now(),
                bit_rate=statistics.bit_rate,
                ecm=bool(statistics.error_correcting_mode),
                compression=_COMPRESSIONS[statistics.encoding],
                width=statistics.width,
                resolution=_ROWS_PER_METRE[statistics.y_resolution],
                remote_csid=self._remote_ident(),
            )
        )

    def on_phase_d(self, result: int) -> None:
        """A page is over: for the caller `result` is the answer to it, for the answerer the command after it.

        libspandsp calls this once a page: the MCF of a partial page (PPS-NULL) does not come here.
        """
        statistics = self._statistics()
        pages_received = statistics.pages_rx
        if result & 0xFE in _CONFIRMATIONS:
            self._confirmed += 1
            self._sent_again += statistics.error_correcting_mode_retries
            self._is_counted = True
            self._ears.tell(PageConfirmed(at=self._ears.now(), pages=self._confirmed))
        elif pages_received > self._received:
            self._received = pages_received
            self._ears.tell(PageReceived(at=self._ears.now(), pages=pages_received))

    def on_phase_e(self, code: int) -> None:
        """The session is over."""
        self.completion = Completion(code)

    def _statistics(self) -> Any:
        statistics = ffi.new("t30_stats_t *")
        lib.t30_get_transfer_statistics(self._state, statistics)
        return statistics

    def _remote_ident(self) -> str:
        ident = lib.t30_get_rx_ident(self._state)
        return "" if ident == ffi.NULL else shown(_text(ident))


def _configure(state: Any, order: SessionOrder) -> None:
    lib.t30_set_tx_ident(state, order.station_id.encode("ascii", "replace")[:IDENT_LENGTH])
    if order.role is Role.CALLER:
        if order.document is not None:
            lib.t30_set_tx_file(state, os.fsencode(order.document), order.first_page, -1)
        if order.subaddress:
            lib.t30_set_tx_sub_address(state, order.subaddress.encode("ascii", "replace")[:IDENT_LENGTH])
    elif order.receive_to is not None:
        lib.t30_set_rx_file(state, os.fsencode(order.receive_to), -1)
        lib.t30_set_rx_encoding(state, lib.T4_COMPRESSION_ITU_T6)
    lib.t30_set_ecm_capability(state, int(order.ecm))
    lib.t30_set_supported_modems(state, _modems(order.max_rate))
    lib.t30_set_supported_compressions(state, _compressions(order.compressions))
    lib.t30_set_supported_resolutions(state, _resolutions(order.finest))
    lib.t30_set_supported_image_sizes(state, _IMAGE_SIZES)


def _modems(max_rate: int) -> int:
    modems: int = lib.T30_SUPPORT_V27TER
    if max_rate >= 9600:  # noqa: PLR2004 - V.29's rate
        modems |= lib.T30_SUPPORT_V29
    if max_rate >= 14400:  # noqa: PLR2004 - V.17's rate
        modems |= lib.T30_SUPPORT_V17
    return modems


def _compressions(compressions: tuple[Compression, ...]) -> int:
    mask: int = lib.T30_SUPPORT_T4_1D_COMPRESSION
    for compression in compressions:
        mask |= _COMPRESSION_MASKS[compression]
    return mask


def _resolutions(finest: Resolution) -> int:
    mask: int = lib.T30_SUPPORT_STANDARD_RESOLUTION | lib.T30_SUPPORT_R8_RESOLUTION
    if finest is not Resolution.STANDARD:
        mask |= lib.T30_SUPPORT_FINE_RESOLUTION
    if finest is Resolution.SUPERFINE:
        mask |= lib.T30_SUPPORT_SUPERFINE_RESOLUTION
    return mask


def _ends_page(fcf: int, frame: bytes) -> bool:
    if fcf == _PPS:
        return len(frame) > _FCF_OFFSET + 1 and frame[_FCF_OFFSET + 1] != _PPS_NULL
    return fcf in (_EOP, _MPS, _EOM)


def _frame_name(frame: bytes) -> str:
    return _text(lib.t30_frametype(frame[_FCF_OFFSET]))


def _text(pointer: Any) -> str:
    return ffi.string(pointer).decode("ascii", "replace")


# The callbacks. `error=0` is what libspandsp gets if one of them raises; a handler's 0 means "go on".


@ffi.def_extern(error=0)
def transmit_phase_d(_state: Any, user: Any, result: int) -> int:
    """T.30 phase D: `t30_phase_d_handler_t`."""
    ffi.from_handle(user).on_phase_d(result)
    return 0


@ffi.def_extern()
def transmit_phase_e(_state: Any, user: Any, code: int) -> None:
    """T.30 phase E: `t30_phase_e_handler_t`."""
    ffi.from_handle(user).on_phase_e(code)


@ffi.def_extern()
def transmit_frame(_state: Any, user: Any, received: int, frame: Any, octets: int) -> None:
    """Every HDLC frame: `t30_real_time_frame_handler_t`."""
    ffi.from_handle(user).on_frame(bytes(ffi.buffer(frame, octets)), received=bool(received))
