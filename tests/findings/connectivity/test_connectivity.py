"""Checks and servers that answer, or seem not to."""

from __future__ import annotations

import pytest

from dissectors.protocols.stun import build
from tests.finding_cases.session import sdp
from tests.found import found
from tests.stories import (
    ANSWER,
    INNER,
    OTHER_SERVER,
    SERVER,
    USER,
    A,
    B,
    asked,
    attribute,
    description,
    dialled,
    hello,
    mapped,
    request,
)


def test_checks_are_not_lost_where_keys_or_media_follow_them() -> None:
    checks = [each for n in range(4) for each in asked(n * 500, USER)]
    assert found(checks, "ice-failed") and not found([*checks, (3000, A, B, hello())], "ice-failed")


def test_a_server_that_answers_in_another_way_is_reached() -> None:
    asks = [each for n in range(3) for each in asked(n * 500, dst=SERVER)]
    assert [each.severity for each in found(asks, "stun-unanswered")] == ["warning"]
    (told,) = found([*asks, (700, SERVER, A, b"\xff" * 20)], "stun-unanswered")
    assert told.severity == "note" and told.what.endswith("but something else comes back")


def test_of_several_servers_one_that_is_silent_is_a_note() -> None:
    silent = [each for n in range(3) for each in asked(n * 500, dst=SERVER)]
    other = asked(700, dst=OTHER_SERVER, answer=(0x0101, mapped(*A)))
    (told,) = found([*silent, *other], "stun-unanswered")
    assert told.severity == "note" and told.what.endswith("3 requests, no answer, while others answer this port")


def test_an_allocation_that_is_answered_without_an_error_did_not_fail() -> None:
    story = [each for n in range(4) for each in asked(n * 500, kind=3, dst=SERVER, answer=(0x0103, mapped(*A)))]
    assert not found(story, "turn-allocation-failed")


def test_a_public_address_that_was_not_known_or_that_ice_finds_by_itself_need_not_be_announced() -> None:
    by_server = asked(0, src=INNER, dst=SERVER, answer=(0x0101, mapped(*A)))
    call = [(100 + time, *rest) for time, *rest in dialled(description(*INNER), ANSWER)]
    assert found([*by_server, *call], "mapped-not-announced")
    later = [(time + 5000, *rest) for time, *rest in by_server]
    assert not found([*later, *call, request(9000, "BYE", number=2, tag="2")], "mapped-not-announced")
    ours, theirs = sdp("actpass", INNER) + b"a=ice-ufrag:us\r\n", sdp("active", B) + b"a=ice-ufrag:them\r\n"
    ice = [(100 + time, *rest) for time, *rest in dialled(ours, theirs)]
    assert found([*by_server, *ice], "mapped-not-announced")
    works = asked(2000, attribute(0x0006, b"them:us"), src=INNER, answer=(0x0101, mapped(*A)))
    assert not found([*by_server, *ice, *works], "mapped-not-announced")


@pytest.mark.parametrize(
    ("id", "method", "dst", "attributes"),
    [
        ("turn-allocation-failed", "Allocate", SERVER, [("REQUESTED-TRANSPORT", b"\x11\0\0\0")]),
        ("stun-unanswered", "Binding", SERVER, []),
        ("ice-failed", "Binding", B, [("USERNAME", "them:us")]),
    ],
)
@pytest.mark.parametrize("wrong", [False, True])
def test_a_request_with_a_fingerprint_that_is_wrong_is_dropped_for_it(
    id: str, method: str, dst: tuple[str, int], attributes: list[tuple[str, str | bytes]], wrong: bool
) -> None:
    story = []
    for n in range(4):
        octets = build(method, "request", bytes([n]) * 12, attributes, key=b"secret", fingerprint=True)
        changed = bytes(one ^ other for one, other in zip(octets[-4:], b"STUN", strict=True))
        story.append((n * 500.0, A, dst, octets[:-4] + changed if wrong else octets))
    (told,) = found(story, id)
    assert ("the FINGERPRINT of the first one is wrong, and who gets it drops it" in told.what) == wrong
    assert ("the CRC-32 of all octets before it" in told.fix) == wrong
