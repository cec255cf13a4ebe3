"""Fuzz target: whole T.38 calls in simulated time, in which one end gets IFP packets that were changed.

The first octet says who gets them (even: the caller; odd: the station), the second one how many of 256 are
changed, and the rest is what the changes are made of. libspandsp reads them in C, so each call is made in a
forked process; a crash there is what a worker's crash is in the service, and costs its calls alone.
"""

import faulthandler
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, cycle
from pathlib import Path

from fax_tiff import make_fax
from simulated_call import Alter, SimulatedCall, receiving, sending

from transmit.causes import CallFacts, judge
from transmit.media.udptl import UdptlDecoder, UdptlEncoder

WORDS = (
    b"\x00", b"\x02", b"\x06", b"\x0e", b"\x1e", b"\xc0\x01\x80\x00\x00\xff", b"\xff\xff\xff\xff",
    b"\xc0\x01\x80\x04\x13\x00\x00\xc9", b"\xc0\x02\x80\x00\x00\x7e\x10", b"\xd0\x01\x80",
    b"\xd0\x01\x00\xff\xff", b"\xc0\x01\x20", b"\xc0\xff",
    b"\xd1\xff\x80\x00\x01\x00", b"\xe0\x00", b"\x40", b"\x80", b"\xc0\x01\x80\xff\xfe",
)  # fmt: skip
LONGEST = 560.0
"""Seconds of the call after which the line hangs up (`sip_line`): two pages take no longer."""
_CRASHED = "crashed the worker"


def check(octets: bytes) -> None:
    """The call comes to something in its time, and neither end crashes.

    Whether a page arrived cannot be asked: who changes packets can say that it did.
    """
    try_many([octets])


def try_many(inputs: Sequence[bytes]) -> Counter[str]:
    """The same of many, and how often they came to what."""
    outcomes = _made_apart(inputs)
    for octets, outcome in zip(inputs, outcomes, strict=True):
        assert not outcome.startswith("wrong"), outcome
        assert outcome != _CRASHED, f"{outcome}, as the {'caller' if _lies_to_caller(octets) else 'station'}"
    return Counter(outcomes)


def _lies_to_caller(octets: bytes) -> bool:
    return octets[:1] == b"" or octets[0] % 2 == 0


def _made_apart(inputs: Sequence[bytes]) -> list[str]:
    """What the call of each input came to; after a crash the next process goes on."""
    outcomes: list[str] = []
    while len(outcomes) < len(inputs):
        outcomes += _in_a_process(inputs[len(outcomes) :])
    return outcomes


def _in_a_process(inputs: Sequence[bytes]) -> list[str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _become_the_worker(inputs, writing)
    os.close(writing)
    with os.fdopen(reading) as lines:
        outcomes = [line.rstrip("\n") for line in lines]
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGALRM:
            return [*outcomes, "wrong: no end"]
        return [*outcomes, _CRASHED]
    assert len(outcomes) == len(inputs), status
    return outcomes


def _become_the_worker(inputs: Sequence[bytes], writing: int) -> None:
    faulthandler.disable()
    with tempfile.TemporaryDirectory() as folder, os.fdopen(writing, "w") as lines:
        document = make_fax(Path(folder) / "sent.tif", pages=2, rows=40)
        for octets in inputs:
            signal.alarm(60)
            try:
                outcome = _call(octets, document)
            except Exception as fault:  # noqa: BLE001 - whatever it is, it was not foreseen
                outcome = f"wrong: {type(fault).__name__}: {fault}"
            lines.write(f"{outcome}\n")
            lines.flush()
    os._exit(0)


def _call(octets: bytes, document: Path) -> str:
    received = document.with_name("received.tif")
    received.unlink(missing_ok=True)
    changed = _changing(octets[1:2], octets[2:])
    to_caller, to_station = (changed, _as_it_is) if _lies_to_caller(octets) else (_as_it_is, changed)
    call = SimulatedCall(
        sending(document),
        receiving(received, media_timeout=20.0),
        to_caller=to_caller,
        to_answerer=to_station,
    )
    call.start_t38().run(LONGEST)
    over = call.caller.ended is not None
    result, _ = call.hang_up()
    verdict = judge(CallFacts(pages_asked=2, answered=True, engine=result))
    return verdict.status.value if over else f"{verdict.status.value}, hung up"


def _as_it_is(datagram: bytes) -> bytes:
    return datagram


def _changing(often: bytes, material: bytes) -> Alter:
    """A network that changes IFP packets; all that it needs to decide comes from the input."""
    decoder, encoder = UdptlDecoder(), UdptlEncoder(redundancy=0, max_datagram=5000)
    dice = _dice(material)
    rate = often[0] if often else 0

    def alter(datagram: bytes) -> bytes:
        _, packet = decoder.unpack(datagram)[-1]
        if next(dice) < rate:
            packet = _changed(packet, dice, material)
        return encoder.pack(packet[:1000])

    return alter


def _dice(material: bytes) -> Iterator[int]:
    """Numbers from 0 to 255 out of the material, which do not come back with its length."""
    for octet, place in zip(cycle(material or b"\x55"), count(), strict=False):
        yield (octet * 167 + place * 29 + (place >> 8) * 31) & 0xFF


def _changed(packet: bytes, dice: Iterator[int], material: bytes) -> bytes:
    at, how = next(dice) * len(packet) // 256, next(dice) % 6
    piece = material[next(dice) * len(material) // 256 :][: 1 + next(dice) % 24] or b"\x00"
    return (
        packet[:at],
        packet[:at] + piece,
        packet[:at] + piece + packet[at:],
        packet[:at] + piece + packet[at + len(piece) :],
        piece,
        packet + packet[at:],
    )[how]
