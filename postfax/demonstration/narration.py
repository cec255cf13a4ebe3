"""What the service's log says, as lines that a person can follow while a mail becomes a fax."""

from typing import Any

from postfax.terminal import octets_for_people

_BAR = 20

Line = tuple[str, str]
"""What it is about, in one word, and what happened."""


def line_of(event: dict[str, Any]) -> Line | None:
    """The line for an event of the log, or None for one that is not told."""
    tell = _TOLD.get(event["event"])
    return tell(event) if tell else None


def _document(event: dict[str, Any]) -> Line:
    cover = (
        f"cover ({event['cover']}) and {event['pages'] - 1} pages"
        if event["cover"]
        else f"{event['pages']} pages"
    )
    size = f"{octets_for_people(event['octets'])} ≈ {event['line_seconds']} s on the line"
    return "document", f"{cover}, {event['resolution']}, {size}"


def _dialling(event: dict[str, Any]) -> Line:
    return "dialling", str(event["destination"])


def _answered(_: dict[str, Any]) -> Line:
    return "answered", "the far end took the call"


def _t38(_: dict[str, Any]) -> Line:
    return "T.38", "both ends went from telephone audio to fax over IP"


def _negotiated(event: dict[str, Any]) -> Line:
    how = [f"{event['bit_rate']} bit/s", "ECM" if event["ecm"] else "no ECM", event["compression"]]
    return "agreed", f'{", ".join(how)}, station "{event["remote_csid"]}"'


def _page(event: dict[str, Any]) -> Line:
    done = _BAR * event["page"] // event["pages"]
    return f"page {event['page']}/{event['pages']}", f"{'█' * done}{'░' * (_BAR - done)}  confirmed"


def _attempt(event: dict[str, Any]) -> Line:
    pages = f"{event['pages_confirmed']} of {event['pages']} pages confirmed"
    again = f", next call at {event['next_call'][11:19]} UTC" if event["next_call"] else ""
    return event["status"].lower(), f"{pages}{again}"


def _notice(event: dict[str, Any]) -> Line:
    return "notice", f"{event['kind']} notice to the sender"


def _copy(event: dict[str, Any]) -> Line:
    return "copy", str(event["place"])


_TOLD = {
    "document_made": _document,
    "call_dialling": _dialling,
    "call_answered": _answered,
    "call_t38": _t38,
    "call_negotiated": _negotiated,
    "call_page_confirmed": _page,
    "attempt_ended": _attempt,
    "notice_sent": _notice,
    "copy_filed": _copy,
}
