"""Live sessions over pipes: the same report as offline, whenever and however they end."""

from __future__ import annotations

import os
import select
import struct
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.findings.rule import OWN
from dissectors.findings.rules import DOUBT
from dissectors.live.events import CallEvent, Event, FindingEvent, SummaryEvent
from dissectors.live.session import Session, Stop
from dissectors.queries.filters import wanted
from dissectors.report import Report
from dissectors.sources.interface.source import Drops, Hole
from dissectors.sources.keys import Following
from dissectors.sources.pcapng_blocks import head, statistics
from dissectors.sources.pipe import Pipe
from dissectors.wire.values import replace
from tests import capture_octets
from tests.made import A, B, frame, rtp, sip
from tests.sessions import CALL, ROOT, fed, session

DAY = ROOT / "pcaps" / "bad-day.pcap"
SHARED = ROOT / "pcaps" / "rfc7983.pcap"
SECURED = ROOT / "tests" / "data" / "tls" / "tls12_ecdhe_gcm.pcap"


def without_files(report: Report) -> Report:
    return replace(report, capture=replace(report.capture, files=()))


@pytest.mark.parametrize("capture", [CALL, SHARED], ids=lambda path: path.stem)
def test_the_report_of_a_session_is_that_of_the_file_that_it_kept(capture: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    one, _ = session(capture.read_bytes(), kept)
    assert one.report() == offline.analyze([str(kept)])
    assert without_files(one.report()) == without_files(offline.analyze([str(capture)]))


def test_of_tls_in_pcapng_all_is_told_though_no_keys_come(tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    session(SECURED.read_bytes(), kept)
    one, _ = session(kept.read_bytes())
    assert without_files(one.report()) == without_files(offline.analyze([str(kept)]))
    assert one.report().tls[0].records > 4


def test_keys_that_stand_in_what_comes_through_a_pipe_open_it(tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    session(SECURED.read_bytes(), kept)
    octets, keys = kept.read_bytes(), SECURED.with_suffix(".keys").read_bytes()
    (begin,) = struct.unpack_from("<I", octets, 4)
    block = capture_octets.block(10, struct.pack("<4sI", b"KSLT", len(keys)) + keys)
    kept.write_bytes(octets[:begin] + block + octets[begin:])
    one, _ = session(kept.read_bytes())
    told, whole = one.report(), offline.analyze([str(kept)])
    assert told.tls[0].opened == told.tls[0].records > 4 and told.calls[0].messages[0].transport == "tls"
    assert (told.tls, told.calls, told.findings) == (whole.tls, whole.calls, whole.findings)


def test_a_pipe_is_read_where_the_system_cannot_be_asked_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "poll")
    one, _ = session(CALL.read_bytes())
    assert without_files(one.report()) == without_files(offline.analyze([str(CALL)]))


def test_asking_for_the_report_again_gives_the_same_also_where_the_capture_dropped_frames() -> None:
    octets = bytearray(head([(1, "eth0")], 0) + statistics(10, 7))
    with fed(bytes(octets)) as pipe:
        one = Session(pipe)
        one.run()
    first = one.report()
    assert [finding.id for finding in first.findings] == ["capture-drops"]
    assert one.report() == first


@pytest.mark.parametrize(("kernel", "since", "severity"), [(7, 0.0, "note"), (7, 90.0, "error"), (8, 90.0, "error")])
def test_loss_is_the_captures_own_where_the_source_knows_when_it_dropped_frames(
    kernel: int, since: float, severity: str
) -> None:
    def hole() -> Drops:
        zero = int((offline.analyze([str(DAY)]).capture.first or 0.0) * 1e9)
        begin = zero + int(since * 1e9)
        return Drops(kernel, 0, (Hole(begin, begin + 20_000_000_000, 7, 0),))

    with fed(DAY.read_bytes()) as pipe:
        pipe.drops = hole  # type: ignore[method-assign]  # a pipe says nothing of that
        one = Session(pipe)
        one.run()
    report = one.report()
    (loss,) = [each for each in report.findings if each.id == "stream-loss"]
    assert loss.severity == severity
    # Where it is not known of all frames when they were dropped, all of the session is in doubt.
    assert loss.what.endswith(OWN if not since else DOUBT if kernel > 7 else "(8.0%)")
    assert [each.what for each in report.findings if each.id == "capture-drops"] == [
        f"the capture itself reports frames dropped: {kernel}, in 20.0 s"
    ]


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


def test_a_session_ends_after_exactly_so_many_frames(tmp_path: Path) -> None:
    one, _ = session(CALL.read_bytes(), tmp_path / "a.pcapng", Stop(frames=33))
    assert one.received == 33
    assert offline.analyze([str(tmp_path / "a.pcapng")]).capture.frames == 33
    assert one.end().reason == "33 frames"


def test_a_pipe_that_breaks_off_gives_all_that_was_whole_and_says_so() -> None:
    one, _ = session(CALL.read_bytes()[:-5])
    assert one.failures == ("standard input: ended within a record",)
    assert one.received == offline.analyze([str(CALL)]).capture.frames - 1


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


SECURED = ROOT / "tests" / "data" / "tls" / "tls12_ecdhe_gcm.pcap"


class Late(Following):
    """Keys that a program writes only after so many looks at its log."""

    def __init__(self, log: Path, looks: int) -> None:
        self.log, self.looks = log, looks
        log.write_bytes(b"# begun\n")
        super().__init__([str(log)])

    def poll(self) -> None:
        self.looks -= 1
        if not self.looks:
            self.log.write_bytes(self.log.read_bytes() + SECURED.with_suffix(".keys").read_bytes())
        super().poll()


@pytest.mark.parametrize("looks", [1, 2, 4, 6])
def test_keys_that_a_log_gains_open_what_came_before_them(tmp_path: Path, looks: int) -> None:
    keys = Late(tmp_path / "log", looks)
    with fed(SECURED.read_bytes(), 2000, apart=True) as pipe:
        one = Session(pipe, keys=keys)
        one.run()
    keys.close()
    made = one.report()
    assert [(call.outcome, len(call.messages)) for call in made.calls] == [("ended", 7)] * 3
    assert [(each.name, each.origin, each.keys) for each in made.capture.keys] == [(str(tmp_path / "log"), "file", 1)]
    assert [each.keys for each in made.tls] == ["found"]


@pytest.mark.parametrize("often", [False, True])
def test_what_comes_at_once_is_told_in_full_and_each_event_once(often: bool) -> None:
    told: list[Event] = []
    with fed(DAY.read_bytes(), 20_000) as pipe:
        one = Session(pipe, watch=lambda look: told.extend(look.events))
        # Nothing has come yet, and the system's clock is far ahead of the capture's.
        one._look()
        while often and not pipe.ended:
            one._step(1.0)
            one._look()
        one.run()
    summaries = [each.number for each in told if isinstance(each, SummaryEvent)]
    assert sorted(summaries) == [1, 2, 3, 4, 5, 6, 7, 8]
    states = [(each.call_id, each.state) for each in told if isinstance(each, CallEvent)]
    assert len(states) == len(set(states)) and sum(state == "calling" for _, state in states) == 8
    found = [(each.id, each.call_id) for each in told if isinstance(each, FindingEvent)]
    calls = one.report().calls
    assert sorted(found) == sorted(
        (each.id, None if each.call is None else calls[each.call].call_id) for each in one.report().findings
    )


def test_a_filter_chooses_what_looks_events_and_the_report_tell_and_nothing_of_what_is_kept() -> None:
    told: list[str] = []
    with fed(CALL.read_bytes()) as pipe:
        one = Session(pipe, watch=lambda look: told.extend(event.event for event in look.events),
                      keep=wanted("user==nobody"))
        one.run()
    assert set(told) <= {"drop"} and one.report().calls == ()
    assert one.report().capture.datagrams == offline.analyze([str(CALL)]).capture.datagrams
