"""Own cover templates in Word (.docx) and OpenDocument (.odt), taken apart and put together again.

Such a file is a ZIP of XML parts. Some parts have text that tokens may stand in; all others are copied as
they are. Runs in the confined task: a bomb, a broken ZIP, or XML with a document type (and so with entities)
is a `TemplateFault`.
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from convert.cover_language import TemplateFault
from convert.cover_mistake import TemplateMistake

_MOST_PARTS = 2000
_LARGEST = 100 << 20
"""Octets of all parts together, unpacked."""
_LARGEST_TEXT = 20 << 20
"""Octets of one part that tokens may stand in."""
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError, OSError)
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DRAWN = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}image"


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFormat:
    """One of the two formats, as far as templates need to know."""

    ending: str
    parts: re.Pattern[str]
    """Names of the parts that tokens may stand in."""
    paragraphs: frozenset[str]
    rows: frozenset[str]
    texts: frozenset[str]
    """Elements that have the text; in OpenDocument text also stands between them."""
    mixed: bool
    """Whether it does."""
    line_break: str
    """What ends a line within a paragraph, and …"""
    tab: str
    """… a tab, each as it stands within text."""


WORD = DocumentFormat(
    ending=".docx",
    parts=re.compile(r"word/(?:document|header|footer|footnotes|endnotes)\d*\.xml"),
    paragraphs=frozenset({f"{W}p"}),
    rows=frozenset({f"{W}tr"}),
    texts=frozenset({f"{W}t"}),
    mixed=False,
    line_break='</w:t><w:br/><w:t xml:space="preserve">',
    tab='</w:t><w:tab/><w:t xml:space="preserve">',
)
OPEN_DOCUMENT = DocumentFormat(
    ending=".odt",
    parts=re.compile(r"content\.xml|styles\.xml"),
    paragraphs=frozenset({f"{TEXT}p", f"{TEXT}h"}),
    rows=frozenset({f"{TABLE}table-row"}),
    texts=frozenset({f"{TEXT}p", f"{TEXT}h", f"{TEXT}span", f"{TEXT}a"}),
    mixed=True,
    line_break="<text:line-break/>",
    tab="<text:tab/>",
)


@dataclass(frozen=True, kw_only=True)
class Package:
    """A template's file, read."""

    form: DocumentFormat
    parts: dict[str, bytes]
    """In their order."""

    @property
    def text_parts(self) -> list[str]:
        """The names of the parts that tokens may stand in."""
        return [name for name in self.parts if self.form.parts.fullmatch(name)]

    def write(self, target: Path, changed: dict[str, bytes]) -> None:
        """Write the file with some parts changed."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for name, octets in self.parts.items():
                archive.writestr(name, changed.get(name, octets))


def read_package(file: Path) -> Package:
    """Take a template's file apart.

    Raises:
        TemplateFault: It is neither of the two formats, or no good one.
    """
    with file.open("rb") as opened:
        if opened.read(len(_OLE)) == _OLE:
            raise _fault("it is protected with a password, or older than Word 2007; save it anew as .docx")
    try:
        with zipfile.ZipFile(file) as archive:
            parts = _unpacked(archive)
    except _BROKEN as problem:
        raise _fault(f"it is no Word or OpenDocument file, or is damaged: {problem}") from problem
    return Package(form=_format_of(parts), parts=parts)


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_PARTS:
        raise _fault(f"it has {len(entries)} parts; {_MOST_PARTS} are allowed")
    parts: dict[str, bytes] = {}
    left = _LARGEST
    for entry in entries:
        with archive.open(entry) as opened:
            # What the entry says of its own size may be a lie.
            octets = opened.read(left + 1)
        left -= len(octets)
        if left < 0:
            raise _fault(f"unpacked it has more than {_LARGEST >> 20} MB")
        parts[entry.filename] = octets
    return parts


def _format_of(parts: dict[str, bytes]) -> DocumentFormat:
    if parts.get("mimetype", b"").strip() == b"application/vnd.oasis.opendocument.text":
        return OPEN_DOCUMENT
    if b"wordprocessingml.document.main+xml" in parts.get("[Content_Types].xml", b""):
        return WORD
    raise _fault("it is neither a Word document (.docx) nor an OpenDocument text (.odt)")


def read_part(octets: bytes, name: str) -> Any:
    """The root element of a part.

    Raises:
        TemplateFault: It is no good XML, or has a document type.
    """
    if len(octets) > _LARGEST_TEXT:
        raise _fault(f"its part {name} has more than {_LARGEST_TEXT >> 20} MB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(octets, parser)
    except etree.XMLSyntaxError as problem:
        raise _fault(f"its part {name} is damaged: {problem}") from problem
    if root.getroottree().docinfo.doctype:
        raise _fault(f"its part {name} has a document type, which no word processor writes")
    return root


def outside_pictures(package: Package) -> list[str]:
    """Addresses of pictures that are not in the document, and so never seen."""
    found: list[str] = []
    for name, octets in package.parts.items():
        if package.form is WORD and name.endswith(".rels"):
            for relation in read_part(octets, name):
                kind, mode = relation.get("Type", ""), relation.get("TargetMode", "")
                if mode == "External" and not kind.endswith("/hyperlink"):
                    found.append(relation.get("Target", ""))
        elif package.form is OPEN_DOCUMENT and package.form.parts.fullmatch(name):
            links = (image.get(_HREF, "") for image in read_part(octets, name).iter(_DRAWN))
            found += [link for link in links if "://" in link or link.startswith(("/", "../"))]
    return found


def _fault(problem: str) -> TemplateFault:
    return TemplateFault(TemplateMistake(problem=problem))
