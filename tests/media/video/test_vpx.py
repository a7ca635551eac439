"""VP9 with several spatial layers: they become one frame with an index."""

from __future__ import annotations

import pytest

from dissectors.media.video.vpx import vp8, vp9
from dissectors.wire.errors import Malformed


def test_layers_stand_one_after_the_other_with_an_index_behind_them() -> None:
    # Flexible, with layer indices: the first layer in two pieces, the second in one; the picture is a key frame.
    frame = vp9([b"\xb8\x01\x00" + b"aaa", b"\xb4\x01\x00" + b"bb", b"\xbc\x01\x02" + b"cccc"])
    assert frame.key and frame.octets == b"aaabbcccc" + b"\xc1\x05\x04\xc1"


def test_a_layer_that_does_not_end_is_malformed() -> None:
    for payloads in ([b"\x88\x01aa"], [b"\x88\x01aa", b"\x88\x01bb"], [b"\x84\x01aa"], [b"\x80"], [b"\x9c"] * 2, []):
        with pytest.raises(Malformed):
            vp9(payloads)


def test_a_descriptor_of_vp8_may_be_one_octet() -> None:
    frame = vp8([b"\x10\x00abc", b"\x00def"])
    assert frame.key and frame.octets == b"\0abcdef"
    assert not vp8([b"\x10\x01abc"]).key
    for payloads in ([b"\x11abc"], [b"\x90"], [b"\x10"], []):
        with pytest.raises(Malformed):
            vp8(payloads)
