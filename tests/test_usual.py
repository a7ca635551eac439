"""The usual captures of the benchmark: the same octets every time, and what is in them is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import Run
from benchmarks.usual import OURS, USUAL, Usual, chosen, lines, write
from dissectors.offline import analyze

ROOT = Path(__file__).parent.parent
TINY = 60
DIGESTS = f"""
from hashlib import sha256
from benchmarks.usual import USUAL
for shape in USUAL:
    print(shape.name, sha256(repr(list(shape.frames({TINY}))).encode()).hexdigest())
"""
SIZES = {
    "sip_over_tcp": 100_000, "short_calls": 10, "phone_calls": 10, "proxy_calls": 10, "server_calls": 10,
    "trunk_calls": 10, "early_calls": 10, "refused_calls": 10, "conference": 2500, "long_calls": 2500,
}
HELD = {
    "long_calls": ("RTP", "STUN"), "short_calls": ("RTP", "SIP"), "registrations": ("SIP",), "options": ("SIP",),
    "phone_calls": ("RTP", "SIP"), "proxy_calls": ("RTP", "SIP"), "server_calls": ("RTP", "SIP"),
    "trunk_calls": ("RTP", "SIP"), "early_calls": ("RTP", "SIP"), "refused_calls": ("SIP",),
    "webrtc": ("STUN", "RTP"), "conference": ("RTP",), "foreign": ("UNKNOWN",),
    "sip_over_tcp": ("SIP",), "sip_over_tls": (),
}
"""The protocols of each, the most frequent first."""


def name(shape: Usual) -> str:
    return shape.name


def digests(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    return done.stdout


def test_the_captures_are_the_same_every_time() -> None:
    assert digests("1") == digests("2") and len(digests("3").split()) == 2 * len(USUAL)


@pytest.mark.parametrize("shape", USUAL, ids=name)
def test_what_is_in_a_capture_is_found(shape: Usual, tmp_path: Path) -> None:
    path = tmp_path / "made.pcap"
    frames = write(path, shape.frames(SIZES.get(shape.name, 400)))
    report = analyze([str(path)])
    assert report.capture.frames == frames
    assert tuple(seen.name for seen in report.capture.protocols)[: len(HELD[shape.name])] == HELD[shape.name]
    assert shape.told.endswith(".") and not [each for each in report.findings if each.severity == "error"]


def test_calls_and_registrations_end_well(tmp_path: Path) -> None:
    for wanted, outcome in (
        ("short_calls", "call, ended"), ("phone_calls", "call, ended"), ("server_calls", "call, ended"),
        ("trunk_calls", "call, ended"), ("registrations", "registration, registered"),
    ):
        (shape,) = chosen([wanted])
        write(tmp_path / "made.pcap", shape.frames(20))
        totals = analyze([str(tmp_path / "made.pcap")]).totals
        assert [(seen.name, seen.count) for seen in totals.outcomes] == [(outcome, 20)]


def test_a_table_has_medians_and_ratios_within_a_round() -> None:
    runs = {OURS: [Run(1.0, 2.0, 30.0), Run(2.0, 2.0, 40.0), Run(4.0, 9.0, 30.0)], "other": [Run(3.0, 3.0, 9.0)] * 3}
    assert list(lines(USUAL[0], 1234, runs)) == [
        "| long calls | 1,234 | muxshark | 2.00 | 2.00 | 30 | 1.00 × |",
        "|  |  | other | 3.00 | 3.00 | 9 | 1.50 × |",
    ]


def test_a_shape_that_nobody_knows_is_said() -> None:
    with pytest.raises(SystemExit, match="no shape is called so: waltz"):
        chosen(["waltz"])
