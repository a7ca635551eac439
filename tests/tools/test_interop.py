"""The comparison with real programs: what counts as agreement, bitrates over time, and the table."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CALL
from tests.made import A, B, frame, rtp
from tools.interop.sessions import hep, verto, voices, wss
from tools.interop.sessions.browsers import compared
from tools.interop.sessions.link import without_checksum
from tools.interop.sessions.network import faults
from tools.interop.sessions.phones import Session
from tools.interop.sessions.results import facts, numbers, shown
from tools.interop.sessions.streams import by_ssrc, rates


@pytest.mark.parametrize(
    ("theirs", "ours", "agrees"), [(100, 100, True), (100, 95, True), (100, 94, False), (1, 3, True), (0, 3, False)]
)
def test_numbers_agree_within_five_per_cent_or_two(theirs: float, ours: float, agrees: bool) -> None:
    assert numbers("packets", theirs, ours).agrees is agrees


def test_a_table_says_what_differs() -> None:
    text = shown("program", [facts("codes", "[401]", "[401]"), numbers("packets", 100, 50)])
    assert text.splitlines()[0] == "program: 1 of 2 agree"
    assert text.count("DIFFERS") == 1 and text.splitlines()[3].endswith("DIFFERS")


def stream(**changes: Any) -> dict[str, Any]:
    """A stream of a report that sends a thousand octets a second for ten seconds."""
    timeline = [{"time": float(n), "octets": 1000 * n} for n in range(1, 10)]
    told = {"ssrc": 7, "packets": 100, "octets": 10_000, "first": 0.0, "last": 10.0, "timeline": timeline, "lost": 0}
    return told | {"repairs": None, "video": None} | changes


def test_bitrates_are_compared_between_the_points_of_the_timeline() -> None:
    same = [(n / 4, 250.0 * n) for n in range(40)]
    assert rates("audio", same, stream()).agrees
    twice = [(time, octets if time < 5 else 2 * octets - 5000) for time, octets in same]
    row = rates("audio", twice, stream())
    assert not row.agrees and (row.theirs, row.ours) == ("13.33", "8")


def test_statistics_of_a_browser_are_held_to_the_streams_and_what_repairs_them() -> None:
    sent = {
        "type": "outbound-rtp", "kind": "video", "ssrc": 7, "packetsSent": 110, "bytesSent": 7900,
        "headerBytesSent": 2000, "framesEncoded": 50,
    }
    samples = [{"time": 1000 * n, "stats": [sent | {"bytesSent": 790 * n}]} for n in range(11)]
    samples.append({"time": 11_000, "stats": [sent]})
    opened = {"verified": 99, "failed": 1}
    pictures = {"frames": 50, "key_frames": None}
    streams = [stream(video=pictures, decrypted=opened), stream(ssrc=8, packets=10, octets=1000, repairs=7)]
    found = {row.what: row for row in compared("browser", samples, {"streams": streams, "findings": []})}
    assert found["browser: video: packets"].agrees and found["browser: video: octets"].agrees
    assert found["browser: video: frames"].agrees and found["browser: faults"].agrees
    assert not found["browser: video: packets that keys open"].agrees


def test_faults_are_what_is_no_note_and_the_longest_stream_has_the_ssrc() -> None:
    told = [{"id": "a", "severity": "note"}, {"id": "b", "severity": "error"}, {"id": "b", "severity": "warning"}]
    assert faults({"findings": told}) == "b" and faults({"findings": []}) == "none"
    assert by_ssrc({"streams": [stream(packets=5), stream(packets=9), stream(packets=1)]})[7]["packets"] == 9


def test_what_both_phones_said_over_sip_is_held_to_the_messages_of_the_report() -> None:
    invite = "INVITE sip:b SIP/2.0\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\no=- 1 1 IN IP4 192.0.2.1\r\n"
    page = {"said": [{"text": invite}, {"text": "SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n"}]}
    message = {"transport": "wss", "method": "INVITE", "body": {"text": "o=- 1 1 IN IP4 192.0.2.1\r\n"}, "status": None}
    call = {"call_id": "x", "outcome": "ended", "messages": [message]}
    told = {"calls": [call], "streams": [], "findings": []}
    found = {row.what: row.agrees for row in wss.compared(Session({"stats": [], **page}, told, 2))}
    assert found["wss: INVITE"] and found["wss: descriptions, by their o="] and found["wss: calls"]
    assert not found["wss: INVITE 200"] and not found["wss: messages, as tshark counts them"]


def test_what_both_phones_said_over_verto_is_held_to_the_messages_of_the_report() -> None:
    dialog = {"dialogParams": {"callID": "c"}}
    said = [{"method": "login", "params": {}}, {"method": "verto.invite", "params": {"sdp": "o=1", **dialog}}]
    said += [{"method": "verto.modify", "params": {"action": "hold", **dialog}}, {"result": {"message": "SENT"}}]
    message = {"transport": "wss", "method": "INVITE", "body": {"text": "o=1"}, "status": None}
    message["summary"] = "verto.invite"
    call = {"call_id": "c", "outcome": "ended", "caller": "1000", "callee": "1001", "messages": [message]}
    told = {"calls": [call], "streams": [], "findings": [], "legs": [], "capture": {"protocols": []}}
    page = {"stats": [], "said": [{"text": json.dumps(each)} for each in said]}
    found = {row.what: row.agrees for row in verto.compared(Session(page, told, 4))}
    assert found["verto: verto.invite"] and found["verto: descriptions, by their o="] and found["verto: calls"]
    assert not found["verto: verto.modify hold"] and not found["verto: messages, as tshark counts them"]


def test_a_link_takes_out_the_checksum_that_no_card_filled_in() -> None:
    octets = frame(A, B, rtp(1))
    passed = without_checksum(octets)
    assert passed[40:42] == bytes(2) and passed[:40] == octets[:40] and passed[42:] == octets[42:]
    assert without_checksum(octets[:12] + b"\x86\xdd" + octets[14:])[40:42] == octets[40:42]


def test_messages_that_a_server_of_hep_stored_are_compared_octet_for_octet() -> None:
    sent = hep.said(Path(CALL))
    assert sum(sent.values()) == 9 and any(b"v=0" in payload for payload in sent)
    assert all(row.agrees for row in hep.compared("server", sent, sent))
    changed = Counter({payload.replace(b"v=0", b"v=1"): count for payload, count in sent.items()})
    assert [row.agrees for row in hep.compared("server", sent, changed)] == [True, False]
    assert [row.agrees for row in hep.compared("server", sent, Counter())] == [False, False]


def test_a_voice_is_found_wherever_it_begins_and_another_is_not() -> None:
    rate = 8000
    said, other = voices.voice(rate), voices.voice(rate, seed=8)
    for lag in (0, 1234, 9876):
        assert voices.likeness(said, [0] * lag + [sample // 2 for sample in said], rate) > 0.999
    assert voices.likeness(said, said[4321:], rate) > 0.999
    assert voices.likeness(said, [0] * 777 + other, rate) < 0.5
    assert voices.likeness(said, said[: rate], rate) == 0.0


def test_a_voice_is_the_same_at_any_rate(tmp_path: Path) -> None:
    path = voices.write(tmp_path / "said.wav", voices.voice(16000, 1.0), 16000, 2)
    rate, channels = voices.read(path)
    assert rate == 16000 and channels[0] == channels[1]
    assert voices.correlation(channels[0][::2], voices.voice(8000, 1.0)) > 0.999999
