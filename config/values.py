"""The kinds of values that settings are made of, each read from the text that stands in the YAML file.

YAML scalars reach the models as text (`config.reading`), so a plain `NO` stays Norway and `0017` stays text
where text is expected; each kind here reads its own text and says what it expected.
"""

import re
import zoneinfo
from datetime import timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, PlainSerializer


class HostPort(NamedTuple):
    """An address to listen on or to ask."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


_UNITS = {
    "ms": 0.001, "s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip
_SIZES = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", value.strip())
    if not found or found[2] not in _UNITS:
        raise ValueError("a duration such as 30 s, 5 min, 2 h or 7 days was expected")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _byte_size(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d+)\s*([a-z]*)", value.strip().lower())
    if not found or found[2] not in _SIZES:
        raise ValueError("a size such as 500 kB, 50 MB or 1 GiB was expected")
    return int(found[1]) * _SIZES[found[2]]


def _toggle(value: Any) -> Any:
    # YAML 1.2 core schema: only these are truth values.
    words = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in words:
        return words[value]
    raise ValueError("true or false was expected")


def _host_port(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 - as JSON carries it
        return HostPort(str(value[0]), int(value[1]))
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\s]+))(?::(\d{1,5}))?", str(value).strip())
    if not found or int(found[3] or 0) > 65535:  # noqa: PLR2004 - the highest port
        raise ValueError("an address with a port was expected, such as 127.0.0.1:25 or [::1]:25")
    return HostPort(found[1] or found[2], int(found[3] or 0))


def _email_address(value: Any) -> Any:
    text = str(value).strip()
    if not re.fullmatch(r"[^@\s<>\"(),;:]+@[^@\s.<>\"(),;:]+(?:\.[^@\s.<>\"(),;:]+)+", text):
        raise ValueError("an e-mail address was expected")
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def _time_zone(value: Any) -> Any:
    try:
        zoneinfo.ZoneInfo(str(value))
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError("a time zone such as Europe/Berlin or America/New_York was expected") from None
    return value


Duration = Annotated[
    timedelta, BeforeValidator(_duration), PlainSerializer(lambda value: f"{value.total_seconds():g} s")
]
ByteSize = Annotated[int, BeforeValidator(_byte_size)]
Toggle = Annotated[bool, BeforeValidator(_toggle)]
EmailAddress = Annotated[str, BeforeValidator(_email_address)]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
Address = Annotated[HostPort, BeforeValidator(_host_port)]
