"""The `postfax` command in this process, on an installation with a policy and an empty book."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from postfax.command import postfax
from postfax.failures import Failure
from postfax.opening import make_book, settings_in
from store.book import Book

SETTINGS = """\
domain: fax.example.com
mail: {smarthost: {host: 127.0.0.1, port: 9}}
store: sqlite:book.db
documents: file:documents
policy: policy
lines: {main: {sip: "sip:127.0.0.1:9", caller: "+12065550100"}}
"""
POLICY = """\
# Our hospital.
company: General Hospital
settings: {fax: {default_region: US, blocked_numbers: ["+1900*"]}}
departments:
  Radiology:
    settings: {fax: {blocked_numbers: ["+1206555????"]}}
    users:
      - {name: Ana Ruiz, email: ana@hospital.example}  # since 2019
      - {name: Ben Low, email: ben@hospital.example, sending_emails: [ben.low@hospital.example]}
    departments: {CT: {users: [{name: Cem Demir, email: cem@hospital.example}]}}
  Surgery:
    users: [{name: Desk, email: or-desk@hospital.example}]
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    failure: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """One installation."""

    def __init__(self, folder: Path) -> None:
        self.settings_file = folder / "postfax.yaml"
        self.policy_file = folder / "policy" / "hospital.yaml"
        self.policy_file.parent.mkdir()
        self.settings_file.write_text(SETTINGS, encoding="utf-8")
        self.policy_file.write_text(POLICY, encoding="utf-8")
        asyncio.run(Book.migrate(f"sqlite:{folder / 'book.db'}"))

    def __call__(self, *arguments: str | Path, typed: str | None = None) -> Said:
        command = ["--config", str(self.settings_file), *map(str, arguments)]
        ran = CliRunner().invoke(postfax, command, input=typed, standalone_mode=False)
        if isinstance(ran.exception, Failure):
            return Said(code=ran.exception.exit_code, out=ran.stdout, failure=str(ran.exception))
        if ran.exception:
            raise ran.exception
        return Said(code=ran.return_value or 0, out=ran.stdout, failure="")

    def of_book(self, work: Callable[[Book], Any]) -> Any:
        async def ask() -> Any:
            async with make_book(settings_in(str(self.settings_file))) as book:
                return await work(book)

        return asyncio.run(ask())
