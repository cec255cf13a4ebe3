"""Changes of seeds, where no fuzzer watches what they reach."""

import random
from collections.abc import Iterator, Sequence

_NUMBERS = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"65535",
    b"-1",
)
"""At which arithmetic ends."""


def mutants(seeds: Sequence[bytes], words: Sequence[bytes], dice: random.Random) -> Iterator[bytes]:
    """Inputs made of the seeds by small changes, without end; the same dice make the same ones."""
    while True:
        octets = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 4)):
            start = dice.randrange(len(octets) + 1)
            end = start + dice.choice((0, 0, 1, 5, 40))
            octets[start:end] = dice.choice(
                (
                    *words,
                    *_NUMBERS,
                    bytes([dice.randrange(256)]),
                    b"",
                    bytes(octets[:start]),
                    bytes(octets[end : end + 30]) * dice.choice((2, 50)),
                )
            )
        yield bytes(octets)
