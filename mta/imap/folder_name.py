"""Names of folders as IMAP writes them: modified UTF-7 (RFC 3501 §5.1.3), in quotes (§4.3)."""

import re
from base64 import b64encode

_PLAIN = re.compile(r"[ -~]+|[^ -~]+")


def modified_utf7(name: str) -> str:
    """The name in printable ASCII: `Gefaxt & mehr` is `Gefaxt &- mehr`, `Müll` is `M&APw-ll`."""
    return "".join(
        run.replace("&", "&-") if " " <= run[0] <= "~" else _shifted(run) for run in _PLAIN.findall(name)
    )


def quoted(text: str) -> str:
    """A quoted string; `text` must have neither CR, LF nor NUL."""
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


def folder_argument(name: str) -> str:
    """A folder as the argument of a command."""
    return quoted(modified_utf7(name))


def _shifted(run: str) -> str:
    encoded = b64encode(run.encode("utf-16-be", errors="surrogatepass")).decode("ascii")
    return f"&{encoded.rstrip('=').replace('/', ',')}-"
