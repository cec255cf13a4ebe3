import json
from typing import Any
from xml.etree import ElementTree as ET

from filed_fax import fax
from hypothesis import given
from hypothesis import strategies as st

from archive import metadata
from store.job import Recipient
from store.lifecycle import JobState
from store.status import Status


def test_the_facts_as_json() -> None:
    facts = json.loads(metadata.json(fax()))
    attempts = facts.pop("Attempts")
    assert facts == {
        "FaxJobId": "K7Q2-M9",
        "FaxJobStatusId": 1,
        "StatusDescription": "Success",
        "FaxNumber": "+12065551234",
        "RecipientName": "Dr. John Doe",
        "RecipientCompany": "Acme & Sons",
        "Company": "General Hospital",
        "Departments": ["Imaging", "Radiology"],
        "SenderName": "Ana Ruiz",
        "SenderEmail": "ana.ruiz@hospital.example",
        "SenderAccount": "ana@hospital.example",
        "SenderProof": {
            "Method": "spf",
            "ClientAddress": "192.0.2.7",
            "SpfResult": "pass",
            "SpfDomain": "hospital.example",
            "Aligned": True,
            "Detail": "ip4:192.0.2.7",
            "AuthenticationResults": "fax.example.com; spf=pass smtp.mailfrom=hospital.example",
        },
        "Subject": "Referral for <Monday>",
        "MessageId": "<referral.17@hospital.example>",
        "ReferenceId": "4711",
        "BillingCode": "B-9",
        "CustomFields": [{"Name": "cost_center", "Value": "R-17"}],
        "CoverPage": "healthcare",
        "PageCount": 4,
        "PagesConfirmed": 4,
        "CreatedDateTime": "2026-10-31T23:25:00-07:00",
        "FaxDeliveryDateTime": "2026-10-31T23:36:00-07:00",
        "FaxDeliveryDuration": 58,
        "RemoteFaxCSID": "POSTFAX STATION",
        "DocumentSha256": "9f" * 32,
    }
    assert attempts == [
        {
            "Number": 1,
            "Started": "2026-10-31T23:26:00-07:00",
            "Line": "main",
            "Called": "+12065551234",
            "Interrupted": False,
            "StatusDescription": "BUSY",
            "ErrorString": "486 Busy Here",
            "Ended": "2026-10-31T23:26:02-07:00",
            "PagesConfirmed": 0,
            "SipCode": 486,
        },
        {
            "Number": 2,
            "Started": "2026-10-31T23:35:00-07:00",
            "Line": "main",
            "Called": "+12065551234",
            "Interrupted": False,
            "StatusDescription": "Success",
            "ErrorString": "OK",
            "Answered": "2026-10-31T23:35:02-07:00",
            "Ended": "2026-10-31T23:36:00-07:00",
            "PagesConfirmed": 4,
            "RemoteFaxCSID": "POSTFAX STATION",
            "Transport": "T.38",
            "BitRate": 14400,
            "ECM": True,
            "Compression": "MMR",
            "T30Code": 0,
        },
    ]


def as_xml_would_say(fact: Any) -> Any:
    if isinstance(fact, dict):
        return {name: as_xml_would_say(value) for name, value in fact.items()}
    if isinstance(fact, list):
        return [as_xml_would_say(item) for item in fact]
    return str(fact).lower() if isinstance(fact, bool) else str(fact)


def read(element: ET.Element) -> Any:
    if not len(element):
        return element.text or ""
    if element.tag in {"Departments", "CustomFields", "Attempts"}:
        assert {child.tag for child in element} == {element.tag.removesuffix("s")}
        return [read(child) for child in element]
    return {child.tag: read(child) for child in element}


def test_the_xml_says_the_same_as_the_json() -> None:
    root = ET.fromstring(metadata.xml(fax()))  # noqa: S314 - our own
    assert root.tag == "faxDetails"
    assert read(root) == as_xml_would_say(json.loads(metadata.json(fax())))


def test_a_failed_fax_without_document_and_attempts() -> None:
    facts = json.loads(
        metadata.json(
            fax(
                state=JobState.FAILED,
                status=Status.INVALID_FAX_NUMBER,
                explanation="No number.",
                document=None,
                attempts=(),
                finished_at=None,
            )
        )
    )
    assert facts["FaxJobStatusId"] == 2
    assert facts["StatusDescription"] == "Invalid Fax Number"
    assert facts["Explanation"] == "No number."
    assert facts["PageCount"] == 0
    unknown = {"Attempts", "DocumentSha256", "FaxDeliveryDateTime", "FaxDeliveryDuration", "RemoteFaxCSID"}
    assert not unknown & facts.keys()


@given(text=st.text(max_size=50))
def test_whatever_others_wrote_both_can_be_read(text: str) -> None:
    facts = fax(reference=text, recipient=Recipient(number="+1", name=text, company=text))
    json.loads(metadata.json(facts))
    ET.fromstring(metadata.xml(facts))  # noqa: S314 - our own
