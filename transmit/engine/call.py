"""A fax session in a worker: its media socket, and its place in time."""

import contextlib
import errno
import random
import socket
from dataclasses import replace

from config.values import HostPort
from transmit.engine.control import (
    BackToAudio,
    HangUp,
    Listen,
    Order,
    Released,
    Report,
    StartAudio,
    SwitchToT38,
)
from transmit.engine.order import MediaAddress, SessionOrder
from transmit.engine.session import TICK_SECONDS, FaxSession
from transmit.packet_trace import PacketTrace

_MOST_DATAGRAMS = 100
"""Datagrams that one turn takes from the socket: a flood must not hold up the other calls."""
_MOST_TICKS = 50
"""Ticks that one turn makes up for: a stall of more than a second of media is lost media time. Otherwise
T.30 would have waited for an answer that the far end had no time to give."""
_LARGEST_DATAGRAM = 65536


class Call:
    """Drives one session by the wall clock."""

    def __init__(self, order: SessionOrder, now: float) -> None:
        """Take a media port.

        Raises:
            OSError: There is none to take at `order.bind_host`, or the voice file cannot be read.
            ValueError: The voice file cannot be played.
        """
        self._reports: list[Report] = []
        self._session = FaxSession(order, self._reports.append, chance=random.SystemRandom())
        family = socket.AF_INET6 if ":" in order.bind_host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            _bind(self._socket, order)
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._address = HostPort(order.bind_host, self.port)
        self._trace = _trace_of(order)
        self._interval = TICK_SECONDS / order.clock
        self._latest = 0.0
        self.due = now + self._interval
        """When the next tick is due, by the clock of `run`'s `now`."""

    def obey(self, order: Order) -> None:
        """Carry out an order."""
        match order:
            case Listen(remote=remote, codec=codec):
                self._session.listen(remote, codec)
            case StartAudio(remote=remote, codec=codec):
                self._session.start_audio(remote, codec)
            case SwitchToT38(remote=remote):
                self._session.switch_to_t38(
                    remote,
                    max_datagram=order.max_datagram,
                    redundancy=order.redundancy,
                    fec=order.fec,
                    max_rate=order.max_rate,
                )
            case BackToAudio(remote=remote, codec=codec):
                self._session.back_to_audio(remote, codec)
            case HangUp(drain=drain):
                self._session.hang_up(drain)

    def run(self, now: float) -> list[Report]:
        """Take what came in, make the ticks that are due, and send.

        Returns:
            What there is to report; `Released` is the last report of a call.
        """
        self._latest = max(self._latest, now - self.due)
        due = min(_MOST_TICKS, 1 + int((now - self.due) / self._interval)) if self.due <= now else 0
        arrived = self._arrived() if due else []
        for tick in range(due):
            # After a stall, each tick has its share: all at once would be more than the playout buffer holds.
            for datagram, source in arrived[tick * len(arrived) // due : (tick + 1) * len(arrived) // due]:
                self._session.receive(datagram, source)
            self.due += self._interval
            self._send(self._session.tick())
        if self.due <= now:
            self.due = now + self._interval
        if self._session.released is not None:
            self._reports.append(Released(result=replace(self._session.released, latest_tick=self._latest)))
        reports, self._reports[:] = self._reports[:], []
        return reports

    def close(self) -> None:
        """Free the media port."""
        self._socket.close()
        if self._trace is not None:
            self._trace.close()

    def _arrived(self) -> list[tuple[bytes, MediaAddress]]:
        """What came to the media port since it was looked at last."""
        arrived: list[tuple[bytes, MediaAddress]] = []
        for _ in range(_MOST_DATAGRAMS):
            try:
                datagram, source = self._socket.recvfrom(_LARGEST_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                continue  # an ICMP error of an earlier datagram: it is lost, as any may be
            if self._trace is not None:
                self._trace.add(datagram, HostPort(*source[:2]), self._address)
            arrived.append((datagram, MediaAddress(*source[:2])))
        return arrived

    def _send(self, datagrams: list[bytes]) -> None:
        remote = self._session.far_end
        if remote is None:
            return
        for datagram in datagrams:
            # What cannot be sent is lost, as any datagram may be: T.30 notices if it matters.
            with contextlib.suppress(OSError):
                self._socket.sendto(datagram, remote)
            if self._trace is not None:
                self._trace.add(datagram, self._address, HostPort(*remote))


def _bind(media: socket.socket, order: SessionOrder) -> None:
    """Take a port that is free, drawn by lot so that two workers seldom meet at one.

    Raises:
        OSError: There is none.
    """
    if order.ports is None:
        media.bind((order.bind_host, 0))
        return
    first, last = order.ports
    ports = list(range(first, last + 1))
    random.SystemRandom().shuffle(ports)
    for port in ports:
        try:
            media.bind((order.bind_host, port))
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise
        else:
            return
    raise OSError(errno.EADDRINUSE, f"all media ports from {first} to {last} are in use")


def _trace_of(order: SessionOrder) -> PacketTrace | None:
    """The trace that an order wants; a call without it is better than none."""
    if order.trace is None:
        return None
    try:
        return PacketTrace.go_on(order.trace)
    except OSError:
        return None
