"""SIP requests and responses, read from datagrams and composed for them (RFC 3261 §7).

`sipmessage` does the parsing. This module mends what that parser is stricter or looser about than real peers:
it unfolds header fields, takes bare line feeds and ISO 8859-1, cuts the body at Content-Length, and gives
tags, branches and URIs exactly as the peer wrote them, because the parser's own types decode and re-encode
them. Whatever cannot be read raises `SipError`; nothing else escapes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sipmessage import URI, Message, Request, Response

from config.values import HostPort
from transmit.sip.addresses import DEFAULT_PORT, HIGHEST_PORT, QUOTED, place_of, tag_of, uri_of, user_in

USER_AGENT = "Postfax"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE"
SUPPORTED = "100rel, timer"
"""Extensions of ours as a caller: reliable provisional responses (RFC 3262), session timers (RFC 4028)."""
SDP = "application/sdp"

_SUCCESS = 200
_REDIRECTION = 300
_REQUIRED = ("Via", "From", "To", "Call-ID", "CSeq")  # RFC 3261 §8.1.1
_BREAKS_LINES = re.compile(rb"\r(?!\n)|\0")
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) (SIP/2\.0)(?=\r\n|$)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BRANCH = re.compile(r";\s*branch\s*=\s*([^;,\s]+)", re.IGNORECASE)
_SENT_BY = re.compile(r"^SIP\s*/\s*2\.0\s*/\s*\w+\s+(\[[0-9A-Fa-f:.]+\]|[^\s;:,]+)\s*(?::\s*(\d{1,5})\b)?")
_SENT_BACK = re.compile(r";\s*(received|rport)\s*=\s*\[?([0-9A-Fa-f:.]+)", re.IGNORECASE)
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)", re.IGNORECASE)
_RPORT = re.compile(r";\s*rport\b(?!\s*=)", re.IGNORECASE)
_ENCLOSED = re.compile(rf"{QUOTED.pattern}|<[^>]*>")
_Q850 = re.compile(r"Q\.850\b[^,]*?;\s*cause\s*=\s*(\d{1,3})\b", re.IGNORECASE)

REASONS = {
    100: "Trying", 180: "Ringing", 200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 420: "Bad Extension", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 484: "Address Incomplete", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
    500: "Server Internal Error", 503: "Service Unavailable", 600: "Busy Everywhere",
}  # fmt: skip


Fields = tuple[tuple[str, str], ...]
"""Header fields in their order."""


class SipError(Exception):
    """A message that is not SIP, or that could not be composed; the text says what is wrong with it."""


@dataclass(frozen=True)
class VerbatimUri(URI):
    """A URI that is sent back exactly as the peer wrote it (RFC 3261 §12.2.1.1), never re-encoded."""

    text: str = ""

    def __str__(self) -> str:
        return self.text


def parse(datagram: bytes) -> Request | Response:
    """The message in a datagram, its mandatory header fields present.

    Raises:
        SipError: it is none, or it is damaged.
    """
    end = _HEAD_END.search(datagram)
    if end is None:
        raise SipError("the header does not end")
    head = re.sub(rb"\r?\n", b"\r\n", datagram[: end.start()])
    head = re.sub(rb"\r\n[ \t]+", b" ", head)  # §7.3.1: folded lines are one
    head = re.sub(rb"(?m)^([A-Za-z0-9.!%*_+`'~-]+)[ \t]+:", rb"\1:", head)
    head = re.sub(rb"^(SIP/2\.0 \d{3})(?=\r\n)", rb"\1 ", head)  # an empty reason phrase
    if _BREAKS_LINES.search(head):
        raise SipError("a control character that would break a line")
    head, uri = _without_uri(_as_utf8(head))
    try:
        message = Message.parse(head + b"\r\n\r\n" + datagram[end.end() :])
        if isinstance(message, Request):
            message.uri = uri
        _check(message)
    except (ValueError, KeyError, IndexError) as fault:
        raise SipError(str(fault) or type(fault).__name__) from fault
    return message


def _as_utf8(head: bytes) -> bytes:
    """The head as §7 wants it written; some peers write names and phrases in ISO 8859-1."""
    try:
        head.decode()
    except UnicodeDecodeError:
        return head.decode("latin-1").encode()
    return head


def _without_uri(head: bytes) -> tuple[bytes, VerbatimUri]:
    """The head with another Request-URI, and the URI: the parser does not take all that peers write."""
    found = _REQUEST_LINE.match(head)
    if found is None:
        return head, VerbatimUri(scheme="sip", host="", text="")
    uri = found[2].decode("ascii", "replace")
    place = place_of(uri)
    if place is None:
        raise SipError("the Request-URI cannot be read")
    own = VerbatimUri(scheme="sip", host=place[0], port=place[1], user=user_in(uri) or None, text=uri)
    return found[1] + b" sip:x " + found[3] + head[found.end() :], own


def _check(message: Request | Response) -> None:
    missing = [name for name in _REQUIRED if message.headers.get(name) is None]
    if missing:
        raise SipError(f"no {', '.join(missing)}")
    cseq = message.cseq  # reads it, in responses too
    if isinstance(message, Request) and cseq.method != message.method:
        raise SipError("the method of CSeq is another one")
    length = message.content_length
    if length is not None:
        if not 0 <= length <= len(message.body):
            raise SipError("the body is shorter than Content-Length")
        message.body = message.body[:length]  # §18.3: the rest of the datagram is no part of it


def request(method: str, uri: str, *, fields: Iterable[tuple[str, str]], body: bytes = b"") -> Request:
    """A request to `uri`, taken verbatim, with `fields` in order.

    Raises:
        SipError: a field or the URI would break the message apart.
    """
    if re.search(r"[\s<>]", uri):
        raise SipError(f"{uri!r} is no URI")
    made = Request(method, VerbatimUri(scheme="sip", host="", text=uri), body)
    _fill(made, fields, body)
    return made


def response(
    to: Request,
    code: int,
    *,
    tag: str = "",
    fields: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    reason: str = "",
) -> Response:
    """The response to a request: Via, From, To, Call-ID and CSeq copied (RFC 3261 §8.2.6.2).

    Args:
        to: the request.
        code: the status code.
        tag: our tag, added to To where it has none yet.
        fields: further header fields.
        body: a session description, or nothing.
        reason: the reason phrase; by default the usual one.
    """
    made = Response(code, reason or REASONS.get(code, "Unknown"), body)
    for via in to.headers.getlist("Via"):
        made.headers.add("Via", via)
    for route in to.headers.getlist("Record-Route"):
        made.headers.add("Record-Route", route)
    remote = field(to, "To")
    if tag and not tag_of(remote):
        remote = f"{remote};tag={tag}"
    copied = [("From", field(to, "From")), ("To", remote), ("Call-ID", to.call_id), ("CSeq", str(to.cseq))]
    _fill(made, [*copied, *fields], body)
    return made


def _fill(message: Request | Response, fields: Iterable[tuple[str, str]], body: bytes) -> None:
    for name, value in fields:
        if re.search(r"[\r\n\0]", value):
            raise SipError(f"a line break in {name}")
        message.headers.add(name, value)
    if body:
        message.headers.add("Content-Type", SDP)
    message.headers.add("Content-Length", str(len(body)))


def is_provisional(answer: Response) -> bool:
    """1xx: the request is being worked on (RFC 3261 §7.2)."""
    return answer.code < _SUCCESS


def is_success(answer: Response) -> bool:
    """2xx: accepted."""
    return _SUCCESS <= answer.code < _REDIRECTION


def is_refusal(answer: Response) -> bool:
    """3xx to 6xx: final, and not accepted; redirections are not followed."""
    return answer.code >= _REDIRECTION


def field(message: Request | Response, name: str) -> str:
    """A header field's first value, or an empty text."""
    return message.headers.get(name) or ""


def words_of(message: Request | Response, name: str) -> frozenset[str]:
    """The words of a list such as Require, Supported or Allow, in lower case."""
    values = ",".join(message.headers.getlist(name))
    return frozenset(word.strip().lower() for word in values.split(",") if word.strip())


def number_in(message: Request | Response, name: str) -> int | None:
    """The number that a field begins with, or None."""
    found = re.match(r"\s*(\d{1,9})(?!\d)", field(message, name))
    return int(found[1]) if found else None


def contacts_of(message: Request | Response) -> tuple[str, ...]:
    """The URIs of Contact, the most wanted first (RFC 3261 §20.10: q)."""
    values = route_fields(message, "Contact")
    return tuple(uri_of(value) for value in sorted(values, key=_quality, reverse=True) if uri_of(value))


def _quality(contact: str) -> float:
    found = _QUALITY.search(contact.rpartition(">")[2])
    return float(found[1]) if found else 1.0


def seen_from(answer: Response) -> HostPort | None:
    """Our address as the peer saw it (`received` and `rport` of our Via, RFC 3581), or None."""
    found = {name.lower(): value for name, value in _SENT_BACK.findall(_top_via(answer))}
    port = found.get("rport", "")
    if "received" not in found or not port.isdecimal() or len(port) > len(str(HIGHEST_PORT)):
        return None
    return HostPort(found["received"], int(port))


def route_fields(message: Request | Response, name: str) -> tuple[str, ...]:
    """The values of Route, Record-Route or Contact, one each, whether they came in one field or in many."""
    return tuple(part for value in message.headers.getlist(name) for part in _separated(value) if part)


def _separated(value: str) -> list[str]:
    """The values of one field; a comma in a quoted name or within angle brackets separates nothing."""
    masked = _ENCLOSED.sub(lambda enclosed: "_" * len(enclosed[0]), value)
    commas = [found.start() for found in re.finditer(",", masked)]
    begins, ends = [0, *(comma + 1 for comma in commas)], [*commas, len(value)]
    return [value[begin:end].strip() for begin, end in zip(begins, ends, strict=True)]


def branch_of(message: Request | Response) -> str:
    """The branch of the topmost Via, verbatim (RFC 3261 §8.1.1.7).

    Raises:
        SipError: it has none.
    """
    found = _BRANCH.search(_top_via(message))
    if not found:
        raise SipError("the topmost Via has no branch")
    return found[1]


def sent_by(message: Request | Response) -> HostPort:
    """Host and port of the topmost Via.

    Raises:
        SipError: it cannot be read.
    """
    found = _SENT_BY.match(_top_via(message))
    if not found or int(found[2] or DEFAULT_PORT) > HIGHEST_PORT:
        raise SipError("the topmost Via cannot be read")
    return HostPort(found[1].strip("[]"), int(found[2] or DEFAULT_PORT))


def note_source(incoming: Request, source: HostPort) -> HostPort:
    """Writes `received` and `rport` into the topmost Via; where responses to the request go.

    To the source port if asked for (RFC 3581 §4), else to the port that it named (RFC 3261 §18.2.2).
    """
    named = sent_by(incoming)
    values = incoming.headers.getlist("Via")
    top, comma, rest = values[0].partition(",")
    asked = _RPORT.search(top) is not None
    top = _RPORT.sub(f";rport={source.port}", top)
    if asked or named.host != source.host:
        top = f"{top};received={source.host}"
    incoming.headers.setlist("Via", [top + comma + rest, *values[1:]])
    return source if asked else HostPort(source.host, named.port)


def q850_cause(message: Request | Response) -> int | None:
    """The Q.850 cause of a Reason field (RFC 3326), or None."""
    for value in message.headers.getlist("Reason"):
        found = _Q850.search(QUOTED.sub('""', value))
        if found:
            return int(found[1])
    return None


def _top_via(message: Request | Response) -> str:
    return field(message, "Via").partition(",")[0]
