"""The sidecars of a copy: the facts of a fax as XML and as JSON.

Both have the same names and the same values: an element of the XML is a key of the JSON. `FaxJobId`,
`FaxJobStatusId` (1 success, 2 failure), `StatusDescription`, `PageCount`, `ReferenceId`, `RemoteFaxCSID`,
`FaxDeliveryDateTime` and `FaxDeliveryDuration` (seconds) are the names that document management systems know
from fax services; the others follow their style. Times are ISO 8601 with their offset, in the zone of the
policy. What is not known is left out.
"""

import json as json_format
import re
from collections.abc import Mapping
from datetime import datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from archive.facts import FaxFacts
from store.job import Attempt, FaxJob, Outcome
from store.lifecycle import JobState
from store.mail import SenderProof

# A fact is a text, a number, a truth value, a group of facts, or a list of them under one name each.
_Fact = str | int | bool | Mapping[str, "_Fact"] | list["_Fact"] | None

# What XML 1.0 §2.2 does not allow, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml(facts: FaxFacts) -> bytes:
    """The facts as an XML document with the root `faxDetails`."""
    root = ET.Element("faxDetails")
    for name, fact in _described(facts).items():
        _append(root, name, fact)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def json(facts: FaxFacts) -> bytes:
    """The facts as a JSON object."""
    described = json_format.dumps(_described(facts), indent=2, ensure_ascii=False)
    return described.encode("utf-8", "replace") + b"\n"


def _append(parent: ET.Element, name: str, fact: _Fact) -> None:
    if isinstance(fact, list):
        # `Attempts` holds an `Attempt` for each.
        group = ET.SubElement(parent, name)
        for item in fact:
            _append(group, name.removesuffix("s"), item)
        return
    element = ET.SubElement(parent, name)
    if isinstance(fact, Mapping):
        for inner, value in fact.items():
            _append(element, inner, value)
    elif isinstance(fact, bool):
        element.text = "true" if fact else "false"
    else:
        element.text = _NOT_XML.sub("\ufffd", str(fact))


def _described(facts: FaxFacts) -> Mapping[str, _Fact]:
    mail, job = facts.mail, facts.job
    last = next((attempt.outcome for attempt in reversed(job.attempts) if attempt.outcome), None)
    return _known(
        {
            "FaxJobId": job.id,
            "FaxJobStatusId": 1 if job.state is JobState.SENT else 2,
            "StatusDescription": job.status.value if job.status else "",
            "Explanation": job.explanation,
            "FaxNumber": job.recipient.number,
            "Subaddress": job.recipient.subaddress,
            "RecipientName": job.recipient.name,
            "RecipientCompany": job.recipient.company,
            "Company": job.user.company,
            "Departments": list(job.user.departments),
            "SenderName": job.user.name,
            "SenderEmail": mail.header_from,
            "SenderAccount": job.user.email,
            "SenderProof": _proof(mail.proof),
            "Subject": mail.subject,
            "MessageId": mail.message_id,
            "ReferenceId": job.reference,
            "BillingCode": job.billing,
            "CustomFields": [
                {"Name": name, "Value": value} for name, value in job.user.settings.custom_fields.items()
            ],
            "CoverPage": job.cover_template,
            "PageCount": job.pages,
            "PagesConfirmed": job.pages_confirmed,
            "CreatedDateTime": _written(job.created_at, job),
            "FaxDeliveryDateTime": _written(job.finished_at, job),
            "FaxDeliveryDuration": _seconds(last),
            "RemoteFaxCSID": last.remote_csid if last else "",
            "DocumentSha256": job.document.sha256 if job.document else "",
            "Attempts": [_attempt(attempt, job) for attempt in job.attempts],
        }
    )


def _proof(proof: SenderProof) -> _Fact:
    return _known(
        {
            "Method": proof.method.value,
            "ClientAddress": proof.client_address,
            "SpfResult": proof.spf_result,
            "SpfDomain": proof.spf_domain,
            "Aligned": proof.aligned,
            "Detail": proof.detail,
            "AuthenticationResults": proof.results,
        }
    )


def _attempt(attempt: Attempt, job: FaxJob) -> _Fact:
    outcome = attempt.outcome
    of_call: dict[str, _Fact] = {}
    if outcome:
        of_call = {
            "StatusDescription": outcome.status.value,
            "ErrorString": outcome.cause,
            "Answered": _written(outcome.answered_at, job),
            "Ended": _written(outcome.ended_at, job),
            "PagesConfirmed": outcome.pages_confirmed,
            "RemoteFaxCSID": outcome.remote_csid,
            "Transport": outcome.transport,
            "BitRate": outcome.bit_rate,
            "ECM": outcome.ecm,
            "Compression": outcome.compression,
            "SipCode": outcome.sip_code,
            "Q850Cause": outcome.q850_cause,
            "T30Code": outcome.t30_code,
        }
    of_attempt: dict[str, _Fact] = {
        "Number": attempt.number,
        "Started": _written(attempt.started_at, job),
        "Line": attempt.line,
        "Called": attempt.called,
        "Interrupted": attempt.interrupted,
    }
    return _known(of_attempt | of_call)


def _known(facts: Mapping[str, _Fact]) -> Mapping[str, _Fact]:
    return {name: fact for name, fact in facts.items() if fact is not None and fact not in ("", [])}


def _written(at: datetime | None, job: FaxJob) -> str:
    zone = ZoneInfo(job.user.settings.datetime.time_zone)
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""


def _seconds(outcome: Outcome | None) -> int | None:
    if outcome is None or outcome.answered_at is None:
        return None
    return round((outcome.ended_at - outcome.answered_at).total_seconds())
