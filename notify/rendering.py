"""A notice's content as plain text of 72 columns and as HTML without anything fetched from outside."""

import re
import textwrap
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notify.content import Content, Fact

_COLUMNS = 72
_NUMBER = re.compile(r"\+\d[\d ]*\d")


def plain_text(content: Content, *, domain: str) -> str:
    """The notice as plain text, lines ending in LF."""
    return _templates().get_template("notice.txt").render(content=content, domain=domain)


def html(content: Content, *, domain: str, cid: str = "") -> str:
    """The notice as one HTML document; `cid` is the Content-ID of its picture, without angle brackets."""
    return _templates().get_template("notice.html").render(content=content, domain=domain, cid=cid)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("notify"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {"wrapped": _wrapped, "aligned": _aligned, "unbroken": _unbroken}
    return templates


def _unbroken(text: str) -> str:
    """The text with no-break spaces inside telephone numbers."""
    return _NUMBER.sub(lambda found: found[0].replace(" ", "\u00a0"), text)


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
    width = max(len(fact.label) for fact in facts) + 2
    return "\n".join(
        _wrapped(line, (fact.label if number == 0 else "").ljust(width), " " * width)
        for fact in facts
        for number, line in enumerate(fact.lines)
    )
