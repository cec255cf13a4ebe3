"""A built-in cover template as one file of HTML, to start an own one from.

Templates extend one another and have their style beside them; a template of an administrator stands alone. So
the blocks are put where they belong, macros at the top, the style into the head. Pure but for reading the
files in `convert/templates`.
"""

import re
from pathlib import Path

from convert.templates import RULE_END, CoverTemplate, cover_template, shared_rules

_TEMPLATES = Path(__file__).parent / "templates"
_EXTENDS = re.compile(r'\{%-?\s*extends\s+"([^"]+)"\s*-?%\}\n?')
_BLOCK = re.compile(r"\{%-?\s*(?:block\s+(?P<name>\w+)(?:\s+\w+)*|(?P<end>endblock)(?:\s+\w+)?)\s*-?%\}\n?")
_MACRO = re.compile(r"\{%-?\s*macro\b.*?\{%-?\s*endmacro\s*-?%\}\n?", re.DOTALL)
_MESSAGE = re.compile(r'<div class="message">\s*\{\{\s*message\s*\}\}\s*</div>')
_NOTE = """\
{# A cover page of your own, made from the built-in "NAME". Change what you like, then:
     postfax cover check FILE      says what is wrong with it, and where
     postfax cover preview FILE -o cover.png
     postfax cover tokens          lists what it can say
   The mail's text comes with <div class="message"> around it, and flows on to further pages. How paragraphs,
   lists and tables look in it is known without a word here; rules such as .message p { … } change it. #}
"""


def exported(name: str) -> str:
    """A built-in template's HTML.

    Raises:
        KeyError: There is no such template.
    """
    template = cover_template(name)
    sources = _with_parents(template.file)
    blocks: dict[str, str] = {}
    for source in reversed(sources):  # the nearest last, and so it wins
        blocks |= dict(_blocks(source))
    page = _filled(sources[-1], blocks)
    macros = "".join(macro for source in reversed(sources[:-1]) for macro in _MACRO.findall(source))
    styled = page.replace("<style>", f"<style>\n{_style(template)}</style>\n<style>", 1)
    return _NOTE.replace("NAME", name) + macros + _MESSAGE.sub("{{ message }}", styled)


def _with_parents(file: str) -> list[str]:
    """A template, the one that it extends, and so on."""
    text = (_TEMPLATES / file).read_text(encoding="utf-8")
    extended = _EXTENDS.search(text)
    return [_EXTENDS.sub("", text), *_with_parents(extended[1])] if extended else [text]


def _style(template: CoverTemplate) -> str:
    """The template's style, without what holds for the message on every cover (`templates.shared_rules`)."""
    style = "".join((_TEMPLATES / sheet).read_text(encoding="utf-8") for sheet in template.style_sheets)
    for rule in shared_rules().split(RULE_END):
        if rule.startswith(".message"):
            style = style.replace(f"{rule}\n", "")
    return style


def _blocks(source: str) -> list[tuple[str, str]]:
    """Every block of a template with its content, blocks within it as they are."""
    found: list[tuple[str, str]] = []
    opened: list[tuple[str, int]] = []
    for mark in _BLOCK.finditer(source):
        if mark["name"]:
            opened.append((mark["name"], mark.end()))
        else:
            name, begin = opened.pop()
            found.append((name, source[begin : mark.start()]))
    return found


def _filled(source: str, blocks: dict[str, str]) -> str:
    """A text with every block replaced by what it holds in the end."""
    parts: list[str] = []
    depth = end = 0
    for mark in _BLOCK.finditer(source):
        if mark["name"]:
            if depth == 0:
                parts += [source[end : mark.start()], _filled(blocks[mark["name"]], blocks)]
            depth += 1
        else:
            depth -= 1
            end = mark.end() if depth == 0 else end
    return "".join([*parts, source[end:]])
