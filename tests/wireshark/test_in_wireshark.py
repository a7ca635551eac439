"""The plugin inside the installed Wireshark: verdicts, filters, statistics and bounds."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path

import pytest

from dissectors.wireshark.check import _pcap
from dissectors.wireshark.plugin import Defaults, render
from dissectors.wireshark.tshark import Tshark
from tests.wireshark_variants import CALL, EVERYTHING, FORMS, VARIANTS, expected, records, write

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
TYPES = ("unknown", "sip", "keepalive", "stun", "zrtp", "dtls", "turn", "rtcp", "rtp", "quic")
REQUEST = b"MESSAGE sip:b@192.0.2.2 SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n"
COMPLETE_FORMS = {*range(1, 35)} - {25, 26}


def ask(tshark: Tshark, home: Path, capture: Path, names: tuple[str, ...], *options: str) -> list[list[str]]:
    """Fields of each frame with the plugin loaded; that no Lua error came is asked every time."""
    script = ("-X", f"lua_script:{home / 'mux.lua'}")
    rows = list(tshark.fields(capture, ("frame.number", "_ws.lua.error", *names), *script, *options, home=home))
    assert not [row for row in rows if row[1]]
    return [[row[0], *row[2:]] for row in rows]


def seen(tshark: Tshark, home: Path, capture: Path, *options: str) -> dict[int, tuple[str, str]]:
    rows = ask(tshark, home, capture, ("mux.type", "mux.reason"), *options)
    return {int(frame): (TYPES[int(number)], reason) for frame, number, reason in rows if number}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("twice", [(), ("-2",)], ids=["one pass", "two passes"])
def test_every_datagram_of_a_call_is_right(tshark: Tshark, home: Path, variant: str, twice: tuple[str, ...]) -> None:
    path = write(home / "call.pcap", VARIANTS[variant](records(CALL)))
    wanted = expected(path)
    assert len(wanted) > 2000
    assert seen(tshark, home, path, *twice) == wanted


@pytest.mark.parametrize("variant", ["as they are", "snaplen 60", "snaplen 400", "fragments"])
def test_every_protocol_of_the_table_is_right(tshark: Tshark, home: Path, variant: str) -> None:
    path = write(home / "everything.pcap", VARIANTS[variant](records(EVERYTHING)))
    wanted = expected(path)
    assert {protocol for protocol, _ in wanted.values()} == set(TYPES)
    assert seen(tshark, home, path, "-o", "mux.ports:40000") == wanted


def test_the_users_own_decode_as_does_not_displace_it(tshark: Tshark, home: Path) -> None:
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)))
    assert seen(tshark, home, path, "-d", "udp.port==16402,rtp") == expected(path)


@pytest.mark.parametrize("chosen", ["sip", "rtcp", "dns"])
@pytest.mark.parametrize("preferences", [(), ("-o", "mux.ports:16402"), ("-o", "mux.heuristic:TRUE")])
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
    told = {"over_limit": 2, "truncated": 2, "corrupt": 2, "recovered": 4}
    for name, count in told.items():
        assert len(ask(tshark, home, path, (), "-Y", f"mux.expert.{name}")) == count
    assert len(ask(tshark, home, path, (), "-Y", "mux.expert.label")) >= 12


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
    assert [bool(media) for _, media, _ in rows] == [True, False, False]
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
