import json

import pytest
from pydantic import ValidationError

from config.archive import ArchiveSettings
from config.settings import Settings, UserPolicy

POLICY = UserPolicy(name="Ana Ruiz", email="ana@hospital.example", company="Hospital", settings=Settings())


def test_settings_of_a_newer_version_are_passed_over() -> None:
    written = json.loads(POLICY.model_dump_json())
    written["settings"]["fax"]["colour"] = "yes"
    written["settings"]["telepathy"] = {"enabled": True}
    written["shoe_size"] = 38
    assert UserPolicy.kept(json.dumps(written)) == POLICY


def test_what_an_administrator_writes_is_read_as_strictly_as_ever() -> None:
    with pytest.raises(ValidationError, match="telepathy"):
        Settings.model_validate({"telepathy": {"enabled": True}})


def test_an_archive_that_is_kept_is_read_again() -> None:
    archive = ArchiveSettings.model_validate({"enabled": True, "email": {"to": "archive@hospital.example"}})
    assert ArchiveSettings.kept(archive.model_dump_json()) == archive
