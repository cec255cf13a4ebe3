"""What stands before a fax's attachments: its cover page, or the mail's body as pages of their own.

A cover of an own template that fails gives way to the built-in `default`; one that does not say all of the
mail's text is followed by pages that do: nothing of a mail is dropped.
"""

from dataclasses import dataclass
from typing import Any

from convert.facts_file import hand_over
from convert.own_cover import OwnCover, own_covers
from convert.request import ConversionRequest, Sheet
from convert.runner import Call, FinishedPages, Runner, page_arguments, written_pages

_COVER, _BODY = "cover", "body"
_NAMES = {_COVER: "the cover page", _BODY: "the message"}
_BUILT_IN = "default"

Facts = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadingPages:
    """What one sheet has before its attachments."""

    parts: tuple[FinishedPages, ...]
    cover_trouble: str = ""
    """What is wrong with the sender's own cover template, for the administrator."""


async def leading_pages(request: ConversionRequest, runner: Runner, *, following: int) -> list[LeadingPages]:
    """For each sheet the pages before its attachments, which have `following` pages.

    Raises:
        InvalidDocument: The message cannot be laid out.
        ConverterUnavailable: A part of ours is missing or broken.
        OSError: The folder cannot be written.
    """
    body_facts = {sheet.key: sheet.body for sheet in request.sheets if sheet.body}
    bodies = await _typeset(request, runner, _BODY, body_facts)
    facts = {
        sheet.key: _counting(sheet.cover, following + _count(bodies, sheet.key))
        for sheet in request.sheets
        if sheet.cover
    }
    covers, troubles = await _covers(request, runner, facts, bodies)
    return [_leading(sheet, covers, bodies, troubles) for sheet in request.sheets]


def _leading(
    sheet: Sheet, covers: dict[str, FinishedPages], bodies: dict[str, FinishedPages], troubles: dict[str, str]
) -> LeadingPages:
    parts = tuple(made[sheet.key] for made in (covers, bodies) if sheet.key in made)
    return LeadingPages(parts=parts, cover_trouble=troubles.get(sheet.key, ""))


def _count(made: dict[str, FinishedPages], key: str) -> int:
    return len(made[key].pages) if key in made else 0


def _counting(facts: Facts, pages: int) -> Facts:
    """The facts with so many more pages that follow; samples have some already."""
    return {**facts, "pages_following": facts.get("pages_following", 0) + pages}


async def _covers(
    request: ConversionRequest, runner: Runner, facts: dict[str, Facts], bodies: dict[str, FinishedPages]
) -> tuple[dict[str, FinishedPages], dict[str, str]]:
    """The covers of all sheets that have any, and what is wrong; `bodies` gets those that covers left out."""
    with_own = {key: each for key, each in facts.items() if each.get("own_file")}
    made, troubles = await _own(request, runner, with_own, bodies) if with_own else ({}, {})
    built_in = {
        key: each if key not in with_own else {**each, "template": _BUILT_IN, "own_file": ""}
        for key, each in facts.items()
        if key not in made
    }
    covers = await _typeset(request, runner, _COVER, built_in)
    covers |= {key: FinishedPages(origin=_COVER, pages=cover.pages) for key, cover in made.items()}
    return covers, troubles


async def _own(
    request: ConversionRequest, runner: Runner, facts: dict[str, Facts], bodies: dict[str, FinishedPages]
) -> tuple[dict[str, OwnCover], dict[str, str]]:
    first = await own_covers(request, runner, facts)
    silent = {key: facts[key] for key, cover in first.made.items() if not cover.says_message}
    if not silent:
        return first.made, first.troubles
    bodies |= await _typeset(request, runner, _BODY, {key: _as_body(each) for key, each in silent.items()})
    again = {key: _counting(each, _count(bodies, key)) for key, each in silent.items()}
    second = await own_covers(request, runner, again, turn="-again")
    # What was good a moment ago is not so now: the built-in cover says the message itself.
    for key in silent.keys() - second.made.keys():
        del first.made[key], bodies[key]
    return first.made | second.made, first.troubles | second.troubles


def _as_body(facts: Facts) -> Facts:
    """What the pages of the message say after a cover that leaves it out."""
    # Imported only here: pydantic behind them costs a one-shot conversion more time than a page does.
    from convert.body_facts import BodyFacts  # noqa: PLC0415
    from convert.cover_facts import CoverFacts  # noqa: PLC0415

    cover = CoverFacts.from_json(facts)
    return BodyFacts(
        paper=cover.paper,
        subject=cover.subject,
        sender=cover.sender.name or cover.sender.email,
        recipient=cover.recipient.name or cover.recipient.number,
        date=" ".join(part for part in (cover.date, cover.time, cover.zone) if part),
        body_text=cover.body_text,
        body_html=cover.body_html,
    ).to_json()


async def _typeset(
    request: ConversionRequest, runner: Runner, what: str, facts: dict[str, Facts]
) -> dict[str, FinishedPages]:
    """The pages made of these facts, by the sheet's key."""
    calls = [_call(request, what, key, each) for key, each in facts.items()]
    await runner.run_all(calls)
    return {
        key: FinishedPages(origin=what, pages=written_pages(call))
        for key, call in zip(facts, calls, strict=True)
    }


def _call(request: ConversionRequest, what: str, key: str, facts: Facts) -> Call:
    folder = request.folder / f"{what}-{key}"
    folder.mkdir()
    pages = page_arguments(request, _NAMES[what], pages_at_once=request.limits.pages)
    arguments = {"facts": hand_over(facts, folder=folder, name="facts.json"), "pages": pages}
    task = f"convert.leading_task:make_{what}"
    return Call(task=task, arguments=arguments, folder=folder, name=_NAMES[what], ours=True)
