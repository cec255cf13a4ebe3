"""The statuses: the exact words that stand in notices, reports and exports, each with its plain explanation.

A status says what happened to a fax; the state of a job (`store.lifecycle`) says where it is.
"""

from enum import StrEnum


class Status(StrEnum):
    """What became of a fax or of one attempt, in the words people read."""

    SUCCESS = "Success"
    BUSY = "BUSY"
    FAST_BUSY = "Fast Busy"
    NO_ANSWER = "No Answer"
    VOICE_ANSWER = "Voice Answer"
    NOT_A_FAX_MACHINE = "Not a Fax Machine"
    OPERATOR_MESSAGE = "Sit-Tone / Operator Msg"
    NEGOTIATION_FAILED = "Negotiation Failed"
    EXCEEDED_ECM_RETRANSMIT = "Exceeded ECM Retransmit"
    TRANSMISSION_FAILED = "Transmission Failed"
    INVALID_FAX_NUMBER = "Invalid Fax Number"
    INVALID_ATTACHMENT = "Invalid Attachment"
    NO_ATTACHMENT = "No Attachment"
    UNAUTHORIZED_SENDING_ADDRESS = "Unauthorized Sending Address"
    BLOCKED = "Blocked"
    JOB_CANCELLED = "Job Cancelled"
    GENERAL_ERROR = "General Error"

    @property
    def explanation(self) -> str:
        """One sentence that tells a person what happened."""
        return _EXPLAINED[self][0]

    @property
    def advice(self) -> str:
        """What the sender can do next, or an empty text where there is nothing to do."""
        return _EXPLAINED[self][1]


_EXPLAINED: dict[Status, tuple[str, str]] = {
    Status.SUCCESS: ("The receiving machine confirmed every page.", ""),
    Status.BUSY: (
        "The line was busy.",
        "Send it again later, or ask the other side for a second number.",
    ),
    Status.FAST_BUSY: (
        "The telephone network had no free path to this number.",
        "Send it again later. If it keeps happening, tell your administrator.",
    ),
    Status.NO_ANSWER: (
        "Nobody answered the call.",
        "Check the number, and ask the other side whether the fax machine is switched on.",
    ),
    Status.VOICE_ANSWER: (
        "A person or an answering machine took the call, not a fax machine.",
        "Check that this is a fax number.",
    ),
    Status.NOT_A_FAX_MACHINE: (
        "The call was answered, but no fax machine was heard.",
        "Check that this is a fax number, and ask whether the machine receives automatically.",
    ),
    Status.OPERATOR_MESSAGE: (
        "The telephone network says that this number cannot be reached or does not exist.",
        "Check the number.",
    ),
    Status.NEGOTIATION_FAILED: (
        "A fax machine answered, but it could not agree with ours on how to send.",
        "Send it again later. If it keeps happening, tell your administrator.",
    ),
    Status.EXCEEDED_ECM_RETRANSMIT: (
        "The line was so disturbed that a page could not be sent without errors.",
        "Send it again later.",
    ),
    Status.TRANSMISSION_FAILED: (
        "The transmission began and broke off.",
        "Look at the confirmed pages, and send the rest again.",
    ),
    Status.INVALID_FAX_NUMBER: (
        "This is not a valid, complete fax number.",
        "Write the number with its country code, for example +12065550100.",
    ),
    Status.INVALID_ATTACHMENT: (
        "An attachment could not be made into fax pages.",
        "Send it as a PDF.",
    ),
    Status.NO_ATTACHMENT: (
        "There was nothing to fax, or an attachment is required and the mail had none.",
        "Attach the document and send the mail again.",
    ),
    Status.UNAUTHORIZED_SENDING_ADDRESS: (
        "This address may not send faxes.",
        "Ask your administrator to register it.",
    ),
    Status.BLOCKED: (
        "Faxes to this number are blocked.",
        "Ask your administrator if you need to reach it.",
    ),
    Status.JOB_CANCELLED: ("The fax was cancelled before it was sent completely.", ""),
    Status.GENERAL_ERROR: (
        "The service could not send the fax because of a fault on our side or on the line.",
        "Send it again later. If it keeps happening, tell your administrator.",
    ),
}
