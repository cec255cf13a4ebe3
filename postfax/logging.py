"""The service's log: structlog, one line an event, JSON for programs or coloured text for people.

Events are named in snake_case and carry the job's or mail's id. Bodies, documents and secrets are never
logged: a traceback tells places in the program, never the values of its variables.
"""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, Literal

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor


def configure(style: Literal["json", "console"]) -> None:
    """Send the log of this process to its error stream."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if style == "json":
        renderers: list[Processor] = [
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(serializer=as_json),
        ]
    else:
        renderers = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Each line in one write: accept workers share the stream, and print() writes the line end apart.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that log by themselves: only what is wrong, in their own words.
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd tells again what our own events tell


def as_json(event: Any, default: Callable[[Any], Any]) -> str:
    """An event as one line: by the quick encoder, or by the patient one what that refuses to write.

    That is a text that is no Unicode (a file's name can be so) or an integer of more than 64 bits.

    Args:
        event: what is to be written.
        default: gives something that can be written in place of what cannot.
    """
    try:
        return orjson.dumps(event, default=default).decode()
    except orjson.JSONEncodeError:
        return json.dumps(event, default=default)


def silence() -> None:
    """Log nothing but errors in this process: for commands whose output is for people."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
