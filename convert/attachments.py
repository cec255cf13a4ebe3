"""The pages of a mail's documents, in order. Rendered once, shared by all faxes of the mail.

Each document has a folder of its own, so that a hostile one cannot touch another.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from convert.fax_tiff import CodedPage
from convert.formats import Kind
from convert.page_account import NoAccount, PageAccount, Step, told_by, without_blank_ends
from convert.page_parts import parts, shares
from convert.request import ConversionRequest, InvalidDocument, Source
from convert.runner import UNFIT, Call, FinishedPages, Runner, page_arguments, written_pages
from convert.wording import BLANK

_PAGES_AT_ONCE = 2
"""A PDF with more pages may be drawn in several parts at once."""
_LOOKED_AT = 4 << 20
_PAGE = b"/Type/Page/"
"""How LibreOffice writes each."""


async def attached_pages(request: ConversionRequest, runner: Runner) -> list[FinishedPages]:
    """The pages of every source.

    Raises:
        InvalidDocument: One of them cannot be made into pages.
        ConverterUnavailable: A part of ours is missing or broken.
        OSError: The folder cannot be written.
    """
    calls = [_first_call(request, number, source) for number, source in enumerate(request.sources, 1)]
    answers = await runner.run_all(calls)
    return [
        await _followed_up(request, runner, call, answer) for call, answer in zip(calls, answers, strict=True)
    ]


def _first_call(request: ConversionRequest, number: int, source: Source) -> Call:
    folder = request.folder / f"source-{number}"
    folder.mkdir()
    # A copy: a task may write in its folder, and must not write into the sender's file.
    shutil.copyfile(source.path, folder / "source")
    arguments = {
        "source": "source",
        **page_arguments(request, source.name, pages_at_once=_PAGES_AT_ONCE),
        **({} if source.message else _rules(request)),
    }
    return Call(task="convert.page_task:make_pages", arguments=arguments, folder=folder, name=source.name)


def _rules(request: ConversionRequest) -> dict[str, Any]:
    """What a policy says of documents, as fields of a `PageTask`."""
    return {
        "allowed": None if request.allowed is None else tuple(request.allowed),
        "largest": request.limits.largest,
        "largest_of": dict(request.limits.largest_of),
    }


async def _followed_up(
    request: ConversionRequest, runner: Runner, call: Call, answer: dict[str, Any]
) -> FinishedPages:
    """Do what the first call left to do."""
    if "office" in answer:
        call = await _through_office(request, runner, call, answer)
        if runner.free > 1 and _may_have_several_pages(call):
            return await _drawn_in_shares(request, runner, call)
        (answer,) = await runner.run_all([call])
    pages = written_pages(call)
    accounts = _accounts(call, answer, len(pages))
    if "rest" in answer:
        calls = parts(call, _left(request, call, answer), runner.at_once)
        for part, told in zip(calls, await runner.run_all(calls), strict=True):
            drawn = written_pages(part, part.arguments["target"])
            accounts += _accounts(call, told, len(drawn))
            pages += drawn
    return _finished(request, call, accounts, pages)


def _may_have_several_pages(call: Call) -> bool:
    """Whether LibreOffice's PDF looks as if. If it deceives us nothing is lost but some time."""
    with Path(call.folder, call.arguments["source"]).open("rb") as pdf:
        return pdf.read(_LOOKED_AT).count(_PAGE) > 1


async def _drawn_in_shares(request: ConversionRequest, runner: Runner, call: Call) -> FinishedPages:
    """A PDF that was waited for, drawn by all processes that have nothing to do."""
    pages: tuple[CodedPage, ...] = ()
    accounts: tuple[PageAccount, ...] = ()
    calls = shares(call, runner.free)
    for share, told in zip(calls, await runner.run_all(calls), strict=True):
        drawn = written_pages(share, share.arguments["target"]) if told.get("pages") else ()
        accounts += _accounts(share, told, len(drawn))
        pages += drawn
    return _finished(request, call, accounts, pages)


def _left(request: ConversionRequest, call: Call, answer: dict[str, Any]) -> range:
    """The pages that the first call left to be drawn in parts."""
    match answer["rest"]:
        case [int(begin), int(end)] if 0 <= begin < end <= request.limits.pages:
            return range(begin, end)
    raise InvalidDocument(call.name, UNFIT)


def _finished(
    request: ConversionRequest, call: Call, accounts: Sequence[PageAccount], pages: Sequence[CodedPage]
) -> FinishedPages:
    """The document's pages, without blank ones at the end if the request says so.

    Raises:
        InvalidDocument: Nothing is on any of them: a blank fax helps nobody, and who sent it would not know.
    """
    from_office = bool(call.arguments.get("from_office"))
    if not any(each.inked for each in accounts):
        raise InvalidDocument(call.name, BLANK)
    kept = without_blank_ends(accounts) if request.drop_blank_ends else len(pages)
    before = (Step.OFFICE,) if from_office else ()
    steps = tuple(before + account.steps for account in accounts[:kept])
    return FinishedPages(origin=call.name, pages=tuple(pages[:kept]), steps=steps)


def _accounts(call: Call, answer: dict[str, Any], count: int) -> tuple[PageAccount, ...]:
    """What the task tells of each of the pages that it has written."""
    try:
        accounts = told_by(answer)
    except NoAccount as problem:
        raise InvalidDocument(call.name, UNFIT) from problem
    if len(accounts) != count:
        raise InvalidDocument(call.name, UNFIT)
    return accounts


async def _through_office(
    request: ConversionRequest, runner: Runner, call: Call, answer: dict[str, Any]
) -> Call:
    """Let LibreOffice make a PDF of the document; the call that makes pages of that."""
    pdf = call.folder / "office.pdf"
    await runner.to_pdf(
        call.folder / Path(answer["source"]).name, pdf,
        name=call.name, kind=Kind(answer["office"]), pages=request.limits.pages + 1,
    )  # fmt: skip
    return replace(call, arguments={**call.arguments, "source": pdf.name, "from_office": True})
