"""A finished fax as an archive sees it: two calls, four pages, everything known."""

from datetime import UTC, datetime, timedelta
from typing import Any

from archive.facts import FaxFacts
from config.fax import Resolution
from config.settings import Settings, UserPolicy
from store.job import Attempt, FaxDocument, FaxJob, FaxPage, Outcome, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, MailState, ProofMethod, ReceivedMail, SenderProof
from store.status import Status

ARRIVED = datetime(2026, 11, 1, 6, 25, tzinfo=UTC)
"""Still October in Los Angeles."""


def policy(**changes: Any) -> UserPolicy:
    facts: dict[str, Any] = {
        "name": "Ana Ruiz",
        "email": "ana@hospital.example",
        "company": "General Hospital",
        "departments": ("Imaging", "Radiology"),
        "settings": Settings.model_validate(
            {"datetime": {"time_zone": "America/Los_Angeles"}, "custom_fields": {"cost_center": "R-17"}}
        ),
    }
    return UserPolicy(**facts | changes)


def fax(**changes: Any) -> FaxFacts:
    facts: dict[str, Any] = {
        "id": "K7Q2-M9",
        "mail_id": "M7Q2",
        "position": 0,
        "state": JobState.SENT,
        "status": Status.SUCCESS,
        "explanation": "",
        "recipient": Recipient(number="+12065551234", name="Dr. John Doe", company="Acme & Sons"),
        "user": policy(),
        "cover_template": "healthcare",
        "reference": "4711",
        "billing": "B-9",
        "created_at": ARRIVED,
        "due_at": ARRIVED,
        "finished_at": ARRIVED + timedelta(minutes=11),
        "tries": 2,
        "pages_confirmed": 4,
        "document": FaxDocument(
            body="documents/1",
            sha256="9f" * 32,
            resolution=Resolution.FINE,
            pages=(FaxPage(width=1728, height=2156, octets=15000, origin="cover"),) * 4,
        ),
        "cancel_requested_by": "",
        "attempts": (_busy(), _sent()),
    }
    return FaxFacts(mail=_mail(), job=FaxJob(**facts | changes))


def _mail() -> ReceivedMail:
    return ReceivedMail(
        id="M7Q2",
        state=MailState.ANSWERED,
        received_at=ARRIVED,
        envelope=Envelope(return_path="ana@hospital.example", recipients=("+12065551234@fax.example.com",)),
        header_from="ana.ruiz@hospital.example",
        user_email="ana@hospital.example",
        proof=SenderProof(
            method=ProofMethod.SPF,
            client_address="192.0.2.7",
            helo="mail.hospital.example",
            spf_result="pass",
            spf_domain="hospital.example",
            aligned=True,
            detail="ip4:192.0.2.7",
            results="fax.example.com; spf=pass smtp.mailfrom=hospital.example",
        ),
        message_id="<referral.17@hospital.example>",
        subject="Referral for <Monday>",
        references=(),
        size=81234,
    )


def _busy() -> Attempt:
    started = ARRIVED + timedelta(minutes=1)
    outcome = Outcome(
        status=Status.BUSY, cause="486 Busy Here", sip_code=486, ended_at=started + timedelta(seconds=2)
    )
    return _attempt(1, started, outcome)


def _sent() -> Attempt:
    started = ARRIVED + timedelta(minutes=10)
    outcome = Outcome(
        status=Status.SUCCESS,
        cause="OK",
        answered_at=started + timedelta(seconds=2),
        ended_at=started + timedelta(seconds=60),
        pages_confirmed=4,
        t30_code=0,
        transport="T.38",
        bit_rate=14400,
        ecm=True,
        compression="MMR",
        remote_csid="POSTFAX STATION",
    )
    return _attempt(2, started, outcome)


def _attempt(number: int, started: datetime, outcome: Outcome) -> Attempt:
    return Attempt(
        id=f"K7Q2-M9#{number}",
        job_id="K7Q2-M9",
        number=number,
        line="main",
        called="+12065551234",
        header="",
        started_at=started,
        outcome=outcome,
    )
