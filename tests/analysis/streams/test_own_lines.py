"""Streams on one transport that several media lines share, each with the line that is its own."""

from __future__ import annotations

import pytest

from dissectors.protocols import rtp
from dissectors.report import Stream
from tests.found import ids
from tests.made import Endpoint
from tests.stories import A, B, Story, description, dialled, hung_up, report, talk

BUNDLE, MID = "a=group:BUNDLE 0 1", "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"
BUNDLED = "payload-type-not-negotiated"


def bundle(end: Endpoint, port: int, *lines: str, group: str = BUNDLE) -> bytes:
    """A description of sound, and of pictures at another port."""
    video = (f"m=video {port} RTP/AVP 97", "a=rtpmap:97 H264/90000", "a=mid:1", *lines)
    return description(*end, "a=mid:0", *video, head=(group,))


def both(pictures: int = 97) -> Story:
    """Sound and pictures of both sides, each on one port."""
    return [
        *talk(), *talk(B, A, 78),
        *talk(ssrc=79, payload_type=pictures, step=1800), *talk(B, A, 80, payload_type=pictures, step=1800),
    ]


@pytest.mark.parametrize(("offered", "answered"), [
    (bundle(A, A[1] + 2), bundle(B, B[1])), (bundle(A, 9), bundle(B, B[1])),
    (bundle(A, 0, "a=bundle-only"), bundle(B, B[1])), (bundle(A, 0, "a=bundle-only"), bundle(B, 0, "a=bundle-only")),
], ids=["own port", "port 9", "bundle-only", "both bundle-only"])
def test_lines_of_a_bundle_share_the_transport_of_the_first(offered: bytes, answered: bytes) -> None:
    made = report([*dialled(offered, answered), *both(), *hung_up()])
    assert {(s.ssrc, s.kind, s.codec) for s in made.streams} == {
        (77, "audio", "PCMU"), (78, "audio", "PCMU"), (79, "video", "H264"), (80, "video", "H264"),
    }
    assert not ids(made) & {BUNDLED, "media-refused"}


def test_what_only_one_side_would_bundle_has_ports_of_its_own() -> None:
    answer = bundle(B, B[1] + 2, group="a=group:LS 0 1")
    made = report([*dialled(bundle(A, A[1] + 2), answer), *both(), *hung_up()])
    assert BUNDLED in ids(made)


def test_a_line_with_port_0_that_is_not_bundle_only_is_refused() -> None:
    made = report([*dialled(bundle(A, A[1] + 2), bundle(B, 0)), *talk(), *talk(B, A, 78), *hung_up()])
    assert "media-refused" in ids(made)


def test_a_bundle_only_line_says_the_transport_that_it_shares() -> None:
    (call,) = report(dialled(bundle(A, 0, "a=bundle-only"), bundle(B, B[1]))).calls
    (_, video), (_, answered) = (each.media for each in call.descriptions)
    assert (video.port, video.address, video.bundle_only) == (A[1], A[0], True) and not answered.bundle_only
    assert [each.bundles for each in call.descriptions] == [(("0", "1"),)] * 2
    (call,) = report(dialled(bundle(A, 0, "a=bundle-only", group="a=group:LS 0 1"), bundle(B, B[1]))).calls
    assert call.descriptions[0].media[1].port == 0


def pictures(*lines: str, mid: str = "", payload_type: int = 97) -> Stream:
    """The stream of a call of two lines of pictures on one transport; these follow the second one."""
    described = [
        description(
            *end, MID, "a=mid:0", "a=rtpmap:97 H264/90000", f"m=video {end[1]} RTP/AVP 97 98", MID, "a=mid:1",
            "a=rtpmap:97 VP8/90000", "a=rtpmap:98 AV1/90000", *(lines if end is A else ()), kind="video",
            media="RTP/AVP 97", head=(BUNDLE,),
        ) for end in (A, B)
    ]
    extension = (0xBEDE, bytes((0x40, ord(mid), 0, 0))) if mid else None
    told = [
        (1020.0 + 20 * n, A, B, rtp.build(payload_type, n, 1800 * n, 77, bytes(160), extension=extension))
        for n in range(400)
    ]
    (stream,) = report([*dialled(*described), *told, *hung_up()]).streams
    return stream


def test_a_stream_is_of_the_line_whose_mid_it_carries() -> None:
    assert (pictures(mid="1").codec, pictures(mid="0").codec, pictures().codec) == ("VP8", "H264", "H264")
    assert pictures("a=ssrc:77 cname:x", mid="0").codec == "H264"


def test_else_it_is_of_the_line_that_announced_its_ssrc() -> None:
    assert pictures("a=ssrc:77 cname:x").codec == "VP8"
    assert pictures("a=ssrc:78 cname:x").codec == "H264"


def test_else_it_is_of_the_only_line_that_lists_its_payload_type() -> None:
    assert pictures(payload_type=98).codec == "AV1"
