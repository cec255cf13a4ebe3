"""Paragraphs without room before and after them, in Word and OpenDocument.

The message keeps the blank lines that its writer typed; with the style's own room it would have both.
"""

import copy
from typing import Any

from lxml import etree

from convert.cover_package import TEXT, DocumentFormat, W

_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_AUTOMATIC = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}automatic-styles"
_NAME = f"{TEXT}style-name"
_ENDING = "_tight"


def without_room(paragraph: Any, form: DocumentFormat) -> None:
    """Take the room before and after a paragraph away; it stays in its part."""
    if form.mixed:
        _tight_open_document(paragraph)
    else:
        _tight_word(paragraph)


def _tight_word(paragraph: Any) -> None:
    properties = paragraph.find(f"{W}pPr")
    if properties is None:
        properties = etree.Element(f"{W}pPr")
        paragraph.insert(0, properties)
    spacing = properties.find(f"{W}spacing")
    if spacing is None:
        spacing = etree.SubElement(properties, f"{W}spacing")
    for side in ("before", "after"):
        spacing.set(f"{W}{side}", "0")
        for other in ("Autospacing", "Lines"):
            spacing.attrib.pop(f"{W}{side}{other}", None)


def _tight_open_document(paragraph: Any) -> None:
    """A style of its own: of an automatic style a copy, of a named one a child (ODF 1.3 part 3 §16.2)."""
    automatic = paragraph.getroottree().getroot().find(_AUTOMATIC)
    if automatic is None:
        return
    name = paragraph.get(_NAME, "Standard")
    own = next((style for style in automatic if style.get(f"{_STYLE}name") == name), None)
    if own is not None:
        tight = copy.deepcopy(own)
    else:
        tight = etree.Element(f"{_STYLE}style")
        tight.set(f"{_STYLE}family", "paragraph")
        tight.set(f"{_STYLE}parent-style-name", name)
    tight.set(f"{_STYLE}name", f"{name}{_ENDING}")
    properties = tight.find(f"{_STYLE}paragraph-properties")
    if properties is None:
        properties = etree.Element(f"{_STYLE}paragraph-properties")
        tight.insert(0, properties)
    for side in ("margin-top", "margin-bottom"):
        properties.set(f"{_FO}{side}", "0in")
    automatic.append(tight)
    paragraph.set(_NAME, f"{name}{_ENDING}")
