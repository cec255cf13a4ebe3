from transmit.media.far_end import FarEnd, MediaAddress

ANNOUNCED = MediaAddress("192.0.2.7", 4000)
TRANSLATED = MediaAddress("192.0.2.7", 61234)
STRANGER = MediaAddress("203.0.113.9", 4000)


def test_only_the_announced_host_is_heard() -> None:
    far_end = FarEnd(ANNOUNCED)

    assert not far_end.accepts(STRANGER)
    assert far_end.accepts(ANNOUNCED)
    assert far_end.address == ANNOUNCED


def test_a_translated_port_is_learned_and_answered() -> None:
    far_end = FarEnd(ANNOUNCED)

    assert far_end.accepts(TRANSLATED)
    assert far_end.address == TRANSLATED
    assert not far_end.accepts(MediaAddress("192.0.2.7", 61235))


def test_once_the_announced_port_has_spoken_no_other_is_heard() -> None:
    far_end = FarEnd(ANNOUNCED)
    assert far_end.accepts(ANNOUNCED)

    assert not far_end.accepts(TRANSLATED)


def test_the_announced_port_takes_over_from_a_learned_one() -> None:
    far_end = FarEnd(ANNOUNCED)
    assert far_end.accepts(TRANSLATED)

    assert far_end.accepts(ANNOUNCED)
    assert far_end.address == ANNOUNCED
    assert not far_end.accepts(TRANSLATED)


def test_a_new_address_is_learned_anew_and_the_same_one_changes_nothing() -> None:
    far_end = FarEnd(ANNOUNCED)
    far_end.accepts(TRANSLATED)

    far_end.announce(ANNOUNCED)
    assert far_end.address == TRANSLATED

    far_end.announce(STRANGER)
    assert far_end.address == STRANGER
    assert not far_end.accepts(ANNOUNCED)
