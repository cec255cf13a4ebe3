"""What the service and a worker say to each other: JSON messages with their length, over a Unix socket pair.

Every message names a call by a number that the service chose (0 stands for the worker itself), and carries a
body: an order to the worker, or a report or an event from it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from transmit.engine.events import (
    Ended,
    EngineResult,
    Heard,
    Negotiated,
    PageConfirmed,
    PageReceived,
    SignalHeard,
)
from transmit.engine.order import FULL_RATE, Codec, MediaAddress, SessionOrder

_LENGTH_OCTETS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Order: take a media port for a session."""

    order: SessionOrder


@dataclass(frozen=True, kw_only=True, slots=True)
class Listen:
    """Order: `FaxSession.listen`."""

    remote: MediaAddress
    codec: Codec


@dataclass(frozen=True, kw_only=True, slots=True)
class StartAudio:
    """Order: `FaxSession.start_audio`."""

    remote: MediaAddress
    codec: Codec


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchToT38:
    """Order: `FaxSession.switch_to_t38`."""

    remote: MediaAddress
    max_datagram: int
    redundancy: int
    fec: bool = False
    max_rate: int = FULL_RATE


@dataclass(frozen=True, kw_only=True, slots=True)
class BackToAudio:
    """Order: `FaxSession.back_to_audio`."""

    remote: MediaAddress
    codec: Codec


@dataclass(frozen=True, kw_only=True, slots=True)
class HangUp:
    """Order: `FaxSession.hang_up`."""

    drain: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StillHere:
    """Order: the service is there. One that does not say so again within these seconds stands still."""

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """Report: the worker runs; or it cannot, and says why."""

    unavailable: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """Report: the media port is taken."""

    port: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Report: the session could not be opened."""

    errno: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """Report: the session is hung up and freed."""

    result: EngineResult
    fault: str = ""
    """The traceback of the fault of ours that ended it; empty for none."""


Order = Open | Listen | StartAudio | SwitchToT38 | BackToAudio | HangUp | StillHere
Report = (
    Ready
    | Opened
    | Refused
    | Released
    | Heard
    | SignalHeard
    | Negotiated
    | PageConfirmed
    | PageReceived
    | Ended
)
Body = Order | Report
_B = TypeVar("_B", Order, Report)

_ADAPTERS: dict[str, TypeAdapter[Any]] = {body.__name__: TypeAdapter(body) for body in Body.__args__}


def encode(call: int, body: Body) -> bytes:
    """The message as it travels."""
    kind = type(body).__name__
    text = json.dumps({"call": call, "kind": kind, "body": _ADAPTERS[kind].dump_python(body, mode="json")})
    octets = text.encode()
    return len(octets).to_bytes(_LENGTH_OCTETS, "big") + octets


class MessageReader(Generic[_B]):
    """Puts messages together from what the socket gives: orders at one end, reports at the other."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, octets: bytes) -> Iterator[tuple[int, _B]]:
        """The messages that `octets` complete, each with its call's number."""
        self._octets += octets
        while len(self._octets) >= _LENGTH_OCTETS:
            end = _LENGTH_OCTETS + int.from_bytes(self._octets[:_LENGTH_OCTETS], "big")
            if len(self._octets) < end:
                return
            message = json.loads(self._octets[_LENGTH_OCTETS:end])
            del self._octets[:end]
            yield message["call"], _ADAPTERS[message["kind"]].validate_python(message["body"])
