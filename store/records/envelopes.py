"""An envelope as columns, the same in every table that has them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from store.mail import Envelope, NoticeRequest, NotifyOn, ReturnContent


def envelope_columns(envelope: Envelope) -> dict[str, Any]:
    """The values of the columns."""
    return {
        "return_path": envelope.return_path,
        "recipients": envelope.recipients,
        "envelope_id": envelope.envelope_id,
        "return_content": envelope.return_content.value if envelope.return_content else "",
        # Nearly all mails ask for nothing, and NULL costs nothing.
        "notice_requests": _plain(envelope.notice_requests) if envelope.notice_requests else None,
    }


def read_envelope(row: Row[Any]) -> Envelope:
    """The envelope in a row with these columns."""
    return Envelope(
        return_path=row.return_path,
        recipients=tuple(row.recipients),
        envelope_id=row.envelope_id,
        return_content=ReturnContent(row.return_content) if row.return_content else None,
        notice_requests=_read_requests(row.notice_requests or {}),
    )


def _plain(requests: Mapping[str, NoticeRequest]) -> dict[str, dict[str, Any]]:
    return {
        recipient: {
            "notify": None if request.notify is None else sorted(word.value for word in request.notify),
            "original_recipient": request.original_recipient,
        }
        for recipient, request in requests.items()
    }


def _read_requests(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, NoticeRequest]:
    return {
        recipient: NoticeRequest(
            notify=None if request["notify"] is None else frozenset(map(NotifyOn, request["notify"])),
            original_recipient=request["original_recipient"],
        )
        for recipient, request in plain.items()
    }
