"""AAC out of RTP payloads: its access units, and the configuration that a decoder is given."""

from __future__ import annotations

import pytest

from dissectors.media.aac import Config, config, low_delay, units
from dissectors.wire.errors import Malformed

HEADERS = {"sizelength": "13", "indexlength": "3", "indexdeltalength": "3"}


@pytest.mark.parametrize(("rate", "short"), [(24000, True), (16000, False), (22050, True), (12345, True)])
def test_a_configuration_says_what_it_was_made_of(rate: int, short: bool) -> None:
    made = Config(low_delay(rate, 1, short))
    assert (made.kind, made.rate, made.channels, made.replicated) == (39, rate, 1, False)
    assert made.octets == low_delay(rate, 1, short)
    assert low_delay(24000).hex() == "f8ec3000"


def test_a_decoder_gets_a_configuration_without_sbr() -> None:
    made = Config(bytes.fromhex("f8ec3100"))
    assert made.replicated and made.octets == low_delay(24000)


def test_the_configuration_within_that_of_latm_is_found() -> None:
    # The specification's LC at 16,000 in one channel, 1408, behind fifteen bits.
    made = config("MP4A-LATM", {"config": "40002810" + "3fc0"}, 8000)
    assert (made.kind, made.rate, made.channels) == (2, 16000, 1)
    for text in ("c0002810", "40042810", "40", ""):
        with pytest.raises(Malformed):
            config("MP4A-LATM", {"config": text}, 8000)


def test_units_stand_behind_headers_or_lengths_or_alone() -> None:
    headed = b"\0\x20" + (3 << 3).to_bytes(2, "big") + (2 << 3).to_bytes(2, "big") + b"abcde"
    assert units(headed, "MPEG4-GENERIC", HEADERS) == [b"abc", b"de"]
    assert units(b"\x03abc" + b"\xff\x01" + bytes(256), "MP4A-LATM", {}) == [b"abc", bytes(256)]
    assert units(b"abc", "AAC-ELD", {}) == [b"abc"]
    assert units(b"\0\x08\x0cabc", "MPEG4-GENERIC", {"sizelength": "6", "indexlength": "2"}) == [b"abc"]


@pytest.mark.parametrize(
    ("codec", "payload"),
    [("MPEG4-GENERIC", b"\0\x10\0\x20abc"), ("MPEG4-GENERIC", b"\0\x40\0"), ("MP4A-LATM", b"\x04abc"),
     ("MP4A-LATM", b"\xff\xff")],
)
def test_a_unit_that_is_cut_is_malformed(codec: str, payload: bytes) -> None:
    with pytest.raises(Malformed):
        units(payload, codec, HEADERS)


def test_what_is_refused_names_its_codec() -> None:
    for made in (lambda: Config(b"\xf8"), lambda: units(b"\0\x10\0", "MPEG4-GENERIC", HEADERS)):
        with pytest.raises(Malformed) as error:
            made()
        assert error.value.protocol == "AAC"
