"""`postfax check` on what mails go out with: keys that sign, and templates of one's own."""

from pathlib import Path

import pytest
from command_line import POLICY, CommandLine
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from postfax.failures import ExitCode


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_a_key_that_cannot_sign_is_a_mistake(postfax: CommandLine) -> None:
    file = postfax.settings_file
    key = file.parent / "dkim.pem"
    key.write_text("no key")
    settings = file.read_text().replace("mail: {", "mail: {dkim: [{selector: s1, key_file: dkim.pem}], ", 1)
    file.write_text(settings)
    said = postfax("check")
    assert said.code == ExitCode.REFUSED
    assert "mail.dkim[0].key_file: " in said.out
    assert "is no private key in PEM without a password" in said.out
    private = ed25519.Ed25519PrivateKey.generate()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert postfax("check").code == ExitCode.DONE


@pytest.mark.parametrize(
    ("place", "instead"),
    [
        ("settings: {fax: {default", "settings: {notifications: {templates: {text: own.txt}}, fax: {default"),
        ("Ana Ruiz, email", "Ana Ruiz, settings: {notifications: {templates: {text: own.txt}}}, email"),
    ],
    ids=["company", "user"],
)
def test_a_template_with_a_mistake_is_a_caution_with_its_line(
    postfax: CommandLine, place: str, instead: str
) -> None:
    postfax.policy_file.write_text(POLICY.replace(place, instead, 1))
    template = postfax.policy_file.parent / "own.txt"
    template.write_text("Dear sender,\n{% if content %}\n")
    [caution] = postfax("check", "--json").json["cautions"]
    assert caution["path"] == "notifications.templates"
    assert "the own template notice.txt, line 2: " in caution["remark"]
    template.write_text("Dear sender,\n{{ content.headline }}\n")
    assert postfax("check", "--json").json["cautions"] == []
