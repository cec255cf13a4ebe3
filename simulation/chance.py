"""Everything that a seed decides."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, kw_only=True, slots=True)
class Odds:
    """How likely each trouble is; drawn anew for every seed, so that some are calm and some are storms."""

    crash: float
    """A node's process is killed: at each of its dealings with the world outside its memory."""
    host_lost: float
    """One of two hosts never comes back, each time that its node has died."""
    pause: float
    """A node's host stands still for minutes, longer than any lease: at each of its dealings likewise."""
    book_fails: float
    """The disk is full, or cannot be written, for a transaction."""
    mail_refused: float
    """The smarthost answers 4xx."""
    reply_lost: float
    """The smarthost takes a mail, and its answer is lost."""
    call_cut: float
    """A call is cut off, at each page."""
    clock_set: float
    """A node starts with a clock that is wrong by minutes."""
    clock_jumps: float
    """How many times in an hour a host's clock is set by hours or a day, and set right again later."""


class Chance:
    """The dice of one seed, a set for each of those who throw them: what one does leaves the others alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._dice: dict[str, Random] = {}
        rng = self.of("odds")
        calm = rng.random() < 0.1
        self.odds = Odds(
            crash=0.0 if calm else rng.choice([0.0, 0.0005, 0.002, 0.006]),
            host_lost=0.0 if calm else rng.choice([0.0, 0.3]),
            pause=0.0 if calm else rng.choice([0.0, 0.0, 0.0005]),
            book_fails=0.0 if calm else rng.choice([0.0, 0.002, 0.01]),
            mail_refused=0.0 if calm else rng.choice([0.0, 0.05, 0.3]),
            reply_lost=0.0 if calm else rng.choice([0.0, 0.02, 0.1]),
            call_cut=0.0 if calm else rng.choice([0.0, 0.02, 0.1]),
            clock_set=0.0 if calm else rng.choice([0.0, 0.3]),
            clock_jumps=0.0 if calm else rng.choice([0.0, 0.0, 0.0, 0.0, 1.0]),
        )

    def of(self, whom: str) -> Random:
        """The dice of one of those who throw them."""
        if whom not in self._dice:
            self._dice[whom] = Random(f"{self._seed} {whom}")  # noqa: S311 - a simulation, no secrets
        return self._dice[whom]

    def happens(self, whom: str, probability: float) -> bool:
        """Whether something with this probability happens now."""
        return probability > 0 and self.of(whom).random() < probability
