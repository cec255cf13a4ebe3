"""Our statuses as enhanced mail system status codes (RFC 3463), for programs that read notices.

Success is 2.1.5, the code that RFC 3463 §3.2 sets aside for positive delivery reports. A failure is of class
4, "sending in the future may be successful", exactly where the number is called again by itself, so that
no program takes a busy line for an address that is gone; what the sender has to change first is of class 5.

Subject and detail are those that RFC 3463 words most like our own explanation:

- X.4.1 is an outbound connection that was not answered or met a busy system, X.4.5 congestion, X.4.2 a
  connection that was made and did not carry the message: a voice, silence, a transmission that broke off.
- X.5.0 is a protocol with the next hop that failed: negotiation (T.30 phase B).
- X.1.1 is a mailbox that does not exist, X.1.3 an address that is none.
- X.6.1 is a medium that the far side cannot be given, X.6.0 a content that is at fault otherwise.
- X.7.1 is a sender who may not, or may not to this recipient.
- 5.0.0 and 4.3.0 say nothing more exact: there is no code for a recall, and none for a fault of ours.
"""

from store.status import Status

_CODES = {
    Status.SUCCESS: "2.1.5",
    Status.BUSY: "4.4.1",
    Status.FAST_BUSY: "4.4.5",
    Status.NO_ANSWER: "4.4.1",
    Status.VOICE_ANSWER: "4.4.2",
    Status.NOT_A_FAX_MACHINE: "4.4.2",
    Status.OPERATOR_MESSAGE: "5.1.1",
    Status.NEGOTIATION_FAILED: "4.5.0",
    Status.EXCEEDED_ECM_RETRANSMIT: "4.4.2",
    Status.TRANSMISSION_FAILED: "4.4.2",
    Status.INVALID_FAX_NUMBER: "5.1.3",
    Status.INVALID_ATTACHMENT: "5.6.1",
    Status.NO_ATTACHMENT: "5.6.0",
    Status.UNAUTHORIZED_SENDING_ADDRESS: "5.7.1",
    Status.BLOCKED: "5.7.1",
    Status.JOB_CANCELLED: "5.0.0",
    Status.GENERAL_ERROR: "4.3.0",
}


def status_code(status: Status) -> str:
    """The enhanced code of a status: class, subject and detail, as `4.4.1`."""
    return _CODES[status]
