"""Payloads of each codec become the frames that were cut, and what is not whole is malformed."""

from __future__ import annotations

import random

import pytest

from dissectors.media.video.codecs import VIDEO, video
from dissectors.wire.errors import Malformed
from tests.clips import PACKERS, clips, codec, payloads, units


@pytest.mark.parametrize("name", list(PACKERS))
def test_a_frame_that_was_cut_is_whole_again(name: str) -> None:
    made = [VIDEO[codec(name)].assemble(each) for each in payloads(name)]
    assert [frame.key for frame in made] == [key for _, key in clips()[name]]
    for frame, (octets, _) in zip(made, clips()[name], strict=True):
        if codec(name) in ("H264", "H265"):
            assert units(frame.octets) == units(octets) and frame.begins and bool(frame.configuration) == frame.key
        else:
            # The file of AV1 has a delimiter that payloads leave out.
            assert octets.removeprefix(b"\x12\0") == frame.octets


@pytest.mark.parametrize("name", list(PACKERS))
def test_a_frame_without_its_beginning_or_its_middle_is_malformed(name: str) -> None:
    cut = [each for each in payloads(name) if len(each) > 3]
    assert cut
    for each in cut:
        for missing in (slice(1, None), slice(None, -1)):
            if name == "VP8" and missing == slice(None, -1):
                continue  # Nothing but the marker says where a frame of VP8 ends.
            try:
                frame = VIDEO[codec(name)].assemble(each[missing])
            except Malformed:
                continue
            assert not frame.begins or not frame.configuration or codec(name) in ("H264", "H265")


@pytest.mark.parametrize("name", list(VIDEO))
def test_any_octets_are_a_frame_or_malformed(name: str) -> None:
    chance = random.Random(name)
    sent = payloads(name)
    for _ in range(3000):
        each = [bytearray(payload) for payload in chance.choice(sent)]
        for _ in range(chance.randrange(1, 6)):
            payload = chance.choice(each)
            if payload:
                payload[chance.randrange(min(12, len(payload)))] = chance.randrange(256)
        del each[chance.randrange(len(each) + 1) :]
        if chance.random() < 0.2:
            each.append(bytearray(chance.randbytes(chance.randrange(9))))
        try:
            VIDEO[name].assemble([bytes(payload) for payload in each])
        except Malformed:
            continue


def test_a_codec_has_its_names() -> None:
    assert video("h264") is video("H.264") is VIDEO["H264"] and video("HEVC") is VIDEO["H265"]
    assert video("H263") is None and video(None) is None
