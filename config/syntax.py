"""What the YAML parser stumbled over, in words: its own are made for those who wrote it."""

import re
from pathlib import Path

from yaml import YAMLError
from yaml.error import MarkedYAMLError

from config.mistakes import Mistake

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"cannot start any token|found a tab", "a value cannot begin with {next}; put it into quotes"),
    (
        r"mapping values are not allowed",
        "a second colon in one line, or a line indented too far; put a text that holds ': ' into quotes",
    ),
    (r"expected ',' or '\]'", "the list that begins in line {begun} is not closed with ]"),
    (r"expected ',' or '\}'", "the group that begins in line {begun} is not closed with }}"),
    (r"maximum nesting depth", "is nested more than 64 levels deep"),
    (
        r"expected (?:key|'-' indicator)",
        "this line does not go with those before it; look at the indentation",
    ),
    (r"could not find expected ':'", "a name without a colon and a value behind it"),
    (r"unexpected end of stream", "the quoted text that begins in line {begun} is not closed"),
    (r"unexpected document indicator", "the quoted text that begins in line {begun} is not closed"),
    (r"expected alphabetic or numeric", "a value cannot begin with * or &; put it into quotes"),
    (
        r"expected (?:'!'|whitespace or line|tag URI|the expected '>')|undefined tag|trailing UTF-8",
        "a value cannot begin with !; put it into quotes",
    ),
    (
        r"comment or a? ?line break|indicator equal to 0",
        "a value cannot begin with | or >; put it into quotes",
    ),
    (r"expected hexdecimal", "an escape sequence is broken; use single quotes"),
    (
        r"invalid Unicode character escape",
        "an escape sequence stands for half a character (\\uD800 to \\uDFFF) or none; write it as it is",
    ),
    (r"unknown escape character", "\\{after} means nothing in double quotes; use single quotes"),
    (r"sequence entries are not allowed", "a list item (-) cannot stand here; begin the list in a new line"),
    (r"mapping keys are not allowed", "a value cannot begin with ?; put it into quotes"),
    (r"expected node content", "a value was expected here"),
    (r"expected <document start>", "this line does not go with those before it; look at the indentation"),
    (r"duplicate %|incompatible|directive|version", "a line cannot begin with %; put it into quotes"),
)
_TAB = "a tab stands here; YAML is indented with spaces"
_ITEM = "a list item stands where a name was expected; look at the indentation"
_CLOSED = "{0} closes nothing here; put a text with brackets into quotes"


def explain_syntax(file: Path, text: str, error: YAMLError) -> Mistake:
    """The mistake behind a parser's error."""
    if not isinstance(error, MarkedYAMLError) or (mark := error.problem_mark or error.context_mark) is None:
        return Mistake(file=file, problem=f"is not YAML: {error}")
    begun = error.context_mark.line + 1 if error.context_mark else mark.line + 1
    problem = _sentence(str(error.problem or ""), begun, text[mark.index : mark.index + 2])
    if mark.index >= len(text):  # libyaml puts the end into a line of its own
        return Mistake(
            file=file, line=text.count("\n") + 1, column=len(text) - text.rfind("\n"), problem=problem
        )
    return Mistake(file=file, line=mark.line + 1, column=mark.column + 1, problem=problem)


def _sentence(said: str, begun: int, following: str) -> str:
    if following[:1] == "\t":
        return _TAB
    if "expected key" in said and following in {"-", "- ", "-\n", "-\r"}:
        return _ITEM
    if "expected key" in said and following[:1] in {"]", "}"}:
        return _CLOSED.format(following[0])
    for pattern, sentence in _SENTENCES:
        if re.search(pattern, said):
            return sentence.format(next=following[:1], after=following[1:], begun=begun)
    return f"is not YAML: {said}"
