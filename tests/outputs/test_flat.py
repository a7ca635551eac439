"""Flat rows: every value of every report becomes numbers, texts, truths and None, under the same keys."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import dissectors
from dissectors.outputs.flat import columns, rows
from dissectors.report import Body, Finding, Place, Quality, Report, Stream
from dissectors.wire.values import replace

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = sorted((ROOT / "pcaps").glob("*.pcap"))
LISTS = [name for name in Report.__struct_fields__ if name not in ("schema", "capture", "totals")]


@pytest.fixture(scope="module")
def report() -> Report:
    return dissectors.analyze(ROOT / "pcaps" / "facetime-2013.pcap")


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_every_list_of_a_report_becomes_a_table(path: Path) -> None:
    report = dissectors.analyze(path)
    values = [getattr(report, name) for name in LISTS] + [[report.capture], [report.totals]]
    values += [getattr(call, name) for call in report.calls for name in ("messages", "descriptions", "dialogs")]
    values += [[*dissectors.datagrams(path)][:50]]
    for each in values:
        table = rows(each)
        assert len(table) == len(each)
        assert len({tuple(row) for row in table}) <= 1
        assert {type(value) for row in table for value in row.values()} <= {int, float, str, bool, type(None)}
        if table:
            written = csv.DictWriter(io.StringIO(), [*table[0]])
            written.writerows(table)


def test_a_value_within_a_value_has_both_names(report: Report) -> None:
    stream = report.streams[0]
    (row, *_) = rows([replace(stream, quality=Quality(4.2, 80.5, "made", 20.0, 1, 2), rtcp=None)])
    assert (row["quality_mos"], row["quality_longest_loss_run"]) == (4.2, 2)
    assert row["rtcp_reports"] is row["rtcp_mos"] is None
    assert (row["first_place_file"], row["first_place_frame"]) == (0, stream.first_place.frame)
    assert (row["src"], row["ssrc"], row["call"]) == (stream.src, stream.ssrc, stream.call)


def test_a_list_is_a_text_where_its_elements_have_a_name_and_else_a_number(report: Report) -> None:
    (row, *_) = rows(report.flows)
    assert row["protocols"] == "RTP; STUN; SIP; RTCP"
    (row, *_) = rows(report.calls)
    assert (row["messages"], row["dialogs"], row["streams"]) == (len(report.calls[0].messages), 1, "0; 1")
    (row, *_) = rows(report.streams)
    assert (row["payload_types"], row["digits"], row["gaps"]) == ("104", "", 0)


def test_the_first_place_of_a_finding_stands_beside_their_number(report: Report) -> None:
    finding = next(each for each in report.findings if len(each.places) > 1)
    nowhere: Finding = replace(finding, places=())
    told = [(row["places"], row["place_file"], row["place_frame"]) for row in rows([finding, nowhere])]
    assert told == [(len(finding.places), 0, finding.places[0].frame), (0, None, None)]
    assert list(rows([finding])[0])[:2] == ["id", "severity"]


def test_a_datagram_has_the_ends_of_its_flow_and_its_octets_as_digits() -> None:
    datagram = next(dissectors.datagrams(ROOT / "pcaps" / "facetime-2013.pcap"))
    (row,) = rows([datagram])
    assert (row["src"], row["sport"], row["dst"], row["dport"]) == datagram.flow[:4]
    assert bytes.fromhex(str(row["payload"])) == datagram.payload
    assert (row["protocol"], row["time_ns"]) == (datagram.protocol, datagram.time_ns)


def test_what_is_no_unicode_is_escaped() -> None:
    body = Body("text/plain", 1, 1, "identity", None, "identity", "a\udcff", ())
    assert rows([body])[0]["text"] == "a\\xff"


def test_columns_are_in_the_order_of_the_fields_and_each_once() -> None:
    assert [column.name for column in columns(Place)] == ["file", "frame"]
    names = [column.name for column in columns(Stream)]
    assert len(names) == len(set(names))
    assert [name for name in names if name in Stream.__struct_fields__] == [
        name for name in Stream.__struct_fields__ if name in names
    ]


def test_nothing_makes_no_rows() -> None:
    assert rows([]) == []
