"""What the submission tests make their mails and policies of."""

from datetime import UTC, datetime
from typing import Any

from config.settings import Settings, UserPolicy
from store.mail import Envelope, MailContent, MailPart
from submission.decide import Surroundings

DOMAIN = "fax.example.com"
NOW = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)


def a_user(**groups: Any) -> UserPolicy:
    """A user with the settings that are given by group."""
    settings = Settings.model_validate(groups)
    return UserPolicy(
        name="Ana Ruiz",
        email="ana@hospital.example",
        company="General Hospital",
        settings=settings,
        blocked_numbers=settings.fax.blocked_numbers,
    )


def a_mail(
    text: str = "Please see the referral.",
    *,
    html: str = "",
    attachments: int = 1,
    names: dict[str, str] | None = None,
    subject: str = "Referral",
    **fields: str,
) -> MailContent:
    """A mail; fields as `x_fax_cover="yes"`."""
    parts = [
        MailPart(name=f"{n}.pdf", media_type="application/pdf", path=f"{n}", size=9)
        for n in range(attachments)
    ]
    return MailContent(
        subject=subject,
        message_id="<1@hospital.example>",
        references=(),
        from_name="Ana Ruiz",
        to_names=names or {},
        fields={name.replace("_", "-"): value for name, value in fields.items()},
        text=text,
        html=html,
        attachments=tuple(parts),
    )


def surroundings(**facts: Any) -> Surroundings:
    """On the 26th of November 2026, a Thursday, at 18:00 UTC, with two lines."""
    known = {"domain": DOMAIN, "now": NOW, "lines": ("main", "backup"), **facts}
    return Surroundings(**known)


def to(*local_parts: str) -> Envelope:
    """An envelope to addresses of the fax domain."""
    return Envelope(
        return_path="ana@hospital.example", recipients=tuple(f"{local}@{DOMAIN}" for local in local_parts)
    )
