"""What a filter may say, and what it keeps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.queries.filters import MAX_FILTER_LENGTH, NoFilter, wanted
from dissectors.queries.selection import select
from tests.chosen import TOLD, kept


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
        ("cseq.method==BYE", ["one"], [77, 78]),
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


def test_a_filter_by_protocol_keeps_its_checks() -> None:
    assert len(kept("protocol==stun").checks) == 1 and kept("protocol==stun").streams == ()
    assert kept("callid==two").checks == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the filter is empty"), (" ", "the filter is empty"),
        ("colour==red", "no field 'colour'"),
        ("callid", "after callid comes"),
        ("callid==", "a value is missing"),
        ("(callid==one", "not closed"),
        ("callid==one two", "between two comparisons"),
        ("callid=one", "write == for equal"),
        ("!" * 100 + "callid==a", "nested deeper"),
        ("(" * 5000, "more than"),
        ("severity==foo", "there are error, warning, note"),
        ("severity~foo", "there are error, warning, note"),
        ("finding==media-oneway", "did you mean media-one-way"),
        ("finding==zzz", "muxshark findings lists them"),
        ("protocol==XYZ", "there are sip, .*unknown"), ("protocol==SRTP", "did you mean rtp"),
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


@given(st.text(alphabet="ab=!~&|() \"'callidportusfingst.0x19", max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        select(TOLD, wanted(text))
    except NoFilter as error:
        assert str(error) and len(text) < MAX_FILTER_LENGTH


@pytest.mark.parametrize(
    ("text", "marked", "said"),
    [
        ("usr==a", "usr", "did you mean user?"), ("user==a ip.addr==1", "ip.addr", "between two comparisons"),
        ("ip.addr==1.2.3.4", "ip.addr", "write addr"), ("status=486", "=", "write == for equal"),
        ("user==a & port==5", "& port", "write && or and"), ("(user==a", "(", "not closed"),
        ("user==a and loss>x", "x", "compared with a number"), ('user=="a', '"a', "quote"), ("user>3", "3", "no order"),
        ("status eq 486", "eq 486", "write == for eq"), ("user contains a", "contains a", "write ~ for contains"),
        ("user in a", "in a", "write user==… or user==… for in"),
        ("failed", "failed", "write outcome==failed"), ("error", "error", "write severity==error"),
        ("bye", "bye", "write method==BYE"), ("stream-loss", "stream-loss", "write finding==stream-loss"),
        ("user==a,b", "a,b", "write user==a or user==b, or put the value in quotes"),
        ("addr==10.1.0.0/16", "10.1.0.0/16", "addr~10.1. looks for a part"),
        ("port==5060-5070", "5060-5070", "write port>=5060 and port<=5070"),
        ("user==a or", "", "a field is missing"), ("sip", "sip", "write protocol==SIP"), ("port==70000", "70000", "to"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place_and_what_to_write(text: str, marked: str, said: str) -> None:
    with pytest.raises(NoFilter, match=re.escape(said)) as refused:
        wanted(text)
    assert refused.value.place is not None and text[refused.value.place :].startswith(marked)
    assert marked or refused.value.place == len(text)


@pytest.mark.parametrize(
    ("text", "value", "fits"),
    [
        ("loss==0", "0.0", True), ("loss==8", "7.95", True), ("loss==8", "8.6", False), ("loss==8.0", "7.95", True),
        ("loss==8.0", "8.06", False), ("mos!=4.36", "4.358", False), ("duration==5.1", "5.1049", True),
    ],
)
def test_a_measured_number_is_equal_as_far_as_it_is_written(text: str, value: str, fits: bool) -> None:
    field = text.partition("=")[0].rstrip("!")
    assert wanted(text)({field: {value}}) is fits


@pytest.mark.parametrize("text", ["method=='INVITE'", 'method=="INVITE"', "method == 'invite' and not (user=='a b')"])
def test_quotes_are_single_or_double(text: str) -> None:
    assert wanted(text)({"method": {"invite"}}) and not wanted(text)({"method": {"bye"}})
    assert wanted("user=='and'")({"user": {"and"}}) and wanted("user==o'brien")({"user": {"o'brien"}})
    with pytest.raises(NoFilter, match="a quote is not closed"):
        wanted("method=='INVITE")


@pytest.mark.parametrize(
    ("text", "codec", "fits"),
    [
        ("codec==g711", "pcma", True), ("codec==G711", "pcmu", True), ("codec==ulaw", "pcma", False),
        ("codec==g.729", "g729", True), ("codec!=alaw", "pcma", False), ("codec==opus", "opus", True),
    ],
)
def test_a_codec_may_have_the_name_that_people_give_it(text: str, codec: str, fits: bool) -> None:
    assert wanted(text)({"codec": {codec}}) is fits


def test_a_filter_that_the_shell_took_apart_is_to_be_quoted() -> None:
    with pytest.raises(NoFilter, match="quote the whole filter: 'outcome == …'"):
        wanted("outcome")
