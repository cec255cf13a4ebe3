"""What paper tells of links and pictures: the address behind words, the words instead of a picture. Pure."""

import re
from urllib.parse import parse_qs, urlsplit

from lxml import etree

_SHOWN_SCHEMES = ("http:", "https:", "ftp:", "mailto:", "tel:", "sms:", "callto:")
_HIDDEN_SCHEMES = ("mailto:", "tel:", "sms:", "callto:")
_ADDRESS_START = re.compile(r"^(?:(?:https?|ftp)://(?:www\.)?|mailto:|tel:|sms:|callto:)", re.IGNORECASE)
_LONGEST = 160
"""Characters of an address: nobody types more."""
_LONGEST_QUERY = 40
"""Characters behind a question mark: more are there to count who clicked."""
_FILE_NAME = re.compile(r"[^\s/]{1,80}\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_SAYS_NOTHING = frozenset({"image", "picture", "photo", "logo", "spacer", "img", "bild", "inline image"})
_WORD_CHARACTER = re.compile(r"\w")
_LONGEST_ALTERNATIVE = 300
_LONGEST_EMOJI = 16
"""Characters of the text that stands for a picture of an emoji."""
_SPECK = 3
"""Pixels: a picture of this width or height only tells its sender that it was fetched."""


def address_beside(link: etree._Element) -> str:
    """A link's address in brackets, if its words do not tell it; empty for a link without words."""
    address = " ".join(link.get("href", "").split())
    words = "".join(link.itertext()).strip() or "".join(map(alternative, link.iterdescendants("img")))
    if not words or not address.lower().startswith(_SHOWN_SCHEMES):
        return ""
    address = _unwrapped(address)
    if _bare(address) == _bare(words):
        return ""
    shown = address.split(":", 1)[1] if address.lower().startswith(_HIDDEN_SCHEMES) else address
    return f" ({_short(shown)})"


def _short(address: str) -> str:
    place, _, query = address.partition("?")
    if len(query) > _LONGEST_QUERY:
        address = f"{place}?…"
    return address if len(address) <= _LONGEST else f"{address[:_LONGEST]}…"


def _unwrapped(address: str) -> str:
    """The address within the one by which Outlook and Google check each click."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    host = (parts.hostname or "").lower()
    if host.endswith(".safelinks.protection.outlook.com"):
        within = parse_qs(parts.query).get("url", [""])[0]
    elif host in ("www.google.com", "google.com") and parts.path == "/url":
        within = parse_qs(parts.query).get("q", [""])[0]
    else:
        return address
    return within if within.lower().startswith(_SHOWN_SCHEMES) else address


def _bare(address: str) -> str:
    return _ADDRESS_START.sub("", address.strip()).rstrip("/").lower()


def alternative(picture: etree._Element) -> str:
    """What a picture says: an emoji as itself, other words in brackets, nothing where none were given.

    Mail programs send emoji as pictures. Names of files, and pictures too small to be seen, say nothing.
    """
    words = " ".join(picture.get("alt", "").split())
    if len(words) <= _LONGEST_EMOJI and not _WORD_CHARACTER.search(words):
        return words
    if _is_speck(picture) or _FILE_NAME.fullmatch(words) or words.lower() in _SAYS_NOTHING:
        return ""
    return f"[{words[:_LONGEST_ALTERNATIVE]}]"


def _is_speck(picture: etree._Element) -> bool:
    sides = (re.match(r"\s*(\d+)\s*(?:px)?\s*$", picture.get(side, "")) for side in ("width", "height"))
    return any(side and int(side[1]) <= _SPECK for side in sides)
