"""STUN as a Scapy layer."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from scapy.all import RandNum, Raw
from scapy.contrib import stun as scapy_stun

from dissectors.layers import STUN, Address, ErrorCode, Mux, STUNAttribute
from dissectors.protocols import stun
from tests import made
from tests.layered import DATA, sample


def test_stun_attributes_read_as_what_they_mean() -> None:
    request, response = STUN(sample("scapy/stun_request")), STUN(sample("scapy/stun_success"))
    assert request.get("USERNAME") == "oNph:Ht11MaRZHc4GOLJUsbu1R3YCs72HYN25"
    assert (request.get("PRIORITY"), request.get("USE-CANDIDATE")) == (1847591167, True)
    assert request.get("ICE-CONTROLLING") == 0x1B0AB98B6E8EFFA6 and request.get("LIFETIME") is None
    assert response.get("XOR-MAPPED-ADDRESS") == Address("172.20.0.42", 40480)
    assert response.answers(request) and not request.answers(response) and response.hashret() == request.hashret()
    theirs = scapy_stun.STUN(sample("scapy/stun_request"))
    for name in ("stun_message_type", "length", "magic_cookie", "transaction_id"):
        assert getattr(request, name) == getattr(theirs, name)


def test_a_changed_attribute_is_built_in_its_place() -> None:
    response = STUN(sample("scapy/stun_success"))
    response.attributes[0].value = ("2001:db8::1", 5)
    response.attributes[0].length = None
    response.length = None
    assert stun.parse(bytes(response)).mapped_address == Address("2001:db8::1", 5)


@pytest.mark.parametrize("transaction", [7, 1 << 95])
def test_a_crafted_message_is_signed_and_reads_back(transaction: int) -> None:
    attributes = [
        STUNAttribute(type="USERNAME", value="a:bcd"),
        STUNAttribute(type="XOR-MAPPED-ADDRESS", value=("192.0.2.1", 5000)),
        STUNAttribute(type="ERROR-CODE", value=(487, "Role Conflict")),
        STUNAttribute(type="PRIORITY", value=9),
        STUNAttribute(type="USE-CANDIDATE"),
        STUNAttribute(type=0x7777, value=b"odd"),
    ]
    crafted = STUN(stun_message_type="Binding error response", transaction_id=transaction, attributes=attributes)
    crafted.sign(b"password")
    message = stun.parse(bytes(crafted))
    assert message.fingerprint_ok and stun.check_integrity(bytes(crafted), b"password") and message.deviations == ()
    assert message.error == ErrorCode(487, "Role Conflict") and message.mapped_address == Address("192.0.2.1", 5000)
    assert message.transaction == transaction.to_bytes(12, "big") and message.class_ == "error"


@pytest.mark.parametrize("path", sorted((DATA / "stun").iterdir()), ids=lambda path: path.name)
def test_every_stun_sample_keeps_its_octets_and_its_attributes(path: Path) -> None:
    layer = STUN(path.read_bytes())
    layer.clear_cache()
    assert bytes(layer) == path.read_bytes()
    try:
        message = stun.parse(path.read_bytes())
    except stun.Malformed:
        return
    assert [each.type for each in layer.attributes] == [each.type for each in message.attributes]


def test_octets_beyond_a_stun_message_are_padding_and_odd_ones_within_it_raw() -> None:
    assert STUN(made.stun() + b"more").layers()[1].__name__ == "Padding"
    assert STUN(made.stun(attributes=b"\x80\x22\0\x09abcd")).layers() == [STUN, Raw]


def test_a_response_over_a_socket_answers_its_request() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as server, socket.socket(type=socket.SOCK_DGRAM) as client:
        server.bind(("127.0.0.1", 0))
        client.bind(("127.0.0.1", 0))
        client.settimeout(5)

        def answer() -> None:
            octets, peer = server.recvfrom(2048)
            mapped = STUNAttribute(type="XOR-MAPPED-ADDRESS", value=peer)
            response = STUN(
                stun_message_type="Binding success response",
                transaction_id=STUN(octets).transaction_id,
                attributes=[mapped],
            )
            server.sendto(bytes(response), peer)

        thread = threading.Thread(target=answer)
        thread.start()
        request = STUN(transaction_id=42)
        client.sendto(bytes(request), server.getsockname())
        response = Mux(client.recv(2048))
        thread.join()
        assert response.answers(request) and response.get("XOR-MAPPED-ADDRESS") == client.getsockname()


MAPPED = [Address("192.0.2.1", 5000), Address("2001:db8::1", 5000)]


def mapped(octets: bytes) -> object:
    """The address as its receiver reads it."""
    return stun.parse(octets).mapped_address


@pytest.mark.parametrize("address", MAPPED, ids=["IPv4", "IPv6"])
def test_an_address_is_xored_with_the_key_of_the_message_that_is_built(address: Address) -> None:
    appended = STUN(transaction_id=1 << 90)
    appended.attributes.append(STUNAttribute(type="XOR-MAPPED-ADDRESS", value=address))
    assert mapped(bytes(appended)) == address
    assigned = STUN(transaction_id=7, attributes=[STUNAttribute(type="USERNAME", value="a")])
    assigned.attributes[0] = appended.attributes[0]
    assert mapped(bytes(assigned)) == mapped(bytes(appended)) == address
    copied = assigned.copy()
    copied.transaction_id = 1 << 95
    assert mapped(bytes(copied)) == mapped(bytes(assigned)) == address
    volatile = STUN(transaction_id=RandNum(1 << 80, (1 << 96) - 1), attributes=appended.attributes)
    assert mapped(bytes(volatile)) == address and volatile.show(dump=True)
    several = STUN(transaction_id=[1 << 70, 2 << 70, 3], attributes=[STUNAttribute(type=0x0020, value=address)])
    assert [mapped(bytes(each)) for each in several] == [address] * 3 and several.show(dump=True)


@pytest.mark.parametrize("address", MAPPED, ids=["IPv4", "IPv6"])
def test_an_address_that_was_read_stays_the_same_under_another_key(address: Address) -> None:
    first = STUN(transaction_id=1 << 90, attributes=[STUNAttribute(type="XOR-MAPPED-ADDRESS", value=address)])
    response = STUN(bytes(first))
    response.transaction_id = 5
    assert response.get("XOR-MAPPED-ADDRESS") == mapped(bytes(response)) == address
    other = STUN(transaction_id=9, attributes=STUN(bytes(first)).attributes)
    assert mapped(bytes(other)) == address
    response.magic_cookie = 0x01020304
    assert STUN(bytes(response)).get("XOR-MAPPED-ADDRESS") == address


def test_octets_of_an_attribute_without_a_message_are_not_guessed_at() -> None:
    alone = STUNAttribute(bytes(STUNAttribute(type="XOR-MAPPED-ADDRESS", value=b"\0\1abcdef")))
    assert alone.value == b"\0\1abcdef"
    message = STUN()
    message.attributes.append(alone)
    assert bytes(message)[-8:] == b"\0\1abcdef"


def test_signing_twice_signs_what_stands_there_now() -> None:
    message = STUN(transaction_id=3, attributes=[STUNAttribute(type="USERNAME", value="a:b")])
    message.sign(b"first")
    once = bytes(message)
    message.attributes[0].value = "other"
    message.sign(b"second")
    assert len(message.attributes) == 3 and len(once) == 20 + 8 + 24 + 8
    assert message.check(b"second") and not message.check(b"first")
    assert STUN(bytes(message)).check(b"second") and STUN(once).check(b"first")
    volatile = STUN(transaction_id=RandNum(0, (1 << 96) - 1))
    volatile.sign(b"key")
    assert volatile.check(b"key") and bytes(volatile) == bytes(volatile)


def test_what_is_not_signed_or_cut_does_not_check() -> None:
    assert not STUN().check(b"key") and not STUN(made.stun()[:12]).check(b"key")
