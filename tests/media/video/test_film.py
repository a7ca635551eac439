"""A stream as the frames of a file: whole ones, from the first key frame on, each at its time."""

from __future__ import annotations

from tempfile import TemporaryFile

from dissectors.media.video.codecs import VIDEO
from dissectors.media.video.film import Film, Packet
from dissectors.protocols import rtp
from tests.clips import IN_BETWEEN, STEP, assembled, clip, codec, payloads
from tests.stories import Story


def filmed(name: str, story: Story) -> tuple[Film, list[Packet]]:
    """The stream, and its frames."""
    with TemporaryFile() as file:
        film = Film(VIDEO[codec(name)], file, int(story[0][0] * 1e6))
        for time, _, _, octets in story:
            sent = rtp.parse(octets)
            film.add(sent.sequence, sent.timestamp, int(time * 1e6), sent.marker, sent.payload)
        film.finish()
        return film, [*film.packets()]


def test_each_frame_stands_at_its_time() -> None:
    film, packets = filmed("VP8", clip("VP8"))
    assert [packet.octets for packet in packets] == assembled("VP8")
    assert [packet.shown for packet in packets] == [packet.decoded for packet in packets]
    assert [packet.shown for packet in packets] == [STEP * number for number in range(12)]
    assert [number for number, packet in enumerate(packets) if packet.key] == [0, 6]
    assert {packet.lasts for packet in packets[:-1]} == {STEP} and not film.broken


def test_frames_are_decoded_before_they_are_shown() -> None:
    _, packets = filmed("H264 with frames in between", clip("H264 with frames in between"))
    assert [packet.shown for packet in packets] == [STEP * number for number in IN_BETWEEN]
    decoded = [packet.decoded for packet in packets]
    assert decoded == sorted(set(decoded)) and all(packet.decoded <= packet.shown for packet in packets)


def test_what_is_not_whole_is_left_out_with_its_moment() -> None:
    story, sizes = clip("H264"), [len(each) for each in payloads("H264")]
    lost = sum(sizes[:6]) + 1
    film, packets = filmed("H264", [*story[:lost], *story[lost + 1 :]])
    assert len(packets) == 11 and film.broken == 1 and [round(gap, 1) for gap in film.gaps] == [0.6]


def test_frames_before_the_first_key_frame_are_left_out() -> None:
    sizes = [len(each) for each in payloads("VP9")]
    film, packets = filmed("VP9", clip("VP9")[sum(sizes[:2]) :])
    assert film.before == 4 and len(packets) == 6 and packets[0].key


def test_parameter_sets_that_are_sent_before_a_frame_are_of_it() -> None:
    sent = payloads("H264")
    assert sent[0][0][0] & 31 == 24
    story = clip("H264")
    time, src, dst, octets = story[0]
    alone = bytearray(octets)
    alone[1], alone[4:8] = 96 | 0x80, (int.from_bytes(octets[4:8], "big") - STEP).to_bytes(4, "big")
    film, packets = filmed("H264", [(time, src, dst, bytes(alone)), *story[1:]])
    assert [packet.octets for packet in packets] == assembled("H264") and not film.broken
