"""The plugin inside the installed Wireshark: verdicts, filters, statistics and bounds."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from socket import inet_aton

import pytest

from dissectors.mux.classify import classify
from dissectors.wireshark.check import _pcap
from dissectors.wireshark.plugin import Defaults, render
from dissectors.wireshark.tshark import Tshark
from tests.wireshark_variants import CALL, EVERYTHING, FORMS, VARIANTS, expected, records, write

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
TYPES = ("unknown", "sip", "msrp", "keepalive", "stun", "zrtp", "dtls", "turn", "rtcp", "rtp", "quic")
REQUEST = b"MESSAGE sip:b@192.0.2.2 SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n"
COMPLETE_FORMS = {*range(1, 35)} - {25, 26}
SEEN_BEFORE = ("as they are", "STUN long before", "fragments")


def ask(tshark: Tshark, home: Path, capture: Path, names: tuple[str, ...], *options: str) -> list[list[str]]:
    """Fields of each frame with the plugin loaded; that no Lua error came is asked every time."""
    script = ("-X", f"lua_script:{home / 'mux.lua'}")
    rows = list(tshark.fields(capture, ("frame.number", "_ws.lua.error", *names), *script, *options, home=home))
    assert not [row for row in rows if row[1]]
    return [[row[0], *row[2:]] for row in rows]


def seen(tshark: Tshark, home: Path, capture: Path, *options: str) -> dict[int, tuple[str, str]]:
    # What TURN carries has a type of its own, behind that of the datagram.
    rows = ask(tshark, home, capture, ("mux.type", "mux.reason"), "-E", "occurrence=f", *options)
    return {int(frame): (TYPES[int(number)], reason) for frame, number, reason in rows if number}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_datagram_of_a_call_is_right(tshark: Tshark, home: Path, variant: str) -> None:
    """In one pass, or in two where it may make a difference what was seen before."""
    path = write(home / "call.pcap", VARIANTS[variant](records(CALL)))
    wanted = expected(path)
    assert len(wanted) > 2000
    for passes in ([], ["-2"]) if variant in SEEN_BEFORE else ([],):
        assert seen(tshark, home, path, *passes) == wanted


@pytest.mark.parametrize("variant", ["as they are", "snaplen 60", "snaplen 400", "fragments"])
def test_every_protocol_of_the_table_is_right(tshark: Tshark, home: Path, variant: str) -> None:
    path = write(home / "everything.pcap", VARIANTS[variant](records(EVERYTHING)))
    wanted = expected(path)
    # MSRP is on TCP, which is Wireshark's own.
    assert {protocol for protocol, _ in wanted.values()} == set(TYPES) - {"unknown", "msrp"}
    assert seen(tshark, home, path, "-o", "mux.ports:40000") == wanted


def test_the_users_own_decode_as_does_not_displace_it(tshark: Tshark, home: Path) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    assert seen(tshark, home, path, "-d", "udp.port==16402,rtp") == expected(path)


@pytest.mark.parametrize(("chosen", "preferences"), [
    ("sip", ()), ("rtcp", ()), ("sip", ("-o", "mux.ports:16402")), ("dns", ("-o", "mux.ports:16402")),
    ("rtcp", ("-o", "mux.heuristic:TRUE")), ("dns", ("-o", "mux.heuristic:TRUE")),
])
def test_what_the_user_decodes_as_something_else_is_left_alone(
    tshark: Tshark, home: Path, chosen: str, preferences: tuple[str, ...]
) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    decode = ("-d", f"udp.port==16402,{chosen}")
    assert seen(tshark, home, path, *decode, *preferences) == {}
    assert seen(tshark, home, path, *preferences, *decode) == {}


def test_on_other_ports_the_heuristic_finds_the_call(tshark: Tshark, home: Path) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    elsewhere = ("-o", "mux.ports:9", "-o", "mux.signalling_ports:9")
    assert seen(tshark, home, path, *elsewhere) == {}
    assert seen(tshark, home, path, *elsewhere, "-o", "mux.heuristic:TRUE") == expected(path)


def test_no_filter_of_wiresharks_own_hits_anything_else(tshark: Tshark, home: Path) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    names = {"sip": "sip.CSeq", "stun": "stun.type", "rtp": "rtp.ssrc", "rtcp": "rtcp.pt"}
    wanted = expected(path)
    for frame, *fields in ask(tshark, home, path, tuple(names.values())):
        found = {name for name, value in zip(names, fields, strict=True) if value}
        assert found == {wanted[int(frame)][0]}


def test_the_media_know_which_message_set_them_up(tshark: Tshark, home: Path) -> None:
    for variant in ("as they are", "signalling on 5060"):
        path = write(home / "call.pcap", VARIANTS[variant](records(CALL)))
        rows = ask(tshark, home, path, ("rtp.setup-frame", "mux.codec"), "-Y", "rtp")
        assert len(rows) == 2209
        assert all(setup and "AAC-ELD" in codec for _, setup, codec in rows)


def test_streams_and_statistics_are_whole(tshark: Tshark, home: Path) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    script = f"lua_script:{home / 'mux.lua'}"
    said = tshark.ask("-X", script, "-q", "-r", path, "-z", "rtp,streams", "-z", "sip,stat", home=home).lines
    streams = [line.split() for line in said if "0xBE22948D" in line.upper().replace("X", "x") or "0xE0C10ADB" in line]
    assert sorted(word for line in streams for word in line if word in ("1107", "1102")) == ["1102", "1107"]
    # AAC-ELD by the rtpmap that is added: without a clock, jitter would count milliseconds as nothing.
    for words in streams:
        assert 0.1 < float(words[words.index("AAC-ELD") + (8 if tshark.version >= (3, 6, 0) else 6)]) < 10
    assert any(line.startswith("Number of SIP messages: 9") for line in said)
    for method in ("INVITE", "ACK", "MESSAGE", "BYE"):
        assert any(line.split()[:3] == [method, ":", "1"] for line in said)


def test_every_form_of_a_compressed_body_is_read(tshark: Tshark, home: Path) -> None:
    path = write(home / "forms.pcap", VARIANTS["as they are"](records(FORMS)))
    names = ("mux.body.status", "mux.body.ratio", "sdp.media", "sdp.connection_info", "sip.Call-ID")
    rows = {int(row[0]): row[1:] for row in ask(tshark, home, path, names)}
    assert {frame for frame, row in rows.items() if row[0] == "complete"} == COMPLETE_FORMS
    for frame in {*range(1, 35)}:
        assert rows[frame][2] == "audio 16402 RTP/AVP 104 106 121 122"
        assert rows[frame][3] and rows[frame][4]
    assert [rows[frame][0] for frame in (25, 35, 37, 39)] == ["identity", "truncated", "corrupt", "over limit"]


MEDIA = [struct.pack("!BBHII", 0x80, 0, number, 160 * number, 0x1234) + bytes(160) for number in range(1000)]
REPORTS = [struct.pack("!BBHI", 0x80, 201, 1, 0x1234) * 4 for _ in range(1000)]
OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n"
INVITE = (
    b"INVITE sip:b@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\n"
    b"To: <sip:b@192.0.2.2>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n\r\n" % len(OFFER) + OFFER
)


@pytest.mark.parametrize(
    "payloads, kept",
    [([INVITE] * 400, 158), ([INVITE] * 400, 32), (MEDIA, 8), (MEDIA, 18), (REPORTS, 6), (REPORTS, 18)],
    ids=["SIP", "SIP, its first line", "RTP", "RTP and some of it", "RTCP", "RTCP and some of it"],
)
def test_no_number_of_cut_datagrams_stops_lua(tshark: Tshark, home: Path, payloads: list[bytes], kept: int) -> None:
    path = home / "cut.pcap"
    path.write_bytes(_pcap(payloads, 16402, [kept] * len(payloads)))
    path.chmod(0o644)
    rows = ask(tshark, home, path, ("mux.type", "mux.expert.cut"))
    wanted = classify(payloads[0][:kept], len(payloads[0])).protocol.lower()
    assert len(rows) == len(payloads)
    assert {(TYPES[int(number)], bool(cut)) for _, number, cut in rows} == {(wanted, True)}


def test_what_is_not_ours_looks_as_without_the_plugin(tshark: Tshark, home: Path) -> None:
    wireguard = struct.pack("<II", 1, 7) + bytes(140)
    table = b"d1:ad2:id20:" + b"x" * 20 + b"e1:q4:ping1:t2:aa1:y1:qe"
    bacnet = b"\x81\x0b\0\x0c\x01\x20\xff\xff\0\xff\x10\x08"
    payloads = [wireguard, table, bacnet, b"INVITE sip:a@b SIP/3.0\r\nCall-ID: 1\r\n\r\n", b"OK", b"\5junk" * 9]
    # To the table these may be records of DTLS 1.3.
    payloads += [b"%s\0" + INVITE[3:], b" " + INVITE, b"2OO OK\r\nCall-ID: 1\r\n\r\n", b"+" * 18]
    for port in (5060, 16402):
        path = home / "foreign.pcap"
        path.write_bytes(_pcap(payloads, port))
        path.chmod(0o644)
        stock = list(tshark.fields(path, ("frame.protocols", "_ws.lua.fake"), home=home))
        ours = ask(tshark, home, path, ("frame.protocols", "mux.type"))
        assert [row[1] for row in ours] == [row[0] for row in stock]
        assert not any(row[2] for row in ours)


def test_sigcomp_stays_with_wiresharks_sip_dissector(tshark: Tshark, home: Path) -> None:
    path = home / "sigcomp.pcap"
    path.write_bytes(_pcap([b"\xf8\1\x21" + bytes(range(1, 40))] * 2, 5060))
    path.chmod(0o644)
    rows = ask(tshark, home, path, ("frame.protocols", "mux.type"))
    assert {(row[1].rpartition(":")[2], row[2]) for row in rows} == {("sigcomp", "")}


def test_another_plugin_that_had_the_port_before_gets_what_is_not_ours(tshark: Tshark, home: Path) -> None:
    first = home / "first.lua"
    first.write_text(
        "local first = Proto('first', 'First'); local field = ProtoField.uint8('first.octet', 'Octet');"
        "first.fields = { field };"
        "function first.dissector(tvb, pinfo, tree) if tvb(0, 1):uint() ~= 5 then return 0 end;"
        "tree:add(first, tvb()):add(field, tvb(0, 1)); return tvb:len() end;"
        "DissectorTable.get('udp.port'):add(16402, first)", encoding="utf-8",
    )
    path = home / "both.pcap"
    path.write_bytes(_pcap([MEDIA[0], b"\5junk", b"\6junk", REPORTS[0]], 16402))
    path.chmod(0o644)
    names = ("_ws.lua.error", "first.octet", "mux.type")
    scripts = [word for name in ("first.lua", "mux.lua") for word in ("-X", f"lua_script:{home / name}")]
    rows = list(tshark.fields(path, names, *scripts, home=home))
    assert rows == [["", "", "9"], ["", "5", ""], ["", "", ""], ["", "", "8"]]


def test_a_preference_of_another_protocol_takes_no_port(tshark: Tshark, home: Path) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    assert seen(tshark, home, path, "-o", "sip.udp.port:5060,16402") == expected(path)
    settings = home / ".config" / "wireshark"
    settings.mkdir(parents=True)
    for folder in (settings.parent, settings):
        folder.chmod(0o755)
    try:
        (settings / "preferences").write_text("sip.udp.port: 5060,16402\n", encoding="utf-8")
        assert seen(tshark, home, path) == expected(path)
        (settings / "decode_as_entries").write_text("decode_as_entry: udp.port,16402,(none),SIP\n", encoding="utf-8")
        assert seen(tshark, home, path) == {}
    finally:
        shutil.rmtree(settings.parent)


def between(path: Path, datagrams: Iterable[tuple[str, str, bytes]]) -> Path:
    """A capture of datagrams, each from one `address:port` to another."""
    made = []
    for number, (source, destination, payload) in enumerate(datagrams):
        (src, sport), (dst, dport) = source.split(":"), destination.split(":")
        udp = struct.pack("!HHHH", int(sport), int(dport), 8 + len(payload), 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, inet_aton(src), inet_aton(dst))
        octets = bytes(12) + b"\x08\0" + ip + udp
        made.append((number * 20_000_000, octets, len(octets)))
    return write(path, made)


CHECK = struct.pack("!HHI12s", 1, 0, 0x2112A442, b"transaction1")


def described(start: bytes, address: str, port: int, *lines: bytes) -> bytes:
    """A message of one call with an SDP of one medium at that address and port."""
    sdp = b"v=0\r\no=- 1 1 IN IP4 %s\r\ns=x\r\nc=IN IP4 %s\r\nt=0 0\r\n" % (address.encode(), address.encode())
    sdp += b"m=audio %d RTP/AVP 0\r\n" % port + b"".join(line + b"\r\n" for line in lines)
    head = b"\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@y>;tag=2\r\nCall-ID: 1\r\n"
    head += b"CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(sdp)
    return start + head + sdp


@pytest.mark.parametrize("twice", [(), ("-2",)], ids=["one pass", "two passes"])
def test_media_that_sdp_names_are_followed_past_stun_and_nat(
    tshark: Tshark, home: Path, twice: tuple[str, ...]
) -> None:
    """By SDP's address after STUN on the same pair, by the sender's address behind NAT, by candidates."""
    caller, callee = "198.51.100.1", "203.0.113.5"
    candidate = b"a=candidate:1 1 UDP 2130706431 10.0.0.7 4100 typ host"
    own = b"a=candidate:1 1 UDP 2130706431 10.0.0.8 4200 typ host"
    pairs = [(f"{caller}:4000", f"{callee}:5000"), ("10.0.0.9:4000", f"{callee}:5000")]
    pairs.append(("10.0.0.7:4100", "10.0.0.8:4200"))
    datagrams = [(source, destination, CHECK) for source, destination in pairs]
    offer = described(b"INVITE sip:b@y SIP/2.0", "10.0.0.9", 4000, candidate)
    datagrams.append((f"{caller}:5060", f"{callee}:5060", offer))
    datagrams.append((f"{callee}:5060", f"{caller}:5060", described(b"SIP/2.0 200 OK", callee, 5000, own)))
    for number in range(4):
        for source, destination in pairs:
            datagrams += [(source, destination, MEDIA[number]), (destination, source, MEDIA[number])]
    path = between(home / "nat.pcap", datagrams)
    rows = ask(tshark, home, path, ("mux.type", "rtp.ssrc"), *twice)
    assert [(TYPES[int(number)], ssrc) for _, number, ssrc in rows[5:]] == [("rtp", "0x00001234")] * 24


def test_what_turn_carries_is_looked_into(tshark: Tshark, home: Path) -> None:
    relayed = [*MEDIA[:2], REPORTS[0][:8], CHECK]
    datagrams = [("192.0.2.1:5000", "192.0.2.2:3478", struct.pack("!HH", 0x4000, len(one)) + one) for one in relayed]
    for one in relayed:
        data = struct.pack("!HH", 0x13, len(one)) + one + bytes(-len(one) % 4)
        head = struct.pack("!HHI12s", 0x17, len(data), 0x2112A442, b"transaction2")
        datagrams.append(("192.0.2.2:3478", "192.0.2.1:5000", head + data))
    path = between(home / "turn.pcap", datagrams)
    rows = ask(tshark, home, path, ("rtp.seq", "rtcp.pt", "mux.type"), "-o", "mux.ports:3478")
    for _, sequence, report, types in (rows[0], rows[1], rows[4], rows[5]):
        assert sequence and not report and TYPES[int(types.split(",")[-1])] == "rtp"
    assert rows[2][2] and rows[6][2]
    assert [TYPES[int(row[3].split(",")[0])] for row in rows] == ["turn"] * 4 + ["stun"] * 4
    rows = ask(tshark, home, path, ("rtp.seq",), "-o", "mux.ports:3478", "-o", "mux.look_into_turn:FALSE")
    assert not any(sequence for _, sequence in rows)


def test_heuristics_that_come_first_do_not_come_before_ours(tshark: Tshark, home: Path) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    assert seen(tshark, home, path, "-o", "udp.try_heuristic_first:TRUE") == expected(path)
    bombs = write(home / "bombs.pcap", VARIANTS["as they are"](records(FORMS)[38:40] * 2))
    rows = ask(tshark, home, bombs, ("mux.expert.over_limit", "sdp.media"), "-o", "udp.try_heuristic_first:TRUE")
    assert [bool(told) for _, told, _ in rows] == [True] * 4


def test_other_datagrams_pay_nothing_for_a_heuristic_that_is_off(tshark: Tshark, home: Path) -> None:
    path = home / "other.pcap"
    path.write_bytes(_pcap(MEDIA[:3], 4000))
    path.chmod(0o644)
    registers_when_asked = tshark.version < (3, 6, 0)
    for options, asked in (((), registers_when_asked), (("-o", "mux.heuristic:TRUE"), True)):
        rows = ask(tshark, home, path, ("_ws.lua.fake",), *options)
        assert [bool(fake) for _, fake in rows] == [asked] * 3


@pytest.mark.parametrize("snaplen", [60, 400])
def test_the_column_names_the_protocol_of_what_is_cut(tshark: Tshark, home: Path, snaplen: int) -> None:
    path = write(home / "cut.pcap", VARIANTS[f"snaplen {snaplen}"](records(CALL)))
    wanted = expected(path)
    column = "_ws.col.protocol" if tshark.version >= (4, 4, 0) else "_ws.col.Protocol"
    for frame, shown in ask(tshark, home, path, (column,)):
        assert shown.upper().startswith(wanted[int(frame)][0].upper())


def test_fields_are_there_to_filter_by(tshark: Tshark, home: Path) -> None:
    path = write(home / "forms.pcap", VARIANTS["as they are"](records(FORMS)))
    assert len(ask(tshark, home, path, (), "-Y", "mux.body.ratio > 1.5")) > 10
    assert len(ask(tshark, home, path, (), "-Y", 'mux.type == "sip"')) == 40
    wanted = {"over_limit": 2, "truncated": 2, "corrupt": 2, "recovered": 4}
    names = tuple(f"mux.expert.{name}" for name in (*wanted, "label"))
    rows = ask(tshark, home, path, names, "-Y", f"mux.expert && ({' || '.join(names)})")
    *told, labels = (sum(map(bool, column)) for column in [*zip(*rows, strict=True)][1:])
    assert told == [*wanted.values()] and labels >= 12
    assert len(ask(tshark, home, path, (), "-Y", "mux.expert.recovered")) == 4
    assert len(ask(tshark, home, path, (), "-Y", "sip.Content-Encoding && mux.body.status == complete")) >= 12


def test_a_bomb_takes_no_memory_to_speak_of(tshark: Tshark, home: Path) -> None:
    """200 MiB over an empty capture; without the plugin, Wireshark takes more for the same frames."""
    pytest.importorskip("resource", reason="the memory of a child is asked with wait4")
    bombs = write(home / "bombs.pcap", VARIANTS["as they are"](records(FORMS)[38:40] * 20))
    empty = write(home / "empty.pcap", [])
    code = (
        "import resource, sys; from pathlib import Path; from dissectors.wireshark.tshark import find;"
        "home = Path(sys.argv[1]);"
        "answer = find().ask('-X', f'lua_script:{home}/mux.lua', '-V', '-r', sys.argv[2], home=home);"
        "assert not answer.lua_errors and not answer.status, answer;"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    peaks = [
        int(subprocess.run([sys.executable, "-c", code, home, path], check=True, capture_output=True, text=True).stdout)
        for path in (empty, bombs)
    ]
    assert peaks[1] - peaks[0] < 200 * 1024


def with_part(part: bytes, kind: bytes = b"multipart/mixed;boundary=b") -> bytes:
    """A request whose body is of that kind and holds what inflates once more: a part, or a message."""
    inner = b"Content-Type: application/sdp\r\nContent-Encoding: deflate\r\n\r\n" + part
    body = b"--b\r\n" + inner + b"\r\n--b--\r\n" if kind.lower().startswith(b"multipart") else REQUEST + inner
    return REQUEST + b"Content-Type: " + kind + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("kind", [b"multipart/mixed;boundary=b", b"Multipart/mixed; boundary=b", b"message/sip"])
def test_a_bomb_in_a_part_stays_compressed(tshark: Tshark, home: Path, kind: bytes) -> None:
    sdp = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n"
    bomb = zlib.compress(sdp + b"a=x\r\n" * 100_000)
    nested = zlib.compress(with_part(bomb))
    payloads = [with_part(octets, kind) for octets in (zlib.compress(sdp), bomb, nested)]
    path = home / "parts.pcap"
    path.write_bytes(_pcap(payloads, 16402))
    path.chmod(0o644)
    rows = ask(tshark, home, path, ("sdp.media", "mux.expert.over_limit"))
    # Wireshark 3.4 inflates no part of a multipart body.
    inflates = tshark.version >= (3, 6, 0) or kind.startswith(b"message")
    assert [bool(media) for _, media, _ in rows] == [inflates, False, False]
    assert [bool(told) for _, _, told in rows] == [False, True, True]


def test_loaded_twice_it_says_so(tshark: Tshark, home: Path) -> None:
    second = home / "second.lua"
    second.write_text(render(), encoding="utf-8")
    path = write(home / "empty.pcap", [])
    scripts = [word for name in ("mux.lua", "second.lua") for word in ("-X", f"lua_script:{home / name}")]
    said = " ".join(tshark.ask(*scripts, "-r", path, home=home).complaints)
    assert "installed twice" in said


def test_another_name_leaves_room_for_a_second_one(tshark: Tshark, home: Path) -> None:
    second = home / "own.lua"
    second.write_text(render(Defaults(ports="40000", signalling_ports="", name="own")), encoding="utf-8")
    path = write(home / "everything.pcap", VARIANTS["as they are"](records(EVERYTHING)))
    rows = ask(tshark, home, path, ("own.type", "mux.type"), "-X", f"lua_script:{second}")
    assert Counter(bool(own) for _, own, _ in rows)[True] == len(expected(path))
    assert not [row for row in rows if row[2]]
