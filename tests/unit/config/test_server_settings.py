from pathlib import Path

import pytest

from config.mistakes import ConfigError
from config.server import ServerSettings, read_server_settings
from config.values import HostPort

WHOLE = """\
domain: fax.example.com
mail:
  listen: [{smtp: "0.0.0.0:25"}, {smtp: "[::1]:2525"}]
  smarthost: {host: mail.example.com, username: postfax, password_file: smarthost.secret}
  max_size: 20 MB
dns: {nameservers: ["127.0.0.1:5353"]}
store: sqlite:book.db
documents: file:/var/lib/postfax/documents
policy: policy/
lines:
  main: {sip: "sip:trunk.example.net", channels: 8, caller: "+12065550100"}
"""


def read(text: str, folder: Path) -> ServerSettings:
    (folder / "postfax.yaml").write_text(text, encoding="utf-8")
    return read_server_settings(folder / "postfax.yaml")


def lines_of(text: str, folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read(text, folder)
    return [str(mistake) for mistake in raised.value.mistakes]


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "smarthost.secret").write_text("secret\n", encoding="utf-8")
    settings = read(WHOLE, tmp_path)
    assert [str(listener.smtp) for listener in settings.mail.listen] == ["0.0.0.0:25", "[::1]:2525"]
    assert settings.dns.nameservers == (HostPort("127.0.0.1", 5353),)
    assert settings.mail.max_size == 20_000_000
    assert settings.lines["main"].channels == 8


def test_relative_paths_begin_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "smarthost.secret").write_text("secret\n", encoding="utf-8")
    settings = read(WHOLE, tmp_path)
    assert settings.policy == tmp_path / "policy"
    assert settings.store == f"sqlite:{tmp_path}/book.db"
    assert settings.documents == "file:/var/lib/postfax/documents"
    assert settings.mail.smarthost.password_file == tmp_path / "smarthost.secret"


def test_a_secret_that_is_not_there_is_a_mistake_with_its_place(tmp_path: Path) -> None:
    assert lines_of(WHOLE, tmp_path) == [
        f"postfax.yaml:4:73  mail.smarthost.password_file: 'smarthost.secret' is not a file that can be read   {tmp_path}/smarthost.secret is not there"  # noqa: E501 - the line as it is told
    ]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = """\
domain: localhost
mail:
  listen: [{}, {smpt: "0.0.0.0:25"}, {smtp: 0.0.0.0}]
  smarthost: {port: 70000, tls: startls, password_file: postfax.yaml}
  workers: many
  timeout: 5
store: postgresql://db
documents: [a]
lines: {main: {sip: trunk.example.net, channels: 0}, " ": {sip: "sip:a"}}
log_format: text
"""
    assert lines_of(text, tmp_path) == [
        "postfax.yaml:1:1  policy: is missing",
        "postfax.yaml:1:9  domain: 'localhost' is not a mail domain such as fax.example.com",
        "postfax.yaml:3:12  mail.listen[0]: has not exactly one protocol; known are smtp, lmtp",
        "postfax.yaml:3:17  mail.listen[1].smpt: 'smpt' is not a setting here   did you mean smtp?",
        "postfax.yaml:3:45  mail.listen[2].smtp: '0.0.0.0' is not an address with a port, such as 127.0.0.1:25 or [::1]:25",  # noqa: E501 - the line as it is told
        "postfax.yaml:4:21  mail.smarthost.port: '70000' is not a number of 65535 or less",
        "postfax.yaml:4:33  mail.smarthost.tls: 'startls' is not one of starttls, implicit, none   did you mean starttls?",  # noqa: E501 - the line as it is told
        "postfax.yaml:5:12  mail.workers: 'many' is not a whole number",
        "postfax.yaml:6:12  mail.timeout: '5' is not a duration such as 30 s, 5 min, 2 h or 7 days",
        "postfax.yaml:7:8  store: 'postgresql://db' is not a database of PostgreSQL, such as postgresql://postfax@db.example.net/postfax",
        "postfax.yaml:8:12  documents: a list stands here; file: and a folder, such as file:/var/lib/postfax/documents was expected",  # noqa: E501 - the line as it is told
        "postfax.yaml:9:21  lines.main.sip: 'trunk.example.net' is not a SIP address such as sip:trunk.example.net or sip:127.0.0.1:5070",  # noqa: E501 - the line as it is told
        "postfax.yaml:9:50  lines.main.channels: '0' is not a number of 1 or more",
        "postfax.yaml:9:54  lines. : ' ' is not a name",
        "postfax.yaml:10:13  log_format: 'text' is not one of json, console",
    ]


def test_a_password_needs_a_username(tmp_path: Path) -> None:
    (tmp_path / "smarthost.secret").write_text("secret\n", encoding="utf-8")
    assert lines_of(WHOLE.replace("username: postfax, ", ""), tmp_path) == [
        "postfax.yaml:4:14  mail.smarthost: has a password_file but no username"
    ]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml  cannot be read: No such file or directory"):
        read_server_settings(tmp_path / "none.yaml")


def test_an_empty_file_lacks_what_is_needed(tmp_path: Path) -> None:
    assert lines_of("", tmp_path) == [
        "postfax.yaml:1:1  domain: is missing",
        "postfax.yaml:1:1  mail: is missing",
        "postfax.yaml:1:1  policy: is missing",
    ]


@pytest.mark.parametrize("text", ["[]", "text", "- a: 1"])
def test_a_file_that_is_no_group_is_told_once(text: str, tmp_path: Path) -> None:
    [line] = lines_of(text, tmp_path)
    assert "a group of settings" in line


def test_a_heading_with_nothing_below_says_nothing(tmp_path: Path) -> None:
    text = WHOLE.replace("username: postfax, password_file: smarthost.secret", "") + "convert:\n"
    assert read(text, tmp_path).convert.processes == 2


def test_a_setting_with_nothing_behind_it_is_a_mistake(tmp_path: Path) -> None:
    text = WHOLE.replace("username: postfax, password_file: smarthost.secret", "port: ~") + "log_format:\n"
    assert lines_of(text, tmp_path) == [
        "postfax.yaml:4:45  mail.smarthost.port: nothing stands here; a whole number was expected",
        "postfax.yaml:12:1  log_format: nothing stands here; one of json, console was expected",
    ]


def test_what_needs_a_certificate_says_so(tmp_path: Path) -> None:
    for listener in ('{smtp: "127.0.0.1:465", tls: implicit}', '{smtp: "127.0.0.1:587", auth: required}'):
        file = tmp_path / "postfax.yaml"
        file.write_text(
            f"domain: fax.example.com\nmail: {{listen: [{listener}], smarthost: {{host: h}}}}\npolicy: p\n"
        )
        with pytest.raises(ConfigError) as told:
            read_server_settings(file)
        assert "certificate under tls" in str(told.value.mistakes[0])
