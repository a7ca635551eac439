"""What is one session, its sides, and the life of its pairs."""

from __future__ import annotations

from tests.finding_cases.session import (
    allocate,
    both,
    challenge,
    channel,
    checks,
    closed,
    given,
    user,
)
from tests.made import Endpoint, channel_data
from tests.stories import (
    FINISHED,
    INNER,
    SERVER,
    A,
    B,
    C,
    Story,
    agreed,
    asked,
    certificate,
    description,
    dialled,
    hello,
    hung_up,
    mapped,
    report,
    talk,
)

OTHER_A, OTHER_B = ("10.8.0.2", 51000), ("10.8.0.1", 41000)


def moved(story: Story, ends: dict[Endpoint, Endpoint]) -> Story:
    return [(time, ends.get(src, src), ends.get(dst, dst), octets) for time, src, dst, octets in story]


def test_other_credentials_elsewhere_are_another_session() -> None:
    other = checks(0, 3, name=user("DDDD", "EEEE"), src=C, dst=OTHER_A)
    assert len(report([*both(0, 3), *other]).sessions) == 2


def test_a_pair_waits_is_checked_nominated_used_and_lost_in_its_time() -> None:
    def pair(*stories: Story) -> tuple[str, list[float | None]]:
        (session,) = report([told for story in stories for told in story]).sessions
        (one,) = session.pairs
        return one.state, [one.first, one.checked, one.nominated, one.used, one.lost]

    plain = checks(1000, 2, nominates=False)
    assert pair(checks(1000, 2, answer=None)) == ("waiting", [1.0, None, 1.0, None, None])
    assert pair(plain) == ("checked", [1.0, 1.02, None, None, None])
    assert pair(plain, checks(5000, 2)) == ("nominated", [1.0, 1.02, 5.0, None, None])
    assert pair(plain, checks(5000, 2), agreed(8000)) == ("used", [1.0, 1.02, 5.0, 8.0, None])
    lost = checks(9000, 9, answer=None)
    assert pair(plain, checks(5000, 2), agreed(8000), lost) == ("lost", [1.0, 1.02, 5.0, 8.0, 7.52])


def test_streams_and_handshakes_are_positions_and_calls_are_named() -> None:
    media = [*talk(start=1300), *talk(B, A, 78, start=1300)]
    made = report([*dialled(), *both(1100, 4), *agreed(1200), *media, *hung_up()])
    (session,) = made.sessions
    assert session.call == 0 and session.handshakes == (0,) and session.streams == (0, 1)
    assert session.ended == made.calls[0].ended
    assert all(made.checks[number].kind == "connectivity check" for number in session.checks)


def test_an_alert_ends_a_session() -> None:
    (session,) = report([*both(0, 4), *agreed(100), *closed(5000)]).sessions
    assert session.ended == 5.0


def test_what_has_neither_ice_nor_dtls_is_no_session() -> None:
    assert report([*talk(), *talk(B, A, 78)]).sessions == ()


def test_a_handshake_that_goes_on_elsewhere_is_listed_once_and_complete() -> None:
    ends = {A: OTHER_A, B: OTHER_B}
    begun: Story = [(500, A, B, hello()), (510, B, A, hello(True) + certificate(b"x"))]
    finished: Story = [(520, OTHER_A, OTHER_B, certificate(b"y") + FINISHED), (530, OTHER_B, OTHER_A, FINISHED)]
    made = report([*both(0, 4), *moved(both(50, 4), ends), *begun, *finished])
    (shaken,) = made.handshakes
    assert shaken.outcome == "complete" and shaken.client_fingerprint and shaken.server_fingerprint
    assert made.sessions[0].handshakes == (0,)
    assert report(finished).handshakes == () and report(finished).sessions == ()


def test_many_pairs_of_one_fragment_are_one_session_of_which_some_endpoints_are_listed() -> None:
    (session,) = report([one for n in range(300) for one in checks(n, 1, src=(A[0], 1024 + n))]).sessions
    assert len(session.pairs) == len(session.checks) == 300
    assert len(session.sides[0].endpoints) == 16 and session.sides[1].endpoints == ("203.0.113.2:16402",)


def test_kinds_of_candidates_are_those_of_the_sdp_and_of_stun_servers() -> None:
    def described(kind: str, host: Endpoint) -> bytes:
        return description(*host, f"a=candidate:1 1 udp 1 {host[0]} {host[1]} typ {kind}")

    call = [*dialled(described("host", A), described("srflx", B)), *hung_up(40_000)]
    (pair,) = report([*call, *both(1100, 3)]).sessions[0].pairs
    assert (pair.src_kind, pair.dst_kind) == ("host", "srflx")
    (pair,) = report(both(1100, 3)).sessions[0].pairs
    assert (pair.src_kind, pair.dst_kind) == (None, None)
    (pair,) = report([*dialled(described("strange", A)), *both(1100, 3)]).sessions[0].pairs
    assert pair.src_kind is None
    seen = asked(0, src=INNER, dst=SERVER, answer=(0x0101, mapped(*A)))
    (pair,) = report([*seen, *both(1100, 3)]).sessions[0].pairs
    assert (pair.src_kind, pair.dst_kind) == ("srflx", None)


def test_a_pair_over_a_relay_has_its_clients_end_relayed() -> None:
    bound = [*challenge(0), *allocate(50, given()), *channel(100)]
    inner = [
        (time, A if src == A else SERVER, SERVER if src == A else A, channel_data(octets))
        for time, src, _, octets in both(1000, 4)
    ]
    (session,) = report([*bound, *inner]).sessions
    (pair,) = session.pairs
    assert pair.inside == f"peer {B[0]}:{B[1]}" and (pair.src, pair.src_kind) == (A[0], "relay")


def test_what_is_closed_after_the_capture_began_has_an_end() -> None:
    (session,) = report([*both(0, 8), *talk(), *talk(B, A, 78), *closed(11_500, B, A)]).sessions
    assert (session.ended, session.closed_by, session.handshakes) == (11.5, f"{B[0]}:{B[1]}", ())
    assert session.closed_place is not None
    (session,) = report([*both(0, 4), *agreed(100), *talk(start=200, seconds=8), *closed(9000)]).sessions
    assert (session.ended, session.closed_by) == (9.0, None)
