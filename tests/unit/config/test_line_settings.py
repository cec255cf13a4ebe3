"""The settings of telephone lines: what goes together, and what does not."""

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from config.lines import SipLine
from config.reading import read_yaml
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
