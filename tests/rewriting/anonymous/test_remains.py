"""What remains of what is not understood: of which kind it is, and nothing that it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors import offline
from dissectors.mux.classify import match
from dissectors.rewriting.anonymous import remains
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from tests import captures
from tests.ip_frames import ethernet, ipv4, ipv6, udp
from tests.rewriting.anonymous.test_capture import done
from tests.stories import A, B, request, rtp

NAMES = Pseudonyms(b"one key")
QUIC = b"\xc3\0\0\0\1\x08alicewnd\0" + b"alicewonder" * 110
GOOGLE = b"\x0dalice\x01ndQ039\1" + b"alicewonder" * 30
LOOKS = {
    "RTP": rtp(1, 2, 96, payload=b"alicewonder"), "QUIC": QUIC, "QUIC, short": b"\x4a\1\2alicewonder and others",
    "QUIC of Google": GOOGLE, "TURN": b"\x40\1\0\x0b\xffalicewonde", 
}


@pytest.mark.parametrize("payload", LOOKS.values(), ids=LOOKS)
def test_a_header_looks_like_the_datagram_and_says_nothing_of_it(payload: bytes) -> None:
    kept = remains.header(payload, len(payload), NAMES)
    assert match(kept, len(payload)) == match(payload, len(payload)) and 0 < len(kept) <= 16
    assert not any(b"alicewonder"[at : at + 3] in kept for at in range(9))


@pytest.mark.parametrize("payload", [b"alice was here, and nobody else", b"\xff\xfe\1\2"])
def test_text_and_what_looks_like_nothing_have_no_header(payload: bytes) -> None:
    assert remains.header(payload, len(payload), NAMES) == b""


def test_later_packets_of_googles_quic_are_of_the_same_connection() -> None:
    first, later = remains.header(GOOGLE, len(GOOGLE), NAMES, "QUIC"), remains.header(
        b"\x0c" + GOOGLE[1:9] + b"\2alicewonder", 21, NAMES, "QUIC")
    assert first[1:9] == later[1:9] != GOOGLE[1:9] and first[9:] == b"Q039" and len(later) == 9


@pytest.mark.parametrize("wrap", [
    lambda octets: ethernet(ipv4(octets, fragment=0x2000)),
    lambda octets: ethernet(ipv6(b"\x11\0\0\1\0\0\0\7" + octets, 44), 0x86DD),
])
@pytest.mark.parametrize("payload", [
    request(0, "INVITE", "Subject: alicewonder", "Subject: " + "x" * 700)[3],
    rtp(1, 2, 96, payload=b"alicewonder" * 60),
    b"\x16\xfe\xfd" + bytes(8) + b"\x04\0" + b"\x0b\0\3\xf4" + bytes(5) + b"\0\3\xf4" + b"alicewonder" * 92,
    b"alice was here, and nobody else but bob",
])
def test_the_first_of_fragments_that_are_missing_says_what_it_was(
    tmp_path: Path, payload: bytes, wrap: object
) -> None:
    assert callable(wrap)
    part = udp(payload, length=8 + len(payload) + 800)
    path = captures.pcap(tmp_path / "in", [(0, wrap(part[: len(part) & ~7]))])
    done(path, tmp_path / "out")
    told = [offline.analyze([str(each)]).findings for each in (path, tmp_path / "out")]
    ids = [[(each.id, each.what.partition(", from")[0]) for each in found] for found in told]
    assert "fragments-incomplete" in {id for id, _ in ids[0]} and ids[1] == ids[0]
    (after,) = captures.frames(tmp_path / "out")
    assert b"alice" not in after and len(after) == len(captures.frames(path)[0])


def test_what_only_looks_like_media_is_told_as_before(tmp_path: Path) -> None:
    told = [(10.0 * n, A, B, rtp(n * 77, n, 96, payload=b"alice")) for n in range(1, 4)]
    path = captures.story(tmp_path / "in", told)
    done(path, tmp_path / "out")
    before, after = offline.analyze([path]), offline.analyze([str(tmp_path / "out")])
    assert [each.id for each in after.findings] == [each.id for each in before.findings]
    assert before.findings[0].id == "plausible-only" and after.findings[0].what == before.findings[0].what
    assert b"alice" not in (tmp_path / "out").read_bytes()
