"""`muxshark live`: what it prints and keeps, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.commands import live as command
from dissectors.sources.interface.interfaces import interfaces
from tests.namespaces import MUXSHARK
from tests.sessions import CALL, ROOT, run

needs_full_disk = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a full disk at hand")


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


def test_all_that_captures_need_is_loaded_before_root_is_given_up() -> None:
    code = """
import sys
from argparse import Namespace
from pathlib import Path
from dissectors.commands import live
from dissectors.crypto.secrets import Secrets
from dissectors.live import session
from dissectors.sources.capture import open_capture
live._load(Namespace(ndjson=True, html=None, browse=False, hep=None))
class Refusing:
    def find_spec(self, name, path=None, target=None):
        assert not name.startswith("dissectors."), name
sys.meta_path.insert(0, Refusing())
datagrams = 0
for capture in [*Path("pcaps").glob("*.pcap"), *Path("tests/data").rglob("*.pcap*")]:
    secrets = Secrets(growing=True)
    if (keys := capture.with_suffix(".keys")).exists():
        secrets.add(keys.read_bytes())
    scanner, engine = session.scanner_class()(), session.Engine(max_finished=0)
    scanner.connections.secrets = secrets
    engine.open_with(secrets)
    with open_capture(str(capture)) as opened:
        for batch in scanner.scan((0, record) for record in opened.records()):
            engine.feed(batch)
            engine.retire_finished(scanner)
    engine.feed(scanner.finish(engine.announced()))
    datagrams += engine.report(scanner, ()).capture.datagrams
assert datagrams > 1000
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


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
    assert b"no space left on device; nothing is kept until that ends, the session goes on\n" in done.stderr
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


@pytest.mark.skipif(not hasattr(select, "poll"), reason="nothing tells here whether a pipe has room")
@pytest.mark.parametrize("form", ["--ndjson", "--log"])
@pytest.mark.parametrize("by", ["duration", "SIGTERM"])
def test_a_reader_who_stalls_holds_up_neither_the_keeping_nor_the_end(form: str, by: str, tmp_path: Path) -> None:
    kept = str(tmp_path / "a.pcapng")
    out, into = os.pipe()
    # Standard output is full before the session begins.
    os.set_blocking(into, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(into, bytes(4096))
    os.set_blocking(into, True)
    words = ["live", "-", form, "-w", kept, *(["-a", "duration:2"] if by == "duration" else [])]
    frames = offline.analyze([str(CALL)]).capture.frames
    with subprocess.Popen(
        [*MUXSHARK, *words], stdin=subprocess.PIPE, stdout=into, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin and process.stderr
        process.stdin.write(CALL.read_bytes())
        process.stdin.flush()
        assert b"watching" in process.stderr.readline()
        if by == "SIGTERM":
            while os.path.getsize(kept) < CALL.stat().st_size // 2:
                time.sleep(0.05)
            process.terminate()
        assert process.wait(60) == 141
        (said,) = process.stderr.read().decode().splitlines()
    os.close(into)
    os.close(out)
    assert said.startswith("muxshark: nobody read standard output at the end; ")
    assert said.endswith(f"bytes were not written: {frames:,} frames kept in {kept}")
    report = offline.analyze([kept])
    assert report.capture.frames == frames and not report.capture.files[0].cut


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal here")
@pytest.mark.parametrize(("ignored", "status"), [(True, 0), (False, 0)])
def test_a_hangup_that_is_ignored_stays_ignored(ignored: bool, status: int) -> None:
    # As nohup(1) does it, and as a terminal has it, whatever started these tests.
    set_up = partial(signal.signal, signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    with subprocess.Popen(
        [*MUXSHARK, "live", "-", "--ndjson", "-a", "duration:3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd=ROOT, preexec_fn=set_up,
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(CALL.read_bytes())
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        end = json.loads(process.stdout.read().splitlines()[-1])
        assert process.wait(60) == status
    assert end["reason"] == ("3 seconds" if ignored else "interrupted")


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


@pytest.mark.skipif(not Path("/sys/class/net/lo").exists(), reason="the kernel's list of interfaces is not mounted")
def test_the_interfaces_are_listed_with_their_addresses() -> None:
    found = interfaces()
    assert any("127.0.0.1" in interface.addresses for interface in found if interface.loopback)
    lines = command.listing()
    assert len(lines) == len(found)
    assert any("127.0.0.1" in line for line in lines)


def test_the_log_of_keys_that_the_environment_names_counts_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    secured = ROOT / "tests" / "data" / "tls" / "tls12_ecdhe_gcm.pcap"
    log = str(secured.with_suffix(".keys"))
    monkeypatch.setenv("SSLKEYLOGFILE", log)
    done = run("-", "--json", octets=secured.read_bytes())
    made = json.loads(done.stdout)
    assert made["capture"]["keys"] == [{"keys": 1, "name": log, "origin": "SSLKEYLOGFILE"}]
    assert len(made["calls"]) == 3
    assert f"opening TLS with the keys in {log} (SSLKEYLOGFILE)" in done.stderr.decode()
    monkeypatch.delenv("SSLKEYLOGFILE")
    made = json.loads(run("-", "--json", octets=secured.read_bytes()).stdout)
    assert made["capture"]["keys"] == [] and made["calls"] == []
    assert run("-", "--keys", "nowhere", octets=b"").stderr.endswith(b"muxshark: nowhere: no such file or directory\n")
