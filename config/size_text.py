"""Sizes as people read them in a sentence."""

_UNITS = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000))


def size_text(octets: int) -> str:
    """A size in the largest unit that fits, to a tenth of it: `12.3 MB`, `800 kB`, `17 bytes`."""
    for unit, size in _UNITS:
        if octets >= size:
            return f"{octets / size:.1f} {unit}".replace(".0 ", " ")
    return f"{octets} bytes"
