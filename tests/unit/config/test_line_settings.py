"""The settings of telephone lines: what goes together, and what does not."""

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from config.hylafax_line import HylafaxLine
from config.lines import SipLine
from config.provider_line import ProviderLine
from config.reading import read_yaml
from config.server import ServerSettings
from config.validating import validate

TRUNK = {"sip": "sip:trunk.example.net"}


def problems(settings: dict[str, Any], folder: Path) -> str:
    file = folder / "line.yaml"
    file.write_text(json.dumps({**TRUNK, **settings}))  # JSON is YAML
    _, mistakes = validate(SipLine, read_yaml(file), folder=folder)
    return " | ".join(str(mistake) for mistake in mistakes)


def test_a_line_needs_a_trunk_alone() -> None:
    line = SipLine(**TRUNK)
    assert (line.transport, line.register_for.total_seconds(), line.keep_alive.total_seconds()) == (
        "auto",
        0,
        30,
    )
    assert line.public_address is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"register_for": "10 min"}, "has register_for but no username"),
        ({"public_address": "0.0.0.0"}, "is not an IP address"),  # noqa: S104 - refused
        ({"public_address": "gw.example"}, "is not an IP address"),
        ({"public_address": "2001:db8::1"}, "one is IPv4 and one IPv6"),
        ({"media_ports": "20999-20000"}, "is not ports from 1024 to 65535, such as 20000-20999"),
        ({"media_ports": "99-2000"}, "is not ports from 1024"),
        ({"media_ports": "65000-65536"}, "is not ports from 1024"),
        ({"media_ports": "20000-20006"}, "has media_ports for fewer than twice its 4 channels"),
        ({"transport": "sctp"}, "is not one of auto, udp, tcp, tls"),
        ({"tls": {"certificate": "own.pem"}}, "has only one of certificate and key"),
    ],
)
def test_what_does_not_go_together_is_told(settings: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text("x")
    assert words in problems(settings, tmp_path)


def test_a_public_address_is_an_address() -> None:
    assert SipLine(**TRUNK, public_address="203.0.113.7").public_address == ip_address("203.0.113.7")


def test_media_ports_are_the_same_after_a_journey_as_json() -> None:
    line = SipLine(**TRUNK, media_ports="20000 - 20007")
    assert str(line.media_ports) == "20000-20007"
    assert SipLine.model_validate_json(line.model_dump_json()) == line


# --- Lines of several kinds -------------------------------------------------------------------------------


def line_mistakes(lines: str, folder: Path) -> list[str]:
    file = folder / "postfax.yaml"
    file.write_text(
        "domain: fax.example.com\nmail: {listen: [{smtp: '0.0.0.0:25'}]}\npolicy: policy/\n" + lines
    )
    _, mistakes = validate(ServerSettings, read_yaml(file), folder=folder)
    return [str(mistake) for mistake in mistakes]


def test_the_setting_that_a_line_has_says_of_which_kind_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    lines = {
        "trunk": TRUNK,
        "modems": {"hylafax": "fax.example.net", "numbers": ["+49*"]},
        "cloud": {
            "provider": "sinch", "project": "p", "username": "u", "password_file": str(tmp_path / "secret"),
        },
    }  # fmt: skip
    settings = ServerSettings.model_validate(
        {
            "domain": "fax.example.com",
            "mail": {"listen": [{"smtp": "[::1]:25"}], "smarthost": {"host": "mail.example.com"}},
            "policy": "p",
            "lines": lines,
        }
    )
    assert {name: line.goes_to for name, line in settings.lines.items()} == {
        "trunk": "sip:trunk.example.net",
        "modems": "hylafax:fax.example.net:4559",
        "cloud": "sinch:fax.api.sinch.com",
    }
    assert isinstance(settings.lines["modems"], HylafaxLine)
    assert isinstance(settings.lines["cloud"], ProviderLine)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            "lines: {a: {channels: 2}}",
            "postfax.yaml:4:12  lines.a: does not say of what kind it is: a telephone line has one of sip",
        ),
        (
            "lines: {a: {sip: 'sip:x.example', hylafax: x.example}}",
            "postfax.yaml:4:12  lines.a: is a telephone line of several kinds (sip and hylafax); keep one of",
        ),
        (
            "lines:\n  a: {hylafax: x.example, modm: any}",
            "postfax.yaml:5:27  lines.a.modm: 'modm' is not a setting here   did you mean modem?",
        ),
        (
            "lines:\n  a: {hylafax: x.example, t38: 'on'}",
            "postfax.yaml:5:27  lines.a.t38: 't38' is not a setting here   known here: channels, numbers, co",
        ),
        (
            "lines:\n  a: {hylafax: 'x.example:port'}",
            "postfax.yaml:5:16  lines.a.hylafax: 'x.example:port' is not a HylaFAX server such as fax.exampl",
        ),
        (
            "lines: {a: {provider: telex, project: p, username: u, password_file: x}}",
            "'telex' is not one of sinch",
        ),
        ("lines: {a: text}", "'text' is not a group of settings"),
        (
            "lines: {a: {hylafax: x.example, keep_for: 5 s}}",
            "lines.a: has a keep_for that HylaFAX does not take",
        ),
        ("lines: {a: {hylafax: x.example, ask_every: 0 s}}", "lines.a: has an ask_every of 0 s"),
        ("lines: {a: {hylafax: x.example, password_file: postfax.yaml, username: ''}}", "but no username"),
    ],
)
def test_what_a_line_of_any_kind_does_not_take_is_told_with_its_place(
    lines: str, mistake: str, tmp_path: Path
) -> None:
    assert any(mistake in one for one in line_mistakes(lines, tmp_path)), line_mistakes(lines, tmp_path)
