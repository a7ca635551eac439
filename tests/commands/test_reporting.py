"""One call of a report, by its name; and filters over many files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capture_octets import pcap
from tests.command_line import CALL, MUX, run
from tests.ip_frames import ethernet, ipv4, udp
from tests.made import sip, stun


def analyzed(*words: str) -> subprocess.CompletedProcess[bytes]:
    return run("analyze", "--json", *words)


def test_a_call_has_its_number_whatever_is_asked_for() -> None:
    whole = json.loads(analyzed(MUX).stdout)
    numbers = [call["number"] for call in whole["calls"]]
    assert numbers == list(range(1, len(numbers) + 1))
    for call in whole["calls"]:
        names = (str(call["number"]), call["call_id"], call["call_id"][1:].upper())
        for name in names:
            (found,) = json.loads(analyzed("--call", name, MUX).stdout)["calls"]
            assert (found["number"], found["call_id"]) == (call["number"], call["call_id"])


def test_a_call_that_is_not_there_is_answered_with_those_that_are() -> None:
    refused = analyzed("--call", "99", CALL)
    assert refused.returncode == 2 and refused.stderr.startswith(b"muxshark: --call: no call '99'; there are 1 (")
    assert not refused.stdout and refused.stderr.count(b"\n") == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_filter_serves_every_file_whatever_the_processes(jobs: str) -> None:
    told = json.loads(analyzed("--each", "--jobs", jobs, "-Y", "outcome==answered", CALL, MUX).stdout)
    reports = told["reports"] if "reports" in told else [each["report"] for each in told["files"]]
    assert len(reports) == 2 and all(report["calls"] for report in reports)


def test_each_and_call_do_not_go_together() -> None:
    refused = analyzed("--each", "--call", "1", CALL, MUX)
    assert refused.returncode == 2 and refused.stderr.startswith(b"muxshark: --call names a call of one capture")


COLLECTING = """
import gc, sys
from dissectors import offline
offline.analyze(sys.argv[1:])
gc.collect()
began, found = [], []
gc.callbacks.append(lambda phase, said: began.append(0) if phase == "start" else found.append(said["collected"]))
gc.set_threshold(100, 5, 5)
report = offline.analyze(sys.argv[1:])
print(len(began), sum(found))
"""


def broken(path: Path) -> str:
    """A capture of messages of which each is odd in one way or another."""
    odd = (
        sip("INVITE sip:bob@example.org SIP/2.0", "Call-ID: a", "CSeq: x INVITE"),
        sip("BYE sip:bob@example.org SIP/2.0", "Call-ID: a", "CSeq: 2 BYE", "Content-Encoding: deflate", body=b"cut"),
        stun(attributes=b"\0\x20\0\xff\0\1\2\3"), b"\x81\xc8\0\1\1\2\3\4",
    )
    frames = [ethernet(ipv4(udp(each, 5060 + number % 7, 5060))) for number, each in enumerate(odd * 50)]
    path.write_bytes(pcap(frames))
    return str(path)


def test_what_is_read_leaves_no_cycle_until_all_is_let_go_however_odd_it_is(tmp_path: Path) -> None:
    for name in (CALL, MUX, broken(tmp_path / "broken.pcap")):
        done = subprocess.run([sys.executable, "-c", COLLECTING, name], capture_output=True, text=True, check=True)
        collections, found = map(int, done.stdout.split())
        assert collections > 2 and found == 0, name
