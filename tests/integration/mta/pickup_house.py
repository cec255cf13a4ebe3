"""A mailbox on a Dovecot of our own, and everything around the one who fetches from it."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dovecot_server import PASSWORD, USER, Dovecot
from smtp_house import DOMAIN, People, Stored, user

from config.mail import Pickup
from mta.imap.dialogue import Patience
from mta.imap.pickup import MailboxPickup
from mta.imap.taking import Surroundings
from mta.intake import AutomaticMail, RefusedSubmission
from store.mail import NewMail
from store.pickup import PickupKey

SERVER = "mx.hospital.example"
PROVEN = (
    f"Authentication-Results: {SERVER}; dkim=pass header.d=hospital.example;\r\n"
    " spf=pass smtp.mailfrom=ana@hospital.example; dmarc=pass header.from=hospital.example\r\n"
)
HOP = f"Received: from mail.hospital.example by {SERVER} with ESMTPS; Mon, 23 Nov 2026 09:00:00 +0000\r\n"


def fax_mail(
    number: int = 1, *, top: str = HOP + PROVEN, extra: str = "", body: str = "See above.\r\n"
) -> bytes:
    return (
        f"Return-Path: <ana@hospital.example>\r\n{top}"
        f"From: Ana Ruiz <ana@hospital.example>\r\nTo: <+12065550123@{DOMAIN}>\r\n"
        f"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <{number}@hospital.example>\r\n{extra}"
        f"Subject: Referral {number}\r\n\r\n{body}"
    ).encode()


@dataclass
class PickupBook:
    """Keeps mails in memory; each is durable when it is in `mails`."""

    mails: list[NewMail] = field(default_factory=list)
    keys: set[PickupKey] = field(default_factory=set)
    duplicates: int = 0
    fault: Exception | None = None

    async def accept_mail(self, mail: NewMail, pickup: PickupKey | None = None) -> Stored:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        assert pickup is not None
        known = [earlier.dedupe_key for earlier in self.mails]
        self.keys.add(pickup)
        if mail.dedupe_key in known:
            self.duplicates += 1
            return Stored(f"MAIL-{known.index(mail.dedupe_key) + 1}", duplicate=True)
        self.mails.append(mail)
        return Stored(f"MAIL-{len(self.mails)}", duplicate=False)

    async def pickup_known(self, key: PickupKey) -> bool:
        await asyncio.sleep(0)
        return key in self.keys


@dataclass
class MailboxHouse:
    """One fetcher and what it fetched."""

    server: Dovecot
    settings: Pickup
    book: PickupBook = field(default_factory=PickupBook)
    people: People = field(
        default_factory=lambda: People({"ana@hospital.example": user("ana@hospital.example")})
    )
    refused: list[RefusedSubmission] = field(default_factory=list)
    quarantined: list[AutomaticMail] = field(default_factory=list)
    quarantine_full: bool = False
    locked: set[str] = field(default_factory=set)
    """Accounts."""
    max_size: int = 1 << 20

    async def quarantine(self, automatic: AutomaticMail) -> bool:
        if not self.quarantine_full:
            self.quarantined.append(automatic)
        return not self.quarantine_full

    async def is_locked(self, account: str) -> bool:
        return account in self.locked

    def pickup(self, *, tls: ssl.SSLContext | None = None, patience: Patience | None = None) -> MailboxPickup:
        around = Surroundings(
            book=self.book,
            directory=lambda: self.people,
            quarantine=self.quarantine,
            refused=self.refused.append,
            clock=lambda: datetime.now(UTC),
            max_size=self.max_size,
            locked=self.is_locked,
        )
        return MailboxPickup(
            self.settings,
            around,
            domain=DOMAIN,
            monotonic=time.monotonic,
            tls=tls,
            patience=patience or Patience(),
        )

    @contextlib.asynccontextmanager
    async def fetching(
        self, *, tls: ssl.SSLContext | None = None, patience: Patience | None = None
    ) -> AsyncIterator[MailboxPickup]:
        """The fetcher at work, for a while."""
        pickup = self.pickup(tls=tls, patience=patience)
        task = asyncio.create_task(pickup.run())
        try:
            yield pickup
        finally:
            await pickup.stop()
            await task

    def taken(self) -> list[bytes]:
        return self.server.mails_in(self.settings.taken)

    def turned_away(self) -> list[bytes]:
        return self.server.mails_in(self.settings.refused)


def pickup_settings(server: Dovecot, folder: Path, **settings: Any) -> Pickup:
    secret = folder / "password"
    secret.write_text(f"{PASSWORD}\n")
    login: dict[str, Any] = {} if "oauth" in settings else {"password_file": secret}
    plain = {"host": "127.0.0.1", "port": server.port, "tls": "none", "username": USER, "authserv_id": SERVER}
    return Pickup.model_validate(plain | login | settings)
