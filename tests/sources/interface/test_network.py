"""Capturing from an interface: a virtual cable between two namespaces that each test makes, and a paced sender."""
from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dissectors import offline
from dissectors.findings.catalogue import RULES
from dissectors.findings.rule import OWN
from dissectors.sources.capture import open_capture
from dissectors.sources.interface import bpf
from tests.made import A, B, frame, rtp, sip
from tests.namespaces import MUXSHARK, ROOT, Cable, cable, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "namespaces")
needs_libpcap = pytest.mark.skipif(not bpf.available(), reason="libpcap is not installed")
RAW = """
import socket, sys
one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
one.bind(("tx0", 0))
for _ in range(20):
    one.send(bytes.fromhex(sys.argv[1]))
"""
BACKENDS = [
    "ring", "scapy",
    pytest.param("dumpcap", marks=pytest.mark.skipif(not shutil.which("dumpcap"), reason="dumpcap is not installed")),
]
SAYS_SIZES = "from dissectors.sources.interface.probe import says_sizes; print(says_sizes())"
MEDIA = [rtp(sequence) for sequence in range(50)]


@pytest.fixture
def wire() -> Iterator[Cable]:
    with cable() as made:
        yield made


def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came about")


def taken(kept: str, datagrams: int) -> None:
    """Wait until a session has taken so many, by the file that it keeps."""
    until(lambda: offline.analyze([kept]).capture.datagrams >= datagrams)


def until_said(process: subprocess.Popen[str], text: str) -> str:
    """What a session tells people until it says this."""
    lines = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"it never said {text!r}: {lines}")


def finish(process: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[list[dict[str, Any]], str, int]:
    """End a session in order: its events, its messages and its exit status."""
    os.kill(process.pid, number)
    said, complained = process.communicate(timeout=60)
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")], complained, process.returncode


def test_every_datagram_that_was_sent_is_seen_once_and_kept(wire: Cable, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "-w", kept)
    wire.send(MEDIA)
    events, _, status = finish(process)
    assert status == 0
    assert events[-1]["event"] == "end" and events[-1]["datagrams"] == 50
    assert (events[-1]["dropped_kernel"], events[-1]["dropped_us"]) == (0, 0)
    report = offline.analyze([kept])
    assert report.capture.datagrams == 50 and not report.capture.files[0].cut
    assert [stream.packets for stream in report.streams] == [50]
    assert abs(report.capture.last - time.time()) < 60 if report.capture.last else False


def test_the_json_report_of_a_session_equals_analyze_on_the_file_that_it_wrote(wire: Cable, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--json", "-w", kept)
    invite = sip("INVITE sip:b@10.9.8.2 SIP/2.0", "Call-ID: 1", "From: <sip:a>;tag=1", "To: <sip:b>", "CSeq: 1 INVITE")
    wire.send([invite, *MEDIA])
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    again = subprocess.run([*MUXSHARK, "analyze", "--json", kept], capture_output=True, cwd=ROOT, check=True)
    assert json.loads(said) == json.loads(again.stdout)
    assert json.loads(said)["calls"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_loopback_is_seen_once_by_its_name_and_by_any(wire: Cable, backend: str, tmp_path: Path) -> None:
    for interface in ("lo", "any"):
        kept = str(tmp_path / f"{interface}.pcapng")
        process = wire.live("--ndjson", "--backend", backend, "-w", kept, interface=interface)
        code = "import socket; s = socket.socket(2, 2); [s.sendto(bytes(30), ('127.0.0.1', 9)) for _ in range(20)]"
        wire.run(wire.far, "python3", "-c", code)
        taken(kept, 20)
        events, _, _ = finish(process)
        assert events[-1]["datagrams"] == 20


def test_what_is_lost_while_the_process_is_stopped_is_the_captures_own(wire: Cable) -> None:
    # So small a buffer holds a sixth of a second.
    process = wire.live("--json", "--buffer", "2")
    wire.send([rtp(number, timestamp=160 * number) for number in range(300)])
    os.kill(process.pid, signal.SIGSTOP)
    wire.send([rtp(number, timestamp=160 * number) for number in range(300, 800)], every=0.002)
    os.kill(process.pid, signal.SIGCONT)
    wire.send([rtp(number, timestamp=160 * number) for number in range(800, 1100)])
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    report = json.loads(said)
    (stream,) = report["streams"]
    assert stream["lost"] and report["capture"]["files"][0]["dropped"]
    found = {each["id"]: each for each in report["findings"]}
    assert "capture-drops" in found
    lost = [each for name, each in found.items() if RULES[name].absence in ("loss", "burst", "moment")]
    assert lost and {each["severity"] for each in lost} == {"note"}
    assert all(each["what"].endswith(OWN) for each in lost)


JOINED = """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.setsockopt(17, 103, 100)
for number in range(10):
    one.sendto(bytes([number]) * 1050, ("10.9.8.2", 16402))
"""


@pytest.mark.parametrize("pure", ["", "1"], ids=["compiled", "interpreted"])
def test_datagrams_that_a_host_sends_as_one_frame_are_single_ones_in_report_and_file(
    wire: Cable, tmp_path: Path, pure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "True" not in wire.run(wire.far, sys.executable, "-c", SAYS_SIZES):
        pytest.skip("this kernel does not say how long they are")
    monkeypatch.setenv("MUXSHARK_PURE", pure)
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--json", "-w", kept)
    wire.run(wire.near, sys.executable, "-c", JOINED)
    taken(kept, 110)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    again = subprocess.run([*MUXSHARK, "analyze", "--json", kept], capture_output=True, cwd=ROOT, check=True)
    assert json.loads(said) == json.loads(again.stdout)
    with open_capture(kept) as capture:
        frames = [record.octets for record in capture.records() if record.octets[23] == 17]
    assert [len(octets) - 42 for octets in frames] == [*[100] * 10, 50] * 10


def test_any_sees_the_cable_and_the_loopback(wire: Cable, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "-w", kept, interface="any")
    wire.send(MEDIA)
    events, _, _ = finish(process)
    assert events[-1]["datagrams"] == 50
    assert offline.analyze([kept]).capture.files[0].link_types == ("LINUX_SLL2",)


@pytest.mark.parametrize("pure", ["", "1"], ids=["compiled", "interpreted"])
def test_several_interfaces_are_one_timeline_and_the_report_is_that_of_the_file(
    wire: Cable, tmp_path: Path, pure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUXSHARK_PURE", pure)
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("-i", "lo", "--json", "-w", kept)
    code = "import socket; s = socket.socket(2, 2); [s.sendto(bytes(30), ('127.0.0.1', 9)) for _ in range(20)]"
    for at in range(0, 50, 10):
        wire.send(MEDIA[at : at + 10])
        wire.run(wire.far, "python3", "-c", code)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    again = subprocess.run([*MUXSHARK, "analyze", "--json", kept], capture_output=True, cwd=ROOT, check=True)
    assert json.loads(said) == json.loads(again.stdout)
    assert json.loads(said)["capture"]["datagrams"] == 150
    with open_capture(kept) as capture:
        times = [record.time for record in capture.records()]
    assert times == sorted(times)


@pytest.mark.parametrize("pure", ["", "1"], ids=["compiled", "interpreted"])
def test_interfaces_that_share_a_ring_are_told_apart_and_come_back(
    wire: Cable, tmp_path: Path, pure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUXSHARK_PURE", pure)
    kept = str(tmp_path / "a.pcapng")
    for name in ("other0", "foreign0"):
        wire.run(wire.far, "ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}p")
        for end in (name, f"{name}p"):
            wire.run(wire.far, "ip", "link", "set", end, "up")
    process = wire.live("-i", "other0", "--backend", "ring", "--ndjson", "-w", kept)
    send = "import socket, sys; s = socket.socket(17, 3); s.bind((sys.argv[1], 0)); [s.send(bytes.fromhex(sys.argv[2]))"
    send += " for _ in range(10)]"
    octets = frame(("192.0.2.1", 9), ("192.0.2.2", 9), bytes(30)).hex()
    for name in ("other0p", "foreign0p"):
        wire.run(wire.far, "python3", "-c", send, name, octets)
    wire.send(MEDIA[:20])
    taken(kept, 30)
    wire.run(wire.far, "ip", "link", "delete", "rx0")
    until_said(process, "rx0 has disappeared; waiting for it to return")
    wire.connect()
    until_said(process, "rx0 is up again")
    wire.send(MEDIA[20:])
    taken(kept, 60)
    events, _, status = finish(process)
    assert status == 0 and events[-1]["datagrams"] == 60
    if not pure:
        blocks = interfaces_of(kept)
        assert (blocks.count(0), blocks.count(1)) == (50, 10)


def interfaces_of(path: str) -> list[int]:
    """The number of the interface of each datagram of UDP in a file of ours."""
    octets, found, at = Path(path).read_bytes(), [], 0
    while at + 12 <= len(octets):
        kind, size, number = struct.unpack_from("<III", octets, at)
        if kind == 6 and octets[at + 40 : at + 42] == b"\x08\0" and octets[at + 51] == 17:
            found.append(number)
        at += size
    return found


def test_a_session_ends_after_so_many_seconds(wire: Cable) -> None:
    process = wire.live("--ndjson", "-a", "duration:0.5")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(said.splitlines()[-1])["reason"] == "0.5 seconds"


def test_a_session_on_an_interface_ends_after_exactly_so_many_frames(wire: Cable, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "-w", kept, "-c", "33")
    wire.send(MEDIA)
    said, _ = process.communicate(timeout=60)
    assert json.loads(said.splitlines()[-1])["received"] == 33
    assert offline.analyze([kept]).capture.frames == 33


def test_vlan_tags_that_the_kernel_took_out_are_back_in_the_file(wire: Cable, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    octets = frame(A, B, rtp(1))
    sent = octets[:12] + b"\x81\x00\x00\x07" + octets[12:]
    process = wire.live("--ndjson", "-w", kept)
    wire.run(wire.near, sys.executable, "-c", RAW, sent.hex())
    finish(process)
    with open_capture(kept) as capture:
        assert [record.octets for record in capture.records()].count(sent) == 20
    report = offline.analyze([kept])
    assert [seen.count for seen in report.capture.encapsulations if seen.name == "VLAN"] == [20]


@needs_libpcap
def test_the_kernel_filters_and_cuts(wire: Cable, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "-w", kept, "--ports", "16402", "-s", "60")
    wire.send(MEDIA[:10], port=16402)
    wire.send(MEDIA[:10], port=16404)
    events, _, _ = finish(process)
    assert events[-1]["received"] == events[-1]["datagrams"] == 10
    with open_capture(kept) as capture:
        assert {(len(record.octets), record.original) for record in capture.records()} == {(60, 114)}


@needs_libpcap
def test_a_filter_can_ask_for_a_vlan(wire: Cable) -> None:
    process = wire.live("--ndjson", "-f", "vlan 7")
    wire.send(MEDIA[:10])
    events, _, _ = finish(process)
    assert events[-1]["received"] == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_way_in_gives_the_same_datagrams(wire: Cable, backend: str, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "--backend", backend, "-w", kept)
    wire.send(MEDIA)
    taken(kept, 50)
    events, _, status = finish(process)
    assert status == 0
    assert events[-1]["datagrams"] == 50


def test_a_second_interrupt_ends_at_once_and_leaves_a_whole_file(wire: Cable, tmp_path: Path) -> None:
    # A session may have come to its end, or see two interrupts as one, before the second comes: then once more.
    for attempt in range(20):
        kept = str(tmp_path / f"{attempt}.pcapng")
        process = wire.live("-w", kept)
        wire.send(MEDIA)
        taken(kept, 50)
        process.send_signal(signal.SIGINT)
        time.sleep(0.04)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=60)
        report = offline.analyze([kept])
        assert report.capture.datagrams == 50 and not report.capture.files[0].cut
        assert ("On the wire" in printed) == (process.returncode == 0)
        if process.returncode == 130:
            return
    raise AssertionError("no second interrupt ever ended a session")


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_interface_that_goes_down_is_waited_for(wire: Cable, backend: str, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "--backend", backend, "-w", kept)
    wire.send(MEDIA[:20])
    taken(kept, 20)
    wire.run(wire.far, "ip", "link", "set", "rx0", "down")
    until_said(process, "rx0 is down; waiting for it to come up")
    wire.run(wire.far, "ip", "link", "set", "rx0", "up")
    until_said(process, "rx0 is up again")
    wire.send(MEDIA[20:])
    taken(kept, 50)
    events, _, status = finish(process)
    assert status == 0
    assert events[-1]["datagrams"] == 50


@pytest.mark.parametrize("quickly", [False, True])
def test_an_interface_that_returns_is_taken_up_again(wire: Cable, quickly: bool, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "--backend", "ring", "--promiscuous", "-w", kept)
    wire.send(MEDIA[:20])
    taken(kept, 20)
    wire.run(wire.far, "ip", "link", "delete", "rx0")
    if not quickly:
        until_said(process, "rx0 has disappeared; waiting for it to return")
    wire.connect()
    if quickly:
        time.sleep(2)
    else:
        until_said(process, "rx0 is up again")
    wire.send(MEDIA[20:])
    taken(kept, 50)
    events, _, status = finish(process)
    assert status == 0 and events[-1]["datagrams"] == 50


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_an_interface_that_disappears_ends_the_session_with_all_that_came_before(
    wire: Cable, tmp_path: Path, backend: str
) -> None:
    kept = str(tmp_path / "a.pcapng")
    process = wire.live("--ndjson", "--backend", backend, "-w", kept)
    wire.send(MEDIA)
    taken(kept, 50)
    wire.run(wire.far, "ip", "link", "delete", "rx0")
    said, complained = process.communicate(timeout=60)
    assert process.returncode == 2
    assert complained.count("rx0 has disappeared") == 1
    assert json.loads(said.splitlines()[-1])["datagrams"] == 50
    assert offline.analyze([kept]).capture.datagrams == 50


def test_an_interface_that_delivers_nothing_is_said_to(wire: Cable) -> None:
    process = wire.live("--ndjson", "-f", "udp port 9") if bpf.available() else wire.live("--ndjson")
    until_said(process, "nothing has come in on rx0 for 5 s")
    _, _, status = finish(process)
    assert status == 0


def test_root_is_given_up_once_everything_is_open(wire: Cable) -> None:
    # The folders that pytest makes are closed to anybody else.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        kept = Path(folder) / "a.pcapng"
        process = wire.live("--ndjson", "--user", "nobody", "-w", str(kept))
        status = Path(f"/proc/{process.pid}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        wire.send(MEDIA)
        events, _, _ = finish(process)
        assert set(uids) == {str(kept.stat().st_uid)} != {"0"}
        assert events[-1]["datagrams"] == 50


def test_without_rights_the_message_says_what_to_run() -> None:
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all", *MUXSHARK,
         "live", "-i", "lo"], capture_output=True, text=True, cwd=ROOT, check=False,
    )
    assert done.returncode == 2
    assert "sudo setcap cap_net_raw+eip" in done.stderr and "usermod -aG wireshark" in done.stderr
    assert done.stderr.count("\n") == 1
