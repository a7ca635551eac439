"""Bodies are decoded by what they are, within bounds, and nothing that can be read is lost."""
from __future__ import annotations

import base64
import gzip
import random
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.inflate import Inflated, Limits, deflate, inflate, recover, spoken
from dissectors.wire.values import replace

DATA = Path(__file__).resolve().parents[1] / "data" / "sdp"
TEXT = (DATA / "facetime_invite.sdp").read_bytes()
ZLIB = (DATA / "facetime_invite.zlib").read_bytes()
GZIP = gzip.compress(TEXT, mtime=0)


def bare(data: bytes) -> bytes:
    """RFC 1951 without a wrapper."""
    writer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return writer.compress(data) + writer.flush()


BARE = bare(TEXT)
BASE64 = base64.b64encode(ZLIB)

FORMS = {
    "FaceTime": (ZLIB, ("deflate",), "zlib"),
    "Kamailio's default level": (zlib.compress(TEXT), ("deflate",), "zlib"),
    "no compression to speak of": (zlib.compress(TEXT, 1), ("deflate",), "zlib"),
    "early Kamailio, sofia-sip": (ZLIB, ("gzip",), "zlib"),
    "gzip": (GZIP, ("gzip",), "gzip"),
    "gzip by its old name": (GZIP, ("x-gzip",), "gzip"),
    "gzip labelled deflate": (GZIP, ("deflate",), "gzip"),
    "gzip with a name and a comment": (
        GZIP[:3] + b"\x1e" + GZIP[4:10] + b"\x02\0abname\0comment\0" + b"cs" + GZIP[10:], ("gzip",), "gzip",
    ),
    "gzip in two members": (gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]), ("gzip",), "gzip"),
    "the bare stream": (BARE, ("deflate",), "deflate"),
    "the bare stream labelled gzip": (BARE, ("gzip",), "deflate"),
    "zlib by name": (ZLIB, ("zlib",), "zlib"),
    "deflate by an odd name": (ZLIB, ("X-Deflate",), "zlib"),
    "no label, zlib": (ZLIB, (), "zlib"),
    "no label, zlib level 1": (zlib.compress(TEXT, 1), (), "zlib"),
    "no label, gzip": (GZIP, (), "gzip"),
    "identity said, zlib sent": (ZLIB, ("identity",), "zlib"),
    "OpenSIPS with base64": (BASE64, ("base64, deflate",), "zlib, base64"),
    "OpenSIPS with base64 and gzip": (base64.b64encode(GZIP), ("base64, gzip",), "gzip, base64"),
    "base64 named last, as applied": (BASE64, ("deflate", "base64"), "zlib, base64"),
    "base64 in lines": (base64.encodebytes(ZLIB), ("deflate, base64",), "zlib, base64"),
    "deflate, then gzip": (gzip.compress(ZLIB), ("deflate, gzip",), "zlib, gzip"),
    "deflate, then gzip, in two headers": (gzip.compress(ZLIB), ("deflate", "gzip"), "zlib, gzip"),
    "CR LF before": (b"\r\n" + ZLIB, ("deflate",), "zlib"),
    "CR LF before the bare stream": (b"\r\n" + BARE, ("deflate",), "deflate"),
    "CR LF before, no label": (b"\r\n" + GZIP, (), "gzip"),
    "CR LF after": (ZLIB + b"\r\n", ("deflate",), "zlib"),
    "bytes after": (ZLIB + b"\0\0\0rest", ("deflate",), "zlib"),
    "an unknown label": (ZLIB, ("br",), "zlib"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_in_use_gives_the_text(form: str) -> None:
    data, labels, encoding = FORMS[form]
    found = inflate(data, labels)
    assert (found.octets, found.encoding, found.status) == (TEXT, encoding, "complete")
    assert found.label == (", ".join(labels) or None)
    assert found.inflated_length == len(TEXT)
    assert found.compressed_length + len(found.leading) + len(found.trailing) == len(data)


@pytest.mark.parametrize("form", ["FaceTime", "gzip", "zlib by name", "deflate, then gzip", "gzip in two members"])
def test_an_honest_label_is_no_deviation(form: str) -> None:
    data, labels, _ = FORMS[form]
    assert inflate(data, labels).deviations == ()


@pytest.mark.parametrize(
    ("form", "phrase"),
    [
        ("early Kamailio, sofia-sip", "the label says gzip, the data is zlib (RFC 1950)"),
        ("gzip labelled deflate", "the label says deflate, the data is gzip (RFC 1952)"),
        ("the bare stream", "the label says deflate, the data is bare deflate (RFC 1951)"),
        ("no label, zlib", "the data is compressed, no label says so"),
        ("OpenSIPS with base64", "the label does not name base64 last, although it was applied last"),
        ("CR LF before", "2 bytes of CR and LF come before the compressed data"),
        ("CR LF after", "2 bytes follow the compressed data"),
        ("an unknown label", "the label says br, the data is zlib (RFC 1950)"),
    ],
)
def test_a_deviation_is_named(form: str, phrase: str) -> None:
    data, labels, _ = FORMS[form]
    assert inflate(data, labels).deviations == (phrase,)


@pytest.mark.parametrize("label", ["deflate", "gzip", "base64", "base64, deflate", "br", "zstd", "identity", ""])
@pytest.mark.parametrize("text", [TEXT, b"x^2 + y^2 = z^2", b"{}", "Grüße".encode(), b"v=0\r\n" * 9000])
def test_a_label_over_plain_text_does_not_destroy_it(label: str, text: bytes) -> None:
    found = inflate(text, (label,))
    assert (found.octets, found.encoding, found.status) == (text, "identity", "identity")
    assert not found.compressed
    assert bool(found.deviations) == (label not in ("identity", ""))


def test_an_image_under_a_wrong_label_is_left_alone() -> None:
    image = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
    assert inflate(image, ("deflate",)).octets == image


def test_an_encoding_that_is_not_decoded_is_named() -> None:
    found = inflate(b"\x28\xb5\x2f\xfd\x04\x00\x01", ("zstd",))
    assert (found.status, found.encoding, found.octets[:4]) == ("unsupported", "zstd", b"\x28\xb5\x2f\xfd")
    assert found.deviations == ("zstd is not decoded",)


def test_nothing_is_nothing() -> None:
    assert inflate(b"", ("deflate",)) == Inflated(b"", "identity", "deflate", 0, 0, "identity")


@pytest.mark.parametrize(("data", "label"), [(ZLIB, "deflate"), (GZIP, "gzip"), (ZLIB, "gzip"), (ZLIB, "")])
def test_every_prefix_gives_the_part_that_is_there(data: bytes, label: str) -> None:
    seen = 0
    for end in range(3, len(data)):
        found = inflate(data[:end], (label,) if label else ())
        if found.compressed:
            assert found.status == "truncated"
            assert TEXT.startswith(found.octets)
            assert len(found.octets) >= seen
            seen = len(found.octets)
    assert seen == len(TEXT)


def test_a_cut_bare_stream_gives_the_part_that_is_there() -> None:
    found = inflate(BARE[:200], ("deflate",))
    assert (found.status, found.encoding) == ("truncated", "deflate")
    assert len(found.octets) > 200 and TEXT.startswith(found.octets)


@pytest.mark.parametrize("at", [0, 600, 5000, 20000])
def test_a_broken_stream_gives_what_came_before_the_break(at: int) -> None:
    noise = random.Random(at).randbytes(30000).hex().encode()
    whole = zlib.compress(noise, 9)
    # A block of the reserved type 3 cannot be read by any decoder.
    writer = zlib.compressobj(9, zlib.DEFLATED, 15)
    head = writer.compress(noise[:at]) + writer.flush(zlib.Z_FULL_FLUSH)
    found = inflate(head + b"\x07" + whole[10:], ("deflate",))
    assert (found.octets, found.status) == (noise[:at], "corrupt")


def test_a_wrong_checksum_keeps_the_text_and_says_so() -> None:
    found = inflate(ZLIB[:-1] + b"?", ("deflate",))
    assert (found.octets, found.status, found.deviations) == (TEXT, "corrupt", ("the checksum is wrong",))


def test_a_cut_checksum_keeps_the_text_and_says_so() -> None:
    found = inflate(GZIP[:-3], ("gzip",))
    assert (found.octets, found.status) == (TEXT, "truncated")
    assert found.deviations == ("the stream is whole, its checksum is cut",)


def test_a_preset_dictionary_is_named() -> None:
    writer = zlib.compressobj(9, zlib.DEFLATED, 15, zdict=TEXT)
    found = inflate(writer.compress(TEXT) + writer.flush(), ("deflate",))
    assert (found.status, found.deviations) == ("corrupt", ("the data needs a preset dictionary",))


BOMBS = {
    "zlib": zlib.compress(b"a" * 40_000_000, 9),
    "gzip": gzip.compress(b"a" * 40_000_000, 9),
    "bare": bare(b"a" * 40_000_000),
    "members": gzip.compress(b"a" * 4_000_000) * 20,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_stops_at_the_limit_in_time_and_memory(name: str) -> None:
    limits = Limits(octets=200_000)
    tracemalloc.start()
    found = inflate(BOMBS[name], ("gzip",), limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.status, len(found.octets)) == ("over limit", 200_000)
    assert found.octets == b"a" * 200_000
    assert peak < 12 * (200_000 + len(BOMBS[name]))


def test_the_ratio_bounds_small_bombs_and_a_datagrams_worth_is_never_refused() -> None:
    assert inflate(zlib.compress(b"a" * 65535), ("deflate",)).status == "complete"
    assert inflate(zlib.compress(b"a" * 65536), ("deflate",)).status == "over limit"
    assert inflate(zlib.compress(b"a" * 65536), ("deflate",), Limits(ratio=2000)).status == "complete"


def test_a_bomb_inside_a_bomb_is_bound_by_what_was_sent() -> None:
    inner = zlib.compress(zlib.compress(b"a" * 10_000_000, 9), 9)
    found = inflate(inner, ("deflate, deflate",))
    assert (found.status, found.encoding, len(found.octets)) == ("over limit", "zlib, zlib", 65535)


def test_a_label_of_a_thousand_encodings_is_named_and_bounded() -> None:
    found = inflate(ZLIB, ("deflate," * 1000,))
    assert found.octets == TEXT
    assert found.deviations[0] == "the label names 1000 codings, more than are undone"


@pytest.mark.parametrize("encoding", ["deflate", "gzip", "identity", "deflate, base64", "deflate, gzip"])
def test_what_deflate_writes_inflate_reads(encoding: str) -> None:
    found = inflate(deflate(TEXT, encoding), (encoding,))
    assert (found.octets, found.deviations) == (TEXT, ())


def test_an_encoding_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="no encoder for 'br'"):
        deflate(TEXT, "br")


@given(st.binary(max_size=400), st.sampled_from(["", "deflate", "gzip", "base64", "base64, deflate", "deflate, gzip"]))
def test_any_octets_end_in_an_answer(data: bytes, label: str) -> None:
    found = inflate(data, (label,))
    assert found.inflated_length == len(found.octets) <= 65535
    if not found.compressed:
        assert found.octets == data


@given(st.integers(0, len(GZIP) * 8 - 1), st.sampled_from([ZLIB, GZIP]))
def test_a_flipped_bit_is_never_called_complete_and_different(bit: int, data: bytes) -> None:
    broken = bytearray(data)
    broken[bit // 8 % len(data)] ^= 1 << bit % 8
    found = inflate(bytes(broken), ("deflate",))
    assert found.octets == TEXT or found.status != "complete" or found.encoding == "deflate"


RECOVERABLE = {
    "zlib": (ZLIB, "zlib"),
    "gzip": (GZIP, "gzip"),
    "a bare stream": (BARE, "deflate"),
    "a bare stream after CR LF": (b"\r\n" + BARE, "deflate"),
    "base64 of zlib": (BASE64, "zlib, base64"),
    "base64 of a bare stream, in lines": (base64.encodebytes(BARE), "deflate, base64"),
    "base64 of text": (base64.b64encode(TEXT), "base64"),
    "gzip of zlib": (gzip.compress(ZLIB), "zlib, gzip"),
    "a bare stream of gzip of base64": (bare(gzip.compress(base64.b64encode(TEXT))), "base64, gzip, deflate"),
}


@pytest.mark.parametrize("form", RECOVERABLE)
def test_a_saved_body_is_recovered_without_a_label(form: str) -> None:
    data, encoding = RECOVERABLE[form]
    found = recover(data)
    assert (found.octets, found.encoding, found.status) == (TEXT, encoding, "complete")
    assert not any("label" in text for text in found.deviations)


@pytest.mark.parametrize(
    "data", [b"", TEXT, b"aWordAloneIsNoBase64", b"abcdabcdabcdabcd", bytes(range(256)), BARE[:-20], b"\x03\x00"]
)
def test_what_is_nothing_in_particular_is_left_as_it_is(data: bytes) -> None:
    assert (recover(data).octets, recover(data).status) == (data, "identity")


def test_recovering_keeps_to_its_bounds_however_deep_it_goes() -> None:
    data = b"v=0\r\n" * 100_000
    for _ in range(8):
        data = zlib.compress(data, 9)
    assert recover(data).encoding.count("zlib") == 4
    assert recover(zlib.compress(bytes(10_000_000)), Limits(octets=1000)).status == "over limit"


@given(st.binary(max_size=300))
def test_recovering_takes_any_octets(data: bytes) -> None:
    assert recover(data).status in ("identity", "complete", "truncated", "corrupt", "over limit")


def test_what_is_bare_says_so_to_people() -> None:
    assert spoken("deflate, base64") == "bare deflate, base64" and spoken("zlib") == "zlib"


@pytest.mark.parametrize("data", [ZLIB, ZLIB + b"\r\n", ZLIB[:-1], ZLIB[:40], GZIP, BARE, TEXT, b"\r\n" + ZLIB, b""])
def test_the_usual_label_reads_as_it_does_in_any_other_spelling(data: bytes) -> None:
    usual, spelled = inflate(data, ("deflate",)), inflate(data, ("Deflate",))
    assert usual == replace(spelled, label="deflate")


def test_the_bound_holds_under_the_usual_label_too() -> None:
    assert inflate(ZLIB, ("deflate",), Limits(octets=100)).status == "over limit"


@given(st.binary(max_size=64))
def test_what_no_label_announces_is_read_only_where_it_begins_like_compressed_data(data: bytes) -> None:
    found = inflate(data)
    assert not found.compressed or data.lstrip(b"\r\n").startswith((b"\x78", b"\x1f\x8b"))
    assert found.compressed or found.octets == data
