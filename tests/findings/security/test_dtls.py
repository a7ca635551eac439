"""Handshakes that nobody begins, that both begin, that come in pieces, and that end."""

from __future__ import annotations

import struct

import pytest

from dissectors.engine.engine import Engine
from dissectors.mux.scan import Scanner
from dissectors.report import Finding
from dissectors.wire.captures.records import Record
from tests.finding_cases.session import (
    THEIRS,
    allocate,
    both,
    challenge,
    channel,
    checks,
    closed,
    crossing,
    given,
    sdp,
    user,
)
from tests.found import found
from tests.made import channel_data, frame
from tests.stories import (
    FINISHED,
    SERVER,
    A,
    B,
    Story,
    agreed,
    certificate,
    description,
    dialled,
    error,
    hello,
    hung_up,
    record,
    report,
    talk,
)

OTHER_A, OTHER_B = ("10.8.0.2", 51000), ("10.8.0.1", 41000)


def parts(message: bytes, size: int, drop: int | None = None) -> list[bytes]:
    """A handshake message of one record in fragments of so many octets, but for the one with this number."""
    body = message[25:]
    head = message[13:19]
    return [
        record(22, head + at.to_bytes(3, "big") + len(body[at:at + size]).to_bytes(3, "big") + body[at:at + size])
        for number, at in enumerate(range(0, len(body), size)) if number != drop
    ]


def test_what_the_sdp_says_stands_in_the_finding() -> None:
    call = [*dialled(sdp("passive", A), sdp("passive", B)), *hung_up(40_000)]
    (told,) = found([*call, *both(1100)], "dtls-missing")
    assert "passive (caller) and passive (callee)" in told.what and told.certainty == "certain"
    (told,) = found(call, "dtls-missing")
    assert "passive (caller) and passive (callee)" in told.what
    answer_with_actpass = [*dialled(sdp("actpass", A), sdp("actpass", B)), *hung_up(40_000)]
    assert "actpass (callee)" in found(answer_with_actpass, "dtls-missing")[0].what
    assert not found([*dialled(sdp("actpass", A), sdp("active", B)), *hung_up(40_000)], "dtls-missing")


@pytest.mark.parametrize(
    ("offer", "answer", "end"),
    [
        ("actpass", "active", ", so that the callee must begin"),
        ("passive", "active", ", so that the callee must begin"),
        ("actpass", "passive", ", so that the caller must begin"),
        ("active", "passive", ", so that the caller must begin"),
        ("passive", "passive", ", so that each side waits for the other"),
        ("active", "active", "active (callee)"),
    ],
)
def test_who_must_send_the_first_hello_stands_in_the_finding(offer: str, answer: str, end: str) -> None:
    (told,) = found([*dialled(sdp(offer, A), sdp(answer, B)), *hung_up(40_000), *both(1100)], "dtls-missing")
    assert told.what.endswith(end)


def test_no_handshake_is_missing_where_no_pair_was_nominated() -> None:
    story = [*dialled(sdp("actpass", A), sdp("passive", B)), *hung_up(40_000)]
    never = [*story, *checks(1100, 12, nominates=False), *checks(1600, 12, nominates=False)]
    assert not found(never, "dtls-missing")
    assert [each.severity for each in found(never, "ice-not-nominated")] == ["error"]
    # So seldom a side asks for consent on a pair that it nominated before the capture began.
    assert not found([*story, *checks(1100, 12, nominates=False)], "ice-not-nominated")
    assert found([*story, *checks(1100, 12)], "dtls-missing")


def test_a_pair_that_carries_something_else_misses_no_dtls() -> None:
    assert not found([*both(), *talk()], "dtls-missing")
    assert not found([*both(), *[(n * 100, A, B, b"\xff" * 30) for n in range(20)]], "dtls-missing")
    assert not found(both(0, 3), "dtls-missing")


@pytest.mark.parametrize(("id", "story"), [("dtls-missing", both()), ("dtls-both-active", crossing())])
def test_media_in_the_clear_between_the_same_hosts_need_no_keys(id: str, story: Story) -> None:
    here, there = (A[0], A[1] + 100), (B[0], B[1] + 100)
    media = [*talk(here, there), *talk(there, here, 78)]
    assert found(story, id) and not found([*story, *media], id)
    # Of media one way alone, or between others, nobody knows.
    assert found([*story, *talk(here, there)], id)
    assert found([*story, *talk(here, ("192.0.2.99", 4000)), *talk(("192.0.2.99", 4000), here, 78)], id)


def test_a_handshake_of_the_same_hosts_without_checks_is_not_missing() -> None:
    here, there = (A[0], 4433), (B[0], 4433)
    apart = [(time, *{A: (here, there), B: (there, here)}[src], octets) for time, src, _, octets in agreed(100)]
    assert not found([*both(), *apart], "dtls-missing")
    # One with checks of its own belongs to these.
    own = checks(50, 12, name=user("DDDD", "CCCC"), src=here, dst=there)
    assert found([*both(), *apart, *own], "dtls-missing")


def test_checks_did_not_fail_where_the_same_hosts_go_on_to_dtls_without_checks() -> None:
    silent = checks(0, 12, answer=None)
    apart = [(n * 1000 + 9, (A[0], 4433), (B[0], 4433), hello()) for n in range(2)]
    assert found(silent, "ice-failed") and not found([*silent, *apart], "ice-failed")


def test_media_in_the_clear_do_not_excuse_a_call_whose_sdp_has_fingerprints() -> None:
    here, there = (A[0], A[1] + 100), (B[0], B[1] + 100)
    call = [*dialled(sdp("passive", A), sdp("passive", B)), *hung_up(40_000), *both(1100)]
    assert found([*call, *talk(here, there), *talk(there, here, 78)], "dtls-missing")


def test_a_side_that_has_no_pair_of_its_own_cannot_begin() -> None:
    conflict = checks(0, 12, answer=(0x0111, error(487)))
    one_way = checks(0, 12, answer=None)
    other = checks(7, 12, name=THEIRS, src=B, dst=A)
    assert not found([*conflict, *other], "dtls-missing") and not found([*one_way, *other], "dtls-missing")
    assert found([*checks(0, 12), *other], "dtls-missing")


def test_hellos_cross_on_two_pairs_of_one_session() -> None:
    there = (OTHER_A, OTHER_B)
    story = [*both(0, 4), *checks(50, 4, src=OTHER_A, dst=OTHER_B)]
    story += [(500 + 1000 * n, A, B, hello()) for n in range(3)]
    story += [(530 + 1000 * n, *there[::-1], hello()) for n in range(3)]
    (told,) = found(story, "dtls-both-active")
    assert "3 ClientHellos one way and 3 the other way" in told.what
    assert not found(story, "dtls-unanswered")


def test_crossing_hellos_are_not_unanswered_and_not_repeated() -> None:
    for id in ("dtls-unanswered", "dtls-repeated", "dtls-unfinished"):
        assert not found(crossing(), id)
    assert found(crossing(), "dtls-both-active")[0].what.endswith("3 ClientHellos one way and 3 the other way")


@pytest.mark.parametrize(("hellos", "severity", "certainty"), [(1, "note", "low"), (3, "error", "certain")])
def test_a_client_that_does_not_repeat_its_hello_accuses_nobody(hellos: int, severity: str, certainty: str) -> None:
    story = [(1000.0 * n, A, B, hello()) for n in range(hellos)]
    (told,) = found([*story, (9000, B, A, b"\xff" * 20)], "dtls-unanswered")
    assert (told.severity, told.certainty) == (severity, certainty)


REFUSED = record(21, bytes((2, 10)))
"""A fatal alert: unexpected_message."""


def test_of_crossing_hellos_that_end_in_an_alert_the_cause_alone_is_told() -> None:
    hellos = [(0.0, A, B, hello(nonce=b"a" * 32)), (30.0, B, A, hello(nonce=b"b" * 32))]
    (told,) = [each for each in report([*hellos, (60.0, A, B, REFUSED)]).findings if each.id.startswith("dtls-")]
    assert told.id == "dtls-both-active" and "1 ClientHello one way and 1 the other way, then Alert" in told.what
    answered = [hellos[0], (30.0, B, A, hello(True)), (60.0, A, B, REFUSED)]
    assert [each.id for each in report(answered).findings if each.id.startswith("dtls-")] == ["dtls-failed"]


@pytest.mark.parametrize(("after", "id"), [([(60.0, A, B, REFUSED)], "dtls-failed"), ([], "dtls-unanswered")])
def test_a_hello_that_comes_back_is_no_hello_of_the_other_side(after: Story, id: str) -> None:
    sent = [(1000.0 * n, A, B, hello(nonce=b"a" * 32)) for n in range(3)]
    back = [(time + 30, B, A, octets) for time, _, _, octets in sent]
    made = report([*sent, *back, *((2000 + time, *rest) for time, *rest in after)])
    (told,) = [each for each in made.findings if each.id.startswith("dtls-") and each.id != "dtls-repeated"]
    assert told.id == id and told.what.endswith("; its own ClientHello came back, as from an echo")
    assert [(each.hellos, each.server_hellos, each.reflected) for each in made.handshakes] == [(3, 0, 3)]


def test_a_hello_in_fragments_is_counted_and_told_with_its_size() -> None:
    big = hello()
    pieces = parts(big, 30)
    story = [(1000 * n + at, A, B, piece) for n in range(3) for at, piece in enumerate(pieces)]
    (told,) = found(story, "dtls-unanswered")
    assert f"3 ClientHellos of {len(big) - 25} bytes in {len(pieces)} fragments" in told.what
    (shaken,) = report(story).handshakes
    assert shaken.hellos == 3 and shaken.offered_profiles


def test_a_lost_fragment_is_named_with_its_message_and_its_frames() -> None:
    pieces = parts(certificate(bytes(900)), 300, drop=1)
    story = [(0, A, B, hello()), (10, B, A, hello(True)), *[(11 + n, B, A, each) for n, each in enumerate(pieces)]]
    story.append((9000, B, A, b"\xff" * 20))
    (told,) = found(story, "dtls-unfinished")
    assert "bytes 300 to 600 of 906 of the server's Certificate" in told.what
    assert told.places[0].frame == 2 + len(pieces)


def test_a_handshake_goes_on_over_another_pair_of_its_session() -> None:
    def moved(story: Story) -> Story:
        ends = {A: OTHER_A, B: OTHER_B}
        return [(time, ends[src], ends[dst], octets) for time, src, dst, octets in story]

    begun = [(500, A, B, hello()), (510, B, A, hello(True) + certificate(b"x"))]
    finished = moved([(520, A, B, FINISHED), (530, B, A, FINISHED)])
    story = [*both(0, 4), *moved(both(50, 4)), *begun]
    assert found(story, "dtls-unfinished")
    assert not found([*story, *finished], "dtls-unfinished")
    assert [each.outcome for each in report([*story, *finished]).handshakes] == ["complete"]


def test_a_handshake_is_over_when_media_flows() -> None:
    begun: Story = [(500, A, B, hello()), (510, B, A, hello(True) + certificate(b"x"))]
    assert not found([*both(0, 4), *begun, *talk(start=600)], "dtls-unfinished")


def test_a_handshake_over_a_relay_is_one() -> None:
    relayed = [
        (time, A if src == A else SERVER, SERVER if src == A else A, channel_data(octets))
        for time, src, _, octets in agreed(500)
    ]
    made = report([*challenge(0), *allocate(50, given()), *channel(100), *relayed])
    assert [(each.outcome, each.inside) for each in made.handshakes] == [("complete", f"peer {B[0]}:{B[1]}")]


def test_who_closed_is_told_and_whether_the_other_goes_on() -> None:
    begun = [*both(0, 8), *agreed(100), *talk(start=200), *talk(B, A, 78, start=200, seconds=20)]
    (told,) = found([*begun, *closed(10_200)], "dtls-closed")
    assert f"closed by {A[0]}:{A[1]}" in told.what and told.severity == "warning" and "10 s more" in told.what
    (told,) = found([*both(0, 8), *agreed(100), *talk(start=200), *closed(10_200, B, A)], "dtls-closed")
    assert f"closed by {B[0]}:{B[1]}" in told.what and told.severity == "note" and told.time == 10.2


def test_the_next_session_of_the_same_ports_is_no_media_after_the_close() -> None:
    first = [*both(0, 10), *agreed(100), *talk(start=200), *talk(B, A, 78, start=200), *closed(10_300)]
    media = [*talk(start=15_200, ssrc=87), *talk(B, A, 88, start=15_200)]
    (told,) = found([*first, *agreed(15_000), *media], "dtls-closed")
    assert told.severity == "note" and "more" not in told.what
    assert found([*first, *media], "dtls-closed")[0].severity == "warning"
    both_closed = found([*first, *agreed(15_000), *media, *closed(20_000)], "dtls-closed")
    told, later = sorted(both_closed, key=lambda each: each.time or 0.0)
    assert told.severity == "note" and later.severity == "warning" and "sends media for 5 s more" in later.what


def test_a_client_that_goes_on_was_answered_where_it_was_not_captured() -> None:
    asks: Story = [(500.0, A, B, hello())]
    assert found([*asks, *talk(start=600)], "dtls-unanswered")
    for more in (FINISHED, certificate(b"client")):
        story = [*asks, (560.0, A, B, more), *talk(start=600)]
        assert not found(story, "dtls-unanswered")
    assert found([*asks, (560.0, A, B, FINISHED), *talk(start=600)], "capture-one-direction")
    assert not found([*asks, *talk(start=600)], "capture-one-direction")


def test_the_end_of_a_call_says_more_than_the_alert_after_it() -> None:
    call = [*dialled(), *agreed(1100), *talk(start=1200), *talk(B, A, 78, start=1200), *hung_up(11_500)]
    assert not found([*call, *closed(11_600)], "dtls-closed")


def lost(octets: bytes, src: tuple[str, int], dst: tuple[str, int], identification: int) -> bytes:
    """The first IP fragment of a datagram; the others never come."""
    whole = bytearray(frame(src, dst, octets)[:14 + 20 + 800])
    struct.pack_into("!HHH", whole, 16, 820, identification, 0x2000)
    return bytes(whole)


def test_an_answer_in_fragments_of_which_some_are_lost_is_no_missing_answer() -> None:
    answer = hello(True) + certificate(bytes(1500))
    raw = [lost(answer, B, A, n) for n in range(1, 4)]
    made = report([(1000.0 * n, A, B, hello()) for n in range(1, 4)], raw=raw)
    by_id: dict[str, list[Finding]] = {}
    for each in made.findings:
        by_id.setdefault(each.id, []).append(each)
    assert "dtls-unanswered" not in by_id
    (told,) = by_id["dtls-unfinished"]
    assert "ServerHello, Certificate" in told.what and "IP fragments" in told.what and told.severity == "error"
    assert [place.frame for place in told.places] == [1, 2, 3]
    (told,) = by_id["fragments-incomplete"]
    assert "3 fragmented datagrams" in told.what and "of a handshake (ServerHello, Certificate)" in told.what


def test_an_answer_whose_first_fragment_is_lost_is_told_as_fragments_too() -> None:
    whole = bytearray(frame(B, A, hello(True) + certificate(bytes(1500)))[:14 + 20 + 400])
    struct.pack_into("!HHH", whole, 16, 420, 9, 100)
    octets = bytes(whole)
    records = [(0, Record(1, 10**9, 1, frame(A, B, hello()), 100)), (0, Record(2, 2 * 10**9, 1, octets, len(octets)))]
    records += [(0, Record(3, 3 * 10**9, 1, frame(A, B, hello()), 100))]
    scanner, engine = Scanner(), Engine()
    for batch in scanner.scan(records):
        engine.feed(batch)
    engine.feed(scanner.finish())
    made = engine.report(scanner, ())
    ((id, what),) = [(each.id, each.what) for each in made.findings if each.id.startswith("dtls")]
    assert id == "dtls-unfinished" and f"{B[0]}:{B[1]} sent datagrams whose first fragment is missing" in what


def test_a_hello_of_which_a_fragment_is_lost_is_unanswered_for_that() -> None:
    pieces = parts(hello(), 30, drop=1)
    story = [(1000 * n + at, A, B, piece) for n in range(3) for at, piece in enumerate(pieces)]
    (told,) = found(story, "dtls-unanswered")
    assert "bytes 30 to" in told.what and "ClientHello" in told.what and len(told.places) == 2


def test_a_server_that_finishes_says_that_both_did() -> None:
    """It shows its certificate first and is the last to finish, so that the client's side need not be captured."""
    story = [told for told in [*both(0, 12), *agreed(100)] if told[1] == B]
    assert not found(story, "dtls-unfinished")
    assert report(story).handshakes[0].outcome == "complete"
    assert found([told for told in story if told[3] != FINISHED], "dtls-unfinished")


def test_a_close_is_told_though_the_handshake_was_before_the_capture() -> None:
    media = [*both(0, 12), *talk(seconds=20), *talk(B, A, 78, seconds=8)]
    (told,) = found([*media, *closed(9500, B, A)], "dtls-closed")
    assert f"closed by {B[0]}:{B[1]}; its handshake is not in the capture" in told.what and told.severity == "warning"
    assert f"{A[0]}:{A[1]} sends media for 12 s more" in told.what and len(told.places) == 1
    assert not found([*media, *closed(9500, B, A)], "media-ended-early")
    assert not found([*dialled(), *media, *closed(20_900, B, A), *hung_up(21_000)], "dtls-closed")


def test_hellos_on_a_pair_that_was_left_for_another_are_excused_though_no_answer_was_captured() -> None:
    other = (A[0], 40_010)
    agrees = [*both(0, 4), *agreed(100)]
    there = [(time + 1000, other if src == A else src, dst, octets) for time, src, dst, octets in agrees]
    tried: Story = [(100, A, B, hello()), (600, A, B, hello())]
    story = [told for told in [*both(0, 2), *tried, *there] if told[1] != B]
    assert not found(story, "dtls-unanswered")
    assert found([told for told in story if told[3] != FINISHED], "dtls-unanswered")


def test_a_handshake_without_a_profile_is_told_where_the_sdp_wants_one_though_no_media_follow() -> None:
    def story(media: str, more: bytes = b"", srtp: bool = False) -> Story:
        bodies = [
            description(*host, "a=fingerprint:sha-256 " + ":".join(["AA"] * 32), f"a=setup:{setup}", media=media) + more
            for host, setup in ((A, "actpass"), (B, "passive"))
        ]
        return [*dialled(*bodies), *both(1100, 4), *agreed(2000, srtp=srtp), *hung_up(20_000)]

    wanted = "UDP/TLS/RTP/SAVPF 0"
    (told,) = found(story(wanted), "dtls-without-srtp")
    assert "the SDP wants UDP/TLS/RTP/SAVPF, the ClientHello offers SRTP_" in told.what and told.severity == "error"
    channel = f"m=application {A[1]} UDP/DTLS/SCTP webrtc-datachannel\r\n".encode()
    for other in (story(wanted, srtp=True), story(wanted, channel), story("RTP/AVP 0")):
        assert not found(other, "dtls-without-srtp")


def test_hellos_in_the_middle_of_a_call_are_told_where_media_end_with_them() -> None:
    call = [*dialled(sdp("actpass", A), sdp("active", B)), *hung_up(20_000), *both(1100, 4), *agreed(1200), *talk()]
    hellos = [(6000 + 1000 * n, B, A, hello()) for n in range(5)]
    (told,) = found([*call, *hellos, *talk(B, A, 78, seconds=5)], "dtls-unanswered")
    assert "5 ClientHellos; a handshake of the same ports was complete 5 s before" in told.what
    assert "RFC 8842 section 5.5" in told.fix
    assert not found([*call, *hellos, *talk(B, A, 78)], "dtls-unanswered")


def test_hellos_beside_the_nominated_pair_name_it() -> None:
    story = [*checks(0, 6, nominates=False), *[(500 + 1000 * n, A, B, hello()) for n in range(5)]]
    other = checks(50, 6, src=OTHER_A)
    (told,) = found([*story, *other], "dtls-unanswered")
    assert told.what.endswith(f"5 ClientHellos; the nominated pair is {OTHER_A[0]}:{OTHER_A[1]} to {B[0]}:{B[1]}")
    for rest in (checks(50, 6, src=OTHER_A, nominates=False), [*other, *checks(60, 6)]):
        (told,) = found([*story, *rest], "dtls-unanswered")
        assert told.what.endswith("5 ClientHellos")
