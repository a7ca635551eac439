"""What the report says in few words."""

from __future__ import annotations

import pytest

from dissectors.report import Finding, NotRead, Place, Report, Seen
from dissectors.wire.values import replace
from tests.pages import piped, section, shown
from tests.reports import call, finding, report, stream


def test_the_first_line_says_what_the_capture_is() -> None:
    first = piped(report()).splitlines()[0]
    assert first == "call.pcap: one call, talked 10.0 s; 1,003 datagrams in 13.0 s, all on port 16402"


def test_the_port_of_all_is_not_said_where_a_filter_left_some_of_the_flows() -> None:
    whole = report()
    part = replace(whole, flows=(replace(whole.flows[0], datagrams=500),))
    assert piped(part).splitlines()[0].endswith("1,003 datagrams in 13.0 s")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"calls": (call(), call(outcome="rejected"), call())}, "3 calls (2 ended, 1 rejected)"),
        ({"calls": (call(kind="options"),)}, "no call, but 1 OPTIONS request"),
        ({"calls": (), "streams": (stream(call=None),), "findings": ()}, "no signalling, 1 RTP stream"),
        ({"calls": (), "streams": (), "findings": ()}, "no call and no media"),
        ({"calls": (call(outcome="rejected", status=486),)}, "one call, rejected with 486"),
        ({"calls": (call(outcome="unreachable", status=480),)}, "one call, unreachable with 480"),
        ({"calls": (call(outcome="ringing"),)}, "one call, ringing at the end"),
        ({"calls": (call(outcome="ringing", ringing=None),)}, "one call, calling at the end"),
        ({"calls": (call(outcome="ringing"), call())}, "2 calls (1 not answered yet, 1 ended)"),
    ],
)
def test_the_headline_follows_what_was_found(changes: dict[str, object], said: str) -> None:
    assert f": {said};" in piped(report(**changes)).splitlines()[0]


def test_a_stream_behind_a_relay_too_is_one_stream_wherever_streams_are_counted() -> None:
    relayed = (stream(call=None, ways=(1,)), stream(call=None, way_of=0))
    told = piped(report(calls=(), streams=relayed, findings=()))
    assert "1 RTP stream;" in told and "looked at 1 stream," in told and section(told, "Streams")[0].endswith("20 lost")
    assert len(section(told, "Media")) == 2, "one line under the title"


def test_a_capture_without_udp_is_said_in_one_line() -> None:
    capture = replace(report().capture, datagrams=0, first=None, last=None, duration=0.0, protocols=())
    empty = Report("x", capture, (), (), (), (), ())
    assert shown(empty).splitlines()[0] == "call.pcap: no UDP at all; 1,010 frames"


def test_a_narrow_page_without_colours_keeps_a_number_apart_from_the_protocols_behind_it() -> None:
    wire = section(piped(report(), width=40), "On the wire")
    assert "    1,003  RTP 1,000  SIP 3" in wire


def test_what_carried_the_datagrams_is_counted_in_headers_and_segments() -> None:
    capture = replace(report().capture, not_analysed=(Seen("SIP on TCP port 5060", 2),))
    text = shown(report(capture=capture))
    assert "carried by: VLAN (3 headers)" in text
    assert "not analysed: SIP on TCP port 5060 (2 segments)" in text


def test_what_has_no_port_is_said_without_one() -> None:
    ports = ((0, "esp", "encrypted", 2), (4500, "udp", "", 1))
    unread = tuple(NotRead("ESP", name, "192.0.2.1", port, detail, n, False) for port, name, detail, n in ports)
    text = " ".join(shown(report(capture=replace(report().capture, not_read=unread))).split())
    assert "not read: ESP to 192.0.2.1 (encrypted): 2 packets not read: ESP to 192.0.2.1:4500: 1" in text


def test_findings_about_different_things_are_not_lumped_in_the_headline() -> None:
    def bound(what: str) -> Finding:
        return finding(id="bound-hit", what=what, places=(), call=None, stream=None)

    said = ("streams: 18928 given up", "waiting: 3 given up", "streams: 4 given up")
    made = report(findings=tuple(bound(what) for what in said))
    head = piped(made).split("On the wire")[0]
    assert head.count("why  ") == 2 and head.index("18928") < head.index("streams: 4") < head.index("waiting: 3")


def test_findings_of_several_streams_are_one_line_in_the_headline() -> None:
    made = report(findings=tuple(finding(what=f"SSRC {name}: loss", stream=0) for name in ("A", "B", "C")))
    assert piped(made).split("On the wire")[0].count("why  ") == 1


def test_incomplete_fragments_are_not_called_no_udp_at_all() -> None:
    capture = replace(report().capture, datagrams=0, first=None, protocols=())
    missing = finding(id="fragments-incomplete", places=(), call=None, stream=None)
    made = report(capture=capture, calls=(), streams=(), checks=(), flows=(), findings=(missing,))
    assert piped(made).startswith("call.pcap: no whole UDP datagram, only fragments; 1,010 frames")


@pytest.mark.parametrize(
    ("id", "said"),
    [("capture-corrupt", "damaged; what came before was read"), ("capture-cut", "it ends in the middle of a frame")],
)
def test_a_capture_is_called_damaged_or_cut_and_never_both(id: str, said: str) -> None:
    capture = replace(report().capture, files=(replace(report().capture.files[0], cut=True),))
    broken = finding("error", id=id, places=(Place(0, 0),), call=None, stream=None)
    text = shown(report(capture=capture, findings=(broken,)), 100)
    assert f"  call.pcap: {said}\n" in text and "frame 0" not in text
