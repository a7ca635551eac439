"""Captures that can be sent away: nothing of the original is left, in whatever encoding one looks for it."""

from __future__ import annotations

import base64
import re
import struct
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import dpkt
import pytest

from dissectors import offline
from dissectors.protocols import sip
from dissectors.rewriting.anonymous.capture import CUT, anonymise
from dissectors.rewriting.anonymous.messages import Wanted
from dissectors.rewriting.anonymous.pseudonyms import FIRST_PORT, KEPT_PAIRS, Pseudonyms
from dissectors.rewriting.copying import Tally
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import deflate
from tests import captures
from tests.command_line import CALL
from tests.finding_cases import CASES
from tests.ip_frames import ethernet, ipv4, udp
from tests.made import COOKIE
from tests.rewriting.anonymous.test_secured import made, sent
from tests.stories import (
    GOOD,
    SDP,
    A,
    B,
    Told,
    address,
    asked,
    attribute,
    description,
    dialled,
    receiver_report,
    request,
    response,
    sender_report,
    stun,
    talk,
)

COOKIES = COOKIE * 4
NAMES = (
    "alicewonder", "Alice Liddell", "bobbuilder", "secretdomain", "callidvalue", "tagvalue1", "branchvalue",
    "ufragvalue", "passwordvalue22characters", "realmvalue", "noncevalue", "cnamevalue", "PhoneOfAlice", "subjectvalue",
    "commentvalue", "4930123456789", "sessionvalue", "keyvaluekeyvaluekeyvaluekeyvaluekeyvalue",
)
HOSTS = (A[0], B[0], "10.9.8.7", "203.0.113.99", "2001:db8::77")


def told() -> list[Told]:
    """A story with a name in every place that can hold one."""
    lines = (
        "a=ice-ufrag:ufragvalue", "a=ice-pwd:passwordvalue22characters", "a=candidate:1 1 UDP 1 10.9.8.7 5 typ host",
        "a=candidate:1 1 UDP 1 2001:db8::77 5 typ host", "a=ssrc:77 cname:cnamevalue",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:keyvaluekeyvaluekeyvaluekeyvaluekeyvalue", "i=sessionvalue",
    )
    headers = (
        "Contact: \"Alice Liddell\" <sip:alicewonder@secretdomain.example>;x=tagvalue1", "User-Agent: PhoneOfAlice/1",
        'Authorization: Digest username="alicewonder",realm="realmvalue",nonce="noncevalue",uri="sip:secretdomain"',
        "P-Asserted-Identity: <tel:+4930123456789>", "Subject: subjectvalue", SDP, "X-Odd: bobbuilder@203.0.113.99",
    )
    body = description(A[0], A[1], *lines)
    parts = {"call": "callidvalue"}
    first = request(0, "INVITE", *headers, body=body, **parts)
    label = "Content-Encoding: deflate"
    packed = request(10, "INVITE", *headers, label, body=deflate(body, "deflate"), number=2, **parts)
    sdes = b"\x81\xca\x00\x05" + (77).to_bytes(4, "big") + b"\x01\x0acnamevalue" + bytes(4)
    user = attribute(0x0006, b"ufragvalue:other")
    peer = address(0x0012, "203.0.113.99", 5000)
    return [
        first, packed, response(1000, 200, "OK", body=description(*B), **parts), request(1010, "ACK", tag="2", **parts),
        *talk(), *talk(B, A, 78),
        (2000.0, A, B, sender_report(0)[3] + sdes),
        stun(900, 1, user, attribute(8, bytes(20))),
        stun(920, 0x0101, address(0x0020, "10.9.8.7", 9), peer, src=B, dst=A),
        (3000.0, A, ("203.0.113.99", 53), b"\x12\x34\1\0\0\1\0\0\0\0\0\0\x0csecretdomain\0\0\1\0\1"),
        (3200.0, A, B, sent(made("alicewonder"))),
        (3100.0, A, B, b"\x40\x01\0\x0bbobbuilder."),
    ]


def encodings(name: str) -> Iterator[bytes]:
    """A name in every way that it may be written."""
    plain = name.encode()
    for octets in (plain, plain.upper(), plain.lower(), quote(name).encode(), plain[::-1]):
        yield octets
        yield octets.decode().encode("utf-16-le")
        yield octets.hex().encode()
    for shift in range(3):
        packed = base64.b64encode(bytes(shift) + plain)
        yield packed[4 if shift else 0 : len(packed) - 4]


def addresses(host: str) -> Iterator[bytes]:
    """An address in every way that it may be written."""
    packed = ip_address(host).packed
    yield from (packed, bytes(one ^ two for one, two in zip(packed, COOKIES, strict=False)))
    yield re.escape(host.encode())


def everything(path: Path) -> bytes:
    """A capture, with what its compressed bodies hold."""
    found = [path.read_bytes()]
    for row in offline.rows([str(path)]):
        try:
            found += [message.body.octets for message in sip.parse_all(row.datagram.payload) if message.body.compressed]
        except Malformed:
            continue
    return b"\0".join(found)


def done(path: str, out: Path, key: bytes = b"one key", wanted: Wanted | None = None) -> Tally:
    return anonymise(path, str(out), Pseudonyms(key), wanted or Wanted(agents=True), force=True)


@pytest.mark.parametrize("write", [captures.story, captures.pcapng])
def test_nothing_of_the_original_is_left_in_any_encoding(tmp_path: Path, write: type) -> None:
    path = write(tmp_path / "in", told())
    before = everything(Path(path))
    done(path, tmp_path / "out")
    after = everything(tmp_path / "out")
    assert [name for name in NAMES if name.encode() not in before] == ["branchvalue", "commentvalue"]
    for name in NAMES:
        assert not [octets for octets in encodings(name) if octets in after], name
    for host in HOSTS:
        assert not [octets for octets in addresses(host) if octets in after], host
    assert b"comment" not in after and b"eth0" not in after


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(ipv4(b"tcp header, twenty oalicewonder", 6)), ethernet(ipv4(b"\x03\x03\0\0alicewonder in icmp", 1)),
        ethernet(b"alicewonder in arp", 0x0806), ethernet(b"alicewonder in lldp", 0x88CC), b"alicewonder", b"",
        ethernet(b""),
        ethernet(ipv4(udp(b"alicewonder"))), ethernet(ipv4(udp(b"alicewonder"), fragment=0x2000)),
        ethernet(ipv4(udp(b"x" * 40), options=b"\x07\x07\x04\x01\x02\x03\x04\0")),
        ethernet(ipv4(b"alicewonder", 253)), ethernet(ipv4(udp(b"alicewonder", dport=4789))),
    ],
)
def test_what_is_not_understood_is_cut_to_its_headers(tmp_path: Path, frame: bytes) -> None:
    done(captures.pcap(tmp_path / "in", [(1000, frame)]), tmp_path / "out")
    (record,) = captures.records(tmp_path / "out")
    assert b"alice" not in record.octets and b"\1\2\3\4" not in record.octets and record.original == len(frame)


def test_the_findings_are_those_of_the_original(tmp_path: Path) -> None:
    story = [*GOOD, *asked(900), sender_report(5000), receiver_report(9, 77)]
    for path in (CALL, captures.story(tmp_path / "in", story)):
        done(path, tmp_path / "out", wanted=Wanted())
        before, after = offline.analyze([path]), offline.analyze([str(tmp_path / "out")])
        assert Counter(each.id for each in after.findings) == Counter(each.id for each in before.findings)
        assert [len(call.messages) for call in after.calls] == [len(call.messages) for call in before.calls]
        assert [stream.packets for stream in after.streams] == [stream.packets for stream in before.streams]


STORIES = [id for id, stories in CASES.items() if not any(callable(each) for each in stories)]


@pytest.mark.parametrize("id", STORIES)
def test_every_finding_stays_where_it_is_and_comes_nowhere_else(tmp_path: Path, id: str) -> None:
    for number, story in enumerate(CASES[id]):
        path = captures.story(tmp_path / f"{number}", story)  # type: ignore[arg-type]
        done(path, tmp_path / "out", wanted=Wanted())
        before, after = offline.analyze([path]), offline.analyze([str(tmp_path / "out")])
        assert Counter(each.id for each in after.findings) == Counter(each.id for each in before.findings)


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("id", ["capture-cut", "capture-corrupt"])
def test_a_capture_whose_end_is_damaged_ends_so_under_other_names(tmp_path: Path, blocks: bool, id: str) -> None:
    path = Path((captures.pcapng if blocks else captures.story)(tmp_path / "in", GOOD))
    wrong = struct.pack("<III", 6, 0, 0) if blocks else b"\xff" * 16
    path.write_bytes(path.read_bytes()[:-20] if id == "capture-cut" else path.read_bytes() + wrong)
    tally = done(str(path), tmp_path / "out", wanted=Wanted())
    found = [[each.id for each in offline.analyze([str(each)]).findings] for each in (path, tmp_path / "out")]
    assert tally.damage and id in found[0] and sorted(found[0]) == sorted(found[1])


def test_captures_with_one_key_agree_and_others_do_not(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in", told())
    for name, key in (("one", b"1"), ("two", b"1"), ("three", b"2")):
        done(path, tmp_path / name, key)
    one, two, three = ((tmp_path / name).read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_a_message_in_fragments_becomes_one_packet(tmp_path: Path) -> None:
    datagram = udp(told()[0][3])
    parts = [ethernet(ipv4(datagram[:400], fragment=0x2000)), ethernet(ipv4(datagram[400:], fragment=50))]
    tally = done(captures.pcap(tmp_path / "in", [(0, parts[0]), (2, parts[1])]), tmp_path / "out")
    assert tally.merged == 1 and len(captures.frames(tmp_path / "out")) == 1
    assert b"alicewonder" not in everything(tmp_path / "out")


def test_payloads_of_media_are_cut_on_wish(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in", GOOD)
    done(path, tmp_path / "out", wanted=Wanted(drop=True))
    media = [record for record in captures.records(tmp_path / "out") if record.original == 14 + 28 + 172]
    assert media and all(len(record.octets) == 14 + 28 + 12 for record in media)


def test_what_is_cut_is_counted(tmp_path: Path) -> None:
    tally = done(captures.story(tmp_path / "in", [(0, A, B, b"unknown to everybody")]), tmp_path / "out")
    assert tally.left == {CUT: 1}


def test_secrets_and_names_of_hosts_do_not_go_with_it(tmp_path: Path) -> None:
    path = captures.pcapng(tmp_path / "in", GOOD)
    done(path, tmp_path / "out")
    octets = (tmp_path / "out").read_bytes()
    assert b"a key that nobody asked for" not in octets and len(captures.records(tmp_path / "out")) == len(GOOD)


def test_a_cut_packet_of_media_keeps_its_header_alone_understood(tmp_path: Path) -> None:
    whole = captures.frames(captures.story(tmp_path / "story", talk()))
    records = b"".join(struct.pack("<IIII", n, 0, 100, len(each)) + each[:100] for n, each in enumerate(whole))
    (tmp_path / "in").write_bytes(captures.HEADER + records)
    done(str(tmp_path / "in"), tmp_path / "out")
    found = captures.records(tmp_path / "out")
    assert {len(record.octets) for record in found} == {100}
    assert {record.octets[54:] for record in found} == {b"\xff" * 46}


def test_packets_that_offload_holds_together_are_all_rewritten(tmp_path: Path) -> None:
    octets = b"".join(each[3] for each in talk()[:10])
    path = captures.story(tmp_path / "in", [*GOOD, (500.0, A, B, octets)])
    tally = done(path, tmp_path / "out")
    after = next(each[42:] for each in captures.frames(tmp_path / "out") if len(each) == 42 + len(octets))
    size = len(octets) // 10
    assert size * 10 == len(octets) > 1480 and not tally.left
    for at in range(0, len(octets), size):
        assert after[at : at + 12] == octets[at : at + 12] and after[at + 12 : at + size] != octets[at + 12 : at + size]


def test_the_sums_of_media_are_right(tmp_path: Path) -> None:
    done(captures.story(tmp_path / "in", [*GOOD, *talk(("2001:db8::1", 5004), ("2001:db8::2", 5004), 99)]),
         tmp_path / "out")
    for octets in captures.frames(tmp_path / "out"):
        six = octets[12:14] == b"\x86\xdd"
        addresses, udp = (octets[22:54], octets[54:]) if six else (octets[26:34], octets[34:])
        pseudo = addresses + len(udp).to_bytes(4, "big") + b"\0\0\0\x11"
        assert dpkt.dpkt.in_cksum(pseudo + udp) == 0
        assert six or dpkt.dpkt.in_cksum(octets[14:34]) == 0


def test_media_with_keys_in_sdp_become_noise(tmp_path: Path) -> None:
    key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
    offer, answer = description(*A, key, media="RTP/SAVP 0"), description(*B, key, media="RTP/SAVP 0")
    path = captures.story(tmp_path / "in", [*dialled(offer, answer), *talk(size=170), *talk(B, A, 78, size=170)])
    done(path, tmp_path / "out")
    assert offline.analyze([path]).streams[0].encrypted
    media = [octets[54:] for octets in captures.frames(tmp_path / "out") if len(octets) == 14 + 28 + 182]
    assert len(media) > 800 and not [each for each in media if len(set(each)) < 64]


def test_ports_become_others_on_wish_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = f"a=candidate:1 1 UDP 1 {A[0]} {A[1]} typ srflx raddr 10.0.0.5 rport 16402"
    lines = ("a=rtcp:16403 IN IP4 198.51.100.1", candidate, f"a=remote-candidates:1 {B[0]} {B[1]}")
    via = "Contact: <sip:alice@198.51.100.1:16402;transport=udp>"
    offer = request(0, "INVITE", via, SDP, body=description(*A, *lines))
    plain = attribute(0x0001, b"\0\1" + A[1].to_bytes(2, "big") + ip_address(A[0]).packed)
    mapped = stun(920, 0x0101, address(0x0020, *A), plain, src=B, dst=A)
    path = captures.story(tmp_path / "in", [offer, *GOOD[1:], *asked(900), mapped])
    one, two = tmp_path / "one", tmp_path / "two"
    anonymise(path, str(one), Pseudonyms(b"key", ports=True), Wanted(), force=True)
    monkeypatch.setenv("MUXSHARK_PURE", "1")
    anonymise(path, str(two), Pseudonyms(b"key", ports=True), Wanted(), force=True)
    monkeypatch.delenv("MUXSHARK_PURE")
    assert one.read_bytes() == two.read_bytes()
    after = everything(one)
    assert b"16402" not in after and b"16403" not in after
    names = Pseudonyms(b"key", ports=True)
    end = names.written_address(A[0]), names.port(A[1])
    assert address(0x0020, *end) in after and address(0x0020, *A) not in after
    assert b"\0\1" + end[1].to_bytes(2, "big") + ip_address(end[0]).packed in after and plain[4:] not in after
    before, told = offline.analyze([path]), offline.analyze([str(one)])
    assert Counter(each.id for each in told.findings) == Counter(each.id for each in before.findings)
    (media,) = told.calls[0].descriptions[0].media
    assert media.port == told.streams[0].sport and media.rtcp_port == media.port + 1
    assert len({each.sport for each in told.streams}) == len({each.sport for each in before.streams})


def test_ports_that_everybody_has_stay() -> None:
    names = Pseudonyms(b"key", ports=True)
    assert [names.port(port) for port in (0, 9, 53, 443, 1023, 3478, 3479, 5060, 5061, 4789, 2427)] == [
        0, 9, 53, 443, 1023, 3478, 3479, 5060, 5061, 4789, 2427]
    moved = [names.port(port) for port in range(1024, 65536)]
    assert sorted(moved) == list(range(1024, 65536))
    stay = {port for port, new in enumerate(moved, 1024) if port == new}
    assert stay == {FIRST_PORT + 2 * pair + odd for pair in KEPT_PAIRS for odd in (0, 1)}
    assert all(names.port(port + 1) == names.port(port) + 1 for port in range(1024, 65536, 2))
    assert Pseudonyms(b"key").port(16402) == 16402 and names.written_port("x") == "x"
