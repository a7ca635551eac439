"""What is told of a refusal beside its status."""

from __future__ import annotations

import pytest

from tests.finding_cases.plain import NOTHING
from tests.found import found, frames
from tests.stories import OFFER, A, B, Story, report, request, response

INVITE = request(0, "INVITE", body=OFFER)


@pytest.mark.parametrize(
    ("status", "reason", "header", "id", "said"),
    [
        (422, "Session Interval Too Small", "Min-SE: 120", "call-rejected",
         "the INVITE was answered 422 Session Interval Too Small (Min-SE: 120)"),
        (503, "Service Unavailable", "Retry-After: 30", "call-server-failed",
         "the INVITE was answered 503 Service Unavailable (Retry-After: 30)"),
        (488, "Not Here", 'Warning: 304 x "Media type not available"', "call-not-acceptable",
         "the INVITE was answered 488 Not Here (Warning: 304 Media type not available)"),
        (480, "Gone", "Reason: Q.850;cause=20", "call-unreachable",
         "the INVITE was answered 480 Gone (Reason: Q.850 20, subscriber absent)"),
        (407, "Who", "X: y", "call-unauthorised", "the INVITE was answered 407 Who"),
        (420, "Bad Extension", "Unsupported: 100rel", "call-rejected",
         "the INVITE was answered 420 Bad Extension (Unsupported: 100rel)"),
        (421, "Extension Required", "Require: 100rel", "call-rejected",
         "the INVITE was answered 421 Extension Required (Require: 100rel)"),
        (405, "Not Allowed", "Allow: OPTIONS", "call-rejected",
         "the INVITE was answered 405 Not Allowed (Allow: OPTIONS)"),
        (415, "Unsupported", "Accept: a/b", "call-not-acceptable",
         "the INVITE was answered 415 Unsupported (Accept: a/b)"),
        (404, "Not Found", "Allow: OPTIONS", "call-not-found", "the INVITE was answered 404 Not Found"),
        (302, "Moved", "Contact: <sip:c@x>", "call-redirected",
         "the INVITE was answered 302 Moved (Contact: <sip:c@x>)"),
    ],
)
def test_a_refusal_is_told_with_what_explains_it(status: int, reason: str, header: str, id: str, said: str) -> None:
    (told,) = found([INVITE, response(40, status, reason, "INVITE", header)], id)
    assert told.what == said


def test_a_server_that_tells_its_whole_state_is_cut_short() -> None:
    refusal = response(40, 480, "Gone", "INVITE", f'Warning: 392 x "Noisy feedback {"y" * 200}"')
    (told,) = found([INVITE, refusal], "call-unreachable")
    assert told.what.endswith("y…)") and len(told.what) < 130


def test_a_challenge_that_the_caller_had_time_to_follow_went_without_credentials() -> None:
    (told,) = found([INVITE, response(40, 407, "Who"), *NOTHING], "call-unauthorised")
    assert told.what == "the INVITE was answered 407 Who, and no credentials were sent"


def test_credentials_that_were_sent_and_refused_are_not_missing() -> None:
    again = request(60, "INVITE", "Proxy-Authorization: Digest username=a", body=OFFER, number=2)
    story: Story = [INVITE, response(40, 407, "Who"), again, response(80, 407, "Who", number=2)]
    (told,) = found(story, "call-unauthorised")
    assert told.what == "the INVITE was answered 407 Who, although it carried credentials"


def test_credentials_under_the_number_of_the_challenged_request_are_told_as_such() -> None:
    octets = request(60, "INVITE", "Proxy-Authorization: Digest username=a", body=OFFER)[3]
    again = (60.0, A, B, octets.replace(b"INVITE1", b"other"))
    refusal = response(80, 407, "Who")
    story: Story = [INVITE, response(40, 407, "Who"), again, (*refusal[:3], refusal[3].replace(b"INVITE1", b"other"))]
    (told,) = found(story, "call-unauthorised")
    assert told.what.endswith("although it carried credentials, under CSeq 1 as the one without them")
    assert frames(told) == [3, 4] and "22.2" in told.fix


def test_an_invite_that_began_with_few_hops_ran_in_no_circle() -> None:
    low = request(0, "INVITE", "Max-Forwards: 1", body=OFFER)
    (told,) = found([low, response(40, 483, "Too Many Hops")], "call-rejected")
    assert told.what == "the INVITE was answered 483 Too Many Hops; it came with Max-Forwards 1" and "70" in told.fix
    for many in ("Max-Forwards: 70", "X: y"):
        story = [request(0, "INVITE", many, body=OFFER), response(40, 483, "Too Many Hops")]
        assert found(story, "call-looped") and not found(story, "call-rejected")
    # It passes the same way twice, or has passed many hops.
    twice = (20.0, A, B, low[3].replace(b"INVITE1", b"other"))
    passed = (0.0, A, B, low[3].replace(b"Via:", b"Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\n" * 30 + b"Via:"))
    for story in ([low, twice, response(40, 483, "Too Many Hops")], [passed, response(40, 483, "Too Many Hops")]):
        assert found(story, "call-looped")


def test_a_redirection_to_where_the_call_went_is_more_than_a_note() -> None:
    there = "Contact: <sip:b@x>"
    once = [INVITE, response(40, 302, "Moved", "INVITE", there)]
    again = [request(60, "INVITE", body=OFFER, number=2), response(80, 302, "Moved", "INVITE", there, number=2)]
    (told,) = found([*once, *again], "call-redirected")
    assert told.severity == "warning" and told.what.endswith(", 2 times: that is the Request-URI itself")
    (told,) = found(once, "call-redirected")
    assert told.severity == "note"


def test_a_phone_that_rang_was_reached_and_its_server_is_not_to_blame() -> None:
    refusal = response(30_000, 480, "Gone", "INVITE", "Server: Asterisk PBX 20.1.0")
    (told,) = found([INVITE, response(200, 180, "Ringing"), refusal], "call-unreachable")
    assert told.what == "the INVITE was answered 480 Gone, after it had rung for 29.8 s"
    assert "contacts" not in told.fix
    (told,) = found([INVITE, refusal], "call-unreachable")
    assert told.what == "the INVITE was answered 480 Gone" and "contacts" in told.fix


@pytest.mark.parametrize(
    ("agent", "status", "reason", "advice"),
    [
        ("Server: Asterisk PBX 20.1.0", 488, "Not Acceptable Here", "Asterisk: see allow"),
        ("Server: FPBX-16.0.40(18.20.0)", 488, "Not Acceptable Here", "Asterisk: see allow"),
        ("User-Agent: FreeSWITCH-mod_sofia/1.10.7", 488, "Not Acceptable Here", "inherit_codec"),
        ("Server: kamailio (5.6.0 (x86_64/linux))", 483, "Too Many Hops", "alias"),
        ("Server: kamailio (5.6.0 (x86_64/linux))", 404, "Not Found", "lookup"),
        ("Server: OpenSIPS (3.2.2 (x86_64/linux))", 403, "Relay Forbidden", "alias"),
    ],
)
def test_a_common_server_names_the_setting_to_look_at(agent: str, status: int, reason: str, advice: str) -> None:
    made = report([INVITE, response(40, status, reason, "INVITE", agent)])
    (told,) = [each for each in made.findings if advice in each.fix]
    (plain,) = found([INVITE, response(40, status, reason, "INVITE", "Server: somebody")], told.id)
    assert advice not in plain.fix and told.fix.startswith(plain.fix)
