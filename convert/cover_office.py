"""Own cover templates in Word and OpenDocument, filled in: the task before LibreOffice makes a PDF of them.

Runs confined, in a folder of its own. LibreOffice is given the document with its tokens replaced; what else
is in it, macros and links, it has to live with as with any office document (`convert.office_process`).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from markupsafe import Markup, escape

from convert.cover_facts import CoverFacts
from convert.cover_language import CoverSource, TemplateFault, make_environment
from convert.cover_mistake import TemplateMistake
from convert.cover_package import TEXT, DocumentFormat, Package, W, read_package, read_part
from convert.cover_paragraphs import DELIMITERS, paragraph_at, template_text
from convert.cover_text import message_text
from convert.cover_values import page_values, token_values

_COUNTING = frozenset({"pages_total", "own_pages"})
_MAIN = ("word/document", "content.xml")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    name: str
    text: str
    """For the paragraph of a line."""
    source: CoverSource


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeTemplate:
    """A template's file, read and checked."""

    package: Package
    parts: tuple[_Part, ...]

    @property
    def custom_fields(self) -> tuple[str, ...]:
        """The custom fields that it asks for, as it writes them."""
        return tuple(sorted(name for part in self.parts for name in part.source.custom_fields))

    @property
    def counts_pages(self) -> bool:
        """Whether it says how many pages there are."""
        return any(part.source.names & _COUNTING for part in self.parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledDocument:
    """A document that LibreOffice can make a PDF of."""

    file: str
    """Its name in the working folder."""
    counts_pages: bool
    says_message: bool
    """Whether all of the mail's text is in it."""
    custom_fields: tuple[str, ...]
    """The custom fields that it asks for."""


def office_template(file: Path) -> OfficeTemplate:
    """Read a template.

    Raises:
        TemplateFault: It cannot be read, or has mistakes; all of them.
    """
    package = read_package(file)
    parts: list[_Part] = []
    mistakes: list[TemplateMistake] = []
    for name in package.text_parts:
        root = read_part(package.parts[name], name)
        _check_names(root, package.form)
        text = template_text(root, package.form)
        try:
            parts.append(_Part(name=name, text=text, source=CoverSource(text, _environment(package.form))))
        except TemplateFault as fault:
            mistakes += (_with_paragraph(mistake, text) for mistake in fault.mistakes)
    if mistakes:
        raise TemplateFault(*mistakes)
    return OfficeTemplate(package=package, parts=tuple(parts))


def fill_in(template: OfficeTemplate, facts: CoverFacts, *, own_pages: int, folder: Path) -> FilledDocument:
    """Write the document with the facts into the folder.

    Raises:
        TemplateFault: A statement of the template fails.
        Refused: The message cannot be laid out.
    """
    message = message_text(text=facts.body_text, html=facts.body_html)
    values = {
        **token_values(facts, message),
        "message_lines": message.split("\n") if message else [],
        **page_values(facts, own_pages),
    }
    changed, said = {}, ""
    for part in template.parts:
        filled = _filled(part, values)
        changed[part.name] = filled
        said += _bare(filled)
    name = f"cover{template.package.form.ending}"
    template.package.write(folder / name, changed)
    return FilledDocument(
        file=name,
        counts_pages=template.counts_pages,
        custom_fields=template.custom_fields,
        says_message="".join(message.split()) in said,
    )


def _filled(part: _Part, values: dict[str, Any]) -> bytes:
    try:
        filled = part.source.filled_in(values).encode()
    except TemplateFault as fault:
        raise TemplateFault(*(_with_paragraph(mistake, part.text) for mistake in fault.mistakes)) from fault
    try:
        etree.fromstring(filled, etree.XMLParser(resolve_entities=False, huge_tree=True))
    except etree.XMLSyntaxError as problem:
        told = "a statement begins and ends in different places; put each {% … %} in a paragraph of its own"
        near = paragraph_at(part.text, problem.lineno or 0)
        raise TemplateFault(TemplateMistake(problem=told, near=near)) from problem
    return filled


def _bare(xml: bytes) -> str:
    """All text of a part, without blanks."""
    texts = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, huge_tree=True)).itertext()
    return "".join("".join(texts).split())


def _with_paragraph(mistake: TemplateMistake, text: str) -> TemplateMistake:
    return TemplateMistake(problem=mistake.problem, hint=mistake.hint, near=paragraph_at(text, mistake.line))


def _check_names(root: Any, form: DocumentFormat) -> None:
    """What is put into the XML has the prefixes that every word processor uses."""
    prefix, space = ("text", TEXT) if form.mixed else ("w", W)
    if root.nsmap.get(prefix) != space.strip("{}"):
        told = "it is of an unusual kind of Word or OpenDocument; save it anew as .docx (not strict) or .odt"
        raise TemplateFault(TemplateMistake(problem=told))


@cache
def _environment(form: DocumentFormat) -> Any:
    line_break, tab = Markup(form.line_break), Markup(form.tab)  # noqa: S704 - from a table of ours

    def printed(value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        text = escape(value).replace("\n", line_break).replace("\t", tab)
        # OpenDocument makes one of several blanks.
        return text.replace("  ", Markup(" <text:s/>")) if form.mixed else text

    return make_environment(printed, trim_blocks=False, **DELIMITERS)
