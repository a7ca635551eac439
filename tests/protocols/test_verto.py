"""Verto: what its requests, results and errors say, and what is not its."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.verto import parse, speaks
from dissectors.wire.errors import Malformed
from tests import verto_calls as verto
from tests.tcp_frames import A, B
from tests.verto_calls import asks


def test_a_request_gives_its_call_both_numbers_and_its_description() -> None:
    message = parse(verto.attempt()[0][1])
    assert (message.method, message.id, message.call_id) == ("verto.invite", "2", verto.CALL_ID)
    assert (message.caller, message.callee, message.sdp) == ("1000", "9196", verto.OFFER)
    assert message.summary == "verto.invite, id 2, 1000 to 9196, SDP"


def test_a_server_names_the_call_without_dialog_params() -> None:
    message = parse(verto.asks(B, 7, "verto.bye", callID="c", cause="USER_BUSY", causeCode=17)[1])
    assert (message.call_id, message.cause, message.cause_code) == ("c", "USER_BUSY", 17)
    assert message.summary == "verto.bye, id 7, USER_BUSY (17)"


def test_results_and_errors_say_what_they_say() -> None:
    result, error = parse(verto.gives(B, 2, message="CALL CREATED")[1]), parse(verto.fails(B, 3, -32000, "Login")[1])
    assert not result.is_request and result.summary == "result CALL CREATED, id 2" and result.code is None
    assert error.summary == "error -32000 Login, id 3" and error.code == -32000


def test_no_summary_has_the_password() -> None:
    assert verto.PASSWORD not in str(parse(verto.login()[0][1]))


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"{", b"[]", b"{}", b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"2.0","id":1}', b'"jsonrpc"', b"\xff",
        b'{"method":"verto.invite"}', b'{"jsonrpc":' + b"[" * 70 + b"]" * 70 + b"}",
    ],
)
def test_what_is_no_json_rpc_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        parse(octets)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ("params", "result", "error", "dialogParams", "callID", "sdp", "code", "causeCode", "id", "method", "message"),
    ), inner, max_size=6),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(("id", "method", "params", "result", "error")), VALUES))
def test_members_of_any_kind_are_read_or_malformed(members: dict[str, object]) -> None:
    octets = json.dumps({"jsonrpc": "2.0", **members}).encode()
    try:
        message = parse(octets)
    except Malformed:
        return
    assert message.summary.encode()


def test_an_answer_is_vertos_only_where_verto_was_spoken() -> None:
    request, answer = verto.attempt()[:2]
    assert speaks(request[1], False) and speaks(verto.login()[0][1], False)
    assert speaks(answer[1], True) and not speaks(answer[1], False)
    assert speaks(asks(A, 1, "login", loginParams={}, sessid="S")[1], False)
    for octets in (b'{"jsonrpc":"2.0","method":"eth_call","id":1}', b'{"a":"verto.x"}', b'"verto.a jsonrpc"', b""):
        assert not speaks(octets, True)
    assert speaks(verto.gives(A, 9, method="verto.answer")[1], False)
