"""`python s3_accepting.py FOLDER URL ENDPOINT`: takes one mail into the book there, with an object store."""

import asyncio
import sys
from pathlib import Path

from small_book import new_mail, small_book

from config.object_store import ObjectStoreSettings


async def _accept(folder: Path, url: str, endpoint: str) -> None:
    settings = ObjectStoreSettings(
        url=url, endpoint=endpoint, access_key_file=folder / "access", secret_key_file=folder / "secret"
    )
    async with small_book(folder, objects=settings) as small:
        await small.book.accept_mail(new_mail(2))


asyncio.run(_accept(Path(sys.argv[1]), *sys.argv[2:]))
