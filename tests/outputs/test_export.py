"""The JSON document, its schema and its description; the lines of `list`; what escaping does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import offline
from dissectors import report as values
from dissectors.mux.scan import Row
from dissectors.outputs.escape import readable, scalar, visible
from dissectors.outputs.export import compact, document
from dissectors.outputs.rows import Listing, epoch, ndjson, shortened, summary
from dissectors.outputs.schema import schema
from dissectors.report import SCHEMA, Report
from dissectors.wire.datagram import Flow
from tests.reports import HOSTILE, hostile, report

ROOT = Path(__file__).resolve().parents[2]
PCAPS = sorted((ROOT / "pcaps").glob("*.pcap"))
CHECKER = jsonschema.Draft202012Validator(schema())


def read(made: Report) -> Any:
    return json.loads("".join(document(made)))


def rows(name: str) -> list[Row]:
    return list(offline.rows([str(ROOT / "pcaps" / name)]))


@pytest.mark.parametrize("path", PCAPS, ids=lambda path: path.stem)
def test_a_real_report_keeps_its_schema(path: Path) -> None:
    CHECKER.validate(read(offline.analyze([str(path)])))


@pytest.mark.parametrize("made", [report(), hostile(), report(calls=(), streams=(), checks=(), findings=())])
def test_a_report_made_by_hand_keeps_its_schema(made: Report) -> None:
    CHECKER.validate(read(made))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made.update(extra=1),
        lambda made: made["calls"][0].update(extra=1),
        lambda made: made["streams"][0].pop("lost"),
        lambda made: made["streams"][0].update(lost="20"),
        lambda made: made["findings"][0].update(severity="fatal"),
        lambda made: made.update(schema="muxshark/report/0"),
    ],
)
def test_the_schema_refuses_what_is_not_a_report(spoil: Any) -> None:
    made = read(report())
    spoil(made)
    assert not CHECKER.is_valid(made)


def test_the_keys_are_the_field_names_in_order() -> None:
    made = read(report())
    assert list(made) == list(Report.__struct_fields__)
    assert list(made["streams"][0]) == list(values.Stream.__struct_fields__)
    assert made["schema"] == SCHEMA and made["streams"][0]["rtcp"]["round_trip_ms"] == 41.0


def test_the_document_is_ascii_with_an_element_a_line() -> None:
    text = "".join(document(hostile()))
    assert text.isascii() and text.endswith("}\n")
    assert all(json.loads(line.rstrip(",")) for line in text.splitlines() if line.startswith("{") and len(line) > 1)
    assert sum(line.startswith("{") for line in text.splitlines()) == 1 + 1 + 2 + 1 + 1 + 1


def test_a_stray_octet_is_no_surrogate_in_json() -> None:
    text = compact(HOSTILE)
    assert r"\ud" not in text and json.loads(text).endswith(r"[/bold]\xff")
    json.loads(text).encode("utf-8")


def test_docs_describe_every_field_of_every_object() -> None:
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    kinds = {name: kind for name in values.__all__ if hasattr(kind := getattr(values, name), "__struct_fields__")}
    told = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        name = section.split("\n", 1)[0].strip("`")
        if name in kinds:
            told[name] = re.findall(r"^\| `(\w+)` \|", section, flags=re.M)
    assert told == {name: list(kind.__struct_fields__) for name, kind in kinds.items()}


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
        "5 0.106036 192.168.231.118:16402 → 192.168.231.100:16402 SIP certain INVITE, CSeq 1, "
        "zlib 280 → 449 octets of application/sdp, sip:user@192.168.231.100:16402"
    ).split()


@pytest.mark.parametrize(("width", "room"), [(40, 28), (80, 30), (100, 36), (140, 40)])
def test_a_terminal_of_any_width_has_room_for_the_summary(width: int, room: int) -> None:
    listing = Listing(width)
    for row in rows("facetime-2013.pcap")[:20]:
        line = listing.line(row)
        said = summary(row).removeprefix("RTP ")
        assert len(line) <= width and said[: room - 1] in line


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


@given(st.text())
def test_visible_text_is_printable_and_printable_text_is_left_alone(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable() and (shown == text) == text.isprintable()


@given(st.text(st.characters()))
def test_scalar_text_can_be_encoded(text: str) -> None:
    scalar(text).encode("utf-8")
    assert scalar(text) == text or re.search("[\ud800-\udfff]", text)


def test_escapes_are_the_ones_that_people_know() -> None:
    assert visible("a\tb\x1b\x7f\x9f\u202e\U000e0001\udcfe\ud800") == r"a\tb\x1b\x7f\x9f\u202e\U000e0001\xfe\ud800"


def test_readable_text_keeps_its_lines_and_nothing_else() -> None:
    assert readable("v=0\r\ns=\x1b[2J\r\n") == "v=0\ns=\\x1b[2J\n"
    assert readable("a\rb") == "a\\rb"


@pytest.mark.parametrize("beside", ["plain", "ü", "\udcff"])
def test_a_number_that_json_lacks_is_null_whatever_stands_beside_it(beside: str) -> None:
    assert json.loads(compact([beside, float("nan"), float("inf"), 1.5]))[1:] == [None, None, 1.5]
