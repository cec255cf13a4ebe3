"""The settings and the policy that every node of every seed works by, and what they promise."""

import atexit
import os
import shutil
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

from config.policy import Policy, read_policy
from config.server import ServerSettings, read_server_settings

KEPT = timedelta(days=1)
"""How long documents are kept."""
ATTEMPTS = 4
INTERVAL = timedelta(minutes=5)
BUSY_INTERVAL = timedelta(minutes=3)
"""Between two calls of a job."""
BATCH_PAGES = 12
"""In the seeds in which several faxes may go in one call."""
WITH_ARCHIVE = "ana@hospital.example"
"""Whose faxes are archived."""
TOLD_OF_FAILURES = "bo@hospital.example"
"""Who is told of nothing that went well."""

SETTINGS = """\
domain: fax.example.com
mail: {smarthost: {host: 127.0.0.1, port: 25, tls: none}}
store: sqlite:book.db
documents: file:documents
policy: policy.yaml
convert: {processes: 2}
lines: {main: {sip: "sip:127.0.0.1:5060", channels: 8, caller: "+12065550100"}}
"""
POLICY = """\
company: General Hospital
settings:
  fax: {default_region: US, sender_number: "+12065550100", batch_pages: BATCH_PAGES}
  retention: {documents: 1d}
  retry: {attempts: 4, interval: 5 min}
departments:
  Radiology:
    settings:
      archive: {enabled: true, email: {to: archive@hospital.example}, document: tiff, metadata: [json]}
    users: [{name: Ana, email: ana@hospital.example}]
  Surgery:
    settings:
      notifications: {initial: {success: false}, delivery: {success: false}}
    users: [{name: Bo, email: bo@hospital.example}]
  Wards:
    settings: {retry: {resume: "off"}}
    users: [{name: Cy, email: cy@hospital.example}, {name: Nobody, email: nobody@hospital.example}]
"""


_POLICIES = ("policy.yaml", "batched.yaml")


@cache
def _written() -> Path:
    """The settings and both policies, once for a process."""
    folder = Path(tempfile.mkdtemp(dir=memory_folder(), prefix="postfax-simulation-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "postfax.yaml").write_text(SETTINGS, encoding="utf-8")
    for batched in (False, True):
        text = POLICY.replace("BATCH_PAGES", str(BATCH_PAGES if batched else 0))
        (folder / _POLICIES[batched]).write_text(text, encoding="utf-8")
    return folder


def policy_file(*, batched: bool) -> Path:
    """The policy as nodes read it; `batched`, whether several faxes may go in one call."""
    return _written() / _POLICIES[batched]


@cache
def office_settings() -> ServerSettings:
    """The server's settings."""
    return read_server_settings(_written() / "postfax.yaml")


@cache
def office_policy(*, batched: bool) -> Policy:
    """What the policy says."""
    return read_policy(policy_file(batched=batched), lines=("main",))


def memory_folder() -> Path | None:
    """A folder in memory, where there is one."""
    shared = Path("/dev/shm")  # noqa: S108 - folders of our own are made in it
    return shared if os.access(shared, os.W_OK) else None
