"""What a glance at a check says is what its message says."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dissectors.analysis.connectivity.asked import Request
from dissectors.analysis.connectivity.checks import Checks
from dissectors.analysis.connectivity.said import LONGEST_USUAL, Glance, Said
from dissectors.mux.entry import Entry
from dissectors.mux.flows import FlowKey, FlowState, PairState
from dissectors.protocols import stun
from dissectors.wire.errors import Malformed
from tests.made import stun as made

INTEGRITY, FINGERPRINT = (0x0008, bytes(range(20))), (0x8028, b"\1\2\3\4")
CHECK = ((0x0006, b"far:near"), (0x0024, b"\x6e\0\1\xff"), (0x802A, bytes(8)), (0x0025, b""))
MAPPED = (0x0020, b"\0\1\x21\x12\x2b\x12\xa4\x42")
OTHERS = (
    (0x0006, b""), (0x0006, b"odd"), (0x0020, bytes(20)), (0x0001, b"\0\1\x12\x34\xc0\0\2\1"), (0x8022, b"agent"),
    (0x000D, b"\0\0\0\0"), (0x000F, b"\x72\xc6\x4b\xc6"), (0x0012, b"\0\1\x21\x12\x2b\x12\xa4\x42"), (0x8029, bytes(8)),
    (0x0024, b"short"), (0x0009, b"\0\0\4\1stale"), (0x0020, b"\0\2"), (0x8022, b"\x80\x28\0\4\0\0\0\0"),
    (0x8022, b"\0\x08\0\x14" + bytes(20)), MAPPED, *CHECK, INTEGRITY, FINGERPRINT,
)


def body(*attributes: tuple[int, bytes]) -> bytes:
    return b"".join(
        type_.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)
        for type_, value in attributes
    )


def plain(said: Said) -> dict[str, Any]:
    names = (
        "answers", "binding", "kind", "lifetime", "mapped", "nominates", "relayed", "request", "result", "role",
        "software",
    )
    return {name: getattr(said, name) for name in names}


def agrees(glance: Glance, payload: bytes) -> bool:
    """Whether a glance says of a message, twice, what the message says; False where it says nothing."""
    said = glance.at(payload)
    if said is None:
        return False
    assert plain(said) == plain(Said(stun.parse(payload)))
    assert glance.at(payload) is said
    return True


@pytest.mark.parametrize("seal", [(), (INTEGRITY,), (FINGERPRINT,), (INTEGRITY, FINGERPRINT)])
def test_a_usual_check_and_its_answer_are_known_at_a_glance(seal: tuple[tuple[int, bytes], ...]) -> None:
    glance = Glance()
    for type_, attributes in ((0x0001, CHECK), (0x0101, (MAPPED,)), (0x0101, ())):
        for transaction in (bytes(12), b"other random"):
            assert agrees(glance, made(type_, transaction, body(*attributes, *seal)))
    said = glance.at(made(attributes=body(*CHECK, *seal)))
    assert said is not None
    assert said.request == Request(True, "far:near", (), None)


@pytest.mark.parametrize("payload", [
    made(0x0011), made(0x0111), made(0x0003), made(0x0103), b"\x40" + made()[1:], made()[:19], made()[:-1] + b"\0\0",
    made()[:4] + bytes(4) + made()[8:], made(attributes=body(*CHECK))[:-4], made(attributes=body(*CHECK)) + bytes(4),
    made(attributes=b"\0\6\0\x09four"), made(attributes=b"\0\6\0"),
    made(0x0101, attributes=body((0x0020, bytes(20)))), made(attributes=body((0x000F, b"\x72\xc6\x4b\xc6"))),
    made(attributes=body((0x8022, bytes(LONGEST_USUAL)))), made(attributes=body(*CHECK)[:-1]),
])
def test_what_is_unusual_is_not_known_at_a_glance(payload: bytes) -> None:
    assert Glance().at(payload) is None


def test_a_glance_at_any_attributes_says_what_their_message_says() -> None:
    chance, glance, known = random.Random(18), Glance(), 0
    for _ in range(4000):
        octets = body(*chance.choices(OTHERS, k=chance.randrange(7)))
        if chance.random() < 0.2:
            octets = octets[: chance.randrange(len(octets) + 1)]
        payload = made(chance.choice((0x0001, 0x0101, 0x0111, 0x0011)), chance.randbytes(12), octets)
        try:
            stun.parse(payload)
        except Malformed:
            assert glance.at(payload) is None
        else:
            known += agrees(glance, payload)
    assert known > 1000


def test_checks_that_are_held_count_as_those_that_are_fed() -> None:
    chance, glance = random.Random(3), Glance()
    short, whole, held = Checks(100), Checks(100), 0
    for number in range(3000):
        ends = chance.sample([(b"\xc0\0\2\1", 5000), (b"\xc0\0\2\2", 5000), (b"\xc0\0\2\3", 6000)], 2)
        state = FlowState(0, FlowKey(*ends[0], *ends[1]), PairState(None))
        transaction = chance.randrange(40).to_bytes(12, "big")
        type_ = chance.choice((0x0001, 0x0001, 0x0101, 0x0111, 0x0003))
        payload = made(type_, transaction, body(*chance.choices(OTHERS[:11], k=2), INTEGRITY, FINGERPRINT))
        time = number * 1_000_000_000
        entry = Entry(number, 0, number, 0, time, state, len(payload), payload, 0, 0, "certain", "", False, 0)
        message = stun.parse(payload)
        whole.feed(entry.datagram, message)
        if (said := glance.at(payload)) is None:
            short.feed(entry.datagram, message)
        else:
            short.hold(entry, said)
            held += 1
    assert held > 1000
    assert [each.to_report() for each in short.asked.values()] == [each.to_report() for each in whole.asked.values()]
    assert any(each.answered for each in whole.asked.values())
