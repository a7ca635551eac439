"""The live screen: it fits, it degrades, and nothing off the wire reaches a terminal raw."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.live.events import Events, Look
from dissectors.outputs.journal import human, ndjson
from dissectors.outputs.terminal.lines import Page, width_of
from dissectors.outputs.terminal.moments import milliseconds
from dissectors.screens.live import _text, page_of
from dissectors.wire.values import replace
from tests.made import A, B, report, rtp, sip
from tests.namespaces import MUXSHARK
from tests.sessions import look

try:
    import pty
except ImportError:
    pty = None  # type: ignore[assignment]  # only Unix has them

ROOT = Path(__file__).resolve().parents[2]


def text(width: int, height: int, one: Look) -> list[str]:
    rows = page_of(Page(width=width, colour=True), height, one, "eth0 by ring", "call.pcapng", ["eth0 is down"])
    return ["".join(part.text for part in row) for row in rows]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 10), (200, 60)])
@pytest.mark.parametrize(("calls", "streams"), [(0, 0), (1, 2), (50, 60)])
def test_a_screen_never_has_more_rows_or_cells_than_the_terminal(
    width: int, height: int, calls: int, streams: int
) -> None:
    one = look(calls, streams)
    rows = page_of(Page(width=width), height, one, "eth0 by ring", "call.pcapng", ["eth0 is down"])
    assert len(rows) == height
    assert max(width_of(row) for row in rows) <= width


def test_the_screen_shows_drops_calls_streams_and_what_is_wrong() -> None:
    shown = "\n".join(text(120, 40, look()))
    for expected in ("dropped 3 by kernel, 0 by us", "ringing", "Streams", "eth0 is down", "Findings", "RTP 1.2k/s"):
        assert expected in shown


def test_a_call_that_does_not_ring_yet_is_calling() -> None:
    names = ("Call-ID: 1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>", "CSeq: 1 INVITE")
    one = replace(look(), report=report([(A, B, sip("INVITE sip:b@x SIP/2.0", *names))]))
    assert any("calling" in row and "a@x" in row for row in text(120, 40, one))


def test_the_arrow_between_two_ports_comes_from_the_one_that_sends() -> None:
    for sender, receiver in ((A, B), (B, A)):
        one = replace(look(), report=report([(sender, receiver, rtp(sequence)) for sequence in range(20)]))
        assert f"  {sender[0]}:{sender[1]} → {receiver[0]}:{receiver[1]} " in "\n".join(text(120, 40, one))


@pytest.mark.parametrize("width", [40, 50, 80, 120])
def test_drops_are_there_however_narrow_the_terminal_is(width: int) -> None:
    assert any("dropped 3 by kernel, 0 by us" in row for row in text(width, 24, look()))


@pytest.mark.parametrize("width", [40, 50, 63, 64, 80, 120])
def test_loss_and_jitter_of_a_stream_are_there_however_narrow_the_terminal_is(width: int) -> None:
    lossy = [(A, B, rtp(sequence * 2, payload_type=0, timestamp=sequence * 320)) for sequence in range(40)]
    made = report(lossy)
    (stream,) = made.streams
    rows = text(width, 40, replace(look(), report=made))
    row = rows[next(number for number, row in enumerate(rows) if row.startswith("Streams")) + 2]
    assert f"{stream.lost_fraction:.1%}" in row and milliseconds(stream.jitter_ms) in row


@pytest.mark.skipif(pty is None, reason="there are no pseudo-terminals here")
def test_a_terminal_that_is_closed_ends_the_session_in_order(tmp_path: Path) -> None:
    kept = tmp_path / "a.pcapng"
    try:
        ours, theirs = pty.openpty()
    except OSError:
        pytest.skip("there are no pseudo-terminals here")
    words = [*MUXSHARK, "live", "-", "-w", str(kept)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        assert process.stdin and process.stderr
        process.stdin.write((ROOT / "pcaps" / "facetime-2013.pcap").read_bytes())
        process.stdin.flush()
        assert os.read(ours, 1)
        os.close(ours)
        assert process.wait(60) == 141
        said = process.stderr.read().decode().splitlines()[1:]
    assert said == [f"muxshark: standard output was closed: 2,242 frames kept in {kept}"]
    assert offline.analyze([str(kept)]).capture.frames == 2242


def test_what_does_not_fit_is_counted() -> None:
    rows = text(80, 24, look(50, 60))
    assert any(row.startswith("Streams  60 lately") and " shown" in row for row in rows)
    assert not any(" shown" in row for row in text(80, 60, look(1, 2)))


def test_what_is_going_on_has_more_lines_than_the_ports_when_there_are_few() -> None:
    rows = text(80, 24, look(50, 60))
    titles = [row.split()[0] for row in rows if row and not row[0].isspace()]
    assert {"Ports", "Calls", "Streams", "Findings"} <= set(titles)
    starts = {name: next(i for i, row in enumerate(rows) if row.startswith(name)) for name in ("Ports", "Calls")}
    ends = next(i for i, row in enumerate(rows) if row.startswith("Streams"))
    assert ends - starts["Calls"] > starts["Calls"] - starts["Ports"] > 1


def test_streams_that_flow_stand_before_those_that_have_fallen_silent() -> None:
    quiet = [(A, B, rtp(sequence * 3, ssrc=1)) for sequence in range(20)]
    fine = [(A, B, rtp(sequence, ssrc=2)) for sequence in range(60)]
    watched, one = Events(), look()
    for made in (report([*quiet, *fine[:20]]), *(report([*quiet, *fine[:end]]) for end in (30, 40, 50))):
        watched.since(made, made.capture.last or 0.0, (0, 0))
    rows = text(120, 40, replace(one, report=made, watched=watched))
    shown = [row.split()[3] for row in rows if "→" in row and "0000000" in row]
    assert shown == ["00000002", "00000001"]


def test_nothing_off_the_wire_reaches_the_terminal_raw() -> None:
    one = look()
    shown = "\n".join(text(200, 60, one)) + "".join(human(event) + ndjson(event) for event in one.events)
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "\\x1b[2J" in shown


def test_a_terminal_without_unicode_gets_ascii() -> None:
    rows = page_of(Page(width=100), 30, look(), "eth0 by ring", "")
    plain = _text(rows, ascii_only=True).plain
    assert plain.isascii()
