"""Two fax sessions in one process, joined by a network of our making, in simulated time."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transmit.engine.events import Ended, EngineEvent, EngineResult
from transmit.engine.order import Codec, MediaAddress, Role, SessionOrder
from transmit.engine.session import TICK_SECONDS, FaxSession

CALLER = MediaAddress("192.0.2.1", 4000)
ANSWERER = MediaAddress("192.0.2.2", 5000)

Alter = Callable[[bytes], bytes | None]
"""What the network does to a datagram: pass it, change it, or lose it (None)."""


@dataclass
class End:
    """One end of the call."""

    session: FaxSession
    address: MediaAddress
    alter: Alter
    events: list[EngineEvent]
    arriving: deque[list[bytes]] = field(default_factory=deque)

    @property
    def ended(self) -> EngineResult | None:
        return next((event.result for event in self.events if isinstance(event, Ended)), None)


class SimulatedCall:
    """A call between two sessions; `run` lets media time pass."""

    def __init__(
        self,
        caller: SessionOrder,
        answerer: SessionOrder,
        *,
        to_answerer: Alter = lambda datagram: datagram,
        to_caller: Alter = lambda datagram: datagram,
        delay: float = 0.06,
    ) -> None:
        self.caller = _end(caller, CALLER, to_answerer, 1)
        self.answerer = _end(answerer, ANSWERER, to_caller, 2)
        self.time = 0.0
        for end in (self.caller, self.answerer):
            end.arriving.extend([] for _ in range(round(delay / TICK_SECONDS)))

    def start_audio(self, codec: Codec = Codec.PCMU) -> "SimulatedCall":
        self.caller.session.start_audio(ANSWERER, codec)
        self.answerer.session.start_audio(CALLER, codec)
        return self

    def start_t38(
        self, *, redundancy: int = 3, fec: bool = False, max_datagram: int = 400
    ) -> "SimulatedCall":
        for end, remote in ((self.caller, ANSWERER), (self.answerer, CALLER)):
            end.session.switch_to_t38(remote, max_datagram=max_datagram, redundancy=redundancy, fec=fec)
        return self

    def run(self, seconds: float = 900.0, *, until: Callable[[], bool] | None = None) -> "SimulatedCall":
        """Let time pass until both sessions are over, or `until` holds."""
        over = until or (lambda: self.caller.ended is not None and self.answerer.ended is not None)
        end = self.time + seconds
        while self.time < end and not over():
            self.time += TICK_SECONDS
            self._carry(self.caller, self.answerer)
            self._carry(self.answerer, self.caller)
        return self

    def hang_up(self, *, drain: float = 0.5) -> tuple[EngineResult, EngineResult]:
        self.caller.session.hang_up(drain)
        self.answerer.session.hang_up(drain)
        self.run(
            drain + 1,
            until=lambda: None not in (self.caller.session.released, self.answerer.session.released),
        )
        results = self.caller.session.released, self.answerer.session.released
        assert results[0] is not None
        assert results[1] is not None
        return results[0], results[1]

    def _carry(self, sender: End, receiver: End) -> None:
        sent = (sender.alter(datagram) for datagram in sender.session.tick())
        receiver.arriving.append([datagram for datagram in sent if datagram is not None])
        for datagram in receiver.arriving.popleft():
            receiver.session.receive(datagram, sender.address)


def losing(share: float, *, seed: int = 1) -> Alter:
    """A network that loses that share of the datagrams."""
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    return lambda datagram: None if chance.random() < share else datagram


def _end(order: SessionOrder, address: MediaAddress, alter: Alter, seed: int) -> End:
    events: list[EngineEvent] = []
    session = FaxSession(order, events.append, chance=random.Random(seed))  # noqa: S311
    return End(session=session, address=address, alter=alter, events=events)


def sending(document: Path, **settings: Any) -> SessionOrder:
    """The order of a caller."""
    return SessionOrder(role=Role.CALLER, document=document, station_id="+12065550100", **settings)


def receiving(receive_to: Path, **settings: Any) -> SessionOrder:
    """The order of an answerer."""
    return SessionOrder(role=Role.ANSWERER, receive_to=receive_to, station_id="+12065551234", **settings)
