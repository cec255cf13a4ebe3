"""How the delivery of a copy fails: later it may go well, or it never will."""


class ArchiveTrouble(Exception):  # noqa: N818 - named as what happened
    """A copy was not delivered; nothing incomplete stands under its name."""

    def __init__(self, sentence: str, cause: str) -> None:
        self.sentence = sentence
        """For the administrator: what happened, and what to do."""
        self.cause = cause
        """For the log."""
        super().__init__(f"{sentence} ({cause})")


class ArchiveTemporary(ArchiveTrouble):
    """Trying again may help: the server is away, full, or refuses a login that can be put right there."""


class ArchivePermanent(ArchiveTrouble):
    """Trying again is of no use before somebody changes a setting."""


class HostKeyMismatch(ArchivePermanent):
    """The server did not prove to be the one that the policy names: perhaps somebody stands in between."""
