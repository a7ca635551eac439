"""Datagrams one by one, as JSON and for people."""

from __future__ import annotations

import json
import re

import pytest

from dissectors import offline
from dissectors.mux.scan import Row
from dissectors.outputs.rows import Listing, epoch, ndjson, shortened, summary
from dissectors.wire.datagram import Flow
from tests.reports import ROOT


def rows(name: str) -> list[Row]:
    return list(offline.rows([str(ROOT / "pcaps" / name)]))


def test_a_listed_datagram_has_the_documented_keys() -> None:
    made = json.loads(ndjson(rows("rfc7983.pcap")[0], "a.pcap"))
    assert list(made) == [
        "file", "frame", "layer", "time", "src", "sport", "dst", "dport", "length", "protocol", "strength", "reason",
        "summary",
    ]
    assert (made["file"], made["frame"], made["layer"], made["protocol"]) == ("a.pcap", 1, 0, "STUN")


def test_media_says_whether_it_is_encrypted_and_turn_what_it_carried() -> None:
    made = [json.loads(ndjson(row, "a")) for row in rows("rfc7983.pcap")]
    assert {one["protocol"] for one in made if "encrypted" in one} == {"RTP", "RTCP"}
    assert {one["encrypted"] for one in made if one["protocol"] == "RTCP"} == {True, False}
    assert {one["inside"] for one in made if one["protocol"] == "TURN"} == {"RTP"}


def test_every_datagram_is_listed_once_in_the_order_of_the_capture() -> None:
    made = [json.loads(ndjson(row, "a")) for row in rows("facetime-2013.pcap")]
    assert [one["frame"] for one in made] == list(range(1, 2243))


def test_listed_classes_agree_with_the_truth_beside_the_capture() -> None:
    truth = dict(line.split("\t") for line in (ROOT / "pcaps" / "facetime-2013.pcap.truth").read_text().splitlines())
    made = {str(row.datagram.frame): json.loads(ndjson(row, "a"))["protocol"] for row in rows("facetime-2013.pcap")}
    assert made == truth


def test_times_keep_their_nanoseconds() -> None:
    assert epoch(1_379_000_000_123_456_789) == "1379000000.123456789"
    assert epoch(5) == "0.000000005" and epoch(-1_500_000_000) == "-1.500000000"
    assert re.search(r'"time": 1379000000\.00\d{7},', ndjson(rows("facetime-2013.pcap")[0], "a"))


def test_a_line_for_people_has_its_columns() -> None:
    row = rows("facetime-2013.pcap")[4]
    listing = Listing()
    assert listing.line(rows("facetime-2013.pcap")[3]).split()[1] == "0.000000"
    assert listing.line(row).split() == (
        "5 0.106036 192.168.231.118:16402 → 192.168.231.100:16402 SIP certain INVITE "
        "sip:user@192.168.231.100:16402, CSeq 1, zlib 280 → 449 bytes of application/sdp"
    ).split()


@pytest.mark.parametrize(("width", "room"), [(40, 28), (80, 30), (100, 36), (140, 40)])
def test_a_terminal_of_any_width_has_room_for_the_summary(width: int, room: int) -> None:
    listing = Listing(width)
    for row in rows("facetime-2013.pcap")[:20]:
        line = listing.line(row)
        said = summary(row).removeprefix("RTP ")
        assert len(line) <= width and said[: room - 1] in line


@pytest.mark.parametrize(
    ("width", "dropped"), [(0, []), (140, []), (100, ["certainty"]), (60, ["time", "flow", "certainty"])]
)
def test_columns_without_room_are_known_by_name(width: int, dropped: list[str]) -> None:
    assert Listing(width).dropped == dropped


def test_on_80_columns_an_invite_says_whom_it_is_for() -> None:
    assert "INVITE sip:user@192.168.231.100" in Listing(80).line(rows("facetime-2013.pcap")[4])


def test_a_line_names_its_file_where_there_are_several() -> None:
    row = rows("facetime-2013.pcap")[4]
    assert Listing(0, ["a.pcap"]).line(row).split()[0] == "5"
    assert Listing(0, ["a.pcap", "longer.pcap"]).line(row).startswith("a.pcap             5  ")
    assert Listing(80, ["a.pcap", "a-long-night-at-the-border.pcap"]).line(row).startswith("a              5 ")


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (Flow("192.168.231.118", 16402, "192.168.231.100", 16402), "192.168.231.118:16402 → .100"),
        (Flow("192.168.231.118", 16402, "192.168.231.100", 5060), "…8.231.118:16402 → .100:5060"),
        (Flow("10.0.0.1", 5060, "10.9.0.1", 5060), "10.0.0.1:5060 → .9.0.1"),
        (Flow("10.0.0.1", 5060, "10.0.0.1", 4000), "10.0.0.1:5060 → :4000"),
        (Flow("2001:db8::1", 5060, "2001:db8::2", 5061), "…1:db8::1]:5060 → […:2]:5061"),
        (Flow("192.168.100.101", 50600, "203.0.113.200", 5060), "…00.101:50600 → …13.200:5060"),
        (Flow("192.0.2.10", 4000, "198.51.100.20", 4000), "….0.2.10:4000 → …8.51.100.20"),
    ],
)
def test_a_flow_is_shortened_to_what_tells_its_ends_apart(flow: Flow, said: str) -> None:
    assert shortened(flow, 28) == said and len(said) <= 28
