"""How long a cover page takes in a running service, from its facts to coded fax pages.

    ./dev bench cover_pages [--rounds 60]

The service's own converter, warm: preloaded processes, LibreOffice started. One fax at a time, of one page
and without attachments, the templates in turn; every round says another subject, so that nothing is
remembered:

    default, healthcare   the built-in templates
    own HTML              `postfax cover export default` as an own template
    own Word              a template of a page with a table, header and footer, through LibreOffice
    own Word, long        the same with a text of four pages: laid out twice, as it says its pages

There is no peer to compare with: p50 and p90 of many. The first rounds are not counted. Beside what the clock
says stands what the cover's own tasks spent of the processor, which depends less on what else the machine
does (LibreOffice's share is not in it).
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import docx
from figures import logs_thrown_away, percentile, print_heading, print_table

from config.fax import Paper
from config.server import ConvertSettings
from convert.converter import Converter
from convert.cover_export import exported
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.request import ConversionLimits, ConversionRequest, Sheet

_NOT_COUNTED = 5
_PAUSE = 0.2
"""Seconds between two covers, in which the service makes ready for the next: faxes come one by one."""
_TEXT = "Dear Dr. Doe,\n\nplease find attached the referral for Monday.\n\nWith kind regards\nAna Ruiz"
_LONG = "\n\n".join(f"{number}. " + "The patient has been seen several times. " * 7 for number in range(34))
_FACTS = CoverFacts(
    template="default",
    paper=Paper.LETTER,
    recipient=CoverRecipient(number="+1 206 555 1234", name="Dr. Jonathan Doe", company="Lakeside Clinic"),
    sender=CoverSender(
        name="Ana Ruiz", company="General Hospital", department="Radiology", phone="+1 206 555 0101",
        fax="+1 206 555 0100", email="ana@hospital.example", address="1200 Harbor Avenue\nSeattle",
    ),
    body_text=_TEXT, date="11/23/2026", time="09:14 am", zone="PST", job_id="K7Q2-M9", reference="REF-4711",
)  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="cover_pages", description="How long a cover page takes.")
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args(arguments).rounds
    print_heading("Cover pages, from the facts to coded fax pages (204 x 196)")
    with tempfile.TemporaryDirectory(prefix="postfax-bench-") as folder, logs_thrown_away():
        taken = asyncio.run(_measured(Path(folder), rounds))
    rows = [
        (
            name,
            *(f"{1000 * percentile([wall for wall, _ in each], percent):.0f}" for percent in (10, 50, 90)),
            f"{1000 * percentile([processor for _, processor in each], 50):.0f}",
        )
        for name, each in taken.items()
    ]
    print_table(("template", "p10 ms", "p50 ms", "p90 ms", "CPU p50 ms"), rows)


async def _measured(folder: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """For each contender the seconds by the clock, and those of the processor."""
    contenders = _contenders(folder)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    converter = Converter(ConvertSettings())
    await converter.start()
    try:
        for number in range(-_NOT_COUNTED, rounds):
            for name, facts in contenders.items():
                before = converter.processor_seconds
                seconds = await _drawn(converter, folder, replace(facts, subject=f"Referral {number}"))
                await asyncio.sleep(_PAUSE)  # what tasks took is told when they have ended
                if number >= 0:
                    taken[name].append((seconds, converter.processor_seconds - before))
    finally:
        await converter.stop()
    return taken


def _contenders(folder: Path) -> dict[str, CoverFacts]:
    html, word = folder / "own.html", folder / "own.docx"
    html.write_text(exported("default"), encoding="utf-8")
    _write_word(word)
    own_word = replace(_FACTS, template="own", own_file=str(word))
    return {
        "default": _FACTS,
        "healthcare": replace(_FACTS, template="healthcare"),
        "own HTML": replace(_FACTS, template="own", own_file=str(html)),
        "own Word": own_word,
        "own Word, long": replace(own_word, body_text=_LONG),
    }


def _write_word(path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "~SenderCompany~"
    document.sections[0].footer.paragraphs[0].text = "~TotalPages~ pages in all"
    document.add_heading("Fax for ~RecipientName~", 0)
    table = document.add_table(rows=0, cols=2)
    for label, token in (("Date", "~DateTime~"), ("To", "~FaxNumber~"), ("Subject", "~Subject~")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, token
    document.add_paragraph("~CoverText~")
    document.save(str(path))


async def _drawn(converter: Converter, folder: Path, facts: CoverFacts) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as work:
        request = ConversionRequest(
            sources=(),
            sheets=(Sheet(key="fax", cover=facts.to_json()),),
            resolution="fine",
            paper=facts.paper,
            limits=ConversionLimits(),
            folder=Path(work),
        )
        begun = perf_counter()
        (fax,) = await converter.convert(request)
        seconds = perf_counter() - begun
    assert not fax.cover_trouble, fax.cover_trouble
    return seconds
