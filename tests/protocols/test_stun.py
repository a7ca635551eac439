"""STUN: the test vectors of RFC 5769, real messages, what is forgiven and what is not."""
from __future__ import annotations

from hashlib import md5
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.stun import Message, build, check_integrity, parse
from dissectors.protocols.stun_attributes import ATTRIBUTES, Address, ChangeRequest, ErrorCode
from dissectors.wire.errors import Malformed

DATA = Path(__file__).resolve().parents[1] / "data" / "stun"
BROKEN = {"attribute_length_ffff.bin", "malformed_error.bin"}
SAMPLES = {path.name: path.read_bytes() for path in sorted(DATA.glob("*.bin"))}
WHOLE = {name: payload for name, payload in SAMPLES.items() if name not in BROKEN}

# RFC 5769 sections 2.1 to 2.4.
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff"
    "80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
RESPONSE_IPV4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
RESPONSE_IPV6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a147"
    "0113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
LONG_TERM = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b90000"
    "0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700"
    "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666"
)
VECTORS = (REQUEST, RESPONSE_IPV4, RESPONSE_IPV6, LONG_TERM)
PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes(range(12))


def message(*attributes: bytes, type_: int = 0x0001, length: int | None = None) -> bytes:
    """A message with these raw attributes."""
    body = b"".join(attributes)
    size = len(body) if length is None else length
    return type_.to_bytes(2, "big") + size.to_bytes(2, "big") + bytes.fromhex("2112a442") + TRANSACTION + body


def test_the_request_of_rfc_5769_reads_as_the_rfc_says() -> None:
    request = parse(REQUEST)
    assert (request.method, request.class_, request.cookie) == ("Binding", "request", True)
    assert request.transaction.hex() == "b7e7a701bc34d686fa87dfae"
    assert request.software == "STUN test client"
    assert request.username == "evtj:h6vY"
    assert request.priority == 0x6E0001FF
    assert request.role == "controlled"
    assert request.get("ICE-CONTROLLED") == 0x932FF9B151263B36
    assert (request.fingerprint_ok, request.use_candidate, request.trailing) == (True, False, b"")
    assert request.deviations == ()


@pytest.mark.parametrize(
    ("payload", "mapped"),
    [
        (RESPONSE_IPV4, Address("192.0.2.1", 32853)),
        (RESPONSE_IPV6, Address("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
)
def test_the_responses_of_rfc_5769_give_the_mapped_address(payload: bytes, mapped: Address) -> None:
    response = parse(payload)
    assert (response.class_, response.mapped_address, response.fingerprint_ok) == ("success", mapped, True)


@pytest.mark.parametrize("payload", [REQUEST, RESPONSE_IPV4, RESPONSE_IPV6])
def test_the_integrity_of_rfc_5769_holds_under_its_password_only(payload: bytes) -> None:
    assert check_integrity(payload, PASSWORD) is True
    assert check_integrity(payload, PASSWORD + b"!") is False


def test_the_long_term_credentials_of_rfc_5769_hold() -> None:
    key = md5("マトリックス:example.org:TheMatrIX".encode()).digest()
    assert check_integrity(LONG_TERM, key) is True
    assert parse(LONG_TERM).username == "マトリックス"
    assert parse(LONG_TERM).get("REALM") == "example.org"
    assert parse(LONG_TERM).fingerprint_ok is None


@pytest.mark.parametrize("at", range(8, len(REQUEST)))
def test_a_changed_octet_breaks_the_fingerprint(at: int) -> None:
    changed = bytearray(REQUEST)
    changed[at] ^= 0x01
    try:
        assert parse(bytes(changed)).fingerprint_ok in (False, None)
    except Malformed as malformed:
        assert malformed.protocol == "STUN"


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_real_messages_parse_and_their_fingerprints_hold(name: str) -> None:
    assert parse(WHOLE[name]).fingerprint_ok is not False


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_an_attribute_beyond_the_message_is_malformed(name: str) -> None:
    with pytest.raises(Malformed, match="are left"):
        parse(SAMPLES[name])


def test_the_nomination_of_a_controlling_agent_is_seen() -> None:
    request = parse(SAMPLES["binding_request_ice_controlling.bin"])
    assert (request.role, request.use_candidate) == ("controlling", True)
    assert request.summary == "Binding request, user 'sw7YvCSbcVex3bhi:AYeZ', controlling, nominates"


def test_a_length_that_is_no_multiple_of_four_is_forgiven_and_told() -> None:
    message_ = parse(SAMPLES["unpadded.bin"])
    assert message_.attributes[0].name == "0x4000"
    assert len(message_.attributes[0].value) == 102
    assert message_.deviations == ("the length 106 is not a multiple of 4",)


def test_attributes_without_any_padding_are_read() -> None:
    unpadded = parse(message(bytes.fromhex("00060003616263"), bytes.fromhex("0024000400000007")))
    assert (unpadded.username, unpadded.priority) == ("abc", 7)
    assert "attributes are not padded to 4 bytes" in unpadded.deviations


def test_octets_after_the_message_are_kept_and_told() -> None:
    trailing = parse(REQUEST + b"more")
    assert (trailing.trailing, trailing.fingerprint_ok) == (b"more", True)
    assert trailing.deviations == ("4 bytes follow the message",)


@pytest.mark.parametrize("number", range(6))
def test_the_methods_of_whatsapp_have_names(number: int) -> None:
    assert parse(message(type_=0x0800 + number)).summary == f"WhatsApp 0x080{number} request"


@pytest.mark.parametrize(
    ("type_", "name", "class_"),
    [
        (0x0003, "Allocate", "request"),
        (0x0016, "Send", "indication"),
        (0x0017, "Data", "indication"),
        (0x0109, "ChannelBind", "success"),
        (0x0118, "CreatePermission", "error"),
        (0x0200, "GOOG-PING", "request"),
        (0x3EEF, "method 0xFFF", "request"),
    ],
)
def test_method_and_class_share_the_message_type(type_: int, name: str, class_: str) -> None:
    read = parse(message(type_=type_))
    assert (read.method, read.class_) == (name, class_)


def test_a_message_of_rfc_3489_has_no_cookie_and_a_longer_transaction() -> None:
    payload = build("Binding", "success", bytes(range(16)), [("MAPPED-ADDRESS", Address("192.0.2.9", 5000))])
    classic = parse(payload)
    assert (classic.cookie, classic.transaction) == (False, bytes(range(16)))
    assert classic.summary == "Binding success (RFC 3489), mapped 192.0.2.9:5000"


def test_a_data_indication_carries_octets_from_a_peer() -> None:
    peer = Address("2001:db8::1", 9)
    indication = parse(build("Data", "indication", TRANSACTION, [("XOR-PEER-ADDRESS", peer), ("DATA", b"\x80octets")]))
    assert (indication.peer_address, indication.data) == (peer, b"\x80octets")
    assert indication.summary == "Data indication, peer [2001:db8::1]:9, data 7 bytes"


def test_an_error_response_gives_code_and_reason() -> None:
    error = parse(build("Allocate", "error", TRANSACTION, [("ERROR-CODE", ErrorCode(437, "Mismatch\n"))]))
    assert error.error == ErrorCode(437, "Mismatch\n")
    assert error.summary == "Allocate error, 437 'Mismatch\\n'"


def test_a_summary_stays_short_whatever_the_sender_says() -> None:
    attributes = [("USERNAME", "u" * 9999), ("ERROR-CODE", ErrorCode(400, "r" * 9999))]
    assert len(parse(build("Binding", "error", TRANSACTION, attributes)).summary) < 200


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("0001000400010000", "MAPPED-ADDRESS"),
        ("002000080003a147e112a643", "XOR-MAPPED-ADDRESS"),
        ("00240002ffff0000", "PRIORITY"),
        ("0008000400000000", "MESSAGE-INTEGRITY"),
        ("0009000200000000", "ERROR-CODE"),
        ("000a000300010000", "UNKNOWN-ATTRIBUTES"),
        ("0025000400000000", "USE-CANDIDATE"),
    ],
)
def test_a_value_that_does_not_fit_is_kept_as_octets_and_told(attribute: str, name: str) -> None:
    odd = parse(message(bytes.fromhex(attribute)))
    assert (odd.attributes[0].name, odd.attributes[0].decoded) == (name, None)
    assert odd.get(name) is None
    assert f"{name} has a value that does not fit" in odd.deviations


def test_only_the_first_of_two_attributes_counts() -> None:
    assert parse(build("Binding", "request", TRANSACTION, [("PRIORITY", 1), ("PRIORITY", 2)])).priority == 1


def test_what_follows_the_integrity_does_not_count_and_is_told() -> None:
    attributes = [("MESSAGE-INTEGRITY", bytes(20)), ("PRIORITY", 1)]
    assert parse(build("Binding", "request", TRANSACTION, attributes)).deviations == (
        "PRIORITY follows MESSAGE-INTEGRITY and does not count",
    )


def test_a_fingerprint_before_the_end_is_told() -> None:
    attributes = [("FINGERPRINT", bytes(4)), ("PRIORITY", 1)]
    assert parse(build("Binding", "request", TRANSACTION, attributes)).deviations == (
        "FINGERPRINT does not match",
        "FINGERPRINT is not the last attribute",
    )


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        (b"", 0),
        (REQUEST[:19], 19),
        (b"\x40" + REQUEST[1:], 0),
        (REQUEST[:-1], 2),
        (message(bytes.fromhex("0006")), 20),
        (message(bytes.fromhex("0006000500000000")), 20),
    ],
)
def test_what_is_not_whole_is_malformed_and_says_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("STUN", offset)


def test_what_was_built_with_a_key_and_a_fingerprint_holds() -> None:
    payload = build("Binding", "request", TRANSACTION, [("USERNAME", "a:b")], key=b"secret", fingerprint=True)
    assert check_integrity(payload, b"secret") is True
    assert parse(payload).fingerprint_ok is True
    assert [each.name for each in parse(payload).attributes] == ["USERNAME", "MESSAGE-INTEGRITY", "FINGERPRINT"]


def test_a_transaction_of_another_size_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="12 or 16"):
        build("Binding", "request", b"short")


def test_every_attribute_name_is_registered_once() -> None:
    assert len({name for name, _ in ATTRIBUTES.values()}) == len(ATTRIBUTES)


addresses = st.builds(Address, st.ip_addresses().map(str), st.integers(0, 65535))
texts = st.text().filter(lambda text: not text.endswith("\0"))
values = st.one_of(
    st.tuples(st.sampled_from(["XOR-MAPPED-ADDRESS", "MAPPED-ADDRESS", "XOR-PEER-ADDRESS"]), addresses),
    st.tuples(st.sampled_from(["PRIORITY", "LIFETIME"]), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("ICE-CONTROLLING"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("CHANNEL-NUMBER"), st.integers(0x4000, 0x4FFF)),
    st.tuples(st.just("REQUESTED-TRANSPORT"), st.integers(0, 255)),
    st.tuples(st.sampled_from(["USERNAME", "SOFTWARE", "REALM"]), texts),
    st.tuples(st.just("USE-CANDIDATE"), st.just(True)),
    st.tuples(st.just("DATA"), st.binary(max_size=64)),
    st.tuples(st.just("ERROR-CODE"), st.builds(ErrorCode, st.integers(300, 699), st.just("why"))),
    st.tuples(st.just("CHANGE-REQUEST"), st.builds(ChangeRequest, st.booleans(), st.booleans())),
    st.tuples(st.just("UNKNOWN-ATTRIBUTES"), st.lists(st.integers(0, 65535)).map(tuple)),
)


@given(
    st.sampled_from(["Binding", "Allocate", "Send", "WhatsApp 0x0803"]),
    st.sampled_from(["request", "indication", "success", "error"]),
    st.one_of(st.binary(min_size=12, max_size=12), st.binary(min_size=16, max_size=16)),
    st.lists(values, max_size=8),
    st.booleans(),
)
def test_what_is_built_reads_back(method, class_, transaction, attributes, fingerprint) -> None:
    read = parse(build(method, class_, transaction, attributes, fingerprint=fingerprint))
    assert (read.method, read.class_) == (method, class_)
    assert read.cookie or read.transaction == transaction
    assert read.transaction[-12:] == transaction[-12:]
    assert [(each.name, each.decoded) for each in read.attributes[:len(attributes)]] == attributes
    assert read.fingerprint_ok is (True if fingerprint else None)
    assert read.deviations == ()


def read_or_refuse(payload: bytes) -> Message | None:
    """The message, whose summary is fit to print, or None where it is malformed."""
    try:
        read = parse(payload)
    except Malformed as malformed:
        assert malformed.protocol == "STUN" and 0 <= malformed.offset <= max(len(payload), 2)
        return None
    assert read.summary.isprintable()
    return read


@given(st.binary(max_size=300))
def test_any_octets_parse_or_are_malformed(payload: bytes) -> None:
    read_or_refuse(payload)


@given(st.integers(0, 0x3FFF), st.binary(max_size=300))
def test_any_attributes_parse_or_are_malformed(type_: int, body: bytes) -> None:
    read_or_refuse(message(body, type_=type_))


@pytest.mark.parametrize("payload", [*VECTORS, *WHOLE.values()])
def test_every_prefix_is_malformed(payload: bytes) -> None:
    assert [size for size in range(len(payload)) if read_or_refuse(payload[:size]) is not None] == []


def test_all_values_at_once_are_those_of_the_first_attributes() -> None:
    twice = parse(build("Binding", "request", TRANSACTION, [("SOFTWARE", "one"), ("SOFTWARE", "two"), ("PRIORITY", 7)]))
    assert twice.values() == {"SOFTWARE": "one", "PRIORITY": 7}
    request = parse(REQUEST)
    assert all(request.get(name) == value for name, value in request.values().items())
