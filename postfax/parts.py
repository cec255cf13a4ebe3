"""The machinery behind the steps: sandboxes, converter, fax engines, lines, the way out for mails.

A node starts what its roles need; the rest of it is there and does nothing.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from config.roles import Role
from config.server import ServerSettings
from convert.converter import Converter
from convert.first_page import TASK as FIRST_PAGE_TASK
from convert.typesetting_parts import missing_parts
from notify.delivery_status import ReportingMta
from notify.mailer import MailCarrier
from notify.signing import Signer
from postfax.mail_carrier import make_mail_carrier
from postfax.watching.watch import HUNG_SECONDS
from postfax.work_folder import make_work_folder
from sandbox import Nursery
from transmit.engine.pool import EnginePool
from transmit.line import Line
from transmit.lines import make_lines
from transmit.sip.dns_records import DnsRecords

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What runs beside the book; all of it ends with the stack that started it."""

    folder: Path
    """Where this process works."""
    nursery: Nursery
    """Takes mails apart, and shows what faxes look like."""
    converter: Converter
    """With LibreOffice only where documents are made into pages."""
    lines: dict[str, Line]
    """Those that this node places calls on."""
    mailer: MailCarrier
    mta: ReportingMta
    """As whom notices name us."""
    sender: str
    """The From address of Postfax's own mails."""


async def start_parts(
    settings: ServerSettings, roles: Collection[Role], base: Path, stack: contextlib.AsyncExitStack
) -> Parts:
    """Start everything that the roles need, side by side; what was started ends if one of them cannot be.

    Raises:
        ConverterUnavailable, EngineUnavailable, LineError, SigningTrouble, TaskFailed: One cannot be started;
            the text says which and why, for the administrator.
        OSError: The work folder cannot be made.
    """
    signer = Signer(settings.mail.dkim, settings.sender)
    if not {Role.NOTIFY, Role.ARCHIVE}.isdisjoint(roles):
        signer.check()
    folder = make_work_folder(base)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    nursery = Nursery(preload=("mta.mime.task", FIRST_PAGE_TASK), processes=settings.convert.processes)
    converter = Converter(settings.convert, office=Role.CONVERT in roles)
    lines: dict[str, Line] = {}
    starts = []
    if not {Role.CONVERT, Role.NOTIFY}.isdisjoint(roles):
        starts += [_start_nursery(nursery, stack), _enter(stack, converter)]
    if Role.TRANSMIT in roles:
        starts.append(_start_lines(settings, lines, stack))
    await _side_by_side(*starts)
    hostname = settings.mail.hostname or settings.domain
    return Parts(
        folder=folder,
        nursery=nursery,
        converter=converter,
        lines=lines,
        mailer=make_mail_carrier(settings, signer),
        mta=ReportingMta(hostname=hostname, domain=settings.domain, sender_name=settings.mail.sender_name),
        sender=settings.sender,
    )


async def _side_by_side(*starts: Coroutine[Any, Any, None]) -> None:
    """Start several at one time; the trouble of the first that has any, when none is starting still."""
    for outcome in await asyncio.gather(*starts, return_exceptions=True):
        if outcome is not None:
            raise outcome


async def _start_nursery(nursery: Nursery, stack: contextlib.AsyncExitStack) -> None:
    await _enter(stack, nursery)
    for lacking in nursery.unconfined:
        log.error("documents_not_confined", cause=lacking)
    for missing in missing_parts():
        log.error("typesetting_part_missing", cause=str(missing))


async def _start_lines(
    settings: ServerSettings, lines: dict[str, Line], stack: contextlib.AsyncExitStack
) -> None:
    """Start what this node places calls with; the lines are put into `lines`."""
    alone_for = min(HUNG_SECONDS, settings.lost_after.total_seconds() / 2)
    pool = EnginePool(workers=settings.fax_engines, alone_for=alone_for)
    await _enter(stack, pool)
    records = DnsRecords(settings.dns.nameservers, settings.dns.timeout)
    lines |= make_lines(settings.lines, pool, records=records)
    for line in lines.values():
        await _enter(stack, line)


async def _enter(stack: contextlib.AsyncExitStack, part: Nursery | Converter | EnginePool | Line) -> None:
    stack.push_async_callback(part.stop)
    await part.start()
