"""The language of own templates: Jinja in its sandbox, tokens between tildes, and nothing else to reach.

A template is checked as a whole before it is filled in: unknown tokens, and whatever would reach out of it,
are told with their lines. Filling in ends at limits of time and output of its own, inside those of its task.
All values are escaped. What goes wrong is a `TemplateFault` that names the line.
"""

import contextlib
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment

from convert.cover_mistake import TemplateMistake
from convert.cover_tokens import (
    CUSTOM,
    FIELD,
    FREE_FORM,
    GROUPS,
    NAMES,
    field_expression,
    names_within,
    nearest_field,
    nearest_name,
)
from convert.cover_values import Group
from convert.page_text import direction

_SECONDS = 5.0
"""To fill in a template; a good one takes some milliseconds."""
_MOST_OUTPUT = 20_000_000
"""Characters: a message may have a million, and each may be escaped."""
_MOST_REPEATED = 100_000
_MOST_MISTAKES = 50
"""Of one template that are told: the rest is told when these are mended."""
_FREE = frozenset({CUSTOM, FREE_FORM, "fields", "message_lines"})
_REACHING_OUT = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
_SPECIAL = frozenset({"loop", "caller", "varargs", "kwargs", "self", "super"})
"""What Jinja itself defines within loops, macros and blocks."""
_NO_TOKEN = re.compile(r"there is no token ~?(.*?)~?(?:; .*)?\Z", re.DOTALL)
_LOOKED_UP = "it looks something up by a value of the fax, and that is not there"
_ALONE = "a template stands alone: it can neither include, import nor extend another file"


class TemplateFault(Exception):  # noqa: N818 - named as what happened
    """The template is wrong; all that is known to be."""

    def __init__(self, *mistakes: TemplateMistake) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(map(str, mistakes)))


class _UnknownToken(StrictUndefined):
    """What stands for a token that there is not: any use of it fails, and says what may have been meant."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return str(self._undefined_hint)
        problem, hint = _unknown(self._undefined_obj, str(self._undefined_name))
        return f"{problem}; {hint}" if hint else problem


def _unknown(owner: Any, name: str) -> tuple[str, str]:
    if isinstance(owner, Group):
        return _unknown_token(owner.group, name)
    if isinstance(owner, (str, int)):
        return f"a token is text and has no {name}", ""
    return _unknown_token("", name)


def _unknown_token(group: str, name: str) -> tuple[str, str]:
    if group == "fields":
        near = nearest_field(name)
        return f"there is no token ~{name}~", f"did you mean {near}?" if near else ""
    full = f"{group}.{name}" if group else name
    near = nearest_name(full)
    if near and near != group:
        return f"there is no token {full}", f"did you mean {near}?"
    return f"there is no token {full}", f"there are {', '.join(names_within(group))}" if group else ""


class FieldTokens(Extension):
    """`~RecipientName~` in a template's text, which is `{{ recipient.name }}`."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Put expressions in the place of tokens between tildes."""
        for token in stream:
            if token.type == "data":
                yield from self._parted(token.lineno, token.value)
            else:
                yield token

    def _parted(self, line: int, text: str) -> Iterator[Token]:
        end = 0
        for found in FIELD.finditer(text):
            expression = field_expression(found)
            if expression:
                at = line + text.count("\n", 0, found.start())
                yield Token(line, "data", text[end : found.start()])
                for part in self.environment._tokenize(f"{{{{{expression}}}}}", None):  # noqa: SLF001 - no other way
                    yield Token(at, part.type, part.value)
                end = found.end()
        yield Token(line, "data", text[end:])


class _Environment(ImmutableSandboxedEnvironment):
    """Besides Jinja's own sandbox: no arithmetic that alone would use up a task."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise SecurityError(f"{operator} is not allowed in a template")
        if operator == "*":
            text = next((side for side in (left, right) if isinstance(side, str | list | tuple)), None)
            times = right if text is left else left
            if text is not None and isinstance(times, int) and len(text) * times > _MOST_REPEATED:
                raise SecurityError(f"{times} times {len(text)} characters are too many")
        return super().call_binop(context, operator, left, right)


def make_environment(finalize: Callable[[Any], Any], **options: Any) -> _Environment:
    """An environment whose values are printed by `finalize`."""
    environment = _Environment(
        loader=None,
        autoescape=True,
        optimized=False,  # what is filled in once or twice gains less than the optimiser takes
        undefined=_UnknownToken,
        finalize=finalize,
        **options,
    )
    environment.filters["direction"] = direction
    for name in ("lipsum", "cycler", "dict"):
        del environment.globals[name]
    return environment


class CoverSource:
    """A template's text, checked.

    Raises:
        TemplateFault: It has mistakes.
    """

    def __init__(self, text: str, environment: _Environment) -> None:
        self._text = text
        try:
            tree = environment.parse(text)
            parts = list(tree.find_all(nodes.Node))
            mistakes = sorted(_mistakes_in(parts, environment), key=lambda mistake: mistake.line)
            if mistakes:
                raise TemplateFault(*mistakes[:_MOST_MISTAKES])
            self._template = environment.from_string(tree)
        except TemplateSyntaxError as problem:
            raise TemplateFault(TemplateMistake(problem=_sentence(problem), line=problem.lineno)) from problem
        except RecursionError as problem:
            raise TemplateFault(TemplateMistake(problem="it is nested too deep")) from problem
        self.names = frozenset(
            name.name for name in parts if isinstance(name, nodes.Name) and name.ctx == "load"
        )
        """The tokens and groups of tokens that it uses."""
        self.custom_fields = frozenset(
            attribute for owner, attribute, _ in _attributes(parts) if owner in {CUSTOM, FREE_FORM}
        )
        """The custom fields that it uses, as it writes them."""

    def filled_in(self, values: dict[str, Any]) -> str:
        """The template with these values.

        Raises:
            TemplateFault: A statement fails, or the limits are reached.
        """
        try:
            with _deadline(_SECONDS):
                return "".join(_bounded(self._template.generate(values)))
        except MemoryError:
            raise
        except Exception as problem:
            raise TemplateFault(
                TemplateMistake(problem=self._told(problem), line=_line(problem))
            ) from problem

    def says(self, text: str) -> bool:
        """Whether a text is the template's own and can be told: the values of a fax may name a patient."""
        return text in self._text

    def _told(self, problem: Exception) -> str:
        reason = _reason(problem)
        token = _NO_TOKEN.match(reason)
        return reason if token is None or all(map(self.says, token[1].split("."))) else _LOOKED_UP


def _bounded(parts: Iterator[str]) -> Iterator[str]:
    size = 0
    for part in parts:
        size += len(part)
        if size > _MOST_OUTPUT:
            raise _TooMuch
        yield part


def _mistakes_in(parts: Sequence[nodes.Node], environment: _Environment) -> Iterator[TemplateMistake]:
    known = {name.split(".")[0] for name in NAMES} | _FREE | environment.globals.keys()
    # What is set in one place and used in another one, where it is not, fails there. Jinja's own search for
    # such names takes as long as compiling.
    names = [part for part in parts if isinstance(part, nodes.Name)]
    stored = {name.name for name in names if name.ctx != "load"}
    stored |= {macro.name for macro in parts if isinstance(macro, nodes.Macro)}
    unknown = {name.name for name in names} - known - stored - _SPECIAL
    for node in parts:
        if isinstance(node, _REACHING_OUT):
            yield TemplateMistake(problem=_ALONE, line=node.lineno)
    for name in names:
        if name.name in unknown and name.ctx == "load":
            problem, hint = _unknown_token("", name.name)
            yield TemplateMistake(problem=problem, hint=hint, line=name.lineno)
    for owner, attribute, line in _attributes(parts):
        if owner == "fields" or (owner in GROUPS and f"{owner}.{attribute}" not in NAMES):
            problem, hint = _unknown_token(owner, attribute)
            yield TemplateMistake(problem=problem, hint=hint, line=line)


def _attributes(parts: Sequence[nodes.Node]) -> Iterator[tuple[str, str, int]]:
    for part in parts:
        match part:
            case nodes.Getattr(node=nodes.Name(name=owner), attr=attribute):
                yield owner, attribute, part.lineno
            case nodes.Getitem(node=nodes.Name(name=owner), arg=nodes.Const(value=attribute)):
                yield owner, str(attribute), part.lineno


class _TooMuch(Exception):  # noqa: N818 - a way out
    pass


class _TooLate(Exception):  # noqa: N818 - a way out
    pass


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise `_TooLate` in whatever the template does then; only a task's one thread can be interrupted so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def too_late(_signal: int, _frame: FrameType | None) -> None:
        raise _TooLate

    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _reason(problem: Exception) -> str:
    match problem:
        case _TooLate():
            return f"it takes longer than {_SECONDS:g} seconds; does a loop never end?"
        case _TooMuch():
            return f"it writes more than {_MOST_OUTPUT // 1_000_000} million characters"
        case RecursionError():
            return "a macro calls itself without end"
        case SecurityError():
            return f"it tries what no template may: {_sentence(problem)}"
        case UndefinedError() | ZeroDivisionError() | OverflowError():
            return _sentence(problem)
    # In no other words: Python's own often hold the value that they are about.
    return f"a statement fails ({type(problem).__name__})"


def _sentence(problem: Exception) -> str:
    told = problem.message if isinstance(problem, TemplateSyntaxError) else str(problem)
    text = (told or type(problem).__name__).strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _line(problem: Exception) -> int:
    """The template's line that an exception came from; Jinja has put it into the traceback."""
    line, trace = 0, problem.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
