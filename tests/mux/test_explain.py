"""Why a datagram is what it is: the explanation never disagrees with the classifier, whatever the octets."""

from __future__ import annotations

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.classify import classify, matches
from dissectors.mux.explain import TOLD, explain, read
from dissectors.mux.table import PROTOCOLS, ROWS, TABLE
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Clause
from tests.made import channel_data, rtcp, rtp, sip, stun
from tests.samples import SAMPLES, SEEDS


def test_every_clause_word_can_be_told() -> None:
    assert set(TOLD) == set(get_args(Clause))


@pytest.mark.parametrize("protocol", SAMPLES)
def test_the_winner_is_the_verdict_of_the_classifier(protocol: str) -> None:
    said = explain(SAMPLES[protocol])
    assert said.winner is not None and said.winner.protocol == protocol
    assert said.winner.number == classify(SAMPLES[protocol]).row


@given(st.one_of(st.binary(max_size=80), st.sampled_from(SEEDS).flatmap(lambda seed: st.builds(
    lambda at, octet, cut: (seed[:at] + bytes([octet]) + seed[at + 1 :])[: len(seed) - cut],
    st.integers(0, len(seed) - 1), st.integers(0, 255), st.integers(0, len(seed)),
))), st.integers(0, 20))
def test_an_explanation_agrees_with_the_classifier_on_any_octets(payload: bytes, more: int) -> None:
    length = len(payload) + more
    said = explain(payload, length)
    assert [trial.number for trial in said.trials if trial.matched] == matches(payload, length)
    assert (said.winner.number if said.winner else len(ROWS)) == classify(payload, length).row
    assert said.runner_up is None or said.runner_up.protocol != (said.winner.protocol if said.winner else None)
    for trial in said.trials:
        assert all(step.holds for step in trial.steps[:-1])
        for step in trial.steps:
            offset, octets = step.octets
            assert payload[offset : offset + len(octets)] == octets


def test_a_rule_that_fails_says_what_it_wanted_and_what_was_there() -> None:
    cookie = stun()[:4] + b"\x21\x12\xa4\x43" + stun()[8:]
    (trial,) = (trial for trial in explain(cookie).trials if "magic cookie 0x" in trial.reason)
    step = trial.steps[-1]
    assert (step.holds, step.wanted, step.found) == (False, "bytes 4 to 7 are 0x2112a442", "0x2112a443")
    assert step.octets == (4, b"\x21\x12\xa4\x43")


@pytest.mark.parametrize(
    ("payload", "protocol", "found"),
    [
        (SAMPLES["DTLS"] + b"\x16\xfe\xfd", "DTLS", "element 2, at byte 17: no room for its length"),
        (rtcp() + b"\x80\xc9\x00\x05", "RTCP", "element 2, at byte 8: it claims 24 bytes, 4 are left"),
        (rtcp() + rtp(1), "RTCP", "element 2, at byte 8: 104, but byte 9 is 200 to 211"),
        (channel_data(b"abcd")[:-1], "TURN", "4 × 1 + 4 = 8 of 7 bytes"),
        (b"INVITE sip:a SIP/3.0\r\n\r\n", "SIP", "“INVITE sip:a SIP/3.0”"),
        (rtp(1)[:12].replace(b"\x80", b"\x82", 1), "RTP", "2 contributing sources: 20 of 12 bytes"),
        (b"\r\n\r\nA", "KEEPALIVE", "0x41 at byte 4"),
    ],
)
def test_what_breaks_a_rule_is_named(payload: bytes, protocol: str, found: str) -> None:
    steps = [trial.steps[-1] for trial in explain(payload).trials if trial.protocol == protocol]
    assert found in [step.found for step in steps if not step.holds]


def test_octets_that_the_capture_cut_are_not_called_wrong() -> None:
    (trial, *_) = (trial for trial in explain(b"\r\n", 4).trials if trial.protocol == "KEEPALIVE")
    assert trial.steps[-1].found == "2 such bytes, and 2 bytes that were not captured"


def test_the_runner_up_of_sip_is_what_its_letters_would_be_elsewhere() -> None:
    """P lies in QUIC's range (RFC 9443), and a short header asks for little more than that."""
    said = explain(sip("PRACK sip:a SIP/2.0", "X: yyyyyyyyyyyyyyyyyy"))
    assert said.runner_up is not None and said.runner_up.protocol == "QUIC" and said.runner_up.matched


def test_read_gives_the_message_or_says_why_not() -> None:
    assert read("RTP", rtp(7)).sequence == 7
    assert isinstance(read("RTP", b"\x80"), Malformed)
    assert read("UNKNOWN", b"") is None


def test_every_protocol_of_the_table_is_explained_by_its_own_rows() -> None:
    noise = random.Random(5).randbytes(1200)
    assert {trial.protocol for trial in explain(noise).trials} == {spec.name for spec in TABLE if spec.match}


def test_a_message_of_websocket_is_what_its_content_said() -> None:
    verto = next(number for number, (protocol, _) in enumerate(ROWS) if PROTOCOLS[protocol] == "VERTO")
    payload = b'{"jsonrpc":"2.0","method":"verto.info","id":1}'
    told, alone = explain(payload, None, verto), explain(payload)
    assert told.winner is not None and told.winner.protocol == "VERTO" and told.winner.matched
    assert told.runner_up is not None and alone.winner == told.runner_up
