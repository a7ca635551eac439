"""A stream as the frames of a file: whole ones, from the first key frame on, each at its time."""

from __future__ import annotations

from tempfile import TemporaryFile

from dissectors.media.video.codecs import VIDEO
from dissectors.media.video.film import Film, Packet
from dissectors.protocols import rtp
from tests.clips import IN_BETWEEN, STEP, assembled, clip, codec, payloads
from tests.stories import A, B, Story
from tests.stories import rtp as rtp_octets


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


def test_parameter_sets_that_each_end_with_a_marker_are_of_the_frame_behind_them() -> None:
    story, first, number = [], payloads("H264")[0], 65530
    bundle, *pieces = first
    sets = [unit for unit in (bundle[3 : 3 + bundle[2]], bundle[5 + bundle[2] :]) if unit[0] & 31 in (7, 8)]
    assert [unit[0] & 31 for unit in sets] == [7, 8]
    sent = [*((unit, 0x80) for unit in sets), *((piece, 0) for piece in pieces[:-1]), (pieces[-1], 0x80)]
    for payload, marker in sent:
        octets = bytearray(rtp_octets(number, 91, 96, 1 << 20, payload))
        octets[1] |= marker
        story.append((1020.0 + number - 65530, A, B, bytes(octets)))
        number += 1
    film, packets = filmed("H264", [*story, *clip("H264", first=number)[len(first) :]])
    assert len(packets) == 12 and not film.broken
    assert packets[0].octets.startswith(b"\0\0\0\1" + sets[0] + b"\0\0\0\1" + sets[1] + b"\0\0\0\1")
    assert film.sample.startswith(packets[0].octets)
