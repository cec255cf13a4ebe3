"""Reliable provisional responses (RFC 3262), the caller's side: which of them want a PRACK. Pure."""

from sipmessage import Response

from transmit.sip.addresses import tag_of
from transmit.sip.message import field, is_provisional, number_in, words_of


class ReliableResponses:
    """Those of one INVITE; each fork of it counts by itself."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def rack_of(self, answer: Response) -> str | None:
        """The RAck value of the PRACK that a response wants (§7.2); None where it wants none.

        Nothing is wanted by a response that may get lost, by the repetition of one that has its PRACK, and by
        one before which another is missing: it will come again (§4).
        """
        number = number_in(answer, "RSeq")
        if number is None or not is_reliable(answer):
            return None
        tag = tag_of(field(answer, "To"))
        if number != self._last.get(tag, number - 1) + 1:
            return None
        self._last[tag] = number
        return f"{number} {answer.cseq.sequence} INVITE"


def is_reliable(answer: Response) -> bool:
    """Whether it is repeated until its PRACK comes."""
    return is_provisional(answer) and "100rel" in words_of(answer, "Require")
