"""What CONTRIBUTING.md says of adding things is literally true: done to a copy of the package, word for word.

Each path is taken alone, by the files and the lines on the page and by nothing else.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dissectors.wire.captures.records import Record
from tests.made import A, B, frame
from tests.stories import dialled, hung_up, talk

ROOT = Path(__file__).resolve().parent.parent
LITTER = shutil.ignore_patterns("*.c", "*.pyx", "*.pxi", "*.pyc.*")
"""What a copy does without; the last are the names under which Python writes what it has compiled, for a moment."""
BLOCK = re.compile(r"^```(python|diff)\n(?:# |--- )(dissectors/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMPILED = any((ROOT / "dissectors" / "mux" / "compiled").glob("scan.*.so"))
Tree = Callable[[str], Path]


def sections() -> dict[str, str]:
    """The page by its headings."""
    pieces = re.split(r"^## (.+)$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def changed(text: str, diff: str) -> str:
    """A file with what a diff says: lines after a line that is quoted, or instead of words that it takes away."""
    for hunk in re.findall(r"(?:^[ -].*\n)(?:^\+.*\n)+", diff, re.MULTILINE):
        quoted, *added = hunk.splitlines()
        lines = "\n".join(line[1:] for line in added)
        old = quoted[1:]
        assert text.count(old) == 1, f"{old!r} does not stand there once"
        text = text.replace(old, lines if quoted[0] == "-" else f"{old}\n{lines}")
    return text


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A copy of the package after what a section of the page says was done to it."""

    def follow(heading: str) -> Path:
        shutil.copytree(ROOT / "dissectors", tmp_path / "dissectors", ignore=LITTER)
        blocks = BLOCK.findall(sections()[heading])
        assert {kind for kind, _, _ in blocks} | {"python"} == {"python", "diff"}
        for kind, name, text in blocks:
            path = tmp_path / name
            assert path.exists() == (kind == "diff"), name
            path.write_text(changed(path.read_text(encoding="utf-8"), text) if kind == "diff" else text, "utf-8")
        return tmp_path

    return follow


def run(tree: Path, *words: str, given: bytes = b"", **variables: str) -> str:
    """What the changed command writes."""
    done = subprocess.run(
        [sys.executable, *words], cwd=tree, input=given, capture_output=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(tree), **variables},
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def muxshark(tree: Path, *words: str, given: bytes = b"") -> str:
    return run(tree, "-m", "dissectors", *words, given=given)


def pcap(records: Iterator[Record] | list[Record]) -> bytes:
    head = struct.pack("!IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 1)
    return head + b"".join(
        struct.pack("!IIII", each.time // 10**9, each.time % 10**9, len(each.octets), each.original) + each.octets
        for each in records
    )


def sent(*payloads: bytes) -> list[Record]:
    frames = [frame(A, B, payload) for payload in payloads]
    return [Record(n, n * 10**9, 1, octets, len(octets)) for n, octets in enumerate(frames, 1)]


def short_call(tree: Path) -> str:
    """A capture of a call of half a second."""
    story = sorted([*dialled(), *talk(seconds=0.5), *hung_up(1600)], key=lambda each: each[0])
    start = story[0][0]
    made = []
    for number, (time, src, dst, payload) in enumerate(story, 1):
        octets = frame(src, dst, payload)
        made.append(Record(number, int((time - start) * 10**6), 1, octets, len(octets)))
    (tree / "call.pcap").write_bytes(pcap(made))
    return "call.pcap"


BEACONS = (b"\xbc\0\0\0\7", b"BCN1\0\0\0\10", b"\xbc\0\0\0\11", b"BCN1\0")
"""The short form, which the word on the same 5-tuple confirms; and one whose number is cut."""

EVERYWHERE = """
import json
from collections import Counter
from scapy.layers.inet import IP, UDP
from dissectors import layers
from dissectors.mux import scan, table
from dissectors.mux.classify import classify
from dissectors.offline import scanner_class
from dissectors.outputs.rows import LAYOUTS, Listing
from dissectors.outputs.terminal.summary import PROTOCOL_STYLES
from dissectors.wire.captures.formats import walker
from dissectors.wireshark import plugin, ports, verify

capture = open("beacons.pcap", "rb").read()
told = {"classified": classify(b"BCN1" + bytes(4)).protocol, "builds": {}}
for build in (scan.Scanner, scanner_class()):
    scanner, reading = build(every=True), walker(capture[:16])
    batches = [*scanner.read(0, reading, capture), scanner.finish()]
    verdicts = [(e.frame, table.PROTOCOLS[e.protocol], e.strength) for b in batches for e in b.entries]
    told["builds"][build.build] = sorted(verdicts)

datagram = bytes(IP() / UDP(sport=1, dport=16402) / b"BCN1\\0\\0\\0\\5")
with layers.bind(ports=16402):
    packet = IP(datagram)
layer = packet[UDP].payload
told["scapy"] = [type(layer) is layers.LAYERS["BEACON"], layer.message.number, layer.octets == bytes(layer)]
told["scapy"] += [bytes(packet) == datagram, packet.summary()]
lua = plugin.render()
told["lua"] = [lua.count('name = "BEACON", strength = "certain"'), lua.count('name = "BEACON", strength = "plausible"')]
told["lua"].append('"beacon",' in lua[lua.index("\\nTYPES = {"):lua.index("\\nOPEN = {")])

rows = list(__import__("dissectors.offline").offline.rows(["beacons.pcap"]))
theirs = {1: ["data"], 2: ["data"], 3: ["rtp"], 4: ["data"]}
opinions = verify._compared(rows, theirs, 0, ())
told["verify"] = [opinions.agreed, [(each.ours, each.theirs) for each in opinions.differences]]
told["ports"] = list(ports.ports_in(rows))
told["style"] = PROTOCOL_STYLES["BEACON"]
told["line"] = Listing(80).line(rows[1]).split()
print(json.dumps(told))
"""


def test_a_protocol_is_one_file_and_one_line(tree: Tree) -> None:
    there = tree("Adding a protocol")
    (there / "beacons.pcap").write_bytes(pcap(sent(*BEACONS)))
    verdicts = [[1, "BEACON", "confirmed"], [2, "BEACON", "certain"], [3, "BEACON", "confirmed"],
                [4, "BEACON", "certain"]]

    told = json.loads(run(there, "-c", EVERYWHERE))
    assert told["classified"] == "BEACON"
    assert told["builds"] == dict.fromkeys(["interpreted", *(["compiled"] if COMPILED else [])], verdicts)
    assert told["scapy"][:4] == [True, 5, True, True] and told["scapy"][4].endswith("BEACON number 5")
    assert told["lua"] == [1, 1, True]
    assert told["verify"] == [3, [["BEACON", "rtp"]]] and told["ports"] == ["", ""]
    assert told["style"] == "white" and told["line"][-3:] == ["bcn", "number", "8"]

    listed = [json.loads(line) for line in muxshark(there, "list", "--ndjson", "beacons.pcap").splitlines()]
    assert [each["protocol"] for each in listed] == ["BEACON"] * 4
    assert listed[0]["summary"] == "BEACON number 7" and listed[0]["reason"].endswith("BEACON on the same 5-tuple")
    assert "malformed" in listed[3]["summary"]
    assert "BEACON 4" in muxshark(there, "analyze", "beacons.pcap")
    made = json.loads(muxshark(there, "analyze", "--json", "beacons.pcap"))
    assert [(seen["name"], seen["count"]) for seen in made["capture"]["protocols"]] == [("BEACON", 4)]
    (finding,) = (each for each in made["findings"] if each["id"] == "message-malformed")
    assert finding["what"].startswith("BEACON: ") and [place["frame"] for place in finding["places"]] == [4]
    assert "BEACON" in muxshark(there, "explain", "beacons.pcap", "2")
    forced = muxshark(there, "list", "--ndjson", "-d", "udp.port==16402,BEACON", "beacons.pcap")
    assert {json.loads(line)["strength"] for line in forced.splitlines()} == {"confirmed"}


LIVE_FINDING = """
from dissectors.findings.catalogue import RULES
from dissectors.findings.rules import OF_CALLS
from dissectors.live.events import Events
from dissectors.offline import analyze

events = Events().since(analyze(["call.pcap"]), 1e9, (0, 0))
print(RULES["call-very-short"].scope in OF_CALLS, [each.id for each in events if each.event == "finding"])
"""


def test_a_finding_is_one_function_and_its_name_in_a_list(tree: Tree) -> None:
    there = tree("Adding a finding")
    made = json.loads(muxshark(there, "analyze", "--json", short_call(there)))
    (finding,) = (each for each in made["findings"] if each["id"] == "call-very-short")
    assert finding["what"].startswith("it lasted 0.") and finding["call"] == 0
    known, told = run(there, "-c", LIVE_FINDING).split(" ", 1)
    assert known == "True" and "call-very-short" in told
    assert "call-very-short" in muxshark(there, "findings")


def test_an_output_is_one_file_and_one_line(tree: Tree) -> None:
    there = tree("Adding an output")
    call = short_call(there)
    text = muxshark(there, "analyze", "--format", "tsv", call)
    assert text.count("\n") == 1 and text.count("\t") == 3 and text.endswith("\tended\n")
    assert muxshark(there, "analyze", "-o", "calls.tsv", call) == ""
    assert (there / "calls.tsv").read_text() == text
    assert muxshark(there, "analyze", "--each", "--format", "tsv", call, call) == text * 2
    assert muxshark(there, "live", "--format", "tsv", "-", given=(there / call).read_bytes()) == text
    assert muxshark(there, "analyze", call).startswith("call.pcap: one call")
    assert "a line a call, for spreadsheets" in " ".join(muxshark(there, "analyze", "--help").split())


def test_a_source_is_one_file_and_one_line(tree: Tree) -> None:
    there = tree("Adding a source")
    raw = b"RAWFRAME"
    for record in sent(b"\r\n\r\n", b"\r\n"):
        raw += struct.pack("!IQ", len(record.octets), record.time) + record.octets
    (there / "frames.raw").write_bytes(raw)
    (there / "cut.raw").write_bytes(raw[:-3])
    whole = json.loads(muxshark(there, "analyze", "--json", "frames.raw"))
    assert whole["capture"]["files"][0]["format"].startswith("raw frames") and whole["capture"]["datagrams"] == 2
    cut = json.loads(muxshark(there, "analyze", "--json", "cut.raw"))
    assert cut["capture"]["datagrams"] == 1 and [each["id"] for each in cut["findings"]] == ["capture-cut"]
    assert json.loads(muxshark(there, "live", "--json", "-", given=raw))["capture"]["datagrams"] == 2


def test_a_way_into_an_interface_is_one_file_and_one_line(tree: Tree) -> None:
    there = tree("Adding a source")
    call = there / short_call(there)
    program = there / "bin" / "tcpdump"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec cat {call}\n")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    words = ("-m", "dissectors", "live", "-i", "lo", "--backend", "tcpdump", "--json")
    made = json.loads(run(there, *words, PATH=path))
    assert [each["outcome"] for each in made["calls"]] == ["ended"]
    assert made["capture"]["files"][0]["format"] == "live, tcpdump"
