"""A cover for a person who looks at it: drawn or checked once, by a program that then ends.

Made as the service makes it, confined, from the same facts. Blocks, and forks: the program must have one
thread.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from convert.cover_facts import CoverFacts
from convert.cover_mistake import TemplateMistake
from convert.cover_structure import structure_mistakes
from convert.fax_making import make_faxes
from convert.one_shot import OnceRunner, finish
from convert.own_cover import TemplateRejected, draw
from convert.request import ConversionLimits, ConversionRequest, ConvertedFax, Sheet
from sandbox.temporary_folder import TemporaryFolder

_KEY = "cover"


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedTemplate:
    """What was found out about a template's file."""

    mistakes: tuple[TemplateMistake, ...]
    """With any of them it is not used."""
    remarks: tuple[TemplateMistake, ...]
    """What may not be meant."""
    pages: int
    """Of the cover with the facts that it was checked with."""
    custom_fields: tuple[str, ...] = ()
    """The custom fields that it asks for, as it writes them."""


def draw_once(
    facts: CoverFacts,
    folder: Path,
    *,
    resolution: str,
    before_office: Callable[[], None] = lambda: None,
) -> ConvertedFax:
    """A fax of the cover alone, written into a folder that is empty and ours.

    Raises:
        InvalidDocument: The message cannot be laid out.
        ConverterUnavailable: A part of ours is missing or broken.
    """
    request = _request(facts, folder, resolution)
    with _runner(request, before_office) as runner:
        (fax,) = finish(make_faxes(request, runner))
    return fax


Check = Callable[[CoverFacts], CheckedTemplate]
"""Looks at the own template that the facts name."""


@contextmanager
def cover_checks(*, before_office: Callable[[], None] = lambda: None) -> Iterator[Check]:
    """Looks at own templates, one after the other; LibreOffice is started once for all."""
    with TemporaryFolder("cover") as folder:
        numbers = itertools.count()
        with _runner(_request(None, folder, "fine"), before_office) as runner:

            def check(facts: CoverFacts) -> CheckedTemplate:
                inner = folder / str(next(numbers))
                inner.mkdir()
                return _checked(runner, _request(facts, inner, "fine"), facts)

            yield check


def _checked(runner: OnceRunner, request: ConversionRequest, facts: CoverFacts) -> CheckedTemplate:
    structure = structure_mistakes(Path(facts.own_file))
    try:
        cover = finish(draw(request, runner, {_KEY: facts.to_json()}))[_KEY]
    except TemplateRejected as rejected:
        return CheckedTemplate(mistakes=rejected.mistakes, remarks=structure, pages=0)
    remarks = [TemplateMistake(problem=text) for text in (*cover.refused, *cover.complaints)]
    if not cover.says_message:
        told = "it does not say the mail's text, which follows on pages of its own"
        remarks.append(TemplateMistake(problem=told, hint="~CoverText~ says it here"))
    return CheckedTemplate(
        mistakes=(),
        remarks=(*structure, *remarks),
        pages=len(cover.pages),
        custom_fields=cover.custom_fields,
    )


def _request(facts: CoverFacts | None, folder: Path, resolution: str) -> ConversionRequest:
    return ConversionRequest(
        sources=(),
        sheets=(Sheet(key=_KEY, cover=facts.to_json()),) if facts else (),
        resolution=resolution,
        paper=facts.paper if facts else None,
        limits=ConversionLimits(),
        folder=folder,
    )


@contextmanager
def _runner(request: ConversionRequest, before_office: Callable[[], None]) -> Iterator[OnceRunner]:
    """Runs the tasks, with everything loaded that they need before they are forked."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads, and a fork loses them
    import convert.leading_task  # noqa: PLC0415
    import convert.own_cover_task  # noqa: F401, PLC0415

    with OnceRunner(request, before_office) as runner:
        yield runner
