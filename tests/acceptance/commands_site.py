"""An installation that is not running: settings, policy and an empty book, for commands to work on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scene import Ran, run_postfax

from store.book import Book
from store.mail import Envelope
from store.quarantine import NewQuarantined

SETTINGS = """\
domain: fax.example.com
mail: {smarthost: {host: 127.0.0.1, port: 9}}
store: sqlite:book.db
documents: file:documents
policy: policy.yaml
lines: {main: {sip: "sip:127.0.0.1:9", caller: "+12065550100"}}
"""
POLICY = """\
company: General Hospital
settings: {fax: {default_region: US}}
users:
  - name: Ana Ruiz
    email: ana@hospital.example
    sending_emails: [ana@hospital.example, scan@hospital.example]
"""
OUT_OF_OFFICE = (
    b"From: Ana <ana@hospital.example>\r\nTo: fax\r\nSubject: Out of \x1b[31moffice\r\n"
    b"Auto-Submitted: auto-replied\r\n\r\nnobody needs to know\r\n"
)


@dataclass
class CommandsSite:
    """Its folder, and the ways into it."""

    folder: Path

    async def postfax(self, *arguments: str | Path, typed: str | None = None) -> Ran:
        return await run_postfax("--config", self.folder / "postfax.yaml", *arguments, typed=typed)

    @asynccontextmanager
    async def book(self) -> AsyncIterator[Book]:
        url, documents = f"sqlite:{self.folder / 'book.db'}", self.folder / "documents"
        async with Book(url, documents, clock=lambda: datetime.now(UTC)) as book:
            yield book


async def make_site(folder: Path) -> CommandsSite:
    (folder / "postfax.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    await Book.migrate(f"sqlite:{folder / 'book.db'}")
    return CommandsSite(folder)


def out_of_office(
    number: int = 1, *, header_from: str = "ana@hospital.example", recipients: tuple[str, ...] | None = None
) -> NewQuarantined:
    to = ("+12065551234@fax.example.com",) if recipients is None else recipients
    return NewQuarantined(
        client_address="192.0.2.1",
        helo="mail.hospital.example",
        envelope=Envelope(return_path="ana@hospital.example", recipients=to),
        header_from=header_from,
        message_id=f"<{number}@hospital.example>",
        mark="Auto-Submitted: auto-replied",
        dedupe_key=f"key-{number}",
        body=OUT_OF_OFFICE,
    )
