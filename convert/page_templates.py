"""The templates of cover and body pages, filled in: Jinja in its sandbox, autoescaping, nothing undefined.

Compiled when first used; `convert.typesetting` lays out what comes out.
"""

from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from convert.page_text import direction

_environment = ImmutableSandboxedEnvironment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["direction"] = direction


def filled_in(template: str, tokens: dict[str, Any]) -> str:
    """The HTML of a template file in `convert/templates`.

    Raises:
        jinja2.TemplateError: The template is broken, or names a token that there is not.
    """
    return _environment.get_template(template).render(tokens)
