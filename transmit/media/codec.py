"""The codings of telephone audio."""

from enum import StrEnum


class Codec(StrEnum):
    """The coding of 8 kHz telephone audio (RFC 3551 §4.5.14), both from ITU-T G.711."""

    PCMU = "PCMU"
    PCMA = "PCMA"

    @property
    def payload_type(self) -> int:
        """The static RTP payload type (RFC 3551 §6)."""
        return 0 if self is Codec.PCMU else 8
