"""RTP: real packets, header extensions, padding, and what does not fit."""
from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.rtp import Extension, build, parse, summarise
from dissectors.wire.errors import Malformed

DATA = Path(__file__).resolve().parents[1] / "data" / "rtp"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.bin"))}


def extended(profile: int, data: bytes) -> bytes:
    """A packet with a header extension and no payload."""
    return build(96, 1, 2, 3, b"", extension=(profile, data))


def test_a_packet_gives_every_field_of_its_header() -> None:
    packet = parse(SAMPLES["plain"])
    assert (packet.marker, packet.payload_type, packet.sequence) == (False, 0, 15743)
    assert (packet.timestamp, packet.ssrc, packet.csrc) == (3937035252, 0xF01B40E9, ())
    assert (len(packet.payload), packet.padding, packet.extension, packet.deviations) == (160, False, None, ())
    assert packet.summary == "RTP payload type 0, SSRC 0xF01B40E9, sequence 15743, timestamp 3937035252, 160 bytes"


def test_a_telephone_event_carries_the_marker() -> None:
    packet = parse(SAMPLES["dtmf"])
    assert (packet.marker, packet.payload_type, packet.payload.hex()) == (True, 101, "018a03c0")
    assert packet.summary.endswith(", 4 bytes, marker")


def test_contributing_sources_are_listed() -> None:
    packet = parse(SAMPLES["with_csrc"])
    assert (packet.csrc, len(packet.payload)) == ((0xABCDEF01, 0xDEADBEEF), 160)


def test_padding_is_taken_off_the_payload() -> None:
    packet = parse(SAMPLES["only_padding"])
    assert (packet.payload, packet.padding, packet.padding_length) == (b"", True, 224)


def test_padding_after_an_extension_is_taken_off_too() -> None:
    packet = parse(SAMPLES["only_padding_with_header_extensions"])
    assert (packet.payload, packet.padding_length) == (b"", 224)
    assert packet.extension is not None and packet.extension.elements == ((2, bytes.fromhex("f1cc8c")),)


def test_a_one_byte_extension_gives_its_elements() -> None:
    packet = parse(SAMPLES["with_sdes_mid"])
    assert packet.extension == Extension(0xBEDE, bytes.fromhex("90300000"), ((9, b"0"),))
    assert packet.extension.name == "one-byte elements (RFC 8285)"


@pytest.mark.parametrize(("count", "length"), [(0, 4), (5, 4), (255, 4)])
def test_an_impossible_count_of_padding_is_told_and_keeps_the_payload(count: int, length: int) -> None:
    header = bytes((0xA0,)) + build(96, 1, 2, 3, b"")[1:]
    packet = parse(header + bytes(length - 1) + bytes((count,)))
    assert (len(packet.payload), packet.padding, packet.padding_length) == (length, True, 0)
    assert packet.deviations == (f"{count} bytes of padding are impossible (SRTP hides the real count)",)


def test_padding_in_one_byte_elements_is_skipped_and_15_stops() -> None:
    padded = parse(extended(0xBEDE, bytes.fromhex("10aa000020bb0000"))).extension
    assert padded is not None and padded.elements == ((1, b"\xaa"), (2, b"\xbb"))
    stopped = parse(extended(0xBEDE, bytes.fromhex("10aaf0ff"))).extension
    assert stopped is not None and stopped.elements == ((1, b"\xaa"),)


@pytest.mark.parametrize("profile", [0x1000, 0x100F])
def test_two_byte_elements_can_be_empty(profile: int) -> None:
    extension = parse(extended(profile, bytes.fromhex("0100020211220000"))).extension
    assert extension is not None and extension.elements == ((1, b""), (2, b"\x11\x22"))


@pytest.mark.parametrize(
    ("profile", "data", "deviation"),
    [
        (0xBEDE, "13000000", "extension element 1 needs 4 bytes, 3 are left"),
        (0x1000, "01030000", "extension element 1 needs 3 bytes, 2 are left"),
        (0x1000, "00000007", "extension element 7 has no length"),
    ],
)
def test_an_element_beyond_its_extension_is_told(profile: int, data: str, deviation: str) -> None:
    assert parse(extended(profile, bytes.fromhex(data))).deviations == (deviation,)


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        (0x4400, "FaceTime"),
        (0xDEBE, "0xBEDE with its bytes swapped"),
        (0xC0DE, "encrypted one-byte elements (RFC 9335)"),
        (0x0240, "profile 0x0240"),
    ],
)
def test_other_profiles_are_named_and_keep_their_octets(profile: int, name: str) -> None:
    extension = parse(extended(profile, b"\x10\xaa\0\0")).extension
    assert extension == Extension(profile, b"\x10\xaa\0\0", ())
    assert extension.name == name


def test_a_packet_whose_payload_was_cut_still_has_its_header() -> None:
    assert parse(SAMPLES["plain"][:12]) == parse(build(0, 15743, 3937035252, 0xF01B40E9, b""))


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        (b"", 0),
        (SAMPLES["plain"][:11], 11),
        (b"\x40" + SAMPLES["plain"][1:], 0),
        (SAMPLES["with_csrc"][:19], 12),
        (SAMPLES["with_sdes_mid"][:15], 12),
        (SAMPLES["with_sdes_mid"][:19], 14),
    ],
)
def test_a_header_that_does_not_fit_is_malformed_and_says_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("RTP", offset)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_what_is_built_from_a_real_packet_is_the_packet(name: str) -> None:
    packet = parse(SAMPLES[name])
    extension = packet.extension and (packet.extension.profile, packet.extension.data)
    built = build(
        packet.payload_type,
        packet.sequence,
        packet.timestamp,
        packet.ssrc,
        packet.payload,
        marker=packet.marker,
        csrc=packet.csrc,
        extension=extension,
        padding_length=packet.padding_length,
    )
    # What stands in the padding before its count is the sender's business.
    kept = len(built) - packet.padding_length
    assert (built[:kept], len(built), built[-1]) == (SAMPLES[name][:kept], len(SAMPLES[name]), SAMPLES[name][-1])


@given(
    st.integers(0, 127),
    st.integers(0, 65535),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=64),
    st.booleans(),
    st.lists(st.integers(0, 2**32 - 1), max_size=15).map(tuple),
    st.none() | st.tuples(st.integers(0, 65535), st.integers(0, 8).map(lambda words: bytes(4 * words))),
    st.integers(0, 255),
)
def test_what_is_built_reads_back(
    payload_type, sequence, timestamp, ssrc, payload, marker, csrc, extension, padding_length
) -> None:
    octets = build(
        payload_type, sequence, timestamp, ssrc, payload,
        marker=marker, csrc=csrc, extension=extension, padding_length=padding_length,
    )
    packet = parse(octets)
    assert (packet.payload_type, packet.sequence, packet.timestamp) == (payload_type, sequence, timestamp)
    assert (packet.ssrc, packet.payload, packet.marker, packet.csrc) == (ssrc, payload, marker, csrc)
    assert (packet.extension and (packet.extension.profile, packet.extension.data)) == extension
    assert (packet.padding_length, packet.deviations) == (padding_length, ())


@pytest.mark.parametrize(
    "wrong",
    [{"csrc": tuple(range(16))}, {"padding_length": 256}, {"extension": (0xBEDE, b"abc")}],
)
def test_what_the_header_cannot_hold_is_not_built(wrong: dict) -> None:
    with pytest.raises(ValueError):
        build(0, 0, 0, 0, b"", **wrong)


@given(st.integers(0x80, 0xBF), st.binary(min_size=11, max_size=100))
def test_any_octets_of_version_2_parse_or_are_malformed(first: int, rest: bytes) -> None:
    try:
        packet = parse(bytes((first,)) + rest)
    except Malformed as malformed:
        assert malformed.protocol == "RTP"
    else:
        assert packet.summary.isprintable()
        assert packet.payload in rest + b"\0"


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_prefix_parses_or_is_malformed(name: str) -> None:
    whole = parse(SAMPLES[name])
    for size in range(len(SAMPLES[name])):
        try:
            packet = parse(SAMPLES[name][:size])
        except Malformed:
            assert size < len(SAMPLES[name]) - len(whole.payload) - whole.padding_length
        else:
            assert (packet.ssrc, packet.sequence) == (whole.ssrc, whole.sequence)


def test_the_summary_without_the_message_is_that_of_the_message() -> None:
    chance = Random(3)
    samples = [*SAMPLES.values(), b"", b"\x80" * 11]
    for _ in range(4000):
        sample = bytearray(chance.choice([each for each in samples if len(each) >= 12])[: chance.randrange(10, 60)])
        sample[0] = chance.choice((0x80, 0x90, 0xB0, 0xA0, 0x82, 0x9F, 0x40, chance.randrange(256)))
        for _ in range(chance.randrange(4)):
            sample[chance.randrange(len(sample))] = chance.choice((0, 1, 2, 255, chance.randrange(256)))
        samples.append(bytes(sample))
    read = {True: 0, False: 0}
    for sample in samples:
        try:
            summary: str | None = parse(sample).summary
        except Malformed:
            summary = None
        assert summarise(sample) == summary, sample.hex()
        read[summary is not None] += 1
    assert min(read.values()) > 300
