"""Directives at the top of a mail's body: `#fax cover: none`, a line each, before any other text.

They are taken out of the text and of the HTML, so that they are never printed. A line that begins with `#fax`
and is no directive is told as not understood, also further down in what the sender wrote: it was meant for
us.
"""

import re
from dataclasses import dataclass, field

from submission.mail_lines import Line, Tag, html_lines, text_lines
from submission.written import Place, Written, directive_named, unquoted

# Programs write bold text as `*#fax cover:* none`; keyboards of East Asia have wide forms of the signs.
_MARK = re.compile(r"[*_]{0,3}(?:[#＃]fax\b|[#＃]\s+fax\s+[a-z_-]+[*_]{0,3}\s*[:=：＝])", re.IGNORECASE)
_LINE = re.compile(
    r"(?P<bold>[*_]{0,3})[#＃]\s*fax[*_]{0,3}\s+(?P<name>[A-Za-z_-]+?)[*_]{0,3}\s*[:=：＝](?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_QUOTE = 100


@dataclass(kw_only=True, slots=True)
class BodyLines:
    """What the `#fax` lines of a body say."""

    rest: str
    """The body without them."""
    directives: list[Written] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Quotations of the lines that are not understood."""

    def note(self, line: str) -> None:
        """Take a line that begins with `#fax`."""
        found = _LINE.fullmatch(line)
        name = directive_named(found["name"]) if found else ""
        if found and name:
            value = " ".join(found["value"].replace("\u200b", " ").split())
            value = unquoted(value.strip(f"{found['bold']} ") if found["bold"] else value)
            self.directives.append(Written(name=name, value=value, quote=_quoted(line), place=Place.BODY))
        else:
            self.unknown.append(_quoted(line))


def split_text(text: str) -> BodyLines:
    """The `#fax` lines at the top of a plain text, and the rest."""
    found = BodyLines(rest=text)
    for line in _at_the_top(text_lines(text)):
        found.note(line.text)
        found.rest = text[line.end :]
    return found


def split_html(document: str) -> BodyLines:
    """The `#fax` lines that an HTML document shows at its top, and the document without them."""
    found = BodyLines(rest=document)
    if "fax" not in document.lower():  # not `#fax`: `&#35;fax` reads the same
        return found
    lines, tags = html_lines(document)
    removed = _at_the_top(lines)
    for line in removed:
        found.note(line.text)
    for line in reversed(removed):
        found.rest = _without(found.rest, line, tags)
    return found


def misplaced_lines(written: str) -> list[str]:
    """Quotations of the `#fax` lines in a plain text that should have none left."""
    return [_quoted(line.text) for line in text_lines(written) if _LINE.fullmatch(line.text)]


def misplaced_html_lines(written: str) -> list[str]:
    """The same of what an HTML document shows."""
    return [_quoted(line.text) for line in html_lines(written)[0] if _LINE.fullmatch(line.text)]


def _at_the_top(lines: list[Line]) -> list[Line]:
    """The `#fax` lines before the first other line that is not blank."""
    found = []
    for line in lines:
        if _MARK.match(line.text):
            found.append(line)
        elif line.text:
            break
    return found


def _without(document: str, line: Line, tags: list[Tag]) -> str:
    """The document without the text of a line; its tags stay, for they may belong to others."""
    within = (tag for tag in tags if line.start <= tag.start < line.end)
    kept = "".join(document[tag.start : tag.end] for tag in within)
    return document[: line.start] + kept + document[line.end :]


def _quoted(line: str) -> str:
    return " ".join(line.split())[:_LONGEST_QUOTE]
