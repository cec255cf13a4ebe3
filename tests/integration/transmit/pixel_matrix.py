"""Every way that pages can go, in simulated time: they must arrive pixel for pixel.

    python tests/integration/transmit/pixel_matrix.py [--part 1/2]

prints a table of all combinations of media, error correction, modem, resolution and number of pages, and
exits with 1 if a page of any of them arrived otherwise than it was sent. `reduced` has those that the suite
runs: each value of each kind, and each pair of medium and modem.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fax_tiff import make_fax, same_pages
from simulated_call import Alter, SimulatedCall, losing, receiving, sending

from transmit.engine.completion import Completion
from transmit.engine.order import Codec

LOSS = 0.05
RESOLUTIONS = {"standard": (204, 98), "fine": (204, 196), "superfine": (204, 391)}
MODEMS = {"V.17": 14_400, "V.29": 9_600, "V.27ter": 4_800}
PAGES = (1, 30)
_INCHES = 0.8
"""Of a page: its height decides how long the call takes, and nothing else."""
_INK = 0.002
_PARITIES, _SPAN = 3, 3


class Parity:
    """A network that turns redundancy into forward error correction (T.38 §9.1.4.2), as a gateway may.

    Each datagram carries its packet and three parities; each of these is the sum without carry of three
    packets before it, taken alternately.
    """

    def __init__(self, then: Alter) -> None:
        self._then = then
        self._packets: dict[int, bytes] = {}

    def __call__(self, datagram: bytes) -> bytes | None:
        number = int.from_bytes(datagram[:2], "big")
        long = datagram[2] & 0x80
        length = int.from_bytes(datagram[2:4], "big") & 0x3FFF if long else datagram[2]
        end = (4 if long else 3) + length
        self._packets[number] = datagram[end - length : end]
        return self._then(datagram[:end] + self._correction(number))

    def _correction(self, number: int) -> bytes:
        parities = []
        for index in range(_PARITIES):
            covered = [number + index - _PARITIES * step for step in range(1, _SPAN + 1)]
            if not all(one in self._packets for one in covered):
                return b"\0\0"
            parities.append(_sum([self._packets[one] for one in covered]))
        coded = b"".join(_with_length(parity) for parity in parities)
        return bytes([0x80, 1, _SPAN, _PARITIES]) + coded


def _sum(packets: Iterable[bytes]) -> bytes:
    total = bytearray()
    for packet in packets:
        total.extend(bytes(max(0, len(packet) - len(total))))
        for place, octet in enumerate(packet):
            total[place] ^= octet
    return bytes(total)


def _with_length(octets: bytes) -> bytes:
    count = len(octets)
    return (bytes([count]) if count < 0x80 else (0x8000 | count).to_bytes(2, "big")) + octets


def _as_it_is(datagram: bytes) -> bytes:
    return datagram


@dataclass(frozen=True, kw_only=True, slots=True)
class Medium:
    """How a call's media go."""

    name: str
    lost: bool = False
    """Whether every twentieth datagram is lost, each way."""
    codec: Codec | None = None
    """Of G.711; None for T.38."""
    redundancy: int = 0
    parity: bool = False

    def network(self, seed: int) -> Alter:
        """What happens to the datagrams of one direction."""
        carried = losing(LOSS, seed=seed) if self.lost else _as_it_is
        return Parity(carried) if self.parity else carried

    def start(self, call: SimulatedCall) -> SimulatedCall:
        """Begin a call with it."""
        return call.start_audio(self.codec) if self.codec else call.start_t38(redundancy=self.redundancy)


MEDIA = (
    Medium(name="T.38 redundancy", redundancy=3),
    Medium(name="T.38 redundancy, 5 % lost", redundancy=3, lost=True),
    Medium(name="T.38 FEC", parity=True),
    Medium(name="T.38 FEC, 5 % lost", parity=True, lost=True),
    Medium(name="T.38 alone"),
    Medium(name="G.711 µ-law", codec=Codec.PCMU),
    Medium(name="G.711 A-law", codec=Codec.PCMA),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One combination."""

    medium: Medium
    ecm: bool
    modem: str
    resolution: str
    pages: int

    def __str__(self) -> str:
        ecm = "ECM" if self.ecm else "no ECM"
        return f"{self.medium.name}, {ecm}, {self.modem}, {self.resolution}, {self.pages}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a case came to."""

    identical: bool
    told: str
    """What the sender says of it, where that is not what was asked for; empty if it is."""
    seconds: float
    """Of media."""
    retransmissions: int

    @property
    def good(self) -> bool:
        """Whether the pages arrived as they were, and the sender knows."""
        return self.identical and not self.told


def cases() -> Iterator[Case]:
    """All of them. Parities cannot bear all losses, so that those need error correction."""
    for medium, ecm, modem, resolution, pages in itertools.product(
        MEDIA, (True, False), MODEMS, RESOLUTIONS, PAGES
    ):
        if ecm or not (medium.parity and medium.lost):
            yield Case(medium=medium, ecm=ecm, modem=modem, resolution=resolution, pages=pages)


def reduced() -> Iterator[Case]:
    """Each medium with each modem; error correction and resolution change from one to the next."""
    resolutions = itertools.cycle(RESOLUTIONS)
    switch = itertools.cycle((True, False))
    for medium, modem in itertools.product(MEDIA, MODEMS):
        ecm = next(switch) or (medium.parity and medium.lost)
        yield Case(medium=medium, ecm=ecm, modem=modem, resolution=next(resolutions), pages=1)


def try_out(case: Case, folder: Path) -> Verdict:
    """Let a call take place."""
    document, received = _document(folder, case.resolution, case.pages), folder / "received.tif"
    received.unlink(missing_ok=True)
    rate = MODEMS[case.modem]
    call = SimulatedCall(
        sending(document, ecm=case.ecm, max_rate=rate),
        receiving(received, ecm=case.ecm),
        to_answerer=case.medium.network(1),
        to_caller=case.medium.network(2),
    )
    case.medium.start(call).run(7_200)
    seconds = call.time
    result, answer = call.hang_up()
    facts = (result.t30_code, result.pages_confirmed, result.ecm, result.bit_rate)
    wanted = (Completion.OK, case.pages, case.ecm, rate)
    return Verdict(
        identical=received.exists() and same_pages(document, received),
        told="" if facts == wanted else f"{result.t30_result}, {facts[1:]} in place of {wanted[1:]}",
        seconds=seconds,
        retransmissions=result.retransmissions + answer.retransmissions,
    )


@cache
def _document(folder: Path, resolution: str, pages: int) -> Path:
    dpi = RESOLUTIONS[resolution]
    path = folder / f"{resolution}-{pages}.tif"
    return make_fax(path, pages=pages, rows=round(_INCHES * dpi[1]), dpi=dpi, noise=_INK)


def main(told: Callable[[str], object] = print) -> int:
    """Try all of them; 1 if one was not good."""
    parser = argparse.ArgumentParser(description="Pages pixel for pixel, by every way.")
    parser.add_argument("--part", default="1/1", help="1/2 and 2/2 try one half each")
    part, parts = map(int, parser.parse_args().part.split("/"))
    bad = count = 0
    begun = time.process_time()
    told("medium                     ECM  modem    resolution  pages  identical  media s  sent again")
    with tempfile.TemporaryDirectory() as name:
        for case in itertools.islice(cases(), part - 1, None, parts):
            verdict = try_out(case, Path(name))
            told(
                f"{case.medium.name:<25}  {'yes' if case.ecm else 'no':<3}  {case.modem:<7}  "
                f"{case.resolution:<10}  {case.pages:>5}  {'yes' if verdict.identical else 'NO':<9}  "
                f"{verdict.seconds:>7.0f}  {verdict.retransmissions:>10}  {verdict.told}".rstrip()
            )
            bad, count = bad + (not verdict.good), count + 1
    told(f"{count - bad} of {count} good; {time.process_time() - begun:.0f} s of the processor")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
