"""Templates of an organisation's own: they take the place of the built-in ones, in a sandbox."""

from dataclasses import replace

import pytest
from notice_facts import arrived, delivery, form, sent, subject

from notify.facts import DeliveryFacts
from notify.rendering import HTML, SUBJECT, TEXT, OwnTemplateTrouble


def with_templates(**templates: str) -> DeliveryFacts:
    names = {"subject": SUBJECT, "text": TEXT, "html": HTML}
    return replace(delivery(sent()), templates={names[name]: source for name, source in templates.items()})


def test_each_template_takes_the_place_of_a_built_in_one() -> None:
    mail = arrived(
        with_templates(
            subject="[Fax]\r\nBcc: x@example.com {{ content.verdict }}",
            text="{{ content.headline }}\n",
            html="<p>{{ content.facts[0].lines[0] }} & {{ domain }}</p>",
        )
    )
    assert subject(mail) == "[Fax] Bcc: x@example.com Delivered"
    assert mail["Bcc"] is None
    assert form(mail, "plain").startswith("Your fax to +1 206 555 1234 was delivered")
    assert form(mail, "html") == "<p>Dr. John Doe, Acme Clinic & fax.example.com</p>\n"


def test_a_template_extends_the_built_in_one_of_its_name() -> None:
    mail = arrived(
        with_templates(
            html='{% extends "built-in/notice.html" %}{% block closing %}Fax desk: 4711{% endblock %}'
        )
    )
    html = form(mail, "html")
    assert "Fax desk: 4711" in html
    assert "Nobody reads answers" not in html
    assert "was delivered" in html


def test_what_people_wrote_is_escaped_in_own_html_too() -> None:
    facts = delivery(sent(reference="<b>4711</b>"))
    own = {HTML: "{% for fact in content.facts %}{{ fact.lines[0] }}{% endfor %}"}
    assert "&lt;b&gt;4711&lt;/b&gt;" in form(arrived(replace(facts, templates=own)), "html")


def test_an_empty_subject_is_the_built_in_one() -> None:
    assert subject(arrived(with_templates(subject=" \n"))).endswith("delivered (4 pages)")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("a\n{{ content.nothing }}", "no attribute 'nothing'"),
        ("a\n{% if %}", "notice.txt, line 2"),
        ("{{ nobody }}", "notice.txt"),
        ("{{ content.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 // 0 }}", "ZeroDivisionError"),
        ('{% include "/etc/passwd" %}', "/etc/passwd"),
        ("{% for n in range(10**9) %}{% endfor %}", "Range too big"),
    ],
)
def test_a_template_that_fails_says_where_and_why(source: str, says: str) -> None:
    with pytest.raises(OwnTemplateTrouble, match=says):
        arrived(with_templates(text=source))
