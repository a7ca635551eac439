"""Live sessions over pipes: the same report as offline, events as they happen, the command's promises."""
from __future__ import annotations

import argparse
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from dissectors import offline
from dissectors.commands import live as command
from dissectors.commands import live_options
from dissectors.live import events as live_events
from dissectors.live.events import CallEvent, Event, Look, StreamEvent
from dissectors.live.session import Session, Stop
from dissectors.report import Report
from dissectors.sources import pipe as pipes
from dissectors.sources.interface import bpf, opening, ring
from dissectors.sources.interface.interfaces import Interface, interfaces, link_of, name_of
from dissectors.sources.keeper import Keeper
from dissectors.sources.pcapng_blocks import head, statistics
from dissectors.sources.pipe import Pipe
from dissectors.wire.captures.formats import enough, walker
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError
from dissectors.wire.link.frames import Frames
from dissectors.wire.values import replace
from tests.made import A, B, frame, rtp, sip
from tests.namespaces import MUXSHARK

ROOT = Path(__file__).resolve().parents[2]
CALL = ROOT / "pcaps" / "facetime-2013.pcap"
SHARED = ROOT / "pcaps" / "rfc7983.pcap"
needs_full_disk = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a full disk at hand")


@contextmanager
def fed(octets: bytes, size: int = 5000, pause: float = 0.0) -> Iterator[Pipe]:
    """A pipe into which a thread writes, `size` octets at a time."""
    out, into = os.pipe()

    def write() -> None:
        # Who reads may stop before the end.
        with suppress(BrokenPipeError), open(into, "wb", buffering=0) as file:
            for at in range(0, len(octets), size):
                file.write(octets[at : at + size])
                time.sleep(pause)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield Pipe(out)
    finally:
        os.close(out)
        thread.join()


def session(octets: bytes, keep: Path | None = None, stop: Stop | None = None, size: int = 5000) -> tuple[Session, Any]:
    """A session over these octets until its end, and what was told of it."""
    told: list[Event] = []

    def watch(look: Look) -> None:
        told.extend(look.events)

    with fed(octets, size) as pipe:
        keeper = Keeper(str(keep)) if keep else None
        one = Session(pipe, keeper=keeper, stop=stop, watch=watch)
        one.run()
    return one, told


def without_files(report: Report) -> Report:
    return replace(report, capture=replace(report.capture, files=()))


def run(*words: str, octets: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [*MUXSHARK, "live", *words]
    return subprocess.run(command, input=octets, capture_output=True, cwd=ROOT, timeout=60, check=False)


@pytest.mark.parametrize("capture", [CALL, SHARED], ids=lambda path: path.stem)
def test_the_report_of_a_session_is_that_of_the_file_that_it_kept(capture: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    one, _ = session(capture.read_bytes(), kept)
    assert one.report() == offline.analyze([str(kept)])
    assert without_files(one.report()) == without_files(offline.analyze([str(capture)]))


def test_a_pipe_is_read_where_the_system_cannot_be_asked_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "poll")
    one, _ = session(CALL.read_bytes())
    assert without_files(one.report()) == without_files(offline.analyze([str(CALL)]))


def test_what_a_pipe_holds_at_the_stop_is_read_however_long_that_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    out, into = os.pipe()
    octets = CALL.read_bytes()[:50_000]
    os.write(into, octets)
    now, pipe = time.monotonic(), Pipe(out)
    pipe.stop()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    assert len(records_of(pipe)) == len(list(walked(octets)))
    os.close(into)
    os.close(out)


def test_what_never_ends_is_not_read_for_ever_after_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "MAX_PIPE_OCTETS", 3000)
    out, into = os.pipe()
    os.write(into, CALL.read_bytes()[:3000])
    now, pipe = time.monotonic(), Pipe(out)
    pipe.stop()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    for _ in range(10):
        pipe.read()
        os.write(into, bytes(3000))
    assert pipe.ended
    os.close(into)
    os.close(out)


def records_of(pipe: Pipe) -> list[Record]:
    found = []
    while not pipe.ended:
        found += pipe.read()
    return found


def walked(octets: bytes) -> Iterator[Record]:
    one = walker(octets[: enough(octets)])
    yield from one.feed(octets)


def test_asking_for_the_report_again_gives_the_same_also_where_the_capture_dropped_frames() -> None:
    octets = bytearray(head([(1, "eth0")], 0) + statistics(10, 7))
    with fed(bytes(octets)) as pipe:
        one = Session(pipe)
        one.run()
    first = one.report()
    assert [finding.id for finding in first.findings] == ["capture-drops"]
    assert one.report() == first


def test_who_ends_a_session_that_is_behind_hears_how_much_is_still_to_be_read() -> None:
    out, into = os.pipe()
    told: list[str] = []
    pipe = Pipe(out)
    pipe.behind = 100 << 20
    one = Session(pipe, watch=lambda look: told.extend(look.news))
    one._look()
    one.stop("interrupted")
    one._look()
    one._look()
    assert told == ["100 MiB that came in are still to be read; Ctrl-C again ends at once"]
    os.close(out)
    os.close(into)


@pytest.mark.parametrize(
    ("frames", "said"),
    [(0, "nothing has come in on eth0 for 5 s"), (1, "no UDP but 1 other frame has come in on eth0 for 5 s")],
)
def test_who_watches_where_nothing_comes_is_told_so_once(frames: int, said: str) -> None:
    out, into = os.pipe()
    told: list[str] = []
    one = Session(Pipe(out, "eth0"), watch=lambda look: told.extend(look.news))
    one.received = frames
    one._look()
    assert not told
    one._begun -= 5
    one._look()
    one._look()
    assert told == [said]
    os.close(out)
    os.close(into)


def test_looking_while_it_runs_changes_nothing_in_the_report() -> None:
    octets = CALL.read_bytes()
    one, _ = session(octets)
    with fed(octets, 3000) as pipe:
        other = Session(pipe, watch=None)
        recent = other._recent
        while not pipe.ended:
            other._step(1.0)
            recent.report(other.scanner.last or 0, other._file(0))
        other.engine.feed(other.scanner.finish())
    assert other.report() == one.report()


def test_a_call_is_told_through_all_of_its_states_in_order() -> None:
    _, told = session(CALL.read_bytes())
    states = [event.state for event in told if isinstance(event, CallEvent)]
    assert states == ["calling", "ringing", "answered", "ended"]
    times = [event.time for event in told if isinstance(event, CallEvent)]
    assert times == sorted(times)


def test_every_stream_of_the_report_has_begun() -> None:
    one, told = session(CALL.read_bytes())
    begun = {event.ssrc for event in told if isinstance(event, StreamEvent) and event.state == "began"}
    assert begun == {stream.ssrc for stream in one.report().streams}


def test_a_session_ends_after_exactly_so_many_frames(tmp_path: Path) -> None:
    one, _ = session(CALL.read_bytes(), tmp_path / "a.pcapng", Stop(frames=33))
    assert one.received == 33
    assert offline.analyze([str(tmp_path / "a.pcapng")]).capture.frames == 33
    assert one.end().reason == "33 frames"


def test_a_pipe_that_breaks_off_gives_all_that_was_whole_and_says_so() -> None:
    one, _ = session(CALL.read_bytes()[:-5])
    assert one.failures == ("standard input: ended within a record",)
    assert one.received == offline.analyze([str(CALL)]).capture.frames - 1


def test_what_is_no_capture_is_refused_in_one_line() -> None:
    done = run("-", octets=b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines()[-1] == "muxshark: standard input: not a capture: it is text"


def test_events_for_machines_end_with_the_totals() -> None:
    done = run("-", "--ndjson", octets=CALL.read_bytes())
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert {"call", "stream"} <= {event["event"] for event in events}
    report = offline.analyze([str(CALL)])
    end = events[-1]
    assert end["event"] == "end" and end["seconds"] > 0
    assert (end["received"], end["datagrams"]) == (report.capture.frames, report.capture.datagrams)
    assert (end["dropped_kernel"], end["dropped_us"]) == (0, 0)


def test_without_a_terminal_there_is_a_log_and_then_the_report() -> None:
    done = run("-", octets=CALL.read_bytes())
    lines = done.stdout.decode().splitlines()
    assert any("call     answered: " in line for line in lines)
    assert any(line.startswith("On the wire") for line in lines)
    assert b"\x1b" not in done.stdout


def test_the_report_as_json_is_that_of_the_kept_file(tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    done = run("-", "--json", "-w", kept, octets=CALL.read_bytes())
    again = subprocess.run([*MUXSHARK, "analyze", "--json", kept], capture_output=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout) == json.loads(again.stdout)


def test_frames_can_be_kept_on_standard_output() -> None:
    done = run("-", "-w", "-", octets=CALL.read_bytes())
    again = run("-", "--ndjson", octets=done.stdout)
    assert json.loads(again.stdout.splitlines()[-1])["received"] == offline.analyze([str(CALL)]).capture.frames


@pytest.mark.parametrize("form", ["--ndjson", "--json", "--log"])
def test_frames_on_standard_output_stand_alone_there(form: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    run("-", "-w", str(kept), "--log", octets=CALL.read_bytes())
    done = run("-", "-w", "-", form, octets=CALL.read_bytes())
    # All but the last block, which says when the session ended.
    assert len(done.stdout) == kept.stat().st_size and kept.read_bytes().startswith(done.stdout[:-64])


def test_what_is_no_capture_is_not_overwritten_and_that_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("the only copy of something")
    done = run("-", "-w", str(path), octets=CALL.read_bytes())
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"muxshark: {path}: not a capture: it is text, so it is not overwritten\n"
    assert path.read_text() == "the only copy of something"


@needs_full_disk
def test_a_full_disk_ends_in_status_2_and_the_session_goes_on() -> None:
    done = run("-", "--ndjson", "-w", "/dev/full", octets=CALL.read_bytes())
    assert done.returncode == 2
    end, frames = json.loads(done.stdout.splitlines()[-1]), offline.analyze([str(CALL)]).capture.frames
    assert (end["received"], end["dropped_us"]) == (frames, frames)
    assert b"no space left on device; nothing more is kept, the session goes on\n" in done.stderr
    assert f"no space left on device: 0 frames kept, {frames:,} not\n" in done.stderr.decode()


@needs_full_disk
def test_a_report_of_more_than_was_kept_says_so_and_is_not_named_after_the_file() -> None:
    done = json.loads(run("-", "--json", "-w", "/dev/full", octets=CALL.read_bytes()).stdout)
    (file,) = done["capture"]["files"]
    assert (file["name"], file["format"]) == ("standard input", "live, pipe")
    found = {finding["id"]: finding["what"] for finding in done["findings"]}
    assert found["kept-in-part"] == f"/dev/full: no space left on device: 0 frames kept, {file['frames']:,} not"
    whole = json.loads(run("-", "--json", octets=CALL.read_bytes()).stdout)
    assert found.keys() - {finding["id"] for finding in whole["findings"]} == {"kept-in-part"}


@pytest.mark.skipif(not hasattr(select, "poll"), reason="nothing tells here that a pipe was closed")
@pytest.mark.parametrize("form", ["--ndjson", "--json", "--log"])
def test_a_session_that_nobody_reads_any_more_ends_in_order_and_says_what_is_kept(form: str, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    frames = offline.analyze([str(CALL)]).capture.frames
    with subprocess.Popen(
        [*MUXSHARK, "live", "-", form, "-w", kept], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd=ROOT,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(CALL.read_bytes())
        process.stdin.flush()
        process.stdout.close()
        # The source goes on and no event is due any more: that nobody reads is noticed all the same.
        assert process.wait(60) == 141
        said = process.stderr.read().decode().splitlines()
    assert [line for line in said if "closed" in line] == [
        f"muxshark: standard output was closed: {frames:,} frames kept in {kept}"
    ]
    report = offline.analyze([kept])
    assert report.capture.frames == frames and not report.capture.files[0].cut


def test_frames_that_nobody_reads_any_more_end_the_session() -> None:
    with subprocess.Popen(
        [*MUXSHARK, "live", "-", "-w", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.close()
        process.stdin.write(CALL.read_bytes())
        process.stdin.flush()
        assert process.wait(60) == 141
        said = process.stderr.read().decode().splitlines()[-1]
    assert said == "muxshark: standard output was closed: 0 of 2,242 frames went there"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing on Windows")
@pytest.mark.parametrize("signals", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)])
def test_an_interrupt_ends_with_the_whole_report_also_when_it_is_said_twice_at_once(signals: tuple[int, ...]) -> None:
    with subprocess.Popen(
        [*MUXSHARK, "live", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(CALL.read_bytes())
        process.stdin.flush()
        assert b"call " in process.stdout.readline()
        for number in signals:
            process.send_signal(number)
        assert b"On the wire" in process.stdout.read()
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "name an interface"),
        (("-", "-i", "eth0"), "not both"),
        (("eth0",), "an interface is -i IFACE"),
        (("-", "-f", "udp"), "filter where standard input comes from"),
        (("-i", "lo", "-i", "lo"), "named twice"),
        (("-i", "lo", "-i", "any"), "any stands alone"),
        (("-i", "any", "-i", "lo"), "any stands alone"),
        (("-", "--ndjson", "--json"), "not both"),
        (("-i", "99999"), "no such interface; there are 1 "),
        (("-i", "0"), "no such interface; there are 1 "),
        (("-i", "1", "-i", interfaces()[0].name), "named twice"),
        (("-i", "lo", "--buffer", "9999999"), "more than the 4095 of a ring"),
        (("-i", "lo", "-w", ""), "no name"),
        (("-i", "lo", "-b", "filesize:1"), "-b needs -w"),
        (("-i", "lo", "-w", "x", "-b", "files:2"), "when a file is full"),
        (("-i", "lo", "-a", "forever:1"), "duration:N"),
        (("-i", "lo", "--ports", "0"), "no UDP port"),
        (("-i", "no-such-interface"), "no such interface; there are "),
        (("-", "--user", "no-such-user-here"), "user"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(words: tuple[str, ...], complaint: str) -> None:
    done = run(*words)
    assert done.returncode == 2 and done.stdout == b""
    assert complaint in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["/usr/bin/muxshark", "live", "-f", "udp port 5060"], "/usr/bin/muxshark live -f 'udp port 5060'"),
        (["/x/dissectors/__main__.py", "live"], f"{sys.executable} -m dissectors live"),
    ],
)
def test_a_command_that_is_advised_can_be_typed_into_a_shell(
    words: list[str], typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", words)
    assert opening.command() == typed
    assert opening.command(("live", "-i", "IFACE")).endswith(" live -i IFACE")


def test_ports_are_read_as_numbers_and_ranges() -> None:
    assert live_options.ports("5060,16384-16402") == ((5060, 5060), (16384, 16402))
    for wrong in ("", "5060-", "70000", "20-10", "sip"):
        with pytest.raises(argparse.ArgumentTypeError):
            live_options.ports(wrong)


def test_what_is_held_is_bounded_and_the_report_says_that_the_bound_was_hit() -> None:
    octets = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for number in range(300):
        names = (f"Call-ID: {number}", f"From: <sip:a>;tag={number}", "To: <sip:b>", "CSeq: 1 INVITE")
        media = [rtp(sequence, ssrc=number + 1) for sequence in range(5)]
        for payload in (sip("INVITE sip:b SIP/2.0", *names), *media):
            one = frame((A[0], 10_000 + number), (B[0], 10_000 + number), payload)
            octets += struct.pack("<IIII", number, 0, len(one), len(one)) + one
    with fed(bytes(octets), 50_000) as pipe:
        bounded = Session(pipe, watch=lambda look: None, calls=20)
        bounded.run()
    assert len(bounded.engine.trackers.calls.calls) == 20
    assert len(bounded.scanner.flows) <= 40 and len(bounded.scanner.streams) <= 40
    found = [finding.what for finding in bounded.report().findings if finding.id == "bound-hit"]
    assert any(what.startswith("calls: ") for what in found) and any(what.startswith("flows: ") for what in found)


def test_what_is_remembered_no_longer_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_events, "MAX_REMEMBERED", 2)
    octets = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for number in range(6):
        names = (f"Call-ID: {number}", f"From: <sip:a>;tag={number}", "To: <sip:b>", "CSeq: 1 INVITE")
        one = frame(A, B, sip("INVITE sip:b SIP/2.0", *names))
        octets += struct.pack("<IIII", number, 0, len(one), len(one)) + one
    with fed(bytes(octets), 50_000) as pipe:
        session = Session(pipe, watch=lambda look: None)
        session.run()
    found = [finding.what for finding in session.report().findings if finding.id == "bound-hit"]
    assert any(what.startswith("calls that were told of: ") for what in found)


@pytest.mark.skipif(not bpf.available(), reason="libpcap is not installed")
def test_a_filter_that_libpcap_does_not_understand_is_said_in_its_words() -> None:
    with pytest.raises(CaptureError, match="capture filter 'udp prt 1': can't parse filter expression"):
        bpf.compile_filter("udp prt 1", 1, 100)


@pytest.mark.skipif(not bpf.available(), reason="libpcap is not installed")
def test_a_compiled_filter_keeps_the_snaplen_or_nothing() -> None:
    program = bpf.compile_filter(bpf.both("host 192.0.2.1", bpf.for_ports([(5060, 5060)])), 1, 96)
    assert {k for code, _, _, k in program if code & 7 == 6} == {0, 96}


@pytest.mark.skipif(not Path("/sys/class/net/lo").exists(), reason="the kernel's list of interfaces is not mounted")
def test_the_interfaces_are_listed_with_their_addresses() -> None:
    found = interfaces()
    assert any("127.0.0.1" in interface.addresses for interface in found if interface.loopback)
    lines = command.listing()
    assert len(lines) == len(found)
    assert any("127.0.0.1" in line for line in lines)


def test_an_interface_can_be_given_by_the_number_that_the_list_has() -> None:
    for number, interface in enumerate(interfaces(), 1):
        assert name_of(str(number)) == name_of(interface.name) == interface.name


def test_an_unknown_kind_of_interface_is_cooked() -> None:
    assert link_of(Interface("eth0", hardware=1)) == (1, True)
    assert link_of(Interface("tun0", hardware=65534)) == (101, True)
    assert link_of(Interface("ppp0", hardware=512)) == (276, False)
    assert link_of(Interface("any")) == (276, False)


@pytest.mark.parametrize("ethernet", [True, False])
def test_a_vlan_tag_goes_back_to_where_it_was(ethernet: bool) -> None:
    octets = frame(A, B, rtp(1))
    if not ethernet:
        octets = b"\x08\x00" + bytes(18) + octets[14:]
    again = ring.tagged(octets, 7, 0x88A8, ethernet)
    frames = Frames()
    (found,) = frames.udp(Record(1, 0, 1 if ethernet else 276, again, len(again)))
    assert found.payload == rtp(1)
    assert frames.encapsulations == {"VLAN": 1}
    assert (again[12:18] if ethernet else again[:2]) == (b"\x88\xa8\x00\x07\x08\x00" if ethernet else b"\x88\xa8")
