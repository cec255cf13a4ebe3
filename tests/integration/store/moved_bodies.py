"""A book whose mails and documents are all beside it, as one on a server has them."""

import asyncio
from pathlib import Path

from store.body_folder import BodyFolder
from store.body_migration import move_bodies
from store.body_places import BodyPlaces


async def moved_out(folder: Path) -> None:
    """Move those that are in the rows of the book in this folder."""
    places = BodyPlaces(BodyFolder(folder / "documents"), rows=False)
    await asyncio.to_thread(move_bodies, f"sqlite:{folder / 'book.db'}", places, lambda *_: None)
