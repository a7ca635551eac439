"""The plugin in real Wiresharks: what counts as a change away from what was right, and captures that are cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import CALL
from tools.interop.sessions.columns import AWAY, GAINED, RENAMED, Change, captures_of, judged, kind_of
from tools.interop.sessions.plugin import INVITE, expectations, labelled, packet, written

UDP = "eth:ethertype:ip:udp"


@pytest.mark.parametrize(
    ("before", "after", "verdict", "kind"),
    [
        ("data", "mux:rtp", "RTP", GAINED),
        ("rtp", "mux:rtcp", "RTP", AWAY),
        ("wg", "mux:dtls", "UNKNOWN", AWAY),
        ("data", "mux:rtp", "UNKNOWN", AWAY),
        ("stun", "mux:rtp", "RTP", RENAMED),
        ("sip", "mux:sip:sdp", "SIP", RENAMED),
        ("rtp", "mux:rtp", "STUN", RENAMED),
    ],
)
def test_a_change_is_judged_by_the_final_verdict(before: str, after: str, verdict: str, kind: str) -> None:
    assert kind_of(f"{UDP}:{before}", f"{UDP}:{after}", {0: verdict}) == kind


def test_of_a_tunnel_each_datagram_is_judged() -> None:
    tunnel = f"{UDP}:gtp:ip:udp"
    assert kind_of(f"{tunnel}:data", f"{tunnel}:mux:rtp", {0: "UNKNOWN", 1: "RTP"}) == GAINED
    assert kind_of(f"{tunnel}:rtp", f"{tunnel}:mux:rtcp", {0: "UNKNOWN", 1: "RTP"}) == AWAY


def test_a_change_away_is_listed_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    changes = [Change("a.pcap", frame, "RTP", "RTCP", AWAY) for frame in range(1, 11)]
    changes.append(Change("a.pcap", 11, "UDP", "RTP", GAINED))
    (row,) = judged("as installed", changes, 100)
    assert (row.agrees, row.ours) == (False, "10") and "1 gained a name" in row.what
    assert "RTP → RTCP in a.pcap: 1, 2, 3, 4, 5, 6, 7, 8 and 2 more" in capsys.readouterr().out
    (row,) = judged("as installed", changes[-1:], 100)
    assert row.agrees


def test_what_is_expected_of_a_cut_capture_is_the_tables_word_on_what_is_left(tmp_path: Path) -> None:
    link, made, classes = expectations(Path(CALL))
    assert {"sip", "stun", "rtp"} <= set(classes)
    cut = tmp_path / "cut.pcap"
    written(cut, link, [(octets[:44], sent) for octets, sent in made])
    again, kept, left = expectations(cut)
    assert (again, len(kept), max(len(octets) for octets, _ in kept)) == (link, len(made), 44)
    assert [sent for _, sent in kept] == [sent for _, sent in made]
    assert left != classes and len(left) == len(classes)


def test_the_datagrams_that_are_made_are_what_they_are_called(tmp_path: Path) -> None:
    written(tmp_path / "one.pcap", 101, [(packet(INVITE)[:200], len(INVITE) + 28)])
    assert expectations(tmp_path / "one.pcap")[2] == ["sip"]
    assert labelled(b"", 0) == labelled(b"\5junk", 5) == ""


def test_captures_of_a_folder_are_found_below_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/one.pcap", "two.pcapng", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in captures_of([tmp_path])] == ["one.pcap", "two.pcapng"]
