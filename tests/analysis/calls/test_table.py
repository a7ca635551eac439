"""The texts of calls are kept within a budget."""

from __future__ import annotations

from dissectors.analysis.calls import table as calls
from dissectors.analysis.calls.negotiation import MAX_DESCRIPTION_OCTETS
from dissectors.engine.trackers import Capacity
from dissectors.limits.texts import MAX_TEXT_OCTETS
from dissectors.protocols.sip import parse
from dissectors.wire.datagram import Datagram, Flow
from tests.made import A, B, report
from tests.signalling import INVITE, SDP, asks


def test_texts_are_kept_within_a_budget_and_what_finds_no_room_is_told() -> None:
    texts = [asks("MESSAGE", n, b"x" * 4000).replace(SDP.encode(), b"Subject: text") for n in range(1, 5)]
    told = report([(A, B, text) for text in texts], capacity=Capacity(text_octets=12_000))
    bodies = [each.body for each in told.calls[0].messages if each.body]
    assert [len(body.text) for body in bodies] == [4000, 4000, 0, 0]
    assert [body.inflated_length for body in bodies] == [4000] * 4
    assert any(each.id == "bound-hit" and each.what.startswith("texts: ") for each in told.findings)


def test_what_makes_room_gives_its_octets_back() -> None:
    kept = calls.Calls(1)
    flow = Flow(*A, *B)
    for n in range(3):
        invite = INVITE.replace(b"Call-ID: one", f"Call-ID: {n}".encode())
        kept.feed(Datagram(0, n, 0, n, flow, invite, len(invite)), parse(invite))
    only_one = MAX_TEXT_OCTETS - kept.texts.left, MAX_DESCRIPTION_OCTETS - kept.descriptions.left
    for call in list(kept.calls.values()):
        kept.retire(call)
    assert kept.texts.left == MAX_TEXT_OCTETS and kept.descriptions.left == MAX_DESCRIPTION_OCTETS
    alone = calls.Calls(1)
    alone.feed(Datagram(0, 2, 0, 2, flow, invite, len(invite)), parse(invite))
    assert only_one == (MAX_TEXT_OCTETS - alone.texts.left, MAX_DESCRIPTION_OCTETS - alone.descriptions.left)
