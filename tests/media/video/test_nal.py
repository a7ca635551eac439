"""NAL units out of payloads: what is refused, and the parameter sets of SDP."""

from __future__ import annotations

import pytest

from dissectors.media.video.nal import announced, h264, h265
from dissectors.wire.errors import Malformed


def test_the_first_slice_of_a_picture_is_known() -> None:
    assert h264([b"\x65\x88\x84"]).begins and not h264([b"\x65\x48\x84"]).begins
    assert h265([b"\x26\x01\xaf"]).begins and not h265([b"\x26\x01\x2f"]).begins
    assert h264([b"\x67\x42", b"\x68\xce"]).empty and not h264([b"\x41\x9a"]).empty


@pytest.mark.parametrize(
    "payloads",
    [[b""], [b"\x7c"], [b"\x7c\x01abc"], [b"\x7c\x81abc"], [b"\x7c\x81abc", b"\x41\x9a"], [b"\x78\0\5abc"],
     [b"\x78\0\0"], [b"\x79\0\1\0\1a"], [b"\x7d\x81\0\0a"], [b"\x60\x01"]],
)
def test_what_is_cut_or_of_another_mode_is_malformed(payloads: list[bytes]) -> None:
    with pytest.raises(Malformed):
        h264(payloads)


@pytest.mark.parametrize(
    "payloads",
    [[b"\x26"], [b"\x62\x01"], [b"\x62\x01\x13a"], [b"\x62\x01\x93a"], [b"\x60\x01\0\5a"], [b"\x64\x01\0\0"]],
)
def test_what_is_cut_is_malformed_in_h265_too(payloads: list[bytes]) -> None:
    with pytest.raises(Malformed):
        h265(payloads)


def test_parameter_sets_of_sdp_stand_behind_start_codes() -> None:
    assert announced({"sprop-parameter-sets": "Z0LA,aM4="}) == b"\0\0\0\1gB\xc0\0\0\0\1h\xce"
    assert announced({"sprop-vps": "QAE=", "sprop-sps": "QgE=", "sprop-pps": "RAE="}).count(b"\0\0\0\1") == 3
    assert announced({"sprop-parameter-sets": "!,"}) == b"" == announced({})
