"""The kinds of values that settings are made of, each read from the text that stands in the YAML file.

YAML scalars reach the models as text (`config.reading`), so a plain `NO` stays Norway and `0017` stays text
where text is expected; each kind here reads its own text and says what it expected (`expected`), in words
that can stand behind "is not" (`config.mistakes`). What they are serialised to, they read again.

The folder that relative paths begin in, the one of the file that names them, comes in as `folder` of
pydantic's validation context; without it no file is looked up. Kinds of their own: `config.fax_values`,
`config.mail_values` and `config.file_values`.
"""

import difflib
import re
import zoneinfo
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BeforeValidator,
    PlainSerializer,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from config.forms import Form


class HostPort(NamedTuple):
    """An address to listen on or to ask."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class UnixSocket(NamedTuple):
    """A Unix socket to listen on."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


def expected(what: str, hint: str = "") -> PydanticCustomError:
    """The error of a value that is not `what`, for instance "a time zone such as Europe/Berlin"."""
    return PydanticCustomError("not_expected", "{expected} was expected", {"expected": what, "hint": hint})


def incomplete(problem: str) -> PydanticCustomError:
    """The error of a group whose values do not go together, for instance "has no delivery method"."""
    return PydanticCustomError("incomplete", "{problem}", {"problem": problem})


def _said_once(table: Any, read: ValidatorFunctionWrapHandler) -> Any:
    found = read(table)
    if isinstance(table, dict) and len(found) < len(table):
        names: dict[Any, str] = {}
        for name, value in table.items():
            [meant] = read({name: value})
            if meant in names:
                raise incomplete(f"says the same twice, as {names[meant]} and as {name}")
            names[meant] = name
    return found


SAID_ONCE = WrapValidator(_said_once)
"""Of a table whose names may be written in several ways: two of them for one name are a mistake."""


def did_you_mean(value: str, choices: list[str]) -> str:
    """A question that names the choice nearest to the value, or an empty text."""
    near = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(value.casefold(), list(near), n=1)
    return f"did you mean {near[found[0]]}?" if found else ""


def _some_text(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise expected("a name")


# --- Times, sizes, switches -------------------------------------------------------------------------------

_MILLISECONDS = {
    "ms": 1, "s": 1000, "sec": 1000, "second": 1000, "seconds": 1000,
    "m": 60_000, "min": 60_000, "minute": 60_000, "minutes": 60_000,
    "h": 3_600_000, "hour": 3_600_000, "hours": 3_600_000,
    "d": 86_400_000, "day": 86_400_000, "days": 86_400_000,
}  # fmt: skip
_SIZES = {
    "": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3,
}  # fmt: skip
_LONGEST = timedelta(days=36525)


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    text = value.strip() if isinstance(value, str) else ""
    found = re.fullmatch(r"(\d{1,13}(?:\.\d{1,3})?)\s*([a-z]+)", text, re.ASCII)
    milliseconds = round(float(found[1]) * _MILLISECONDS.get(found[2], 0)) if found else -1
    if not found or found[2] not in _MILLISECONDS or milliseconds > _LONGEST / timedelta(milliseconds=1):
        raise expected("a duration such as 30 s, 5 min, 2 h or 7 days")
    return timedelta(milliseconds=milliseconds)


def duration_text(value: timedelta) -> str:
    """A duration as it is written in a file, in the largest unit that divides it."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit, size in (("days", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms" if milliseconds else "0 s"


def size_text(octets: int) -> str:
    """A size as it is written in a file, in the largest unit that divides it."""
    for unit in ("GiB", "GB", "MiB", "MB", "KiB", "kB"):
        if octets and octets % _SIZES[unit.lower()] == 0:
            return f"{octets // _SIZES[unit.lower()]} {unit}"
    return f"{octets} B"


def _byte_size(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = (
        re.fullmatch(r"([0-9]{1,15})\s*([a-z]*)", value.strip().lower()) if isinstance(value, str) else None
    )
    if not found or found[2] not in _SIZES or int(found[1]) == 0:
        raise expected("a size such as 500 kB, 50 MB or 1 GiB")
    return int(found[1]) * _SIZES[found[2]]


def _toggle(value: Any) -> bool:
    # YAML 1.2 core schema: only these are truth values.
    words = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in words:
        return words[value]
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower())
    raise expected("true or false", f"did you mean {meant}?" if meant else "")


def _time_zone(value: Any) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (TypeError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        hint = did_you_mean(str(value), sorted(zoneinfo.available_timezones()))
        raise expected("a time zone such as Europe/Berlin or America/New_York", hint) from None
    return str(value)


def _date_format(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"(?:YYYY|YY|MMMM|MMM|MM|M|DD|D|[^A-Za-z])+", value):
        return value
    raise expected("a date format made of YYYY, YY, MMMM, MMM, MM, M, DD, D, such as MM/DD/YYYY")


def _time_format(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"(?:HH|H|hh|h|mm|ss|a|[^A-Za-z])+", value):
        return value
    raise expected("a time format made of HH, H, hh, h, mm, ss, a, such as hh:mm a")


# --- Addresses on the network -----------------------------------------------------------------------------


def host_with_port(value: Any, default_port: int | None, what: str) -> HostPort:
    """A host with a port, or with the default one; otherwise `what` was expected."""
    if isinstance(value, list | tuple) and [type(part) for part in value] == [str, int]:
        return HostPort(value[0], value[1])  # as JSON carries it
    pattern = r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\s\[\]]+))(?::([0-9]{1,5}))?"
    found = re.fullmatch(pattern, value.strip()) if isinstance(value, str) else None
    port = int(found[3]) if found and found[3] else default_port
    if not found or port is None or port > 65535:  # noqa: PLR2004 - the highest port
        raise expected(what)
    return HostPort(found[1] or found[2], port)


def _listen_address(value: Any) -> HostPort:
    return host_with_port(value, None, "an address with a port, such as 127.0.0.1:25 or [::1]:25")


def _local_address(value: Any, info: ValidationInfo) -> HostPort | UnixSocket:
    if isinstance(value, str) and value.startswith("unix:") and len(value) > len("unix:"):
        return UnixSocket(beside(Path(value.removeprefix("unix:")), info))
    what = "an address with a port, such as 127.0.0.1:2624, or unix: and a path, as in unix:/run/postfax/lmtp"
    return host_with_port(value, None, what)


def _network(value: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value).strip())
    except ValueError as error:
        hint = str(error) if "host bits" in str(error) else ""
        raise expected("a network such as 192.0.2.0/24, 2001:db8::/32 or 127.0.0.1", hint) from None


def _http_url(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"https?://[^\s/?#]+(?:[/?][^\s#]*)?", value.strip()):
        return value.strip()
    raise expected("an address that begins with https://")


def _nameserver(value: Any) -> HostPort:
    what = "the IP address of a resolver, with a port where it is not 53, such as 127.0.0.1:5353"
    address = host_with_port(value, 53, what)
    if not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", address.host):
        raise expected(what)
    return address


def _sip_uri(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"sip:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?", value):
        return value
    raise expected("a SIP address such as sip:trunk.example.net or sip:127.0.0.1:5070")


# --- Places on this host ----------------------------------------------------------------------------------


def beside(path: Path, info: ValidationInfo) -> Path:
    """A relative path begins in the folder of the file that names it."""
    return info.context["folder"] / path if info.context and "folder" in info.context else path


_DURATION = r"\s*[0-9]{1,13}(?:\.[0-9]{1,3})?\s*(?:" + "|".join(_MILLISECONDS) + r")\s*"
_SIZE = r"\s*[0-9]{1,15}\s*(?:[kKmMgG][iI]?)?[bB]?\s*"
_HOST_PORT = r"(?:\[[0-9A-Fa-f:.]+\]|[^:\s\[\]]+):[0-9]{1,5}"

Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(duration_text),
    Form(words="a duration such as 30 s, 5 min, 2 h or 7 days", example="3 min", pattern=_DURATION),
]
ByteSize = Annotated[
    int,
    BeforeValidator(_byte_size),
    Form(words="a size such as 500 kB, 50 MB or 1 GiB", example="20 MB", pattern=_SIZE, as_number=True),
]
Toggle = Annotated[bool, BeforeValidator(_toggle), Form(words="true or false")]
TimeZone = Annotated[
    str,
    BeforeValidator(_time_zone),
    Form(words="a time zone such as Europe/Berlin or America/New_York", pattern="[A-Za-z0-9_+/-]+"),
]
DateFormat = Annotated[str, BeforeValidator(_date_format), Form(words="a date format such as MM/DD/YYYY")]
TimeFormat = Annotated[str, BeforeValidator(_time_format), Form(words="a time format such as hh:mm a")]
Address = Annotated[
    HostPort,
    BeforeValidator(_listen_address),
    Form(words="an address with a port, such as 127.0.0.1:25 or [::1]:25", pattern=_HOST_PORT),
]
LocalAddress = Annotated[
    HostPort | UnixSocket,
    BeforeValidator(_local_address),
    Form(words="an address with a port, or unix: and a path", pattern=f"unix:.+|{_HOST_PORT}"),
]
Network = Annotated[
    IPv4Network | IPv6Network,
    BeforeValidator(_network),
    Form(words="a network such as 192.0.2.0/24 or 2001:db8::/32", pattern="[0-9A-Fa-f:./]+", as_number=True),
]
HttpUrl = Annotated[
    str,
    BeforeValidator(_http_url),
    Form(words="an address that begins with https://", pattern="https?://[^#]+"),
]
Nameserver = Annotated[
    HostPort,
    BeforeValidator(_nameserver),
    Form(words="the IP address of a resolver, with a port where it is not 53", pattern=r"[][0-9A-Fa-f:.]+"),
]
SipUri = Annotated[
    str,
    BeforeValidator(_sip_uri),
    Form(
        words="a SIP address such as sip:trunk.example.net",
        pattern=r"sip:.+",
        example="sip:trunk.example.net",
    ),
]
Name = Annotated[
    str, BeforeValidator(_some_text), Form(words="a name", example="NAME", pattern=r".*\S.*", as_number=True)
]
