import pytest
from bounded_work import bounded_work
from submission_facts import a_mail

from submission.body import has_body_text


@pytest.mark.parametrize(
    ("text", "html", "seen"),
    [
        ("Hello", "", True),
        ("", "<p>Hello", True),
        ("  \r\n\t\u00a0\u200b\ufeff", "", False),
        ("", "", False),
        ("", "<html><body><p>&nbsp;</p><br></body></html>", False),
        ("", "<title>Mail</title><style>p { color: red }</style><script>x()</script>", False),
        ("", "<style>p {}</STYLE >text", True),
        ("", "<!-- a > b --><img src='logo.png' alt='Logo'>", False),
        ("", "<!-- a --> b", True),
        ("", "1 < 2", True),
        (" ", "<p>only in HTML</p>", True),
        ("", "&#8203;&zwnj;", False),
        ("", "<styled>text</styled>", True),
        ("診断書", "", True),
    ],
)
def test_body_text_is_what_a_person_would_see(text: str, html: str, *, seen: bool) -> None:
    assert has_body_text(a_mail(text, html=html)) is seen


@pytest.mark.parametrize("piece", ["<", "<style>", "<!--", "<a ", "<title></style>", "&", "</"])
def test_a_hostile_document_costs_no_more_than_its_length(piece: str) -> None:
    with bounded_work():
        has_body_text(a_mail("", html=piece * 200_000))
