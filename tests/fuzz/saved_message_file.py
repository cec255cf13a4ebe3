"""Fuzz target: a file that Outlook saved a mail in."""

from mta.mime.forwarded_page import forwarded_page
from mta.mime.letter import Letter
from mta.mime.outlook_letter import DamagedMessage
from mta.mime.saved_message import is_saved_message, saved_letter
from sandbox import Refused

USUAL = 12_000
LARGEST = 300_000
WORDS = (
    bytes.fromhex("d0cf11e0a1b11ae1"), b"\xfe\xff\xff\xff", b"\xff\xff\xff\xff", b"\xfd\xff\xff\xff",
    "__substg1.0_1000001F".encode("utf-16-le"), "__substg1.0_3701000D".encode("utf-16-le"),
    "__substg1.0_37010102".encode("utf-16-le"), "__attach_version1.0_#00000000".encode("utf-16-le"),
    "__properties_version1.0".encode("utf-16-le"), "Root Entry".encode("utf-16-le"),
)  # fmt: skip


def check(octets: bytes) -> None:
    """A letter or a sentence comes out of every file."""
    is_saved_message(octets)
    try:
        letter = saved_letter(octets)
    except (DamagedMessage, Refused):
        return
    assert _octets_of(letter) <= len(octets)


def _octets_of(letter: Letter) -> int:
    """Nothing comes out of a file that is not in it."""
    forwarded_page(letter).encode()
    total = len(letter.text)
    for enclosure in letter.enclosures:
        assert not set(enclosure.name) & set("/\\\x00\r\n")
        total += _octets_of(enclosure.letter()) if enclosure.letter else len(enclosure.octets())
    return total
