"""The language of own templates: tokens in both styles, mistakes with their places, and its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from config.fax import Paper
from convert import cover_language
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.cover_language import CoverSource, FieldTokens, TemplateFault, make_environment
from convert.cover_tokens import FIELD, TOKENS, CoverToken, field_expression
from convert.cover_values import page_values, token_values

FACTS = CoverFacts(
    template="letter",
    paper=Paper.A4,
    recipient=CoverRecipient(number="+1 206 555 1234", name="Jo <b>", company="Clinic", title="Head"),
    sender=CoverSender(
        name="Ana", company="Hospital", department="X-ray", title="Dr.", phone="1", fax="2",
        email="a@b.example", address="Harbor\nSeattle",
    ),
    subject="Subject", original_subject="Subject /ref=1", body_text="Text", date="11/23/2026", time="09:14",
    zone="PST", pages_following=3, job_id="K7Q2-M9", reference="REF", billing="B-99",
    custom_fields={"cost_center": "R-17"},
)  # fmt: skip
ENVIRONMENT = make_environment(lambda value: value, extensions=[FieldTokens])


def filled(source: str) -> str:
    values = token_values(FACTS, Markup("<p>Text</p>"))
    return CoverSource(source, ENVIRONMENT).filled_in({**values, **page_values(FACTS, 2)})


def mistakes_of(source: str) -> list[str]:
    with pytest.raises(TemplateFault) as fault:
        filled(source)
    return [str(mistake) for mistake in fault.value.mistakes]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token.name)
def test_every_token_says_the_same_in_every_style_and_case(token: CoverToken) -> None:
    name, field, aliases = token.name, token.field, token.aliases
    said = filled(f"{{{{ {name} }}}}")

    for each in (field, *aliases):
        assert filled(f"~{each}~ ~{each.upper()}~ ~{each.lower()}~") == f"{said} {said} {said}"
    assert said or name in {"language", "end_of_message"}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("~RecipientName~", "Jo &lt;b&gt;"),
        ("~Custom:Cost Center~ {{ custom.cost_center }} {{ custom['COST-CENTER'] }}", "R-17 " * 3),
        ("{{ custom_fields.cost_center }}|{{ custom.unknown }}|~Custom:unknown~", "R-17||"),
        ("~TotalPages~ {{ pages_total }} ~PagesFollowing~ {{ own_pages }}", "5 5 3 2"),
        ("{{ 'a' ~ subject ~ 'b' }}", "aSubjectb"),
        ("{% if ~RecipientName~ %}", None),
        ("li~li~li { } a ~ b, about ~50~ or ~ 7", "li~li~li { } a ~ b, about ~50~ or ~ 7"),
        ("~Subject~~Subject~", "SubjectSubject"),
        ("{% if subject %}{% set x = subject %}{{ x }}{% endif %}", "Subject"),
        ("{% raw %}~Subject~ {{ x }}{% endraw %}", "Subject {{ x }}"),
        ("{# ~Nothing~ #}{% set x = 3 %}{{ x * 2 }}{% for y in [1, 2] %}{{ loop.index }}{% endfor %}", "612"),
        ("{{ subject | upper }} {{ sender.address.split('\\n') | join(', ') }}", "SUBJECT Harbor, Seattle"),
    ],
)  # fmt: skip
def test_what_is_a_token_and_what_is_not(source: str, said: str | None) -> None:
    if said is None:
        assert mistakes_of(source)
    else:
        assert filled(source).strip() == said.strip()


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("\n{{ recipient.nmae }}", "line 2: there is no token recipient.nmae; did you mean recipient.name?"),
        ("{{ recipient['nmae'] }}", "line 1: there is no token recipient.nmae; did you mean recipient.name?"),
        ("\n\n{{ subjct }}", "line 3: there is no token subjct; did you mean subject?"),
        ("{{ RecipientName }}", "line 1: there is no token RecipientName; did you mean recipient.name?"),
        ("\n~RecipientNmae~", "line 2: there is no token ~RecipientNmae~; did you mean ~RecipientName~?"),
        ("~recipientnmae~", "line 1: there is no token ~recipientnmae~; did you mean ~RecipientName~?"),
        ("~Xyz~", "line 1: there is no token ~Xyz~"),
        (
            "{{ recipient.zzz }}",
            "line 1: there is no token recipient.zzz; there are recipient.company, recipient.name, ",
        ),
        ("{% if false %}{{ nothing }}{% endif %}", "line 1: there is no token nothing"),
        ("{{ subject | shout }}", "line 1: no filter named 'shout'"),
        ("\n{{ subject.nothing }}", "line 2: a token is text and has no nothing"),
        ("\n\n{{ 1 / 0 }}", "line 3: division by zero"),
        ("{% for x in subject %}", "line 1: unexpected end of template. Jinja was looking for the following"),
        ("{{ }}", "line 1: expected an expression, got 'end of print statement'"),
    ],
)
def test_mistakes_are_told_with_their_lines(source: str, mistake: str) -> None:
    (told,) = mistakes_of(source)

    assert told.startswith(mistake)


def test_all_mistakes_are_told_at_once() -> None:
    assert [told[:7] for told in mistakes_of("{{ a1 }}\n~Xyz~\n{{ recipient.q }}{% include 'x' %}")] == [
        "line 1:", "line 2:", "line 3:", "line 3:",
    ]  # fmt: skip
    assert len(mistakes_of("{{ nothing }}\n" * 400)) == 50


def test_time_and_output_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover_language, "_SECONDS", 0.2)
    monkeypatch.setattr(cover_language, "_MOST_OUTPUT", 1000)
    endless = "\n{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"

    assert mistakes_of(endless) == ["line 2: it takes longer than 0.2 seconds; does a loop never end?"]
    assert "it writes more than" in mistakes_of("{{ subject * 200 }}")[0]
    assert "Subject times" not in filled("{{ subject * 20 }}")


@given(st.text(alphabet="abcABC~:{}% <>&\n", max_size=80))
def test_no_text_does_anything_but_stand_there_or_be_a_mistake(text: str) -> None:
    """Whatever stands in a template, filling in ends with a text or with a fault that tells a mistake."""
    told: tuple[object, ...] = ()
    said = ""
    try:
        said = filled(text)
    except TemplateFault as fault:
        told = fault.mistakes

    assert told or said or not text.strip() or "{" in text


@given(st.sampled_from(TOKENS), st.data())
def test_a_token_is_found_in_any_case(token: CoverToken, data: st.DataObject) -> None:
    field = token.field
    written = "".join(data.draw(st.sampled_from((letter.upper(), letter.lower()))) for letter in field)

    found = FIELD.fullmatch(f"~{written}~")

    assert found is not None
    assert field_expression(found)


def test_a_value_of_the_fax_is_never_told() -> None:
    told = "line 1: it looks something up by a value of the fax, and that is not there"
    assert mistakes_of("{{ {'x': 1}[billing] }}") == [told]
    assert mistakes_of("{{ recipient[billing] }}") == [told]
