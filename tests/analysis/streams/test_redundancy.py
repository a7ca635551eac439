"""RED, ULPFEC and FlexFEC count as repair, as far as the wire shows what they restore."""

from __future__ import annotations

import pytest

from dissectors.report import Stream
from tests.finding_cases.repair import VIDEO, missing, pictures
from tests.stories import A, B, Story, description, dialled, report, rtp, talk


def first(story: Story, *lines: str, media: str, kind: str) -> Stream:
    ends = [description(*end, *lines, media=media, kind=kind) for end in (A, B)]
    made = report([*dialled(*ends), *story])
    return made.streams[0]


@pytest.mark.parametrize(("depth", "restored"), [(1, 13), (2, 26)])
def test_red_restores_what_the_next_packet_has_with_it(depth: int, restored: int) -> None:
    sound = talk(payload_type=63, step=960, lost=lambda n: n % 40 in (10, 11))
    lines = ("a=rtpmap:63 red/48000/2", f"a=fmtp:63 {'/'.join(['111'] * (depth + 1))}", "a=rtpmap:111 opus/48000/2")
    repair = first(sound, *lines, media="RTP/AVP 63 111", kind="audio").repair
    assert repair is not None and repair.fec == "red"
    assert (repair.lost, repair.restored, repair.in_time) == (26, restored, restored)


def test_flexfec_is_a_stream_of_its_own() -> None:
    repairs = [(n * 50.0, A, B, rtp(n, 5, 118, n * 4500, bytes(400))) for n in range(180)]
    lines = ("a=rtpmap:96 VP8/90000", "a=rtpmap:118 flexfec-03/90000")
    stream = first([*pictures(lost=missing), *repairs], *lines, media="RTP/AVP 96 118", kind="video")
    assert stream.ssrc == VIDEO and stream.repair is not None
    assert (stream.repair.fec, stream.repair.fec_packets, stream.repair.fec_ssrc) == ("flexfec", 180, 5)


def test_ulpfec_within_red_is_counted() -> None:
    story = [
        (n * 10.0, A, B, rtp(n, VIDEO, 116, n // 5 * 4500, bytes((117 if n % 5 == 4 else 96,)) + bytes(500)))
        for n in range(600) if n % 100 != 51
    ]
    lines = ("a=rtpmap:96 VP8/90000", "a=rtpmap:116 red/90000", "a=rtpmap:117 ulpfec/90000")
    stream = first(story, *lines, media="RTP/AVP 96 116 117", kind="video")
    assert stream.repair is not None and (stream.repair.fec, stream.repair.fec_packets) == ("ulpfec", 120)


def test_loss_that_fec_may_have_restored_is_a_note() -> None:
    repairs = [(n * 50.0, A, B, rtp(n, 5, 118, n * 4500, bytes(400))) for n in range(180)]
    lines = ("a=rtpmap:96 VP8/90000", "a=rtpmap:118 flexfec-03/90000")
    ends = [description(*end, *lines, media="RTP/AVP 96 118", kind="video") for end in (A, B)]
    told = {}
    for beside in ([], repairs):
        made = report([*dialled(*ends), *pictures(lost=missing), *beside])
        (told[bool(beside)],) = [each for each in made.findings if each.id == "stream-loss"]
    assert (told[False].severity, told[True].severity) == ("warning", "note")
    assert "180 packets of FlexFEC may have repaired them" in told[True].what
