"""Values of JSON columns as texts: several of every mail that is taken on."""

import json
from typing import Any

import orjson

# What `json` would not take must not slip in, in a form of another library's choice.
_AS_STRICT = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def json_text(value: Any) -> str:
    """A value as a text, quickly; a text that is no Unicode, which orjson refuses, by `json`.

    Raises:
        TypeError: the value is of a kind that JSON does not know.
    """
    try:
        return orjson.dumps(value, option=_AS_STRICT).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value)
