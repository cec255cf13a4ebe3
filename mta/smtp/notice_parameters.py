"""What a client asks for as to notices: RET and ENVID of MAIL, NOTIFY and ORCPT of RCPT (RFC 3461 §4). Pure.

What is malformed raises `SyntaxRefused`: a sender who asked for something must not believe that it was
understood when it was not.
"""

import re
from collections.abc import Mapping

from mta.reply import Reply
from mta.smtp.command import SyntaxRefused
from mta.smtp.xtext import decode_xtext
from store.mail import NoticeRequest, NotifyOn, ReturnContent

ENVELOPE_ID_LIMIT = 100
"""Characters of ENVID (§4.4)."""
ORIGINAL_RECIPIENT_LIMIT = 500
"""Characters of ORCPT (§4.2)."""

_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-]{0,30}")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")  # RFC 6533 §3

_BAD_RET = Reply(501, "5.5.4", "RET is FULL or HDRS")
_BAD_ENVID = Reply(501, "5.5.4", f"ENVID is xtext of at most {ENVELOPE_ID_LIMIT} characters")
_BAD_NOTIFY = Reply(501, "5.5.4", "NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY")
_BAD_ORCPT = Reply(501, "5.5.4", "ORCPT is an address type, a semicolon, and an address in xtext")


def parse_return_content(value: str | None) -> ReturnContent:
    """The value of RET.

    Raises:
        SyntaxRefused: it is none.
    """
    try:
        return ReturnContent((value or "").lower())
    except ValueError:
        raise SyntaxRefused(_BAD_RET) from None


def parse_envelope_id(value: str | None) -> str:
    """The value of ENVID, decoded.

    Raises:
        SyntaxRefused: it is none.
    """
    decoded = decode_xtext(value or "")
    if not decoded or len(value or "") > ENVELOPE_ID_LIMIT:
        raise SyntaxRefused(_BAD_ENVID)
    return decoded


def parse_notice_request(parameters: Mapping[str, str | None]) -> NoticeRequest | None:
    """What NOTIFY and ORCPT among the parameters of RCPT ask for; None where neither is there.

    Raises:
        SyntaxRefused: one of them is malformed.
    """
    if "NOTIFY" not in parameters and "ORCPT" not in parameters:
        return None
    return NoticeRequest(
        notify=_notify(parameters["NOTIFY"] or "") if "NOTIFY" in parameters else None,
        original_recipient=_original_recipient(parameters["ORCPT"] or "") if "ORCPT" in parameters else "",
    )


def _notify(value: str) -> frozenset[NotifyOn]:
    try:
        asked = frozenset(NotifyOn(word) for word in value.lower().split(","))
    except ValueError:
        raise SyntaxRefused(_BAD_NOTIFY) from None
    if NotifyOn.NEVER in asked and len(asked) > 1:
        raise SyntaxRefused(_BAD_NOTIFY)
    return asked


def _original_recipient(value: str) -> str:
    kind, _, address = value.partition(";")
    decoded = _decode_utf8_address(address) if kind.lower() == "utf-8" else decode_xtext(address)
    if not decoded or len(value) > ORIGINAL_RECIPIENT_LIMIT or not _ADDRESS_TYPE.fullmatch(kind):
        raise SyntaxRefused(_BAD_ORCPT)
    return f"{kind};{decoded}"


def _decode_utf8_address(text: str) -> str | None:
    """An address of the type utf-8 (RFC 6533 §3), or None if it is malformed."""
    try:
        decoded = _UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
    except (ValueError, OverflowError):
        return None
    surrogates = any("\ud800" <= character <= "\udfff" for character in decoded)
    return None if surrogates or not decoded.isprintable() or "=" in text else decoded
