"""Quotations and signatures, left out of a mail's body."""

import re

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from submission.quotation import is_forward
from submission.trimming import trimmed

_REPLY = "Yes, Monday.\n\n"
_INTRODUCTIONS = [
    "On Mon, Nov 23, 2026 at 9:14 AM Ana Ruiz <ana@hospital.example> wrote:",
    "On Mon, Nov 23, 2026 at 9:14 AM Ana Ruiz <ana.maria.ruiz@radiology.hospital.example>\nwrote:",
    "On 11/23/2026 9:14 AM, Ana Ruiz wrote:",
    "Am 23.11.2026 um 09:14 schrieb Ana Ruiz:",
    "Am Mo., 23. Nov. 2026 um 09:14 Uhr schrieb Ana Ruiz <\nana@hospital.example>:",
    "Ana Ruiz <ana@hospital.example> schrieb am Mo., 23. Nov. 2026, 09:14:",
    "Le lun. 23 nov. 2026 à 09:14, Ana Ruiz <ana@hospital.example> a écrit :",
    "Le 23/11/2026 à 09:14, Ana Ruiz a écrit\u00a0:",
    "El lun, 23 nov 2026 a las 9:14, Ana Ruiz (<ana@hospital.example>) escribió:",
    "Il giorno lun 23 nov 2026 alle ore 09:14 Ana Ruiz <ana@hospital.example> ha scritto:",
    "Em seg., 23 de nov. de 2026 às 09:14, Ana Ruiz <ana@hospital.example> escreveu:",
    "Op ma 23 nov 2026 om 09:14 schreef Ana Ruiz <ana@hospital.example>:",
    "Den mån 23 nov. 2026 kl 09:14 skrev Ana Ruiz <ana@hospital.example>:",
    "пн, 23 нояб. 2026 г. в 09:14, Ana Ruiz <ana@hospital.example>:",
    "2026年11月23日(月) 9:14 Ana Ruiz <ana@hospital.example>:",
]
_ORIGINALS = [
    "-----Original Message-----\nFrom: Ana Ruiz\nSent: Monday\nTo: x\nSubject: Y\n\nthe old mail",
    "-----Ursprüngliche Nachricht-----\nVon: Ana Ruiz\n\nthe old mail",
    "______________\nFrom: Ana <ana@a.example>\nSent: Monday\nTo: Doe\nCc: x\nSubject: Re: x\n\nthe old mail",
    "Lähettäjä: Ana Ruiz\nLähetetty: maanantai\nVastaanottaja: Dr. Doe\nAihe: VS: Aika\n\nthe old mail",
    "Od: Ana Ruiz\nOdesláno: pondělí\nKomu: Dr. Doe\nPředmět: RE: Termín\n\nthe old mail",
    "Kimden: Ana Ruiz\nGönderme Tarihi: Pazartesi\nKime: Dr. Doe\nKonu: Randevu\n\nthe old mail",
    "Feladó: Ana Ruiz\nElküldve: hétfő\nCímzett: Dr. Doe\nTárgy: RE: Időpont\n\nthe old mail",
    "Από: Ana Ruiz\nΣτάλθηκε: Δευτέρα\nΠρος: Dr. Doe\nΘέμα: RE: Ραντεβού\n\nthe old mail",
    "Від: Ana Ruiz\nНадіслано: понеділок\nКому: Dr. Doe\nТема: RE: Прийом\n\nthe old mail",
    "De la: Ana Ruiz\nTrimis: luni\nCătre: Dr. Doe\nSubiect: RE: Programare\n\nthe old mail",
    "Von: Ana Ruiz\nGesendet: Montag\nAn: Dr. Doe\nBetreff: AW: Termin\n\nthe old mail",
    "De : Ana Ruiz\nEnvoyé : lundi\nÀ : Dr. Doe\nObjet : RE: Rendez-vous\n\nthe old mail",
    "From: Ana Ruiz <ana@hospital.example>\nDate: Monday\nTo: Dr. Doe\nSubject: Re: x\nthe old mail",
]


def _text(text: str, *, quotes: bool = True, signature: bool = False) -> str:
    return trimmed(text, "", quotes=quotes, signature=signature)[0]


def _html(html: str, *, quotes: bool = True, signature: bool = False) -> str:
    return trimmed("", html, quotes=quotes, signature=signature)[1]


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^<>]+>", " ", html).split())  # `<>` is text


@pytest.mark.parametrize("introduction", _INTRODUCTIONS)
def test_a_quotation_goes_with_its_introduction(introduction: str) -> None:
    assert _text(f"{_REPLY}{introduction}\n> old\n>\n>> older\n\n") == _REPLY + "\n"


@pytest.mark.parametrize("original", _ORIGINALS)
def test_the_original_goes_from_its_header_to_the_end(original: str) -> None:
    assert _text(_REPLY + original).strip() == "Yes, Monday."


def test_line_ends_stay_as_they_are() -> None:
    assert _text("Yes.\r\nOn Monday Ana wrote:\r\n> a\r\n") == "Yes.\r\n"


@pytest.mark.parametrize(
    "body",
    [
        "On Monday Ana wrote:\n> When?\n\nAt nine.\n",
        "> When?\nAt nine.\n> Where?\nHere.\n",
        "-----Original Message-----\nFrom: Ana\n\n> When?\nAt nine.",
        "She writes:\n\nthe patient is well.",
        "Results:\n> 5 mg\n> 7 mg",
        "Give\n>5 mg twice a day",
        "MEMO\n\nFrom: Dr. Doe\nTo: Ward 3\nDate: Monday\nSubject: Samples\n\nPlease collect them.",
        "See\n\n---- Forwarded message ---------\nFrom: Ana <ana@a.example>\nDate: Monday\nSubject: R\n\nit",
        "Begin forwarded message:\n\nFrom: Ana <ana@a.example>\nSent: Monday\nSubject: R\n\nthe results",
        "On Monday Ana wrote:\n> all there is\n",
        "-----Original Message-----\nall there is",
        "On Monday Ana wrote:\n> all there is\n-- \nAna\n",
        "",
        "\n \n",
    ],
)
def test_what_is_answered_forwarded_or_all_there_is_stays(body: str) -> None:
    assert _text(body) == body


def test_an_answered_quotation_stays_and_a_trailing_one_goes() -> None:
    body = "On Monday Ana wrote:\n> When?\nAt nine.\n"

    assert _text(body + "> the rest\n> of it\n") == body


@pytest.mark.parametrize("delimiter", ["-- ", "--"])
def test_a_signature_goes_from_its_delimiter_on(delimiter: str) -> None:
    body = f"Hello\n{delimiter}\nAna Ruiz\nRadiology\n"

    assert _text(body, quotes=False, signature=True) == "Hello\n"
    assert _text(body) == body


@pytest.mark.parametrize(
    "body",
    ["A -- B\n--- \ntext", "--\n" + "line\n" * 60, "-- \nAna", "> -- \n> Ana\nHello", "a\n--\n> quoted\nb"],
)
def test_what_is_no_signature_at_the_end_stays(body: str) -> None:
    assert _text(body, quotes=False, signature=True) == body


def test_a_signature_above_or_below_the_quotation_is_a_matter_of_its_own() -> None:
    above = "Yes.\n-- \nAna\n\nOn Monday Doe wrote:\n> old\n"
    below = "Yes.\n\nOn Monday Doe wrote:\n> old\n\n-- \nAna\n"

    assert _text(above) == "Yes.\n-- \nAna\n\n"
    assert _text(above, quotes=False, signature=True) == "Yes.\n\nOn Monday Doe wrote:\n> old\n"
    assert _text(above, signature=True) == "Yes.\n\n"
    assert _text(below) == "Yes.\n\n\n-- \nAna\n"
    assert _text(below, quotes=False, signature=True) == "Yes.\n\nOn Monday Doe wrote:\n> old\n\n"
    assert _text(below, signature=True) == "Yes.\n\n\n"


@pytest.mark.parametrize(
    "quotation",
    [
        '<div class="gmail_quote x"><div>On Monday Ana wrote:</div><blockquote>old</blockquote></div>',
        '<div class="moz-cite-prefix">On Monday Ana wrote:<br></div><blockquote type="cite">old</blockquote>',
        "<div><br><blockquote type=cite><div>On Monday Ana wrote:</div><div>old</div></blockquote></div>",
        "<div>On Monday, Ana &lt;ana@a.example&gt; wrote:</div><br><blockquote type='cite'>old</blockquote>",
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Ana</div><div>old</div>',
        "<div><p><b>From:</b> Ana<br><b>Sent:</b> Monday<br><b>Subject:</b> RE: x</p></div><p>old</p>",
        "<p>-----Original Message-----</p><p>old</p>",
        '<div id="x_divRplyFwdMsg">old</div><table><tr><td>old</td></tr></table>',
        '<div class="yahoo_quoted">old</div>',
    ],
)
def test_the_quotation_of_every_mail_program_goes(quotation: str) -> None:
    result = _html(f'<html><body><div dir="ltr"><p>Yes.</p>{quotation}</div></body></html>')

    assert _words(result) == "Yes."
    assert "blockquote" not in result
    assert "<hr" not in result
    assert result.startswith('<html><body><div dir="ltr"><p>Yes.</p>')
    assert result.endswith("</div></body></html>")


@pytest.mark.parametrize(
    "html",
    [
        "<blockquote type=cite>When?</blockquote><p>At nine.</p>",
        "<p>See</p><div class=gmail_quote><div>--- Forwarded message ---<br>From: Ana</div>it</div>",
        "<p>He said</p><blockquote>words of the mail itself</blockquote>",
        "<div class=gmail_quote>all there is</div>",
        "<div class=gmail_quote>old</div><div class=gmail_signature>Ana</div>",
        "<p>a<blockquote",
    ],
)
def test_html_that_is_answered_forwarded_or_all_there_is_stays(html: str) -> None:
    assert _html(html) == html


@pytest.mark.parametrize(
    "signature",
    [
        "<div><br></div>-- <br><div class=gmail_signature>Ana<table><tr><td>Radiology</table></div>",
        '<span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature">Ana</div>',
        '<pre class="moz-signature" cols="72">-- \nAna</pre>',
        '<div id="AppleMailSignature">Ana</div>',
        "<p>-- <br>Ana<br>Radiology</p>",
    ],
)
def test_the_signature_of_every_mail_program_goes(signature: str) -> None:
    quotation = "<blockquote type=cite>old</blockquote>"

    assert _words(_html(f"<p>Hi</p>{signature}", quotes=False, signature=True)) == "Hi"
    assert _words(_html(f"<p>Hi</p>{signature}{quotation}", quotes=False, signature=True)) == "Hi old"
    assert _words(_html(f"<p>Hi</p>{quotation}{signature}", signature=True)) == "Hi"
    assert "Ana" in _html(f"<p>Hi</p>{quotation}{signature}")


@pytest.mark.parametrize("subject", ["Fwd: x", "FW: x", "WG: Befund", "TR : RDV", "[EXT] Fwd: x"])
def test_a_forward_says_so_in_its_subject(subject: str) -> None:
    assert is_forward(subject)
    assert not is_forward(f"Re: {subject}")


_LINES = st.lists(
    st.sampled_from([
        "word", "", "> quoted", ">> deeper", ">5 mg", "> 5 mg", "-- ", "--", "On Monday Ana wrote:", "wrote:",
        "-----Original Message-----", "From: a@b.example", "Sent: Monday", "Subject: x", "___", "\u200b",
        "---------- Forwarded message ---------",
    ])
)  # fmt: skip
_TAGS = st.lists(
    st.sampled_from([
        "word", "<p>", "</p>", "<br>", "<div>", "</div>", "<blockquote type=cite>", "</blockquote>", "<hr>",
        "<div class='gmail_quote'>", "<div id=appendonsend></div>", "<div class=gmail_signature>", "-- ",
        "<b>", "</b>", "<!-- x -->", "&nbsp;", "On Doe wrote:", "<style>a", "</style>", "<td", "<", ">",
        "<p>-----Original Message-----</p>",
    ])
)  # fmt: skip


def _is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(line in rest for line in part)


@given(_LINES, st.booleans(), st.booleans())
def test_lines_only_go_and_never_all_of_them(lines: list[str], quotes: bool, signature: bool) -> None:  # noqa: FBT001 - drawn
    text = "\n".join(lines)

    once = _text(text, quotes=quotes, signature=signature)

    assert _is_subsequence(once.splitlines(), text.splitlines())
    assert _text(once, quotes=quotes, signature=signature) == once
    assert bool(once.strip()) == bool(text.strip())


@given(_TAGS, st.booleans(), st.booleans())
def test_of_html_too_parts_only_go(pieces: list[str], quotes: bool, signature: bool) -> None:  # noqa: FBT001 - drawn
    html = "".join(pieces)

    once = _html(html, quotes=quotes, signature=signature)

    assert _is_subsequence(list(once), list(html))
    assert _html(once, quotes=quotes, signature=signature) == once
    assert bool(_words(once)) == bool(_words(html))


def test_what_marks_the_original_stays_where_the_original_does() -> None:
    signature = "<div class=gmail_signature>Ana</div>"
    rest = "<div id=appendonsend></div>From: Bo"
    assert _html(f"Yes{signature}{rest}", quotes=False, signature=True) == f"Yes{rest}"


@given(_LINES, _TAGS)
def test_nothing_goes_unless_it_is_asked_for(lines: list[str], pieces: list[str]) -> None:
    body = "\n".join(lines), "".join(pieces)

    assert trimmed(*body, quotes=False, signature=False) == body


@pytest.mark.parametrize(
    "piece",
    [
        "On x wrote:\n> y\n", "-- \n", "> y\n-- \n", "-----Original Message-----\n> a\nb\n", "\n", "> x\ny\n",
        "From: a@b\n", "<blockquote type=cite>", "<div id=appendonsend>", "<p>-- <br>", "<", "<b>", "<style>",
        "<!--", "&", "<a class=", "<p class='", "</p>",
    ],
)  # fmt: skip
def test_a_hostile_body_costs_no_more_than_its_length(piece: str) -> None:
    body = piece * (200_000 // len(piece))
    with bounded_work():
        trimmed(body, body, quotes=True, signature=True)
