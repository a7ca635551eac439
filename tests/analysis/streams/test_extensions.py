"""Header extensions: named by SDP or by what their values do, and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dissectors.protocols import rtp, rtp_extensions
from dissectors.report import HeaderExtension, Stream
from tests.stories import A, B, Story, description, dialled, report

AUDIO_LEVEL, SEND_TIME = "urn:ietf:params:rtp-hdrext:ssrc-audio-level", (
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
)
MID, RID = "urn:ietf:params:rtp-hdrext:sdes:mid", "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
ORIENTATION = "urn:3gpp:video-orientation"
DESCRIPTOR = next(uri for uri, name in rtp_extensions.NAMES.items() if name == "dependency descriptor")
Values = Mapping[int, Callable[[int], bytes]]


def carrying(values: Values, *, seconds: int = 10, payload_type: int = 0, step: int = 160, src: str = "") -> Story:
    """A stream whose datagrams carry these extensions; the values are made of the number of the datagram."""
    story: Story = []
    for n in range(50 * seconds):
        data = b"".join(bytes((number << 4 | len(found) - 1,)) + found for number, make in values.items()
                        for found in (make(n),))
        octets = rtp.build(
            payload_type, n, step * n, 77, bytes(160), extension=(0xBEDE, data + bytes(-len(data) % 4))
        )
        story.append((1020.0 + 20 * n, A, B, octets))
    return story


def called(values: Values, *lines: str) -> Stream:
    """The stream in a call whose offer and answer have these lines."""
    ends = [description(*end, *lines) for end in (A, B)]
    (stream,) = report([*dialled(*ends), *carrying(values)]).streams
    return stream


def sent(n: int, delay: Callable[[int], float] = lambda n: 0.0) -> bytes:
    """The absolute send time of a datagram that was so many milliseconds on its way."""
    return (int((1020 + 20 * n - delay(n) + 62_000) / 1000 * (1 << 18)) & 0xFFFFFF).to_bytes(3, "big")


def test_sdp_names_extensions_and_their_identifiers_are_read() -> None:
    stream = called(
        {1: lambda n: bytes((0x80 * (n % 4 < 3) | 20 + n % 10,)), 4: lambda n: b"audio-0", 9: lambda n: b"hi"},
        f"a=extmap:1 {AUDIO_LEVEL}", f"a=extmap:4/sendrecv {MID}", f"a=extmap:9 {RID}", "a=extmap:x y", "a=extmap:7",
    )
    assert [(each.id, each.name, each.announced) for each in stream.extensions] == [
        (1, "audio level", True), (4, "MID", True), (9, "RID", True),
    ]
    assert (stream.mid, stream.rid, stream.repaired_rid) == ("audio-0", "hi", None)
    levels = stream.audio_levels
    assert levels is not None and levels.loudest == -20 and -30 < levels.mean < -20 and 0.5 < levels.voice < 1


def test_without_sdp_a_text_and_a_level_are_nobodys() -> None:
    (stream,) = report(carrying({1: lambda n: b"\x94", 4: lambda n: b"0"})).streams
    assert stream.extensions == (HeaderExtension(1, None, False, 1), HeaderExtension(4, None, False, 1))
    assert stream.mid is None and stream.audio_levels is None


@pytest.mark.parametrize("announced", [True, False])
def test_send_times_show_how_long_datagrams_took(announced: bool) -> None:
    values = {3: lambda n: sent(n, lambda n: 120.0 if 200 <= n < 350 else 5.0)}
    stream = called(values, *([f"a=extmap:3 {SEND_TIME}"] * announced))
    (extension,) = stream.extensions
    assert (extension.name, extension.announced) == ("absolute send time", announced)
    assert [round(each.delay_ms) for each in stream.delays] == [0, 0, 0, 115, 115, 115, 0, 0, 0]


def test_three_octets_that_keep_no_time_are_no_send_times() -> None:
    (stream,) = report(carrying({3: lambda n: (n * 7919 & 0xFFFFFF).to_bytes(3, "big")})).streams
    assert stream.extensions[0].name is None and not stream.delays


def test_a_descriptor_numbers_frames() -> None:
    values = {12: lambda n: bytes((0xC0,)) + (n & 0xFFFF).to_bytes(2, "big")}
    (stream,) = report(carrying(values)).streams
    assert stream.extensions[0].name == "dependency descriptor"
    (stream,) = report(carrying({12: lambda n: b"\xc0\1\2"})).streams
    assert stream.extensions[0].name is None


def test_pictures_are_turned_from_a_moment_on() -> None:
    stream = called({2: lambda n: bytes((0 if n < 250 else 0x0D,))}, f"a=extmap:2 {ORIENTATION}")
    assert [(round(each.time), each.degrees, each.mirrored, each.back_camera) for each in stream.orientations] == [
        (1, 0, False, False), (6, 90, True, True),
    ]


def test_a_turn_that_few_datagrams_tell_is_not_missed() -> None:
    """Orientation stands in the last datagram of some pictures; the others have a shorter extension."""
    plain, turned = carrying({3: sent}), carrying({3: sent, 4: lambda n: bytes((n > 100,))})
    story = [turned[n] if n in (7, 260) else each for n, each in enumerate(plain)]
    ends = [description(*end, f"a=extmap:4 {ORIENTATION}") for end in (A, B)]
    (stream,) = report([*dialled(*ends), *story]).streams
    assert [(round(each.time, 2), each.degrees) for each in stream.orientations] == [(1.02, 0), (6.22, 90)]


def test_a_media_line_tells_its_extensions_its_name_and_its_layers() -> None:
    lines = ("a=mid:v", f"a=extmap:4 {MID}", "a=extmap:5/recvonly urn:x:y attributes", "a=rid:hi send", "a=rid:lo send")
    made = report(dialled(description(*A, *lines), description(*B)))
    media = made.calls[0].descriptions[0].media[0]
    assert (media.mid, media.rids) == ("v", ("hi", "lo"))
    assert [(each.id, each.uri, each.name) for each in media.extensions] == [(4, MID, "MID"), (5, "urn:x:y", None)]


def test_values_of_another_size_are_not_read() -> None:
    assert rtp_extensions.level(b"") is None and rtp_extensions.turned(b"12") is None
    assert rtp_extensions.send_time(b"12") is None and rtp_extensions.frame_number(b"12") is None
    assert rtp_extensions.text(b"\xff") is None and rtp_extensions.text(b"") is None
