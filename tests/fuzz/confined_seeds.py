"""A confined target against its seeds and a few changes of them: `confined_seeds.py NAME COUNT`.

For the test suite, in a process of its own: tasks are forked from it as from a program that does nothing
else, and what other tests have running or mapped is not theirs.
"""

import importlib
import random
import sys
from itertools import islice

from fuzzing import MAKERS, seeds_of
from mutation import mutants


def main(name: str, count: int) -> None:
    """Try all; an assertion fails for one that is not treated as it should be."""
    target = importlib.import_module(name)
    seeds = seeds_of(name)
    for octets in seeds:
        target.check(octets)
    dice = random.Random(20)  # noqa: S311 - a repeatable choice
    tried = target.try_many([b"", *islice(mutants(seeds, target.WORDS, dice), count)])
    sys.stdout.write(f"{len(seeds)} seeds, {tried.total()} inputs\n")


if __name__ == "__main__":
    sys.path[:0] = MAKERS
    main(sys.argv[1], int(sys.argv[2]))
