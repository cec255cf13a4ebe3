"""A message as its signatures see it: the header fields as they were written, and the hash of the body.

Blocking and in bounded time; for a worker thread. What dkimpy reads another way than we do is not looked at:
where two readers differ on where a field ends or which one is From, a signature proves the wrong mail.
"""

import base64
import binascii
import logging
import re
from collections.abc import Mapping
from functools import cached_property

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from mta.header_scan import header_block
from mta.proof.body_hash import BodyHash, Message, relaxed_body_hash, simple_body_hash

FIELDS_LIMIT = 1000
"""Header fields of a message whose signatures are looked at."""
SIGNATURE_LIMIT = 8 * 1024
"""Octets of a signature's field."""
SIGNED_FIELDS_LIMIT = 200
"""Names in an `h=` tag."""

_WELL_FORMED = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")
# dkimpy's search for b= takes a time that grows with the square of a run of blanks.
_LONG_BLANK = re.compile(rb"[ \t\r\n]{100}")
_BLANKS = re.compile(rb"\s+")

# What dkimpy logs has what a stranger wrote in it.
_SILENT = logging.getLogger("mta.dkimpy")
_SILENT.setLevel(logging.CRITICAL)

Tags = Mapping[bytes, bytes]


class Unreadable(Exception):  # noqa: N818 - named as what is wrong
    """The signatures of this message cannot be looked at; the text says why."""


class BodyMismatch(Exception):  # noqa: N818 - named as what is wrong
    """The body is not the one that was signed."""


class PartlySigned(Exception):  # noqa: N818 - named as what is wrong
    """The signature covers only the beginning of the body (RFC 6376 §8.2)."""


class SignedMessage:
    """One message."""

    def __init__(self, message: Message) -> None:
        """Read its header.

        Raises:
            Unreadable: it is not what RFC 5322 §2.2 says, or too large.
        """
        block = header_block(message.head())
        if not _WELL_FORMED.fullmatch(block):
            raise Unreadable("the header is malformed")
        if (
            block.count(b":") > FIELDS_LIMIT
            and len(re.findall(rb"^[^ \t]", block, re.MULTILINE)) > FIELDS_LIMIT
        ):
            raise Unreadable("the header has too many fields")
        self.fields: list[tuple[bytes, bytes]] = [
            (name, value) for name, value in dkim.rfc822_parse(block + b"\r\n")[0]
        ]
        self._message = message
        self._body_start = len(block) + len(b"\r\n")

    def values(self, name: bytes) -> list[bytes]:
        """The values of the fields of a name (in lower case), as written, from the top down."""
        return [value for key, value in self.fields if key.lower() == name]

    def check_body(self, tags: Tags) -> None:
        """See that the body is the one that a signature with these tags covers.

        Raises:
            BodyMismatch, PartlySigned: it is not, or only its beginning.
        """
        canonicalisation = tags.get(b"c", b"simple/simple").partition(b"/")[2] or b"simple"
        body = self._relaxed_body if canonicalisation == b"relaxed" else self._simple_body
        length = tags.get(b"l", b"%d" % body.size)
        if not length.isdigit() or int(length) > body.size:
            raise BodyMismatch("the body is shorter than the one that was signed")
        if int(length) < body.size:
            raise PartlySigned(f"covers only the first {int(length)} octets of the body")
        if unfolded_base64(tags.get(b"bh", b"")) != body.sha256:
            raise BodyMismatch("the body was changed")

    @cached_property
    def _simple_body(self) -> BodyHash:
        return simple_body_hash(self._message, self._body_start)

    @cached_property
    def _relaxed_body(self) -> BodyHash:
        return relaxed_body_hash(self._message, self._body_start)


class BodyCheckedBySignedMessage(dkim.DomainSigner):  # type: ignore[misc] # dkimpy has no types
    """dkimpy's verification of one signature, with our hash of the body in place of its own.

    `verify_sig` is what both `dkim.DKIM` and `dkim.ARC` call for each signature.
    """

    def __init__(self, message: SignedMessage) -> None:
        super().__init__(logger=_SILENT)
        self._signed_message = message
        self.headers = message.fields

    def verify_sig(
        self, sig: Tags, include_headers: list[bytes], sig_header: object, dnsfunc: object
    ) -> bool:
        """Whether a signature verifies.

        Raises:
            BodyMismatch, PartlySigned: see `SignedMessage.check_body`.
            dkim.DKIMException: it cannot be read.
        """
        if b"bh" in sig:
            self._signed_message.check_body(sig)
        # Without bh= dkimpy looks at the header alone.
        rest = {tag: value for tag, value in sig.items() if tag != b"bh"}
        return bool(super().verify_sig(rest, include_headers, sig_header, dnsfunc))


def read_tags(field: bytes) -> Tags:
    """The tags of a signature field (RFC 6376 §3.2).

    Raises:
        Unreadable: it is no tag list, or a hostile one.
    """
    if len(field) > SIGNATURE_LIMIT or _LONG_BLANK.search(field):
        raise Unreadable("the signature is too long")
    try:
        tags: Tags = parse_tag_value(field)
    except InvalidTagValueList as error:
        raise Unreadable("the signature is malformed") from error
    return tags


def signed_names(tags: Tags) -> list[bytes]:
    """The names in the `h=` tag, in lower case."""
    return [name.strip().lower() for name in tags.get(b"h", b"").split(b":")]


def unfolded_base64(value: bytes) -> bytes:
    """What a tag's value encodes; nothing if it does not."""
    try:
        return base64.b64decode(_BLANKS.sub(b"", value))
    except binascii.Error:
        return b""


def text_of(tags: Tags, tag: bytes) -> str:
    """A tag's value as text, without blanks and in lower case."""
    return _BLANKS.sub(b"", tags.get(tag, b"")).decode("ascii", errors="replace").lower()
