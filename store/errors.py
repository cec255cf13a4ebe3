"""What can go wrong with the book, each with a sentence that a person may read."""

from datetime import datetime, timedelta


class BookUnavailable(Exception):  # noqa: N818 - named as what happened
    """The book cannot be read or written now; nothing was changed, and the same call may succeed later.

    Attributes:
        sentence: what, why and what to do, for a person.
        cause: the code or message of the layer below, for the log.
    """

    def __init__(self, sentence: str, cause: str = "") -> None:
        self.sentence = sentence
        self.cause = cause
        super().__init__(sentence)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.sentence, self.cause)


class HostClockDiffers(BookUnavailable):
    """This host's clock is so wrong that what it writes would do harm.

    Attributes:
        ahead: how far it is ahead of that of the book's server.
    """

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead
        how_far = timedelta(seconds=round(abs(ahead).total_seconds()))
        where = "ahead of" if ahead > timedelta() else "behind"
        super().__init__(
            f"the clock of this host is {how_far} h {where} that of the book's server. Set the wrong one "
            "(`timedatectl`, chrony); nothing is done here until they agree.",
            f"clock ahead by {ahead}",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.ahead,)


class BodiesUnavailable(BookUnavailable):
    """Mails and documents cannot be written or read now, because the object store does not answer.

    The book itself can be used: who has claimed something gives it back, and waits.
    """


class BookVersionError(Exception):
    """The book is of another version than this program, or there is none; the text says what to do."""


class BookIncompleteError(BookVersionError):
    """A book is being copied into it, or that was broken off."""


class BookAddressError(ValueError):
    """The text that should say where the book is cannot be understood."""


class NotInBook(LookupError):  # noqa: N818 - named as what happened
    """Nothing with this id is in the book."""

    def __init__(self, noun: str, identifier: str) -> None:
        self.noun = noun
        self.identifier = identifier
        super().__init__(f"there is no {noun} {identifier} in the book")


class AttemptClosed(Exception):  # noqa: N818 - named as what happened
    """The attempt already has another outcome, so this one was not recorded."""

    def __init__(self, attempt_id: str) -> None:
        self.attempt_id = attempt_id
        super().__init__(f"attempt {attempt_id} is closed already, with another outcome")


class BodyMissing(Exception):  # noqa: N818 - named as what happened
    """A body that the book refers to is not where it should be."""

    def __init__(self, reference: str, sentence: str = "") -> None:
        self.reference = reference
        super().__init__(
            sentence
            or f"the body {reference} is missing: it was removed from outside. Restore it from a backup."
        )


class BodyAltered(BodyMissing):
    """A body is not what was kept under its reference."""

    def __init__(self, reference: str, why: str) -> None:
        super().__init__(
            reference,
            f"the body {reference} is not what was kept: {why}. It was altered from outside, or the disk "
            "is faulty. Restore it from a backup.",
        )


class BodyPurged(BodyMissing):
    """A body was removed: it had been kept for as long as the policy says, or somebody asked for it.

    Attributes:
        at: when it was removed.
        kept: how long it had been kept after its fax had come to its end; None where somebody had it erased.
    """

    def __init__(self, reference: str, at: datetime, kept: timedelta | None) -> None:
        self.at = at
        self.kept = kept
        super().__init__(
            reference,
            f"the body {reference} was removed on {at.astimezone():%Y-%m-%d}, {removal_words(kept)}.",
        )


def removal_words(kept: timedelta | None) -> str:
    """Why something was removed: `after 7 days, as the policy says`, or `as somebody asked`."""
    return "as somebody asked" if kept is None else f"{_after_words(kept)}, as the policy says"


def _after_words(kept: timedelta) -> str:
    """How long something was kept: `after 7 days`, `after 5 hours`."""
    number, noun = (kept.days, "day") if kept.days else (kept.seconds // 3600, "hour")
    return f"after {number} {noun}{'' if number == 1 else 's'}" if number else "at once"
