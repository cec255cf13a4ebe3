from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.fax import Resolution
from transmit.engine.control import (
    BackToAudio,
    Body,
    HangUp,
    MessageReader,
    Open,
    Opened,
    Ready,
    Refused,
    Released,
    StartAudio,
    SwitchToT38,
    encode,
)  # fmt: skip
from transmit.engine.events import (
    Capabilities,
    Ended,
    EngineResult,
    Frame,
    Heard,
    Hearing,
    Negotiated,
    PageConfirmed,
    PageReceived,
    Sound,
)  # fmt: skip
from transmit.engine.order import AnswerWith, Codec, Compression, MediaAddress, Role, SessionOrder

REMOTE = MediaAddress("192.0.2.1", 4000)
RESULT = EngineResult(
    t30_code=0,
    t30_result="OK",
    pages_confirmed=3,
    transport="T.38",
    bit_rate=14400,
    ecm=True,
    compression=Compression.MMR,
    resolution=Resolution.FINE,
    remote_csid="Größe",
    remote=Capabilities(
        resolutions=(Resolution.STANDARD,),
        compressions=(Compression.MH,),
        ecm=False,
        max_rate=2400,
        widths=(1728,),
        subaddress=True,
    ),
    heard=Hearing(ced_seconds=2.6, v21_heard=True),
    frames=(Frame(at=5.02, received=True, name="DIS"),),
)
MESSAGES: list[Body] = [
    Open(order=SessionOrder(role=Role.CALLER, document=Path("/tmp/ä.tif"), max_rate=9600)),  # noqa: S108
    Open(order=SessionOrder(role=Role.ANSWERER, answer_with=AnswerWith.VOICE)),
    StartAudio(remote=REMOTE, codec=Codec.PCMA),
    SwitchToT38(remote=REMOTE, max_datagram=1400, redundancy=3),
    BackToAudio(remote=REMOTE, codec=Codec.PCMU),
    HangUp(drain=0.5),
    Ready(),
    Opened(port=40000),
    Refused(errno=99, reason="no such address"),
    Released(result=RESULT, fault="Traceback …"),
    Heard(at=1.0, sound=Sound.SPEECH, seconds=2.0),
    Negotiated(
        at=9.0,
        bit_rate=9600,
        ecm=True,
        compression=Compression.MR,
        width=1728,
        resolution=Resolution.SUPERFINE,
        remote_csid="+1",
    ),
    PageConfirmed(at=20.0, pages=1),
    PageReceived(at=20.0, pages=1),
    Ended(at=30.0, result=RESULT),
]


@given(st.lists(st.sampled_from(MESSAGES), max_size=8), st.integers(1, 400))
def test_messages_arrive_as_they_were_however_the_socket_cuts_them(sent: list[Body], chunk: int) -> None:
    octets = b"".join(encode(number, body) for number, body in enumerate(sent))
    reader = MessageReader()

    received = [
        message for at in range(0, len(octets), chunk) for message in reader.feed(octets[at : at + chunk])
    ]

    assert received == list(enumerate(sent))


@pytest.mark.parametrize("body", MESSAGES, ids=lambda body: type(body).__name__)
def test_types_survive(body: Body) -> None:
    [(number, arrived)] = MessageReader().feed(encode(7, body))

    assert number == 7
    assert repr(arrived) == repr(body)
