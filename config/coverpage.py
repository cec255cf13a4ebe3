"""Which cover page a fax has, and when."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from config.file_values import ReadableFile
from config.forms import Form
from config.section import Section
from config.values import SAID_ONCE, Name, Toggle, expected


class CoverpageMode(StrEnum):
    """When a fax gets a cover page, and whether it needs an attachment."""

    AUTOMATIC = "automatic"
    NONE = "none"
    ON_DEMAND = "on_demand"
    WITH_BODY_TEXT = "with_body_text"
    ON_DEMAND_REQUIRES_ATTACHMENT = "on_demand_requires_attachment"
    WITH_BODY_TEXT_REQUIRES_ATTACHMENT = "with_body_text_requires_attachment"
    AUTOMATIC_REQUIRES_ATTACHMENT = "automatic_requires_attachment"

    @property
    def requires_attachment(self) -> bool:
        """Whether a mail without an attachment is refused."""
        return self.value.endswith("_requires_attachment")


BUILT_IN_TEMPLATES = ("default", "healthcare")
"""The names of the templates that come with Postfax and cannot be changed."""
TEMPLATE_ENDINGS = (".html", ".htm", ".docx", ".odt")
_NOT_A_NAME = frozenset({"yes", "no", "none", "on", "off"})
"""What a sender may write of a cover page without naming one."""


def _own_template_name(value: Any) -> str:
    name = " ".join(value.split()) if isinstance(value, str) else ""
    if not re.fullmatch(r"[^\W_][\w .-]{0,59}", name) or name.casefold() in _NOT_A_NAME:
        raise expected("a name for a cover page: letters, digits, spaces, dots and hyphens")
    if name.casefold() in BUILT_IN_TEMPLATES:
        raise expected("a name of your own", f"{name} is built in and cannot be changed")
    return name


def _template_file(path: Path) -> Path:
    if path.suffix.lower() not in TEMPLATE_ENDINGS:
        raise expected(f"a template: a file that ends in {', '.join(TEMPLATE_ENDINGS)}")
    return path


TemplateName = Name
OwnTemplateName = Annotated[
    str,
    BeforeValidator(_own_template_name),
    Form(words="a name for a cover page", as_number=True, example="Letter Head"),
]
TemplateFile = Annotated[
    ReadableFile,
    AfterValidator(_template_file),
    Form(
        words="a file of HTML, Word or OpenDocument",
        pattern=r".+\.(?:[Hh][Tt][Mm][Ll]?|[Dd][Oo][Cc][Xx]|[Oo][Dd][Tt])",
    ),
]


class CoverpageSettings(Section):
    """Which cover page, and when."""

    template: TemplateName = "default"
    """The template's name: default, healthcare, or one that `templates` of this level or one above names."""
    mode: CoverpageMode = CoverpageMode.AUTOMATIC
    """When a cover page is made, and whether an attachment is needed."""
    restrict_to_assigned: Toggle = False
    """Whether a sender may name no other template."""
    templates: Annotated[dict[OwnTemplateName, TemplateFile], SAID_ONCE] = {}
    """Own templates, by name: files of HTML (.html), Word (.docx) or OpenDocument (.odt). They can be used at
    this level and below."""
    trim_quotes: Toggle = False
    """Whether quoted replies at the end of a mail's text are left out."""
    trim_signature: Toggle = False
    """Whether the signature (from a line of two hyphens and a space on) is left out of a mail's text."""

    def template_named(self, name: str) -> str | None:
        """The template that somebody means by a name; case does not count, and _ is as good as a space."""
        known = {_spelling(one): one for one in (*BUILT_IN_TEMPLATES, *self.templates)}
        return known.get(_spelling(name))

    @property
    def known_templates(self) -> tuple[str, ...]:
        """The names of all templates that can be used, the built-in ones first."""
        return (*BUILT_IN_TEMPLATES, *self.templates)


def _spelling(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()
