"""The schema takes what we take: every example of the documentation, and it refuses what we refuse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from config.policy import read_policy
from config.policy_file import PolicyFile
from config.reference import reference_of
from config.schema import schema_of
from config.section import Section
from config.server import ServerSettings
from config.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
MODELS: dict[str, type[Section]] = {"policy": PolicyFile, "server": ServerSettings}
VALIDATORS = {kind: Draft202012Validator(schema_of(model, kind)) for kind, model in MODELS.items()}
EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def as_editors_read(text: str) -> Any:
    """As an editor's YAML 1.2 does: plain numbers and truth values have their types."""
    return YAML(typ="safe", pure=True).load(text)


def examples(kind: str) -> list[tuple[str, str]]:
    """The whole files among the examples of the documentation."""
    whole = {"policy": r"^company:", "server": r"^domain:"}[kind]
    return [
        (f"{page.name}-{number}", found[1])
        for page in sorted((ROOT / "docs").rglob("*.md"))
        for number, found in enumerate(EXAMPLE.finditer(page.read_text("utf-8")))
        if re.search(whole, found[1], re.MULTILINE)
    ]


@pytest.mark.parametrize("kind", MODELS)
def test_the_schemas_are_schemas(kind: str) -> None:
    Draft202012Validator.check_schema(schema_of(MODELS[kind], kind))
    assert json.dumps(schema_of(MODELS[kind], kind)) == json.dumps(schema_of(MODELS[kind], kind))


@pytest.mark.parametrize("kind", MODELS)
def test_every_example_of_the_documentation_is_valid(kind: str) -> None:
    found = examples(kind)
    assert found
    for name, text in found:
        errors = [error.message for error in VALIDATORS[kind].iter_errors(as_editors_read(text))]
        assert (name, errors) == (name, [])


VALID_POLICIES = (
    "company: X",
    "company: X\nsettings:\ndepartments:\nusers:",
    "company: 4711\nsettings: {custom_fields: {floor: 2, open: true}}",
    "settings: {fax: {blocked_numbers: [+1900*, +19761234567, '+1 ??? 976*'], default_region: NO}}",
    "settings: {fax: {sender_number: +12065550100, csid: 12065550100}}",
    "settings: {retry: {interval: 90 s, attempts: 3, statuses: {busy: {interval: 1.5 h}, No Answer: {}}}}",
    "settings: {attachments: {largest: 500 kB, largest_of: {pdf: 20 MB, png: 1000}}}",
    "settings: {retention: {documents: 30 days, allow_longer: true}}",
    "departments: {A: {departments: {B: {departments: {C: {users: [{name: U, email: u@x.example}]}}}}}}",
    "users: [{name: U, email: u@x.example, sending_emails: ['*@x.example', a@x.example]}]",
    "users: [{name: U, email: u@x.example, sending_emails: [], contact: {phone: 5551234}}]",
    "settings: {coverpage: {templates: {Letter Head: own.html}}}",
    "settings: {archive: {enabled: true, email: {to: a@x.example}, metadata: [xml, json]}}",
    "settings: {alerts: {contacts: [a@x.example]}, lines: [main]}",
)
WRONG_POLICIES = (
    ("settings: {fx: {}}", "Additional properties are not allowed"),
    ("settings: {coverpage: {mode: with_body}}", "'with_body' is not one of"),
    ("settings: {fax: {require_spf: yes}}", "'yes' is not of type 'boolean'"),
    ("settings: {fax: {default_region: us}}", "'us' is not one of"),
    ("settings: {fax: {pages_per_fax: 0}}", "0 is less than the minimum"),
    ("settings: {fax: {directives: [speed]}}", "'speed' is not one of"),
    ("settings: {retry: {interval: 5}}", "5 is not of type 'string'"),
    ("settings: {retry: {interval: 5 lightyears}}", "does not match"),
    ("settings: {retry: {statuses: {Busyy: {}}}}", "'Busyy' is not valid under any"),
    ("settings: {attachments: {largest: huge}}", "'huge' does not match"),
    ("settings: {attachments: {largest_of: {exe: 1 MB}}}", "'exe' is not one of"),
    ("settings: {alerts: {contacts: [a@x.example, b@x.example, c@x.example, d@x.example]}}", "is too long"),
    ("settings: {archive: {sftp: {host: h}}}", "'user' is a required property"),
    ("settings: {coverpage: {templates: {A: own.pdf}}}", "'own.pdf' does not match"),
    ("users: [{name: U}]", "'email' is a required property"),
    ("users: [{name: U, email: u@x}]", "'u@x' does not match"),
    ("departments: {A: {departments: {B: {user: []}}}}", "Additional properties are not allowed"),
    ("users: {name: U}", "is not of type 'array'"),
)


@pytest.mark.parametrize("text", VALID_POLICIES)
def test_what_the_models_take_the_schema_takes(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text("x", encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("" if "company:" in text else "company: X", encoding="utf-8")
    read_policy(tmp_path)
    assert [error.message for error in VALIDATORS["policy"].iter_errors(as_editors_read(text))] == []


@pytest.mark.parametrize(("text", "message"), WRONG_POLICIES)
def test_what_is_wrong_is_told(text: str, message: str) -> None:
    found = [error.message for error in VALIDATORS["policy"].iter_errors(as_editors_read(text))]
    assert any(message in one for one in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("domain: x", "'x' does not match"),
        ("mail: {listen: [{smpt: '0.0.0.0:25'}]}", "Additional properties are not allowed"),
        ("mail: {listen: [{smtp: '0.0.0.0'}]}", "'0.0.0.0' does not match"),
        ("lines: {main: {}}", "'sip' is a required property"),
        ("lines: {main: {sip: 'sip:x', t38: maybe}}", "'maybe' is not one of"),
        ("lines: {main: {hylafax: 'x.example', t38: 'on'}}", "'t38' was unexpected"),
        ("lines: {main: {provider: sinch}}", "'project' is a required property"),
        ("store: mysql://x", "does not match"),
    ],
)
def test_what_is_wrong_with_the_servers_settings_is_told(text: str, message: str) -> None:
    found = [error.message for error in VALIDATORS["server"].iter_errors(as_editors_read(text))]
    assert any(message in one for one in found), found


def test_every_setting_has_a_description() -> None:
    for kind, model in MODELS.items():
        for group, schema in schema_of(model, kind)["$defs"].items():
            assert schema["description"], group
            for name, setting in schema["properties"].items():
                assert setting.get("description"), f"{kind}: {group}.{name}"


def test_the_reference_of_the_policy_changes_nothing(tmp_path: Path) -> None:
    user = "users: [{name: U, email: u@x.example}]"
    text = reference_of(PolicyFile)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(f"company: X\n{user}", encoding="utf-8")
    found = read_policy(tmp_path).user("u@x.example")
    assert found is not None
    assert found.settings == Settings()
    assert [error.message for error in VALIDATORS["policy"].iter_errors(as_editors_read(text))] == []


def test_the_reference_speaks_of_every_setting() -> None:
    for model in MODELS.values():
        text = reference_of(model)
        for schema in schema_of(model, "")["$defs"].values():
            for name in schema["properties"]:
                assert re.search(rf"^[# -]*{name}:", text, re.MULTILINE), name


def test_the_reference_of_the_server_is_valid_but_for_what_it_cannot_know() -> None:
    value = as_editors_read(reference_of(ServerSettings))
    assert [error.message for error in VALIDATORS["server"].iter_errors(value)] == []
