"""Secrets that systemd hands over: `credential:NAME` wherever a file of the settings is named."""

from pathlib import Path

import pytest

import config.credentials
from config.mistakes import ConfigError
from config.policy import read_policy

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSkqGhJFVrSXXQQT1DI6gB1nXw8ZpFvM2S9cR8NQX"
POLICY = f"""\
company: X
settings:
  archive: {{enabled: true, sftp: {{host: h, user: u, password_file: "credential:NAME", known_host: {KEY}}}}}
users: [{{name: U, email: u@x.example}}]
"""


def password_file(folder: Path, name: str) -> Path | None:
    file = folder / "policy.yaml"
    file.write_text(POLICY.replace("NAME", name), encoding="utf-8")
    user = read_policy(file).user("u@x.example")
    assert user is not None
    [archive] = user.archives
    assert archive.sftp is not None
    return archive.sftp.password_file


@pytest.fixture
def handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "sftp.password").write_text("secret\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def test_a_credential_is_the_file_that_systemd_made_of_it(tmp_path: Path, handed_over: Path) -> None:
    assert password_file(tmp_path, "sftp.password") == handed_over / "sftp.password"


def test_a_credential_that_is_not_there_is_a_mistake(tmp_path: Path, handed_over: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        password_file(tmp_path, "none")
    assert str(raised.value) == (
        "policy.yaml:3:68  settings.archive.sftp.password_file: 'credential:none' is not a file that can be "
        f"read   {handed_over}/none is not there"
    )


@pytest.mark.parametrize("name", ["", "..", "../secret", "a/b"])
def test_a_credential_is_named_and_no_path(name: str, tmp_path: Path, handed_over: Path) -> None:
    with pytest.raises(ConfigError, match="a credential's name has letters, digits, dots, hyphens"):
        password_file(tmp_path, name)


def test_without_credentials_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(config.credentials, "SERVICE_CREDENTIALS", tmp_path / "nothing")
    with pytest.raises(ConfigError, match=r"put LoadCredential= into the unit, and run commands as root"):
        password_file(tmp_path, "sftp.password")


def test_a_command_beside_the_service_finds_the_services_credentials(
    tmp_path: Path, handed_over: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    monkeypatch.setattr(config.credentials, "SERVICE_CREDENTIALS", handed_over)
    assert password_file(tmp_path, "sftp.password") == handed_over / "sftp.password"
