"""A notice's content as plain text of 72 columns and as HTML without anything fetched from outside.

An organisation's own templates take the place of the built-in ones by their names: `subject.txt`,
`notice.txt`, `notice.html`. They are Jinja in a sandbox, see what the built-in ones see, and may extend them.
"""

import re
import textwrap
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
)
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from notify.content import Content, Fact
from notify.language import speech
from notify.wording import one_line

_COLUMNS = 72
_NUMBER = re.compile(r"\+\d[\d ]*\d")
_SUBJECT = 250
"""Characters."""

SUBJECT, TEXT, HTML = "subject.txt", "notice.txt", "notice.html"
BUILT_IN: Mapping[str, str] = MappingProxyType({})
"""No own templates."""


class OwnTemplateTrouble(Exception):  # noqa: N818 - named as what happened
    """An own template cannot be used; the text says which, where and why, for an administrator."""


def subject(content: Content, *, domain: str, own: Mapping[str, str] = BUILT_IN) -> str:
    """The notice's subject, on one line.

    Raises:
        OwnTemplateTrouble: the own template fails.
    """
    if SUBJECT not in own:
        return content.subject
    return one_line(_rendered(SUBJECT, content, own, domain=domain, cid=""), _SUBJECT) or content.subject


def plain_text(content: Content, *, domain: str, own: Mapping[str, str] = BUILT_IN) -> str:
    """The notice as plain text, lines ending in LF.

    Raises:
        OwnTemplateTrouble: the own template fails.
    """
    return _rendered(TEXT, content, own, domain=domain, cid="")


def html(content: Content, *, domain: str, cid: str = "", own: Mapping[str, str] = BUILT_IN) -> str:
    """The notice as one HTML document; `cid` is the Content-ID of its picture, without angle brackets.

    Raises:
        OwnTemplateTrouble: the own template fails.
    """
    return _rendered(HTML, content, own, domain=domain, cid=cid)


def check_template(name: str, source: str) -> None:
    """Look at an own template without filling it in.

    Raises:
        OwnTemplateTrouble: it is no Jinja.
    """
    try:
        _with(((name, source),)).get_template(name)
    except TemplateError as problem:
        raise OwnTemplateTrouble(_trouble(name, problem)) from problem


def _trouble(name: str, problem: TemplateError) -> str:
    line = getattr(problem, "lineno", None)
    place = f", line {line}" if line else ""
    return f"the own template {name}{place}: {problem.message}"


def rendered(template: str, values: Mapping[str, object]) -> str:
    """A built-in template, filled in; what is not HTML of its own is escaped."""
    return _built_in().get_template(template).render(values)


def _rendered(name: str, content: Content, own: Mapping[str, str], *, domain: str, cid: str) -> str:
    values = {"content": content, "domain": domain, "cid": cid, "say": speech(content.language)}
    if name not in own:
        return _built_in().get_template(name).render(values)
    try:
        return _with(tuple(sorted(own.items()))).get_template(name).render(values)
    except TemplateError as problem:
        raise OwnTemplateTrouble(_trouble(name, problem)) from problem
    except Exception as problem:  # what a template computes can fail in any way
        raise OwnTemplateTrouble(f"the own template {name}: {type(problem).__name__}: {problem}") from problem


@cache
def _built_in() -> SandboxedEnvironment:
    return _environment(PackageLoader("notify"))


@lru_cache(16)
def _with(own: tuple[tuple[str, str], ...]) -> SandboxedEnvironment:
    """Own templates before the built-in ones, which they extend under the name `built-in/…`."""
    package = PackageLoader("notify")
    return _environment(ChoiceLoader([DictLoader(dict(own)), package, PrefixLoader({"built-in": package})]))


def _environment(loader: BaseLoader) -> SandboxedEnvironment:
    templates = SandboxedEnvironment(
        loader=loader,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {
        "wrapped": _wrapped,
        "aligned": _aligned,
        "unbroken": _unbroken,
        "breakable": _breakable,
    }
    return templates


def _unbroken(text: str) -> str:
    """The text with no-break spaces inside telephone numbers."""
    return _NUMBER.sub(lambda found: found[0].replace(" ", "\u00a0"), text)


def _breakable(text: str) -> Markup:
    """The text as HTML that breaks long addresses before their at sign rather than anywhere."""
    return Markup(str(escape(text)).replace("@", "<wbr>@"))  # noqa: S704 - what was in the text is escaped


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    """The text in lines of 72 columns, the first and the others each with their indent."""
    lines = textwrap.wrap(
        _unbroken(text),
        _COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace("\u00a0", " ")


def _aligned(facts: tuple[Fact, ...]) -> str:
    """The table as labels and values in two columns."""
    width = max((len(fact.label) for fact in facts), default=0) + 2
    return "\n".join(
        _wrapped(line, (fact.label if number == 0 else "").ljust(width), " " * width)
        for fact in facts
        for number, line in enumerate(fact.lines)
    )
