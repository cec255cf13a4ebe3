"""The object store's settings: what they mean, and each mistake in words."""

from pathlib import Path

import pytest

from config.mistakes import ConfigError
from config.server import read_server_settings

SETTINGS = """\
domain: fax.example.com
mail: {smarthost: {host: 127.0.0.1, port: 9}}
policy: policy.yaml
object_store: {%s}
"""
KEYS = "access_key_file: access, secret_key_file: secret"


def _written(folder: Path, section: str) -> Path:
    for name in ("access", "secret"):
        (folder / name).write_text("key\n")
    file = folder / "postfax.yaml"
    file.write_text(SETTINGS % section)
    return file


def test_a_bucket_and_a_prefix(tmp_path: Path) -> None:
    store = read_server_settings(_written(tmp_path, f"url: s3://faxes/site/one/, {KEYS}")).object_store
    assert store is not None
    assert (store.bucket, store.prefix, store.endpoint) == ("faxes", "site/one/", "")
    assert store.access_key_file == tmp_path / "access"


def test_a_bucket_of_its_own(tmp_path: Path) -> None:
    store = read_server_settings(_written(tmp_path, f"url: s3://faxes, {KEYS}")).object_store
    assert store is not None
    assert (store.bucket, store.prefix) == ("faxes", "")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (f"url: https://s3.example.net/faxes, {KEYS}", "is not s3:// and a bucket, with a prefix or without"),
        (f"url: s3://Faxes, {KEYS}", "is not s3:// and a bucket"),
        (f"url: s3://faxes, endpoint: s3.example.net, {KEYS}", "object_store.endpoint"),
        ("url: s3://faxes, access_key_file: access", "object_store.secret_key_file"),
        (f"url: s3://faxes, {KEYS}, ca_file: nowhere.pem", "nowhere.pem is not there"),
        (f"url: s3://faxes, {KEYS}, patience: 1 h", "object_store.patience"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, section: str, said: str) -> None:
    with pytest.raises(ConfigError) as mistakes:
        read_server_settings(_written(tmp_path, section))
    assert said in str(mistakes.value)
