"""A message in memory, as the checks of its signatures read it."""


class InMemory:
    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    @property
    def size(self) -> int:
        return len(self._octets)

    def head(self) -> bytes:
        return self._octets

    def read(self, offset: int, count: int) -> bytes:
        return self._octets[offset : offset + count]
