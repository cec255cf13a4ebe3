"""A fax terminal that speaks through the telephone: T.30 by modem tones, 8 kHz linear samples."""

import numpy as np

from transmit._spandsp import ffi, lib
from transmit.engine.order import Role, SessionOrder
from transmit.engine.t30 import TICK_SAMPLES, Ears, T30Session
from transmit.media.g711 import Samples


class AudioTerminal:
    """An audio fax session of libspandsp. Close it; it is not usable after that."""

    def __init__(self, order: SessionOrder, ears: Ears) -> None:
        self._state = lib.fax_init(ffi.NULL, int(order.role is Role.CALLER))
        if self._state == ffi.NULL:
            raise MemoryError("libspandsp could not make an audio fax terminal")
        # RTP never pauses, so silence is sent as samples; no echo suppressor sits on an IP path.
        lib.fax_set_transmit_on_idle(self._state, 1)
        lib.fax_set_tep_mode(self._state, 0)
        self.t30 = T30Session(lib.fax_get_t30_state(self._state), order, ears)

    def tick(self) -> Samples:
        """20 ms of media pass; what the terminal says in them."""
        samples = np.zeros(TICK_SAMPLES, np.int16)
        lib.fax_tx(self._state, ffi.from_buffer("int16_t[]", samples, require_writable=True), TICK_SAMPLES)
        return samples

    def hear(self, samples: Samples | None) -> None:
        """Take 20 ms of the far end; None where a packet is missing."""
        if samples is None:
            lib.fax_rx_fillin(self._state, TICK_SAMPLES)
        else:
            # fax_rx filters in place.
            own = samples.copy()
            lib.fax_rx(self._state, ffi.from_buffer("int16_t[]", own, require_writable=True), len(own))

    def close(self) -> None:
        """Free the session."""
        lib.fax_free(self._state)
