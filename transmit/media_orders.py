"""What an agreed media line of a session description means for the fax engine."""

from transmit.engine.order import Codec, MediaAddress
from transmit.engine.pool import EngineCall
from transmit.sip.sdp import MediaDescription, PayloadType, T38Parameters


def listen(engine: EngineCall, audio: MediaDescription) -> None:
    """Takes early media with the far end, or changes where to."""
    engine.listen(_address(audio), _codec(audio))


def start_audio(engine: EngineCall, audio: MediaDescription) -> None:
    """Sends and receives G.711 with the far end, or changes where to."""
    engine.start_audio(_address(audio), _codec(audio))


def back_to_audio(engine: EngineCall, audio: MediaDescription) -> None:
    """Leaves T.38 for G.711."""
    engine.back_to_audio(_address(audio), _codec(audio))


def switch_to_t38(engine: EngineCall, image: MediaDescription) -> None:
    """Goes on by T.38 as the far end takes it, or changes where to."""
    limits = T38Parameters.of(image)
    engine.switch_to_t38(
        _address(image),
        max_datagram=limits.max_datagram,
        redundancy=limits.redundancy,
        fec=limits.fec,
        max_rate=limits.max_rate,
    )


def _address(media: MediaDescription) -> MediaAddress:
    return MediaAddress(media.host, media.port)


def _codec(audio: MediaDescription) -> Codec:
    return Codec.PCMA if audio.payload_type is PayloadType.PCMA else Codec.PCMU
