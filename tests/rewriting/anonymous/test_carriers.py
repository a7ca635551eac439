"""Headers around UDP under other names: what they carry is still read, and nothing in them names anybody."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.rewriting import packets
from dissectors.rewriting.anonymous.carriers import PSEUDO_HEADERS
from dissectors.wire.captures.records import Record
from dissectors.wire.link.frames import Frames
from tests import captures
from tests.ip_frames import CARRIED, CARRIED6, IP, TUNNELLED, A, B, ethernet, ipv4, ipv6, udp
from tests.rewriting.anonymous.test_capture import done
from tests.stories import OFFER, request
from tests.wire.link.test_esp import in_gtp

SAID = request(0, "INVITE", body=OFFER)[3]
TUNNELS = {
    name: (1, ethernet(ipv4(udp(payload, dport=port)))) for name, (port, payload) in TUNNELLED.items()
    if name != "sFlow"
}


def written(path: Path, link: int, *frames: bytes) -> str:
    """A capture of frames of a link layer."""
    captures.pcap(path, [(n * 1000, each) for n, each in enumerate(frames)])
    octets = path.read_bytes()
    path.write_bytes(octets[:20] + link.to_bytes(4, "little") + octets[24:])
    return str(path)


def read(path: Path | str) -> tuple[list[int], dict[str, int]]:
    """The lengths of the innermost datagrams of a capture, and what carried them."""
    frames = Frames()
    found = [udps[-1].length for record in captures.records(path) if (udps := frames.udp(record))]
    return found, frames.encapsulations


def kinds(record: Record) -> list[tuple[int, int]]:
    return [(step.space, step.number) for step in packets.walked(record)[1]]


@pytest.mark.parametrize(("link", "frame"), [*CARRIED.values(), *CARRIED6.values(), *TUNNELS.values()],
                         ids=[*CARRIED, *(f"{name}, IPv6" for name in CARRIED6), *TUNNELS])
def test_a_datagram_is_read_behind_the_same_headers(tmp_path: Path, link: int, frame: bytes) -> None:
    path = written(tmp_path / "in", link, frame)
    done(path, tmp_path / "out")
    (before,), (after,) = captures.records(path), captures.records(tmp_path / "out")
    assert kinds(after) == kinds(before) and read(tmp_path / "out")[1] == read(path)[1]
    assert A not in after.octets and B not in after.octets and b"hello" not in after.octets


SECRET = b"alicewonder!"
NAMED = {
    "Geneve's options": (1, ethernet(ipv4(udp(b"\4\0\x08\0\0\0\1\0" + b"\1\2\3\3" + SECRET + IP, dport=6081)))),
    "GTP's extension": (1, ethernet(ipv4(udp(
        b"\x34\xff" + struct.pack("!HI", len(IP) + 20, 1) + b"\0\0\0\x85\4" + SECRET + b"\7\7\0" + IP, dport=2152)))),
    "Teredo's authentication": (1, ethernet(ipv4(udp(
        b"\0\1\x0c\0" + SECRET + b"\0" * 9 + b"\0\0" + b"\1" * 6 + ipv6(ipv4(udp()), 4), dport=3544)))),
    "an option of a hop": (101, ipv6(b"\x11\1\x1e\x0c" + SECRET + udp(), 0)),
    "a routing header of another type": (101, ipv6(b"\x11\2\3\0" + b"\0" * 4 + SECRET + b"\0" * 4 + udp(), 43)),
    "a seal": (1, ethernet(ipv4(b"\x11\4\0\0" + b"\0" * 8 + SECRET + udp(), 51))),
    "the context of a service": (1, ethernet(b"\0\x06\1\1\0\0\1\0" + SECRET + b"\0" * 4 + IP, 0x894F)),
    "PKTAP": (258, struct.pack("<III", 108, 1, 1) + SECRET.ljust(96, b"\0") + ethernet(IP)),
    "PPI": (192, b"\0\0\x18\0\1\0\0\0" + b"\1\0\x0c\0" + SECRET + ethernet(IP)),
    "NFLOG": (239, b"\2\0\0\0" + struct.pack("<HH", 16, 10) + SECRET + struct.pack("<HH", 4 + len(IP), 9) + IP),
    "PFLOG": (117, b"\x3d\2" + b"\0" * 2 + SECRET + b"\0" * 48 + IP),
    "a vendor's field of radiotap": (127, b"\0\0\x15\0\0\0\0\x40" + SECRET + b"\0" + b"\x08\1" + b"\0" * 22
                                     + b"\xaa\xaa\x03\0\0\0\x08\0" + IP),
}


@pytest.mark.parametrize(("link", "frame"), NAMED.values(), ids=NAMED)
def test_nothing_of_what_headers_hold_beside_numbers_stays(tmp_path: Path, link: int, frame: bytes) -> None:
    path = written(tmp_path / "in", link, frame)
    done(path, tmp_path / "out")
    (after,) = captures.records(tmp_path / "out")
    assert SECRET in frame and read(path)[0] == read(tmp_path / "out")[0] == [5]
    assert not any(SECRET[at : at + 5] in after.octets for at in range(len(SECRET) - 4))


def test_stations_of_wireless_frames_are_others(tmp_path: Path) -> None:
    frame = b"\x08\1\0\0" + b"alicewonder!" + b"friend" + b"\0\0" + b"\xaa\xaa\x03\0\0\0\x08\0" + IP
    done(written(tmp_path / "in", 105, frame), tmp_path / "out")
    (after,) = captures.frames(tmp_path / "out")
    assert len(after) > 32 and not any(name in after for name in (b"alice", b"onder", b"friend"))


def test_addresses_on_the_way_of_a_packet_are_others(tmp_path: Path) -> None:
    way = bytes.fromhex("20010db8000000000000000000000099")
    frame = ipv6(b"\x11\2\0\0" + b"\0" * 4 + way + udp(), 43)
    done(written(tmp_path / "in", 101, frame), tmp_path / "out")
    (after,) = captures.frames(tmp_path / "out")
    assert way not in after and after[48:52] == way[:4] and read(tmp_path / "out")[0] == [5]


def test_what_is_in_fragments_within_a_tunnel_stays_in_it(tmp_path: Path) -> None:
    packet = in_gtp(ipv4(udp(SAID * 3)))
    whole = packet[34:]
    parts = [ipv4(whole[:400], fragment=0x2000), ipv4(whole[400:], fragment=50)]
    path = written(tmp_path / "in", 1, *map(ethernet, parts))
    tally = done(path, tmp_path / "out")
    assert tally.merged == 1 and read(tmp_path / "out")[1] == {"GTP": 1, "IPv4 in IP": 1}
    assert [each.count for each in offline.analyze([str(tmp_path / "out")]).capture.protocols if each.name == "SIP"]


def test_frames_that_are_cut_away_keep_what_readers_of_their_link_layer_want(tmp_path: Path) -> None:
    for link, size in PSEUDO_HEADERS.items():
        done(written(tmp_path / "in", link, b"alicewonder" * 4), tmp_path / "out")
        (after,) = captures.frames(tmp_path / "out")
        assert after == bytes(size), link
