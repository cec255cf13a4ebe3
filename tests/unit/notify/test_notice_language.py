"""Notices in other languages than English: complete catalogues, and sentences of the stages recognised."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from notice_facts import arrived, delivery, failed, form, initial, job, octets, policy, refused, sent, subject

import notify
from config.fax import FaxSettings
from config.settings import Settings
from notify.language import Speech, speech
from store.job import Refusal
from store.page_budget import refuse_pages
from store.status import Status
from submission.address import read_addressee
from submission.directives import Circumstances, in_force, read_directives
from submission.moment import read_moment
from submission.number import Unreadable, read_number
from submission.written import header_directives

ROOM = Path(str(notify.__file__)).parent
LANGUAGES = ("de", "es", "fr")
NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)


def catalogue(language: str) -> Catalog:
    with (ROOM / "languages" / f"{language}.po").open("rb") as lines:
        return read_po(lines, locale=language, abort_invalid=True)


def said() -> set[str | tuple[str, str]]:
    """Every sentence that the code and the templates say in the reader's language."""
    found: set[str | tuple[str, str]] = set()
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            found.update(_said_by(node))
    for file in (ROOM / "templates").iterdir():
        found.update(re.findall(r'say\("([^"]+)"', file.read_text(encoding="utf-8")))
    return found


def _said_by(node: ast.AST) -> Iterator[str | tuple[str, str]]:
    if not isinstance(node, ast.Call):
        return
    texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    match node.func:
        case ast.Name(id="say") if texts:
            yield texts[0]
        case ast.Attribute(attr="counted") if len(texts) == 2:
            yield texts[0], texts[1]


def gaps(sentence: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", sentence))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_and_none_is_left_over(language: str) -> None:
    named = {"high", "normal", "low", "bulk", "standard", "fine", "superfine"}
    known = {message.id for message in catalogue(language) if message.id and not message.context}
    assert known - named == said()
    assert named <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_has_the_gaps_of_its_sentence(language: str) -> None:
    for message in catalogue(language):
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        whole = " ".join(message.id) if isinstance(message.id, tuple) else message.id
        assert all(forms), message.id
        if message.id:
            assert all(gaps(str(one)) == gaps(str(whole)) for one in forms), message.id


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", Status)
def test_every_status_is_explained(language: str, status: Status) -> None:
    say = speech(language)
    words = "Busy" if status is Status.BUSY else status.value
    assert say.told(words) != words
    assert say.told(status.explanation) != status.explanation
    assert not status.advice or say.told(status.advice) != status.advice


WISHES: tuple[dict[str, str], ...] = (
    {"cover": " "}, {"priority": "asap"}, {"paper": "A3"}, {"resolution": "best"}, {"retries": "50"},
    {"retry-interval": "10 s"}, {"line": "other"}, {"notify": "a@y.example"}, {"notify": " "},
    {"notify": "a@y.example b@y.example"}, {"at": "whenever"}, {"expire": "now"},
    {"at": "+3 h", "expire": "+2 h"}, {"to": "x" * 201}, {"reference": "a", "jobtag": "b"},
)  # fmt: skip


NO_NUMBERS = ("12", "John_Doe.12", "2065551234/T33S=x", "nobody", "FAX=", "2065551234/T33S=1/T33S=2")


def refused_wishes() -> Iterator[str]:
    facts = Circumstances(now=NOW, time_zone=ZoneInfo("UTC"), lines=("main",), may_be_told=lambda _: False)
    for wish in WISHES:
        written, _ = header_directives({f"x-fax-{name}": value for name, value in wish.items()})
        found = in_force(written)
        refusal = found if isinstance(found, Refusal) else read_directives(found, facts)
        assert isinstance(refusal, Refusal), wish
        yield from (refusal.explanation, refusal.advice)


def unusable_documents() -> Iterator[str]:
    """The sentences of documents and packed mails that have no gaps, as they stand in the code."""
    for file in (*(ROOM.parent / "convert").glob("*.py"), *(ROOM.parent / "mta" / "mime").glob("*.py")):
        if file.name == "first_page_task.py":  # its notice goes without the picture, and does not say why
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Refused" | "_refused"), args=[ast.Constant(value=str(said))]):
                    yield said


def refusals() -> Iterator[str]:
    """What the stages really write."""
    for local in (*NO_NUMBERS, "+49 30/123456", "John.2065551234.12065550000"):
        problem = read_addressee(local, "US")
        assert isinstance(problem, Unreadable), local
        yield from filter(None, (problem.explanation, problem.advice))
    number = read_number("4930123456", "US")
    assert isinstance(number, Unreadable)
    yield from filter(None, (number.explanation, number.advice))
    zone = ZoneInfo("America/Los_Angeles")
    for text in ("2026-11-22 08:00", "2029-11-27 08:00", "11/12/2026 08:00", "soon", "2027-03-14 02:30"):
        moment = read_moment(text, zone, NOW)
        assert isinstance(moment, Unreadable), text
        yield from (moment.explanation, moment.advice)
    settings = Settings(fax=FaxSettings(pages_per_day=5))
    for pages, used in ((6, 0), (1, 5), (3, 4)):
        budget = refuse_pages(pages, used, settings, NOW)
        assert budget
        yield from (budget.explanation, budget.advice)
    yield from refused_wishes()
    yield from unusable_documents()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_stages_write_is_recognised(language: str) -> None:
    say = speech(language)
    for sentence in refusals():
        assert say.told(sentence) != sentence, sentence


def test_gaps_keep_what_was_written_and_a_reason_is_translated_too() -> None:
    say = speech("de")
    explained = '"a{b}.pdf" is not a document that can be faxed: the PDF is protected with a password.'
    assert say.told(explained) == (
        "„a{b}.pdf“ ist kein Dokument, das gefaxt werden kann: das PDF ist mit einem Passwort geschützt."
    )


def test_two_sentences_are_recognised_and_unknown_ones_stay() -> None:
    say = speech("fr")
    assert say.told("The line was busy. Look at the moon.") == "La ligne était occupée. Look at the moon."


def test_a_german_sentence_begins_with_a_capital_behind_a_colon_and_a_french_one_does_not() -> None:
    assert Speech("de").following("Die Leitung war besetzt.") == "Die Leitung war besetzt."
    assert Speech("fr").following("La ligne était occupée.") == "la ligne était occupée."
    assert Speech("fr").following("L’appareil") == "l’appareil"


def test_what_is_no_language_of_ours_is_english() -> None:
    assert speech("tlh").language == "en"


def test_a_german_notice() -> None:
    when = {"time_zone": "Europe/Berlin", "date_format": "D. MMMM YYYY"}
    user = policy(notifications={"language": "de"}, datetime=when)
    mail = arrived(delivery(sent(), user=user))
    assert mail["Content-Language"] == "de"
    assert subject(mail) == "Re: Referral for Monday: Fax an +1 206 555 1234 zugestellt (4 Seiten)"
    text = form(mail, "plain")
    assert "Das Empfangsgerät hat alle\n4 Seiten bestätigt.\n" in text
    assert "Zugestellt   23. November 2026 18:36 CET\n" in text
    assert "1. 23. November 2026 18:30 CET  BUSY (Besetzt)\n" in text
    html = form(mail, "html")
    assert '<html lang="de">' in html
    assert "Geschrieben vom Faxdienst" in html


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", "no enviado: «scan.heic.exe» no es un documento que se pueda enviar por fax"),
        ("fr", "non envoyé : « scan.heic.exe » n’est pas un document qui peut être faxé"),
    ],
)
def test_a_subject_outside_ascii_keeps_every_blank(language: str, expected: str) -> None:
    user = policy(notifications={"language": language})
    assert subject(arrived(initial([refused()], user=user))).endswith(expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_word_is_left_in_a_notice(language: str) -> None:
    user = policy(notifications={"language": language})
    for facts in (delivery(failed(), user=user), initial([job(), refused(id="B2")], user=user)):
        text = form(arrived(facts), "plain")
        assert not re.search(r"\b(your|the|not|attempts?|sent|delivered|accepted)\b", text, re.IGNORECASE), (
            text
        )


def test_programs_read_the_same_in_every_language() -> None:
    user = policy(notifications={"language": "de"})
    report = octets(delivery(failed(), user=user)).decode().replace("\r\n ", " ")
    assert "X-Supplementary-Info: The line was busy. Send it again later" in report
