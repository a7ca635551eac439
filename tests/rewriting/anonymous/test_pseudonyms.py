"""Other names: the same each time, never what they were, never two alike, and of the same form."""

from __future__ import annotations

import re
from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dissectors.rewriting.anonymous.pseudonyms import KEPT_ADDRESSES, Pseudonyms, class_of

NAMES = Pseudonyms(b"one key")
WORDS = st.from_regex(r"[A-Za-z0-9éß漢]{1,50}", fullmatch=True)


@given(WORDS)
def test_a_word_becomes_another_of_the_same_form(word: str) -> None:
    other = NAMES.word(word)
    assert other != word and len(other) == len(word) and len(other.encode()) == len(word.encode())
    for before, after in zip(word, other, strict=True):
        assert before.isdigit() == after.isdigit() or not before.isascii()
        assert not before.isascii() or before.isupper() == after.isupper()


@pytest.mark.parametrize("form", ["{}", "a{}", "{}Z"])
def test_no_two_short_words_become_one(form: str) -> None:
    words = [form.format(number) for number in "0123456789"]
    others = [NAMES.word(word) for word in words]
    assert len(set(others)) == len(words) and all(one != two for one, two in zip(words, others, strict=True))


def test_a_word_in_other_letters_is_the_same_word() -> None:
    assert NAMES.word("ALICE").lower() == NAMES.word("alice") == NAMES.word("Alice").lower()


def test_another_key_gives_other_names() -> None:
    other = Pseudonyms(b"another key")
    assert NAMES.word("alice") == Pseudonyms(b"one key").word("alice") != other.word("alice")
    assert NAMES.address(b"\x08\x08\x08\x08") != other.address(b"\x08\x08\x08\x08")


def test_the_first_digits_of_a_number_stay_on_wish() -> None:
    assert Pseudonyms(b"k", 2).number("4930123456").startswith("49")
    assert Pseudonyms(b"k", 2).number("4930123456") != "4930123456" and len(NAMES.number("4930123456")) == 10


ADDRESSES = (
    "10.1.2.3", "172.20.1.1", "192.168.1.7", "127.0.0.1", "169.254.3.4", "100.64.9.9", "224.0.0.251", "239.1.2.3",
    "8.8.8.8", "192.0.2.1", "fe80::1", "fd00::2", "ff02::fb", "2001:db8::1", "2a00:1450::5", "64:ff9b::808:808",
)


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_keeps_its_class_and_is_never_itself(text: str) -> None:
    before = ip_address(text)
    after = ip_address(NAMES.address(before.packed))
    assert after != before and after.version == before.version
    bits = before.max_prefixlen
    assert class_of(int(after), bits) == class_of(int(before), bits)
    assert (after.is_private, after.is_loopback, after.is_link_local, after.is_multicast) == (
        before.is_private, before.is_loopback, before.is_link_local, before.is_multicast)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
@example(ip_address("232.0.0.0"), ip_address("233.0.0.0"))
def test_addresses_stay_as_near_as_they_were(one: object, two: object) -> None:
    first, second = int(one), int(two)  # type: ignore[call-overload]
    if one == two or class_of(first, 32) != class_of(second, 32) or class_of(first, 32) == (-1, 0):
        return
    moved = [int.from_bytes(NAMES.address(each.to_bytes(4, "big")), "big") for each in (first, second)]
    if first.to_bytes(4, "big") not in KEPT_ADDRESSES and second.to_bytes(4, "big") not in KEPT_ADDRESSES:
        assert (first ^ second).bit_length() == (moved[0] ^ moved[1]).bit_length()


def test_what_is_nobodys_address_stays() -> None:
    for text in ("0.0.0.0", "255.255.255.255", "::", "::1"):
        assert NAMES.written_address(text) == text
    assert NAMES.written_address("host.example") == NAMES.text("host.example")


@pytest.mark.parametrize("text", ["021122334455", "00219b123456", "01005e0000fb", "33330000000c"])
def test_a_station_stays_a_group_or_local(text: str) -> None:
    before = bytes.fromhex(text)
    after = NAMES.station(before)
    assert after != before and after[0] & 3 == before[0] & 3 and NAMES.station(b"\xff" * 6) == b"\xff" * 6


@given(st.text(max_size=60))
def test_what_is_no_word_stays(text: str) -> None:
    marks = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff]")
    assert marks.sub("x", NAMES.text(text)) == marks.sub("x", text)


@pytest.mark.parametrize("text", ["ab30317f1a784dc48ff824d0d3715d86", "AB30317F1A784DC4", "0a" * 64, "deadbeef" * 4])
def test_digits_of_hexadecimal_stay_such(text: str) -> None:
    made = NAMES.word(text)
    assert len(made) == len(text) and made != text and int(made, 16) >= 0
    assert made == (made.lower() if text == text.lower() else made.upper())


def test_a_unique_identifier_stays_one_and_agrees_with_its_digits_alone() -> None:
    text = "ab30317f-1a78-4dc4-8ff8-24d0d3715d86"
    made = NAMES.text(text)
    assert [len(part) for part in made.split("-")] == [8, 4, 4, 4, 12] and made != text
    assert made.replace("-", "") == NAMES.word(text.replace("-", ""))
