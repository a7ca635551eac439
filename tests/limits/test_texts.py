"""Texts that senders choose: kept once, cut, within a budget, and given back."""

from __future__ import annotations

from sys import getsizeof

import pytest

from dissectors.limits.budget import Bounds
from dissectors.limits.texts import (
    ENTRY_OCTETS,
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    Held,
    Texts,
    Together,
    shortened,
    weight,
)


def test_equal_texts_are_kept_once_until_nobody_holds_them() -> None:
    texts = Texts(10_000, Bounds())
    one, other = Held(texts), Held(texts)
    first, second = one.text("x" * 50), other.text("".join(["x"] * 50))
    assert first is second
    assert texts.left == 10_000 - ENTRY_OCTETS - getsizeof("x" * 50)
    one.release()
    assert texts.left < 10_000
    other.release()
    assert texts.left == 10_000


@pytest.mark.parametrize("text", ["x", "ü", "ünï" * 9, "€", "\U0001f600 and more", "x" * 1000])
def test_a_text_weighs_what_it_takes(text: str) -> None:
    assert weight(text) == getsizeof(text) + ENTRY_OCTETS


def test_what_finds_no_room_is_empty_and_counted() -> None:
    bounds = Bounds()
    texts = Texts(500, bounds)
    held = Held(texts)
    assert held.text("a" * 100) and held.text("b" * 200) == "" and held.whole("c" * 400) == ""
    assert held.value(("d",), 400) is None
    assert held.text(None) is None and held.text("") == ""
    assert bounds.hits == {"texts": 3}
    held.release()
    assert texts.left == 500


def test_a_long_text_is_cut_and_that_is_counted() -> None:
    bounds = Bounds()
    kept = Texts(10_000, bounds).text("x" * 5000)
    assert kept is not None and len(kept) == MAX_TEXT_LENGTH and kept.endswith("…")
    assert bounds.hits == {"ends of long texts": 1}


def test_a_long_text_is_cut_for_whoever_holds_it_even_where_it_is_kept_whole() -> None:
    texts = Texts(100_000, Bounds())
    long = "x" * 5000
    one, other, third = Held(texts), Held(texts), Held(texts)
    assert texts.text(long, 10_000) == texts.text(long, 10_000) == long
    cut = {one.text(long), other.text(long), third.text(long)}
    assert {len(each or "") for each in cut} == {MAX_TEXT_LENGTH}


def test_long_names_are_short_and_still_differ() -> None:
    names = ["n" * 300 + end for end in "ab"]
    short = [shortened(name) for name in names]
    assert short[0] != short[1] and all(name is not None and len(name) <= MAX_NAME_LENGTH for name in short)
    assert shortened(names[0]) == short[0] and shortened("short") == "short" and shortened(None) is None


def test_what_is_said_again_and_again_is_held_once_and_given_back_once() -> None:
    texts = Texts(10_000, Bounds())
    one, other = Held(texts), Held(texts)
    for _ in range(5):
        assert one.text("".join(["tag", "-x"])) == other.text("tag-x") == "tag-x"
    assert texts.kept["tag-x"].holders == 2
    one.release()
    assert texts.kept["tag-x"].holders == 1 and texts.left < 10_000
    other.release()
    assert not texts.kept and texts.left == 10_000


def test_a_value_is_one_for_all_who_hold_it_and_held_once_by_each() -> None:
    texts = Texts(10_000, Bounds())
    one, other = Held(texts), Held(texts)
    first = ("a", "b")
    assert one.value(first, 100) is one.value(first, 100) is first and other.value(("a", *"b"), 100) is first
    assert texts.kept[first].holders == 2
    one.release()
    other.release()
    assert not texts.kept and texts.left == 10_000


def test_a_body_that_the_next_hop_repeats_is_there_once_and_weighs_twice() -> None:
    texts = Texts(10_000, Bounds())
    held = Held(texts)
    first, again, other = held.whole("x" * 500), held.whole("".join(["x"] * 500)), held.whole("y" * 500)
    assert first is again and other == "y" * 500
    assert texts.left == 10_000 - 3 * getsizeof("x" * 500)
    held.release()
    assert texts.left == 10_000


def test_what_is_said_together_is_held_as_one_and_given_back_by_the_last_who_holds_it() -> None:
    texts = Texts(10_000, Bounds())
    one, other, third = Held(texts), Held(texts), Held(texts)
    group = Together(("INVITE", None, "", ("Via", "To")))
    assert not one.together(group) and texts.left == 10_000
    assert one.text("INVITE") and third.text("INVITE") and one.value(("Via", "To"), 100)
    left = texts.left
    one.join(group)
    assert one.together(group) and other.together(group) and texts.left == left
    one.release()
    third.release()
    assert {*texts.kept} == {"INVITE", ("Via", "To"), group} and texts.left == left
    other.release()
    assert not texts.kept and texts.left == 10_000
