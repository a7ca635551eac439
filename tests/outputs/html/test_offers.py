"""Offer and answer beside one another: what differs is marked, and what only answers is not."""

from __future__ import annotations

from dissectors.outputs.html.offers import Exchange, exchanges
from dissectors.outputs.terminal.lines import Page
from dissectors.report import Call, Description, Format, Media, Place
from dissectors.wire.values import replace
from tests.reports import START, call

OFFER: Description = call().descriptions[0]
MEDIA: Media = OFFER.media[0]


def answered(**changes: object) -> Call:
    media = replace(MEDIA, **changes)  # type: ignore[arg-type]
    answer = replace(OFFER, role="answer", media=(media,), answers=OFFER.place, place=Place(0, 2))
    return call(descriptions=(OFFER, answer))


def one(made: Call) -> Exchange:
    (exchange,), more = exchanges(Page(zero=START), made)
    assert not more
    return exchange


def test_a_profile_that_differs_is_marked() -> None:
    facts = {fact.name: fact for fact in one(answered(profile="RTP/SAVP", address="192.0.2.9")).lines[0].facts}
    assert facts["profile"].differs and (facts["profile"].offer, facts["profile"].answer) == ("RTP/AVP", "RTP/SAVP")
    assert not facts["address"].differs and not facts["direction"].differs


def test_what_answers_does_not_differ() -> None:
    offer = replace(MEDIA, direction="sendonly", setup="actpass")
    answer = replace(MEDIA, direction="recvonly", setup="active")
    made = call(descriptions=(
        replace(OFFER, media=(offer,)), replace(OFFER, role="answer", media=(answer,), place=Place(0, 2)),
    ))
    assert not [fact.name for fact in one(made).lines[0].facts if fact.differs]


def test_ports_of_rtcp_and_wishes_of_one_side_are_no_difference() -> None:
    assert not _differ(one(answered(rtcp_port=31239, rtcp_mux=False, ptime=None)))
    assert not _differ(one(answered(rtcp_port=None, rtcp_mux=False)))
    both = replace(MEDIA, rtcp_mux=True, ptime=20.0)
    lone = replace(OFFER, role="answer", media=(replace(MEDIA, rtcp_mux=False, ptime=40.0),), place=Place(0, 2))
    made = call(descriptions=(replace(OFFER, media=(both,)), lone))
    assert _differ(one(made)) == ["packet time", "RTCP"]


def _differ(exchange: Exchange) -> list[str]:
    return [fact.name for fact in exchange.lines[0].facts if fact.differs]


def test_codecs_that_one_side_has_alone_are_marked() -> None:
    line = one(answered(formats=(MEDIA.formats[1],))).lines[0]
    offered = [(codec.text, codec.shared) for codec in line.offered]
    assert offered == [("104 AAC-ELD/24000", False), ("0 PCMU/8000", True)]
    assert [codec.shared for codec in line.answered] == [True] and line.offered[0].guessed.startswith("high")


def test_another_number_for_the_same_codec_is_no_difference() -> None:
    other = Format("96", "AAC-ELD", 24000, None, "certain", "a=rtpmap", False, None)
    assert all(codec.shared for codec in one(answered(formats=(other, MEDIA.formats[1]))).lines[0].offered)


def test_an_offer_without_an_answer_and_a_refused_line() -> None:
    made = one(call())
    assert made.answer == "not seen" and not any(fact.differs for fact in made.lines[0].facts)
    refused = {fact.name: fact.answer for fact in one(answered(port=0)).lines[0].facts}
    assert refused["address"] == "refused (port 0)"


def test_the_same_answer_on_two_hops_counts_once() -> None:
    made = answered()
    again = replace(made.descriptions[1], place=Place(0, 3))
    assert len(exchanges(Page(), replace(made, descriptions=(*made.descriptions, again)))[0]) == 1


def test_an_answer_whose_offer_was_not_captured_stands_alone() -> None:
    made = call(descriptions=(replace(OFFER, role="answer", answers=None),))
    exchange = one(made)
    assert exchange.offer == "not seen" and exchange.answer != "not seen"
