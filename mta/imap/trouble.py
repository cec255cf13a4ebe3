"""What can go wrong with a mailbox, each with a sentence for the administrator."""


class PickupTrouble(Exception):  # noqa: N818 - named as what happened
    """Nothing can be fetched now; what was fetched before is safe.

    Attributes:
        sentence: what, why and what to do, for a person.
        cause: what the other side said, for the log; never a password or a token.
    """

    def __init__(self, sentence: str, cause: str = "") -> None:
        self.sentence = sentence
        self.cause = cause
        super().__init__(sentence)


class ConnectionTrouble(PickupTrouble):
    """There is no connection, or it is of no use any more. The next one may be better."""


class LoginRefused(PickupTrouble):
    """The server, or the one that gives out tokens, does not let us in."""


class TokenRefused(LoginRefused):
    """The token endpoint gave no access token."""


class FolderTrouble(PickupTrouble):
    """A folder is not there, cannot be made, or cannot be used."""


class CommandRefused(PickupTrouble):
    """The server said NO or BAD to one command; the connection is as good as before."""
