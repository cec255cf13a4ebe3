"""Which messages of an IMAP mailbox were taken on, and as which mail."""

from collections.abc import Collection, Mapping
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, insert, select

from store.administration_tables import pickups
from store.pickup import PickupKey
from store.records.turn import Turn

_MAIL_OF = select(pickups.c.mail_id).where(
    pickups.c.account == bindparam("account"),
    pickups.c.mailbox == bindparam("mailbox"),
    pickups.c.uidvalidity == bindparam("uidvalidity"),
    pickups.c.uid == bindparam("uid"),
)


def mail_picked_up(connection: Connection, key: PickupKey) -> str | None:
    """The id of the mail that this message was taken on as."""
    mail_id: str | None = connection.scalar(_MAIL_OF, asdict(key))
    return mail_id


def mails_picked_up(connection: Connection, keys: Collection[PickupKey]) -> dict[PickupKey, str]:
    """The ids of the mails that these messages were taken on as; without those that were not."""
    found = {key: mail_picked_up(connection, key) for key in keys}
    return {key: mail_id for key, mail_id in found.items() if mail_id is not None}


def insert_pickups(turn: Turn, taken: Mapping[PickupKey, str]) -> None:
    """Write down as which mails these messages were taken on."""
    if taken:
        turn.connection.execute(
            insert(pickups),
            [{**asdict(key), "mail_id": mail_id, "at": turn.now} for key, mail_id in taken.items()],
        )
