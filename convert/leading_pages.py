"""What stands before a fax's attachments: its cover page, or the mail's body as pages of their own."""

from typing import Any

from convert.facts_file import hand_over
from convert.request import ConversionRequest, Sheet
from convert.runner import Call, FinishedPages, Runner, page_arguments, written_pages

_COVER, _BODY = "cover", "body"
_NAMES = {_COVER: "the cover page", _BODY: "the message"}


async def leading_pages(
    request: ConversionRequest, runner: Runner, *, following: int
) -> list[tuple[FinishedPages, ...]]:
    """For each sheet the pages before its attachments, which have `following` pages.

    Raises:
        InvalidDocument: The message cannot be laid out.
        ConverterUnavailable: A part of ours is missing or broken.
        OSError: The folder cannot be written.
    """
    body_facts = {sheet.key: sheet.body for sheet in request.sheets if sheet.body}
    bodies = await _typeset(request, runner, _BODY, body_facts)
    cover_facts = {
        sheet.key: {**sheet.cover, "pages_following": following + _count(bodies, sheet)}
        for sheet in request.sheets
        if sheet.cover
    }
    covers = await _typeset(request, runner, _COVER, cover_facts)
    return [
        tuple(made[sheet.key] for made in (covers, bodies) if sheet.key in made) for sheet in request.sheets
    ]


def _count(made: dict[str, FinishedPages], sheet: Sheet) -> int:
    return len(made[sheet.key].pages) if sheet.key in made else 0


async def _typeset(
    request: ConversionRequest, runner: Runner, what: str, facts: dict[str, dict[str, Any]]
) -> dict[str, FinishedPages]:
    """The pages made of these facts, by the sheet's key."""
    calls = [_call(request, what, key, each) for key, each in facts.items()]
    await runner.run_all(calls)
    return {
        key: FinishedPages(origin=what, pages=written_pages(call))
        for key, call in zip(facts, calls, strict=True)
    }


def _call(request: ConversionRequest, what: str, key: str, facts: dict[str, Any]) -> Call:
    folder = request.folder / f"{what}-{key}"
    folder.mkdir()
    pages = page_arguments(request, _NAMES[what], pages_at_once=request.limits.pages)
    arguments = {"facts": hand_over(facts, folder=folder, name="facts.json"), "pages": pages}
    task = f"convert.leading_task:make_{what}"
    return Call(task=task, arguments=arguments, folder=folder, name=_NAMES[what], ours=True)
