"""Whether the elements of a template's HTML end where they should.

Browsers and WeasyPrint mend what does not, each in its own way: it is told, and no reason to refuse the
template. Reads one file of the administrator's; nothing of it is run.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

from convert.cover_files import TemplateUnusable, read_template
from convert.cover_mistake import TemplateMistake

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_END_LEFT_OUT = frozenset({
    "html", "head", "body", "p", "li", "dt", "dd", "option", "thead", "tbody", "tfoot", "tr", "td", "th",
    "colgroup", "caption",
})  # fmt: skip
"""Elements whose end tag HTML lets one leave out (HTML Living Standard §13.1.2.4)."""
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_NOTHING_OF_IT = {
    "script": "scripts are not run", "iframe": "a frame shows nothing", "object": "an object shows nothing",
    "embed": "an embedded object shows nothing",
}  # fmt: skip


def structure_mistakes(template: Path) -> tuple[TemplateMistake, ...]:
    """What does not end, or ends what never began; of a file that cannot be read or is no HTML, nothing."""
    if template.suffix.lower() not in {".html", ".htm"}:
        return ()
    try:
        text = read_template(template).decode("utf-8-sig", errors="replace")
    except TemplateUnusable:
        return ()
    outline = _Outline()
    outline.feed(_JINJA.sub(lambda found: "\n" * found[0].count("\n"), text))
    outline.close()
    return outline.told()


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, int]] = []
        self._mistakes: list[TemplateMistake] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as it is
        if tag in _NOTHING_OF_IT:
            self._tell(f"<{tag}>: {_NOTHING_OF_IT[tag]}", self.getpos()[0])
        if tag not in _VOID:
            self._open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass  # <br/>, and the empty elements of SVG

    def handle_endtag(self, tag: str) -> None:
        if tag not in (name for name, _ in self._open):
            if tag not in _VOID and tag != "p":
                self._tell(f"</{tag}> ends nothing", self.getpos()[0])
            return
        while True:
            name, line = self._open.pop()
            if name == tag:
                return
            self._unended(name, line)

    def told(self) -> tuple[TemplateMistake, ...]:
        for name, line in self._open:
            self._unended(name, line)
        return tuple(sorted(self._mistakes, key=lambda mistake: mistake.line))

    def _unended(self, name: str, line: int) -> None:
        if name not in _END_LEFT_OUT:
            self._tell(f"<{name}> does not end", line)

    def _tell(self, problem: str, line: int) -> None:
        self._mistakes.append(TemplateMistake(problem=problem, line=line))
