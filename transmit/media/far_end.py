"""Whose media packets are taken: those of the address in the SDP, and of nobody else.

The one exception is symmetric media: a far end behind a port translator sends from a port that its SDP does
not know. As long as nothing came from the announced port, the first port of the announced host is taken.
"""

from typing import NamedTuple


class MediaAddress(NamedTuple):
    """Where media go to and come from: an IP address literal and a UDP port."""

    host: str
    port: int


class FarEnd:
    """The far end's media address."""

    def __init__(self, announced: MediaAddress) -> None:
        self._announced = announced
        self._seen: MediaAddress | None = None

    @property
    def address(self) -> MediaAddress:
        """Where to send to."""
        return self._seen or self._announced

    def announce(self, announced: MediaAddress) -> None:
        """A new SDP came; one that changes nothing leaves a learned port alone."""
        if announced != self._announced:
            self._announced, self._seen = announced, None

    def accepts(self, source: MediaAddress) -> bool:
        """Whether a packet from `source` is the far end's; the first one decides on the port."""
        translated = self._seen is None and source.host == self._announced.host
        if source == self._announced or translated:
            self._seen = source
        return source == self._seen
