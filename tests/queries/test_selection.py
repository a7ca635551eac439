"""Filters and windows: what they keep of a report, and what they refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.queries.filters import MAX_FILTER_LENGTH, NoFilter, wanted
from dissectors.queries.selection import Window, nothing_left, select
from dissectors.report import Report
from tests.stories import ANSWER, GOOD, OFFER, SERVER, A, B, C, asked, mapped, report, request, response, talk

REFUSED = [
    request(20_000, "INVITE", body=OFFER, call="two"),
    response(20_100, 486, "Busy Here", call="two"),
]
STORY = [
    *GOOD,
    *REFUSED,
    *talk(C, SERVER, 0xABC, start=30_000),
    *asked(40_000, dst=SERVER, answer=(0x0101, mapped(*A))),
]
TOLD = report(STORY)


def kept(text: str) -> Report:
    return select(TOLD, wanted(text))


@pytest.mark.parametrize(
    ("text", "calls", "streams"),
    [
        ("callid==one", ["one"], [77, 78]),
        ("callid==TWO", ["two"], []),
        ("user==a", ["one", "two"], [77, 78]),
        ('user=="sip:b@x"', ["one", "two"], [77, 78]),
        ("user~lice", [], []),
        ("ssrc==77", ["one"], [77, 78]),
        ("ssrc==0xABC", [], [0xABC]),
        ("method==BYE", ["one"], [77, 78]),
        ("status==486", ["two"], []),
        ("status==4xx", ["two"], []),
        ("status==2xx", ["one"], [77, 78]),
        ("not status==4xx", ["one"], [77, 78, 0xABC]),
        ("ssrc~0x4D", ["one"], [77, 78]),
        ("ssrc~abc", [], [0xABC]),
        ("user~sip:a", ["one", "two"], [77, 78]),
        ("addr==203.0.113.3", [], [0xABC]),
        ("finding~busy", ["two"], []),
        ("port==3478", [], [0xABC]),
        ("finding==call-busy", ["two"], []),
        ("protocol==rtp and not callid==one", [], [0xABC]),
        ("method==BYE || status==486", ["one", "two"], [77, 78]),
        ("(callid==one or callid==two) && !(method==BYE)", ["two"], []),
        ("callid!=one", ["two"], [0xABC]),
    ],
)
def test_a_filter_keeps_what_fits(text: str, calls: list[str], streams: list[int]) -> None:
    made = kept(text)
    assert [call.dialogs[0].call_id for call in made.calls] == calls
    assert [stream.ssrc for stream in made.streams] == streams


@pytest.mark.parametrize("text", ["callid==one", "ssrc==0xABC", "status==4xx", "protocol==stun", "severity==note"])
def test_positions_stay_right(text: str) -> None:
    made = kept(text)
    for number, call in enumerate(made.calls):
        assert all(made.streams[position].call == number for position in call.streams)
    for stream in made.streams:
        flow = made.flows[stream.flows[0]]
        assert (flow.src, flow.sport, flow.dst, flow.dport) == (stream.src, stream.sport, stream.dst, stream.dport)
    assert all(each.call is None or each.call < len(made.calls) for each in made.findings)
    assert all(each.stream is None or each.stream < len(made.streams) for each in made.findings)


def test_a_filter_by_protocol_keeps_its_checks() -> None:
    assert len(kept("protocol==stun").checks) == 1 and kept("protocol==stun").streams == ()
    assert kept("callid==two").checks == ()


def test_everything_is_kept_without_a_filter() -> None:
    assert select(TOLD) == TOLD


@pytest.mark.parametrize(
    ("window", "calls", "streams"),
    [
        (Window(0, 5), ["one"], [77, 78]),
        (Window(15, 25), ["two"], []),
        (Window(29, None), [], [0xABC]),
        (Window(None, 0.5), ["one"], [77, 78]),
        (Window(12, 19), [], []),
    ],
)
def test_a_window_keeps_what_overlaps_it(window: Window, calls: list[str], streams: list[int]) -> None:
    made = select(TOLD, None, window)
    assert [call.dialogs[0].call_id for call in made.calls] == calls
    assert [stream.ssrc for stream in made.streams] == streams


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a field is missing"),
        ("colour==red", "no field 'colour'"),
        ("callid", "after callid comes"),
        ("callid==", "a value is missing"),
        ("(callid==one", "not closed"),
        ("callid==one two", "goes on after its end"),
        ("callid=one", "cannot read"),
        ("!" * 100 + "callid==a", "nested deeper"),
        ("(" * 5000, "more than"),
        ("severity==foo", "there are error, warning, note"),
        ("severity~foo", "there are error, warning, note"),
        ("finding==media-oneway", "did you mean media-one-way"),
        ("finding==zzz", "muxshark findings lists them"),
        ("protocol==SRTP", "there are sip, .*unknown"),
        ("port==abc", "no number from 0 to 65535"),
        ("port==70000", "no number from 0 to 65535"),
        ("port!=-1", "no number from 0 to 65535"),
        ("port~x", "no port contains"),
        ("ssrc==0x123456789", "no number of 32 bits"),
        ("ssrc==4294967296", "no number of 32 bits"),
        ("status==9xx", "none from 100 to 699"),
        ("status==99", "none from 100 to 699"),
        ("addr==example.com", "no IP address"),
        ("addr==10.0.0", "no IP address"),
        ('method=="IN VITE"', "no SIP method"),
    ],
)
def test_what_is_no_filter_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(NoFilter, match=said):
        wanted(text)


def test_an_address_is_the_same_however_it_is_written() -> None:
    fits = wanted("addr==2001:DB8:0:0::1")
    assert fits({"addr": {"2001:db8::1"}}) and not fits({"addr": {"2001:db8::2"}})


def test_nothing_is_left_only_where_nothing_fits() -> None:
    assert nothing_left(kept("callid==three")) and not nothing_left(kept("callid==one"))
    assert not nothing_left(kept("protocol==stun"))


@given(st.text(alphabet="ab=!~&|() \"'callidportusfingst.0x19", max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        select(TOLD, wanted(text))
    except NoFilter as error:
        assert str(error) and len(text) < MAX_FILTER_LENGTH


def test_a_call_that_answers_carries_its_codec_through() -> None:
    assert kept("callid==one").streams[0].codec == "PCMU"
    assert B[0] in {flow.dst for flow in kept("callid==one").flows} and ANSWER
