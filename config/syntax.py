"""What the YAML parser stumbled over, in words: its own are made for those who wrote it."""

import re
from pathlib import Path

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from config.mistakes import Mistake

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"found character '\\t'", "a tab stands here; YAML is indented with spaces"),
    (r"found character '(.)' that cannot start", "a value cannot begin with {0}; put it into quotes"),
    (
        r"mapping values are not allowed",
        "a second colon in one line, or a line indented too far; put a text that holds ': ' into quotes",
    ),
    (r"expected ',' or '\]'", "the list that begins in line {line} is not closed with ]"),
    (r"expected ',' or '\}'", "the group that begins in line {line} is not closed with }}"),
    (
        r"expected <block end>, but found '(?:-|<block sequence start>)'",
        "a list item stands where a name was expected; look at the indentation",
    ),
    (r"expected <block end>", "this line does not go with those before it; look at the indentation"),
    (r"could not find expected ':'", "a name without a colon and a value behind it"),
    (r"found unexpected end of stream", "the quoted text that begins in line {line} is not closed"),
    (r"unexpected document separator", "the quoted text that begins in line {line} is not closed"),
    (r"expected alphabetic or numeric", "a value cannot begin with * or &; put it into quotes"),
    (r"expected (?:'[!>]'|URI|' ')|undefined tag handle", "a value cannot begin with !; put it into quotes"),
    (r"expected chomping|a comment or a line break", "a value cannot begin with | or >; put it into quotes"),
    (r"expected escape sequence", "an escape sequence is broken; use single quotes"),
    (
        r"found unknown escape character ['\"](.+)['\"]",
        "\\{0} means nothing in double quotes; use single quotes",
    ),
    (r"sequence entries are not allowed", "a list item (-) cannot stand here; begin the list in a new line"),
    (r"expected the node content, but found '<stream end>'", "the file ends where a value was expected"),
    (r"expected the node content", "a value was expected here"),
    (r"expected '<document start>'", "this line does not go with those before it; look at the indentation"),
)


def explain_syntax(file: Path, text: str, error: Exception) -> Mistake:
    """The mistake behind a parser's error."""
    if not isinstance(error, YAMLError):  # it trips over \UFFFFFFFF, which stands for no character
        problem = "an escape sequence (\\U…) stands for no character; use single quotes"
        return Mistake(file=file, problem=problem)
    if isinstance(error, ReaderError):
        before = text[: int(error.position)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = f"a control character (U+{ord(text[len(before)]):04X}) stands here"
        return Mistake(file=file, line=line, column=column, problem=problem)
    if not isinstance(error, MarkedYAMLError) or (mark := error.problem_mark or error.context_mark) is None:
        return Mistake(file=file, problem=f"is not YAML: {error}")
    begun = error.context_mark.line + 1 if error.context_mark else mark.line + 1
    problem = _sentence(str(error.problem or ""), begun)
    return Mistake(file=file, line=mark.line + 1, column=mark.column + 1, problem=problem)


def _sentence(said: str, begun: int) -> str:
    for pattern, sentence in _SENTENCES:
        if found := re.search(pattern, said):
            return sentence.format(*found.groups(), line=begun)
    return f"is not YAML: {said}"
