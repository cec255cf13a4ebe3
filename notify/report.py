"""A report as a whole: `multipart/report; report-type=delivery-status` (RFC 6522), put together. Pure.

The parts are given as octets and stay as they are: what is returned of a sender's mail is what was received.
First comes the part for people, which is all that most mail programs show.
"""

from collections.abc import Sequence
from email.message import EmailMessage
from itertools import count


def report(head: EmailMessage, parts: Sequence[bytes], *, name: str) -> bytes:
    """The mail with the fields of `head`, to which those of MIME are added, and these parts.

    `name` goes into the boundary. Each part begins with its own header fields.
    """
    boundary = _boundary(name, parts)
    fields = [
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f' boundary="{boundary}"',
        # RFC 2045 §6.4: the whole says so if a part is not 7bit.
        *([] if all(part.isascii() for part in parts) else ["Content-Transfer-Encoding: 8bit"]),
        "",
        "",
    ]
    opening = head.as_bytes().removesuffix(b"\r\n") + "\r\n".join(fields).encode()
    delimiter = f"--{boundary}".encode()
    pieces = [piece for part in parts for piece in (delimiter, part)]
    return opening + b"\r\n".join([*pieces, delimiter + b"--", b""])


def delivery_status_part(fields: str) -> bytes:
    """The part that programs read, of its content in ASCII."""
    return b"Content-Type: message/delivery-status\r\n\r\n" + fields.encode("ascii")


def _boundary(name: str, parts: Sequence[bytes]) -> str:
    """A boundary that is in none of the parts; the same for the same parts."""
    candidates = (f"=_{name}.report{number or ''}_=" for number in count())
    return next(
        candidate for candidate in candidates if not any(candidate.encode() in part for part in parts)
    )
