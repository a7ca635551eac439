"""What each first octet leaves open, and what one datagram alone is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.classify import _says_all_of, classify, left_open, match, matches, remaining
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN_ROW
from tests.made import channel_data, rtcp, rtp, srtcp, stun

METHODS = (
    "INVITE ACK BYE CANCEL OPTIONS REGISTER PRACK SUBSCRIBE NOTIFY PUBLISH INFO REFER MESSAGE UPDATE".split()
)  # RFC 3261 section 7.1 and the registry since


def figure() -> list[tuple[int, int, list[str]]]:
    """Ranges of first octets with the protocols that they leave open, SIP's letters and keep-alives left out."""
    ranges: list[tuple[int, int, list[str]]] = []
    for octet, rows in enumerate(map(left_open, range(256))):
        names = list(dict.fromkeys(PROTOCOLS[ROWS[row][0]] for row, _ in rows))
        names = [name for name in names if name not in ("SIP", "KEEPALIVE")]
        if ranges and ranges[-1][2] == names:
            ranges[-1] = (ranges[-1][0], octet, names)
        else:
            ranges.append((octet, octet, names))
    return ranges


def test_the_first_octet_leaves_open_what_the_figure_of_rfc_7983_shows() -> None:
    leading = {octet: names for low, high, names in figure() for octet in range(low, high + 1)}
    assert all("STUN" in leading[octet] for octet in range(4))
    assert all("ZRTP" in leading[octet] for octet in range(16, 20))
    assert all("DTLS" in leading[octet] for octet in (*range(20, 27), *range(32, 64)))
    assert leading.pop(ord("M")) == ["MSRP", "TURN", "QUIC"]
    assert all(leading[octet] == ["TURN", "QUIC"] for octet in range(64, 80) if octet in leading)
    assert all(leading[octet] == ["QUIC"] for octet in range(80, 128))
    assert all(leading[octet] == ["RTCP", "RTP"] for octet in range(128, 192))
    assert all(leading[octet] == ["QUIC"] for octet in range(192, 255))
    assert leading[255] == ["TURN", "QUIC"]


def test_no_row_is_open_to_an_octet_outside_its_range() -> None:
    names = [{PROTOCOLS[ROWS[row][0]] for row, _ in left_open(octet)} for octet in range(256)]
    turn = {octet for octet in range(256) if "TURN" in names[octet]}
    zrtp = {octet for octet in range(256) if "ZRTP" in names[octet]}
    assert turn == {*range(64, 80), 255}
    assert zrtp == set(range(16, 32))


@pytest.mark.parametrize("method", METHODS)
def test_sip_wins_over_turn_and_quic_on_a_shared_port(method: str) -> None:
    assert classify(f"{method} sip:bob@example.com SIP/2.0\r\n".encode()).protocol == "SIP"


@pytest.mark.parametrize(
    "text",
    [
        b"SIP/2.0 200 OK\r\n", b"\r\n\r\nSIP/2.0 180 Ringing\r\n", b"sip/2.0 100 Trying\n", b"SIP/2.0 486\r\n",
        b"INVITE sip:x SIP/2.0", b"FOO.BAR-1 sip:x sip/2.0\n", b"\nACK tel:+1 SIP/2.0  \r\n",
    ],
)
def test_odd_start_lines_are_sip_all_the_same(text: bytes) -> None:
    assert classify(text).protocol == "SIP"


@pytest.mark.parametrize(
    "text",
    [
        b"OK", b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n", b"SIP/2.0 2x0 OK\r\n", b"SIP/2.0 20",
        b"SIP/3.0 200 OK",
        b'{"host_int": 1, "version": [2, 0]}', b" INVITE sip:x SIP/2.0\r\n", b"IN VITE", b"INVITE sip:x SIP/2.0x\r\n",
    ],
)
def test_text_without_the_start_line_is_not_sip(text: bytes) -> None:
    assert classify(text).protocol != "SIP"


def test_a_start_line_that_the_capture_cut_needs_a_scheme() -> None:
    assert PROTOCOLS[ROWS[match(b"INVITE sip:bo", 500)][0]] == "SIP"
    assert match(b"INVITE sip:bo", 13) == UNKNOWN_ROW
    assert PROTOCOLS[ROWS[match(b"INVITE  junk", 500)][0]] != "SIP"


@pytest.mark.parametrize(
    ("payload", "protocol", "strength"),
    [
        (stun(), "STUN", "certain"),
        (stun() + b"trailing", "STUN", "certain"),
        (b"\x00\x01\x00\x08" + bytes(16) + b"\x00\x03\x00\x04" + bytes(4), "STUN", "plausible"),
        (b"\r\n\r\n", "KEEPALIVE", "certain"),
        (b"\0", "KEEPALIVE", "certain"),
        (b"", "KEEPALIVE", "certain"),
        (channel_data(b"hello"), "TURN", "plausible"),
        (channel_data(b"hello") + bytes(3), "TURN", "plausible"),
        (b"\x10\x00\x12\x34ZRTP" + bytes(20), "ZRTP", "certain"),
        (b"\x16\xfe\xfd" + bytes(8) + b"\x00\x03abc", "DTLS", "certain"),
        (b"\x16\xfe\xfd" + bytes(8) + b"\x00\x03abc" + b"\x14\xfe\xfd" + bytes(8) + b"\x00\x01\x01", "DTLS", "certain"),
        (rtcp(), "RTCP", "certain"),
        (rtcp(packet_type=211), "RTCP", "certain"),
        (rtcp(packet_type=220), "RTCP", "plausible"),
        (srtcp(), "RTCP", "plausible"),
        (rtp(1), "RTP", "plausible"),
        (b"\xc0\x00\x00\x00\x01\x08" + bytes(30), "QUIC", "certain"),
    ],
)
def test_one_datagram_alone(payload: bytes, protocol: str, strength: str) -> None:
    verdict = classify(payload)
    assert (verdict.protocol, verdict.strength) == (protocol, strength)


@pytest.mark.parametrize(
    "payload",
    [
        channel_data(b"hello")[:-1],
        b"\x16\xfe\xfd" + bytes(8) + b"\x00\x04abc",
        b"\x16\x03\x03" + bytes(8) + b"\x00\x03abc",
        rtp(1)[:11],
        b"\x8f" + rtp(1)[1:16],
        b"\x90" + rtp(1)[1:12] + b"\xbe\xde\xff\xff",
        b"\x50" * 20,
        b"\xff" * 40,
        b"\0" * 40,
    ],
)
def test_a_lying_length_makes_it_unknown(payload: bytes) -> None:
    assert classify(payload).protocol == "UNKNOWN"


def test_lengths_are_those_of_udp_where_the_capture_cut() -> None:
    whole = b"\x16\xfe\xfd" + bytes(8) + b"\x00\x20" + bytes(32)
    assert PROTOCOLS[ROWS[match(whole[:20], len(whole))][0]] == "DTLS"
    assert match(whole[:20], 20) == UNKNOWN_ROW
    extended = b"\x90" + rtp(1)[1:12] + b"\xbe\xde\x00\x04" + bytes(16)
    assert PROTOCOLS[ROWS[match(extended[:12], len(extended))][0]] == "RTP"


@pytest.mark.parametrize("kept", [b"", b"\x80", b"\x80\xc8", b"\x16\xfe\xfd"])
def test_a_chain_of_which_nothing_was_kept_is_no_chain(kept: bytes) -> None:
    assert classify(kept, 60).protocol in ("UNKNOWN", "RTP")
    assert classify(kept, 60).strength != "certain"


@given(st.binary(max_size=80), st.integers(0, 40))
def test_the_index_by_two_octets_says_what_every_row_tried_in_order_says(payload: bytes, more: int) -> None:
    length = len(payload) + more
    assert match(payload, length) == next(iter(matches(payload, length)), UNKNOWN_ROW)


@given(st.integers(128, 191), st.integers(0, 255), st.binary(min_size=10, max_size=60))
def test_a_media_range_datagram_is_never_anything_else(first: int, second: int, rest: bytes) -> None:
    assert classify(bytes((first, second)) + rest).protocol in ("RTP", "RTCP", "UNKNOWN")


def test_rtcp_range_of_rfc_5761_goes_to_rtcp_and_all_else_to_rtp() -> None:
    for second in range(256):
        payload = bytes((0x80, second, 0, 1)) + bytes(16)
        assert classify(payload).protocol == ("RTCP" if 192 <= second <= 223 else "RTP")


def test_the_two_octet_index_is_a_part_of_the_first_octet_index() -> None:
    for first in range(0, 256, 7):
        rows = {row for row, _ in left_open(first)}
        assert all({row for row, _ in remaining(first, second)} <= rows for second in range(256))


def test_the_two_octet_index_asks_each_clause_of_both_octets_and_keeps_what_they_do_not_settle() -> None:
    for first in range(0, 256, 3):
        for second in range(0, 256, 5):
            rows = []
            for row, clauses in left_open(first):
                said = [_says_all_of(clause, bytes((first, second))) for clause in clauses]
                if False not in said:
                    kept = tuple(clause for clause, says in zip(clauses, said, strict=True) if says is None)
                    rows.append((row, kept))
            assert remaining(first, second) == tuple(rows)


def test_two_octets_that_settle_the_same_share_what_they_leave_open() -> None:
    assert remaining(0x80, 1) is remaining(0x80, 2) and remaining(0xFF, 1) is remaining(0xFF, 2)


def test_labelled_single_payloads_get_the_class_of_their_label() -> None:
    """Payloads of public projects' test suites; those that only look like their label say so."""
    labels = json.loads((Path(__file__).resolve().parents[1] / "data" / "singles.json").read_text())
    for each in labels:
        verdict = classify(bytes.fromhex(each["payload"]))
        assert verdict.protocol == each["protocol"], each["name"]
        assert verdict.strength == each["strength"], each["name"]


def test_the_compiled_table_gives_what_looks_like_rtp_the_row_that_the_clauses_give_it() -> None:
    compiled = pytest.importorskip("dissectors.mux.compiled.scan", reason="no compiled scan was built here")
    table, rows = compiled.Table(), set()
    for first in range(0x80, 0xC0):
        for second in (0, 96, 200):
            for size in (*range(2, 29), 200):
                payload = bytes((first, second)) + bytes(size - 2)
                for length in (size, size + 9):
                    rows.add(match(payload, length))
                    assert table.row(payload, length) == match(payload, length), (payload, length)
    assert len(rows) > 2
