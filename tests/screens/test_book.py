"""What a screen remembers: calls that a later report leaves out, findings until they are dismissed, totals."""

from __future__ import annotations

from pathlib import Path

from dissectors import offline
from dissectors.live.events import FindingEvent
from dissectors.live.states import Course, State
from dissectors.queries.filters import wanted
from dissectors.report import Report
from dissectors.screens.book import Book, excerpt
from dissectors.wire.values import replace

BAD_DAY = Path(__file__).resolve().parents[2] / "pcaps" / "bad-day.pcap"


def bad_day() -> Report:
    return offline.analyze([str(BAD_DAY)], everything=True)


def without(report: Report, number: int) -> Report:
    """A report that has one call less, and its streams and findings with it."""
    from dissectors.queries.selection import select

    return select(report, wanted(f"call!={number}"))


def test_each_call_has_its_worst_stream_and_its_worst_finding() -> None:
    entries = Book().take(bad_day(), whole=True).entries
    assert list(entries) == [1, 2, 3, 4, 5, 6, 7, 8]
    second = entries[2]
    assert (second.state, second.worst, second.found, second.streams) == (State.ENDED, "error", 2, 2)
    assert second.mos == 1.0 and second.loss == 0.08 and round(second.seconds or 0.0) == 5
    assert (entries[4].said, entries[4].course, entries[4].mos) == ("rejected 486", Course.FAILED, None)


def test_a_call_that_a_later_report_leaves_out_stays_with_all_that_was_known_of_it() -> None:
    report, book = bad_day(), Book()
    book.take(report)
    snapshot = book.take(without(report, 2))
    assert list(snapshot.entries) == [1, 2, 3, 4, 5, 6, 7, 8]
    own, position = snapshot.report_of(2) or (report, -1)
    call = own.calls[position]
    assert call.call_id.startswith("day2") and [own.streams[at].packets for at in call.streams] == [230, 250]
    assert {each.id for each in own.findings} == {"quality-poor", "stream-loss"}
    assert snapshot.matches(snapshot.entries[2], wanted("finding==stream-loss and loss>7"))
    assert not snapshot.matches(snapshot.entries[1], wanted("finding==stream-loss"))


def test_what_is_held_beyond_the_last_report_is_bounded_and_still_counted() -> None:
    report, book = bad_day(), Book(max_kept=1)
    book.take(report, whole=True)
    totals = book.take(replace(report, calls=(), streams=(), findings=(), totals=None), whole=True).totals
    assert len(book.snapshot.entries) == 1
    assert (totals.calls, totals.answered, totals.failed, totals.forgotten) == (8, 3, 4, 7)


def test_findings_of_a_session_stay_when_its_next_look_has_none_of_them() -> None:
    report, book = bad_day(), Book()
    event = FindingEvent(
        "finding", 1.0, "stream-loss", "error", "certain", "20 of 250 lost", "why", "fix", (597,),
        report.calls[1].call_id, 7,
    )
    book.take(report, [event])
    found = book.take(without(report, 2), []).findings
    assert [(each.id, each.call, each.ssrc) for each in found] == [("stream-loss", 2, 7)]


def test_a_call_keeps_its_score_when_its_streams_are_no_longer_in_the_report() -> None:
    report, book = bad_day(), Book()
    book.take(report)
    calls = tuple(replace(call, streams=()) for call in report.calls)
    entry = book.take(replace(report, calls=calls, streams=(), findings=())).entries[2]
    assert (entry.mos, entry.loss, entry.worst) == (1.0, 0.08, "error")


def test_an_open_call_goes_on_until_the_capture_is_read_to_its_end() -> None:
    report = bad_day()
    open_call = replace(report.calls[0], outcome="established", ended=None)
    report = replace(report, calls=(open_call, *report.calls[1:]))
    going, over = Book().take(report), Book().take(report, whole=True)
    assert (going.entries[1].said, going.totals.going) == ("answered", 1)
    assert (over.entries[1].said, over.totals.going) == ("still open", 0)


def test_an_open_call_was_talked_to_the_end_of_the_capture_in_the_book_as_in_a_filter() -> None:
    report = bad_day()
    last = report.capture.last
    assert last is not None and report.calls[0].answered is not None
    report = replace(report, calls=(replace(report.calls[0], outcome="established", ended=None), *report.calls[1:]))
    talked = round(last - report.calls[0].answered, 3)
    for whole in (False, True):
        snapshot = Book().take(report, whole=whole)
        assert round(snapshot.entries[1].seconds or 0.0, 3) == talked
        assert snapshot.matches(snapshot.entries[1], wanted(f"duration=={talked}"))


def test_an_excerpt_has_the_call_alone_with_positions_of_its_own() -> None:
    one = excerpt(bad_day(), 2)
    assert len(one.calls) == 1 and one.calls[0].streams == tuple(range(len(one.streams)))
    assert {each.call for each in one.streams} == {0}
    assert all(0 <= at < len(one.flows) for each in one.streams for at in each.flows)
    assert {each.call for each in one.findings} == {0}
