"""The built-in cover templates, as people choose them; beside it the files they are made of."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverTemplate:
    """A cover page that can be chosen by name."""

    name: str
    description: str
    file: str
    """Its HTML in this folder."""
    style_sheets: tuple[str, ...]
    """In this folder too; a later one goes before an earlier one."""


_BUILT_IN = (
    CoverTemplate(
        name="default",
        description="Recipient, sender, date, pages, reference, subject and the message",
        file="default.html",
        style_sheets=("page.css", "cover.css"),
    ),
    CoverTemplate(
        name="healthcare",
        description="The same with a HIPAA confidentiality notice at the foot of the first page",
        file="healthcare.html",
        style_sheets=("page.css", "cover.css", "healthcare.css"),
    ),
)


def cover_templates() -> tuple[CoverTemplate, ...]:
    """The built-in templates; they cannot be edited."""
    return _BUILT_IN


def cover_template(name: str) -> CoverTemplate:
    """The template of that name.

    Raises:
        KeyError: There is none.
    """
    for template in _BUILT_IN:
        if template.name == name:
            return template
    raise KeyError(name)


_RULE = re.compile(r"^(?:html|\.message|\[dir)[^{}]*\{[^{}]*\}", re.MULTILINE)


RULE_END = "\n\n"
"""Between two of the shared rules."""


def shared_rules() -> str:
    """What `page.css` says of fonts and of a mail's text: it holds for own templates too."""
    text = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    return RULE_END.join(_RULE.findall(text))
