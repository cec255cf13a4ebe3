"""A certificate for this host's loopback address, and the contexts of both sides."""

import ssl
from pathlib import Path

from self_signed import self_signed


class Certificate:
    """What a server on 127.0.0.1 shows, and what a client that trusts it has."""

    def __init__(self, folder: Path) -> None:
        made = self_signed(folder)
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.load_cert_chain(made.certificate, made.key)
        self.client = ssl.create_default_context(cafile=made.certificate)
