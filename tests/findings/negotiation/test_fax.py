"""Fax: who sends it, and how it was agreed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors.findings.negotiation.fax import MAX_FLOWS_TOLD_APART
from tests import captures
from tests.command_line import run
from tests.finding_cases.fax import PAGE, THEIR_FAX, fax, imaged, said, udptl
from tests.finding_cases.plain import FAX, reinvited
from tests.found import found, frames, ids
from tests.stories import INNER, A, B, C, Story, conversation, description, dialled, hung_up, report, request, response

SEEDS = ("1", "2", "3", "4")
"""Some of them order a set of two ends one way, the others the other way."""


def test_one_way_is_told_with_both_counts_and_the_direction() -> None:
    (told,) = found(fax(200, 3), "fax-one-way")
    assert "200 UDPTL datagrams from 198.51.100.1:16402 to 203.0.113.2:16402, 3 the other way" in told.what
    assert (told.severity, told.certainty, told.time, len(frames(told))) == ("warning", "high", 3.02, 1)
    (told,) = found(fax(4, 200), "fax-one-way")
    assert "200 UDPTL datagrams from 203.0.113.2:16402 to 198.51.100.1:16402, 4 the other way" in told.what


def test_a_fax_that_goes_on_to_the_port_of_the_sound_is_astray() -> None:
    moved = description(A[0], 40_500, kind="image", media="udptl t38")
    new = (A[0], 40_500)
    sound = [each for each in conversation() if each[0] < 3000]
    begun = [*dialled(), *sound, *reinvited(moved, THEIR_FAX)]
    (told,) = found([*begun, *udptl(new, B, 60), *udptl(B, A, 100), *hung_up()], "fax-one-way")
    assert told.what == (
        "T.38 was agreed: 100 UDPTL datagrams from 203.0.113.2:16402 go to 198.51.100.1:16402, which was given up; "
        "they are wanted at port 40500"
    )
    assert (told.severity, told.certainty) == ("warning", "high")
    assert not found([*begun, *udptl(new, B, 60), *udptl(B, new, 100), *hung_up()], "fax-one-way")
    behind_nat = [*begun, *udptl(A, B, 60), *udptl(B, A, 100), *hung_up()]
    assert not found(behind_nat, "fax-one-way")


@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (30, 0), (200, 40)])
def test_a_fax_that_was_short_or_went_both_ways_is_none(ours: int, theirs: int) -> None:
    assert not found(fax(ours, theirs), "fax-one-way")


def test_nothing_is_said_of_a_fax_where_more_flows_end_than_can_be_told_apart() -> None:
    for flows, told in ((MAX_FLOWS_TOLD_APART, True), (MAX_FLOWS_TOLD_APART + 1, False)):
        others = [sent for port in range(flows - 1) for sent in udptl((A[0], 20_000 + port), B, 1)]
        assert bool(found([*fax(200, 0), *others], "fax-one-way")) == told


def test_a_fax_behind_nat_is_found_at_the_announced_port_of_the_host_that_signalled() -> None:
    made = report(fax(200, 3, offer=description(*INNER, kind="image", media="udptl t38")))
    assert "fax-one-way" in ids(made)
    assert {seen.name: seen.count for seen in made.capture.protocols}["UDPTL"] == 203


def test_the_way_back_that_the_capture_could_not_have_seen_is_a_note() -> None:
    ours, theirs = ("192.0.2.7", 4000), ("192.0.2.8", 5000)
    offer, answer = (description(*end, kind="image", media="udptl t38") for end in (ours, theirs))
    story = [*dialled(), *conversation(seconds=2), request(3000, "INVITE", number=2, tag="2", body=offer),
             response(3020, 200, "OK", number=2, body=answer), *udptl(ours, theirs, 200), *hung_up()]
    (told,) = found(story, "fax-one-way")
    assert (told.severity, told.certainty) == ("note", "low")


@pytest.mark.parametrize(
    ("media", "kind", "told"),
    [
        ("RTP/AVP t38", "image", "m=image RTP/AVP t38 was offered and accepted"),
        ("RTP/SAVP t38", "image", "m=image RTP/SAVP t38 was offered and accepted"),
        ("udptl 0", "audio", "m=audio udptl 0 was offered and accepted"),
    ],
)
def test_the_profile_of_another_medium_is_told(media: str, kind: str, told: str) -> None:
    (wrong,) = found(imaged(media, kind), "fax-profile-wrong")
    assert (wrong.what, wrong.severity, len(frames(wrong))) == (told, "error", 2)


def test_a_wrong_profile_in_the_answer_alone_is_told_so() -> None:
    story = fax(0, 0, FAX, description(*B, kind="image", media="RTP/AVP t38"))
    (wrong,) = found(story, "fax-profile-wrong")
    assert wrong.what == "udptl was offered for image, and RTP/AVP was answered"


def test_t38_within_rtp_and_what_was_refused_are_not_wrong() -> None:
    """RFC 4612: sound whose payload type is t38."""
    lines = ("a=rtpmap:98 t38/8000",)
    inside = fax(0, 0, description(*A, *lines, media="RTP/AVP 98"), description(*B, *lines, media="RTP/AVP 98"))
    image = description(kind="image", media="RTP/AVP t38")
    port = fax(0, 0, image, description(B[0], 0, kind="image", media="RTP/AVP t38"))
    refused = [*dialled(), request(3000, "INVITE", number=2, tag="2", body=image),
               response(3020, 488, "Not Acceptable Here", number=2), *hung_up()]
    assert not [each for story in (inside, port, refused) for each in found(story, "fax-profile-wrong")]


def test_nobody_is_silent_who_went_over_to_fax_with_whatever_profile() -> None:
    for story in (imaged("RTP/AVP t38"), fax(200, 40)):
        assert not ids(report(story)) & {"media-ended-early", "media-one-way", "media-gap"}


def counts(story: Story) -> dict[str, int]:
    return {seen.name: seen.count for seen in report(story).capture.protocols}


def test_udptl_is_counted_by_flow_where_sdp_announced_it_and_nowhere_else() -> None:
    made = report([*fax(200, 40), (4000, C, A, b"\xff" * 20)])
    flows = {(flow.src, seen.name): seen.count for flow in made.flows for seen in flow.protocols}
    assert (flows[A[0], "UDPTL"], flows[B[0], "UDPTL"]) == (200, 40)
    seen = {each.name: each for each in made.capture.protocols}
    assert seen["UDPTL"].octets == 200 * (2 + len(PAGE)) + 40 * 6
    assert flows[C[0], "UNKNOWN"] == seen["UNKNOWN"].count == 1


def test_without_an_agreement_nothing_is_udptl() -> None:
    assert "UDPTL" not in counts([*dialled(), *udptl(A, B, 60)])
    refused = fax(60, 0, FAX, description(B[0], 0, kind="image", media="udptl t38"))
    assert counts(refused)["UNKNOWN"] == 60
    declined = [request(3000, "INVITE", number=2, tag="2", body=FAX), response(3020, 488, "No", number=2)]
    assert counts([*dialled(), *declined, *udptl(A, B, 60)])["UNKNOWN"] == 60


def test_a_fax_of_which_nothing_came_is_said_to_be_missing() -> None:
    (told,) = found(fax(0, 0), "call-became-fax")
    assert told.what.endswith("after the call began, and no UDPTL came in the 8 s that followed")
    (told,) = found(fax(60, 60), "call-became-fax")
    assert told.what.endswith("after the call began")


@pytest.mark.parametrize(
    ("story", "told"),
    [
        (
            said("transferredTCF", "localTCF"),
            ["T38FaxRateManagement:transferredTCF was offered, localTCF was answered"],
        ),
        (said("localTCF", "localTCF", 0, 3), ["T38FaxVersion:0 was offered, 3 was answered"]),
        (said("localTCF", "localTCF", 3, 0), []),
        (said("localTCF", "localTCF", 3), []),
        (fax(200, 200), []),
    ],
)
def test_offer_and_answer_agree_about_how_a_fax_is_sent(story: Story, told: list[str]) -> None:
    assert [each.what for each in found(story, "fax-parameters-differ")] == told


def test_what_a_line_says_of_a_fax_is_in_the_report() -> None:
    call = report(said("transferredTCF", "localTCF", 0, 3)).calls[0]
    (line,) = call.descriptions[-1].media
    assert line.fax is not None and (line.fax.version, line.fax.rate_management) == (3, "localTCF")
    assert line.fax.error_correction == "" and call.descriptions[0].media[0].fax is None


def test_a_fax_on_two_flows_is_told_of_the_same_one_however_words_are_hashed(tmp_path: Path) -> None:
    offer = description(*INNER, kind="image", media="udptl t38")
    sound = [told for told in conversation() if told[0] < 3000]
    both = [*udptl(INNER, B, 100), *udptl(A, B, 100, start=3110)]
    told = [*dialled(), *sound, *reinvited(offer, THEIR_FAX), *both, *hung_up()]
    path = captures.story(tmp_path / "fax.pcap", told)
    reports = {run("analyze", "--json", path, PYTHONHASHSEED=seed).stdout for seed in SEEDS}
    assert len(reports) == 1 and b"200 UDPTL datagrams from 10.0.0.5:16402 to 203.0.113.2:16402" in reports.pop()
