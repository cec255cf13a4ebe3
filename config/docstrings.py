"""What is written below each setting of a model, for the reference and the schema.

It is read from the source when somebody asks. pydantic can do so as well (`use_attribute_docstrings`), but
does it whenever a model is made: that would be a quarter of the start of every command.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

from config.section import Section


@cache
def docstrings(model: type[Section]) -> Mapping[str, str]:
    """The docstrings of a model's settings by their names, inherited ones too, each in one line."""
    bases = [base for base in reversed(model.__mro__) if issubclass(base, Section) and base is not Section]
    return {name: text for base in bases for name, text in _own_docstrings(base)}


def _own_docstrings(model: type[Section]) -> Iterator[tuple[str, str]]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - the source of a class
    for statement, below in pairwise(definition.body):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())
