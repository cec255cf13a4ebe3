"""A fax terminal that speaks T.38: T.30 carried in IFP packets.

IFP packets are numbered from 0 for UDPTL (T.38 §9.1); how they are packed into datagrams is the affair of
`media.udptl`.
"""

from collections.abc import Callable
from typing import Any

from transmit._spandsp import ffi, lib
from transmit.engine.completion import Completion
from transmit.engine.order import Role, SessionOrder
from transmit.engine.t30 import TICK_SAMPLES, Ears, T30Session

_TRANSFERRED_TCF = 2
"""T.38 §8.1: over UDPTL the training check travels end to end."""
_GUARDED = ffi.addressof(lib, "transmit_guarded_ifp")
_MOST_PACKETS = 200
"""In one tick of 20 ms, in which there are a handful: with more, libspandsp goes in a circle."""


class T38Terminal:
    """A T.38 session of libspandsp. Close it; it is not usable after that."""

    def __init__(
        self,
        order: SessionOrder,
        *,
        max_datagram: int,
        send_ifp: Callable[[bytes, int], None],
        ears: Ears,
    ) -> None:
        """Begin a session.

        Args:
            order: Role, document and limits.
            max_datagram: The largest datagram that the far end takes.
            send_ifp: Takes each IFP packet in order, and how many times its datagram is to be sent.
            ears: Takes the events.
        """
        self._send_ifp = send_ifp
        self._lost = False
        self._handle = ffi.new_handle(self)
        calling = int(order.role is Role.CALLER)
        self._state = lib.t38_terminal_init(ffi.NULL, calling, _GUARDED, self._handle)
        if self._state == ffi.NULL:
            raise MemoryError("libspandsp could not make a T.38 terminal")
        self._core = lib.t38_terminal_get_t38_core_state(self._state)
        lib.t38_set_t38_version(self._core, 0)
        lib.t38_set_data_rate_management_method(self._core, _TRANSFERRED_TCF)
        lib.t38_set_max_datagram_size(self._core, max_datagram)
        lib.t38_set_fastest_image_data_rate(self._core, order.max_rate)
        self.t30 = T30Session(lib.t38_terminal_get_t30_state(self._state), order, ears)

    def tick(self) -> None:
        """20 ms of media pass; packets that fall due go to `send_ifp`.

        A session in which libspandsp lost itself is over, with UNEXPECTED.
        """
        if not self._lost and lib.transmit_tick(self._state, TICK_SAMPLES, _MOST_PACKETS) < 0:
            self._lost = True
            self.t30.give_up(Completion.UNEXPECTED)

    def receive_ifp(self, sequence: int, packet: bytes) -> None:
        """Take a packet of the far end; libspandsp drops repeated and late ones and notices gaps."""
        if not self._lost:
            lib.t38_core_rx_ifp_packet(self._core, packet, len(packet), sequence)

    def close(self) -> None:
        """Free the session."""
        lib.t38_terminal_free(self._state)

    def on_ifp(self, packet: bytes, count: int) -> None:
        """A packet goes out, `count` times."""
        self._send_ifp(packet, count)


@ffi.def_extern(error=0)
def transmit_ifp(_core: Any, user: Any, packet: Any, octets: int, count: int) -> int:
    """An IFP packet goes out: `t38_tx_packet_handler_t`."""
    ffi.from_handle(user).on_ifp(bytes(ffi.buffer(packet, octets)), max(1, count))
    return 0
