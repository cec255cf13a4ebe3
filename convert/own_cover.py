"""Covers of own templates, for a whole request: a template that fails costs its fax nothing but its looks.

Each template is tried with one fax first, so that one that never ends is waited for once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert.cover_files import TemplateUnusable, hand_over_template
from convert.cover_mistake import TemplateMistake
from convert.cover_names import template_kind
from convert.facts_file import hand_over
from convert.fax_tiff import CodedPage
from convert.formats import Kind
from convert.page_account import told_by
from convert.request import ConversionRequest, ConverterUnavailable, InvalidDocument
from convert.runner import Call, Runner, page_arguments, written_pages

_SECONDS = 20.0
"""For one cover: a good one takes a tenth of one."""
_MOST_LAYOUTS = 4
"""Of a document that says how many pages it has; the second nearly always agrees with the first."""
_TOLD = 3
"""Mistakes of a template that one sentence tells."""
BLANK = "nothing of it can be seen on a fax: every page would be blank"
_UNSETTLED = "its pages differ in number each time their number is written on them"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnCover:
    """A cover of an own template."""

    pages: tuple[CodedPage, ...]
    says_message: bool
    """Whether all of the mail's text stands on it."""
    refused: tuple[str, ...]
    """What it asked for and did not get."""
    complaints: tuple[str, ...]
    """What was not understood of its style."""
    custom_fields: tuple[str, ...]
    """The custom fields that it asks for, as it writes them."""


class TemplateRejected(Exception):  # noqa: N818 - named as what happened
    """No cover can be made of a template; every mistake that is known."""

    def __init__(self, *mistakes: TemplateMistake) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(map(str, mistakes)))


@dataclass(kw_only=True, slots=True)
class OwnCovers:
    """Covers by their sheet's key, and what is wrong by the same key."""

    made: dict[str, OwnCover]
    troubles: dict[str, str]
    """Sentences for the administrator; a sheet may have a cover and a trouble."""


async def own_covers(
    request: ConversionRequest, runner: Runner, facts: dict[str, dict[str, Any]], *, turn: str = ""
) -> OwnCovers:
    """The covers of sheets that have own templates; a sheet that is not among them has only a trouble.

    Args:
        request: Whose folder is written in.
        runner: Runs the tasks.
        facts: `CoverFacts.to_json()` by the sheet's key.
        turn: Tells the folders apart when a cover is made again.

    Raises:
        OSError: The folder cannot be written.
    """
    covers = OwnCovers(made={}, troubles={})
    for file in dict.fromkeys(each["own_file"] for each in facts.values()):
        keys = [key for key, each in facts.items() if each["own_file"] == file]
        called = _called(facts[keys[0]])
        for group in (keys[:1], keys[1:]):
            try:
                made = await draw(request, runner, {key: facts[key] for key in group}, turn=turn)
            except TemplateRejected as problem:
                why = _first(problem.mistakes)
                told = f"{called} cannot be used: {why}. The built-in default has taken its place."
                covers.troubles |= dict.fromkeys(keys if group == keys[:1] else group, told)
                break
            covers.made |= made
            covers.troubles |= {key: _lacking(called, cover) for key, cover in made.items() if cover.refused}
    return covers


def _first(mistakes: tuple[TemplateMistake, ...]) -> str:
    told = "; ".join(map(str, mistakes[:_TOLD]))
    return f"{told}; and {len(mistakes) - _TOLD} more" if len(mistakes) > _TOLD else told


def _called(facts: dict[str, Any]) -> str:
    return f"The cover template {facts['template']} ({facts['own_file']})"


def _lacking(called: str, cover: OwnCover) -> str:
    return f"{called} asks for what it cannot have: {'; '.join(cover.refused)}. The page was made without."


async def draw(
    request: ConversionRequest, runner: Runner, facts: dict[str, dict[str, Any]], *, turn: str = ""
) -> dict[str, OwnCover]:
    """The covers of sheets that all have one template.

    Raises:
        TemplateRejected: No cover can be made of it.
        OSError: The folder cannot be written.
    """
    try:
        if all(_kind(each["own_file"]) is Kind.HTML for each in facts.values()):
            return await _html(request, runner, facts, turn)
        return {key: await _office(request, runner, key, each, turn) for key, each in facts.items()}
    except (TemplateUnusable, ConverterUnavailable) as problem:
        raise TemplateRejected(TemplateMistake(problem=str(problem))) from problem
    except InvalidDocument as problem:
        raise TemplateRejected(TemplateMistake(problem=problem.reason)) from problem


def _kind(file: str) -> Kind:
    try:
        return template_kind(file)
    except KeyError as problem:
        raise TemplateUnusable("a template is a file that ends in .html, .docx or .odt") from problem


async def _html(
    request: ConversionRequest, runner: Runner, facts: dict[str, dict[str, Any]], turn: str
) -> dict[str, OwnCover]:
    calls = [
        _call(request, f"{key}{turn}", each, "make_html_cover", pages=_page_arguments(request, each))
        for key, each in facts.items()
    ]
    answers = await runner.run_all(calls)
    return {
        key: _checked(answer, written_pages(call), answer)
        for key, call, answer in zip(facts, calls, map(_good, answers), strict=True)
    }


async def _office(
    request: ConversionRequest, runner: Runner, key: str, facts: dict[str, Any], turn: str
) -> OwnCover:
    own_pages = 1
    for layout in range(_MOST_LAYOUTS):
        call = _call(request, f"{key}{turn}-{layout}", facts, "fill_office_cover", own_pages=own_pages)
        (answer,) = await runner.run_all([call])
        filled = _good(answer)
        pdf = call.folder / "office.pdf"
        document = call.folder / Path(filled["file"]).name
        await runner.to_pdf(
            document, pdf, name=call.name, kind=_kind(document.name), pages=request.limits.pages + 1
        )
        drawing = Call(
            task="convert.page_task:make_pages",
            arguments={**_page_arguments(request, facts), "source": pdf.name, "from_office": True},
            folder=call.folder, name=call.name, seconds=_SECONDS,
        )  # fmt: skip
        (drawn,) = await runner.run_all([drawing])
        pages = written_pages(drawing)
        if len(pages) == own_pages or not filled["counts_pages"]:
            return _checked(drawn, pages, filled)
        own_pages = len(pages)
    raise TemplateUnusable(_UNSETTLED)


def _call(request: ConversionRequest, name: str, facts: dict[str, Any], task: str, **more: Any) -> Call:
    folder = request.folder / f"own-cover-{name}"
    folder.mkdir()
    template = hand_over_template(facts["own_file"], folder)
    arguments = {"facts": hand_over(facts, folder=folder, name="facts.json"), "template": template, **more}
    return Call(
        task=f"convert.own_cover_task:{task}", arguments=arguments, folder=folder,
        name=_name(facts), seconds=_SECONDS,
    )  # fmt: skip


def _name(facts: dict[str, Any]) -> str:
    return f"the cover template {facts['template']}"


def _page_arguments(request: ConversionRequest, facts: dict[str, Any]) -> dict[str, Any]:
    return page_arguments(request, _name(facts), pages_at_once=request.limits.pages)


def _good(answer: dict[str, Any]) -> dict[str, Any]:
    if "mistakes" in answer:
        raise TemplateRejected(*(TemplateMistake(**mistake) for mistake in answer["mistakes"]))
    return answer


def _checked(drawn: dict[str, Any], pages: tuple[CodedPage, ...], told: dict[str, Any]) -> OwnCover:
    if not any(page.inked for page in told_by(drawn)):
        raise TemplateUnusable(BLANK)
    return OwnCover(
        pages=pages,
        says_message=told["says_message"],
        refused=_texts(told["refused"]),
        complaints=_texts(told["complaints"]),
        custom_fields=_texts(told["custom_fields"]),
    )


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)
