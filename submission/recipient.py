"""An envelope address becomes the one that a fax is for.

Read are plain numbers (`206-555-1234`) and the form of RFC 3192 §2, `FAX=+12065551234/T33S=6377`, in either
case. Everything else is refused with a sentence; no part of an address is passed over.
"""

import re
from dataclasses import dataclass

from submission.number import FaxNumber, Unreadable, read_number

_RFC3192 = re.compile(r"/?FAX=(?P<number>[^/=]+)(?:/T33S=(?P<subaddress>[^/]*))?/?", re.IGNORECASE)
# T.33 subaddresses travel in T.30's SUB frame: 20 positions (T.30 §5.3.6.2.7); RFC 3192 §2 writes digits.
_SUBADDRESS = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressee:
    """What an address says."""

    number: FaxNumber
    subaddress: str = ""


def local_part_of(address: str) -> str:
    """What stands before the domain, without the quotes of a quoted string (RFC 5321 §4.1.2)."""
    local_part = address.rpartition("@")[0]
    if len(local_part) > 1 and local_part[0] == local_part[-1] == '"':
        return re.sub(r"\\(.)", r"\1", local_part[1:-1])
    return local_part


def read_addressee(local_part: str, region: str) -> Addressee | Unreadable:
    """Whom an address names.

    Args:
        local_part: As `local_part_of` gives it.
        region: The sender's default region.
    """
    written = _RFC3192.fullmatch(local_part)
    text, subaddress = (written["number"], written["subaddress"]) if written else (local_part, None)
    if subaddress is not None and not _SUBADDRESS.fullmatch(subaddress):
        return Unreadable(
            explanation=f"The subaddress '{subaddress}' in '{local_part}' is not 1 to 20 digits.",
            advice="Write it as FAX=+12065550100/T33S=6377.",
        )
    if not written and (option := re.search(r"[/^]", local_part)):
        return Unreadable(
            explanation=f"'{local_part[option.start() :]}' in '{local_part}' is not understood.",
            advice="Write the number alone, or FAX=+12065550100/T33S=6377 for a subaddress.",
        )
    number = read_number(text, region)
    return number if isinstance(number, Unreadable) else Addressee(number=number, subaddress=subaddress or "")


def display_name(address: str, names: dict[str, str]) -> str:
    """The name that the mail gives an address; empty where that is only the number again.

    Args:
        address: The envelope's.
        names: Display names by address in lower case.
    """
    unquoted = f"{local_part_of(address)}@{address.rpartition('@')[2]}"
    given = names.get(address.lower()) or names.get(unquoted.lower()) or ""
    name = " ".join(given.strip("'\"").split())
    return name if re.search(r"[^\W\d_]", name) and name.lower() != unquoted.lower() else ""
