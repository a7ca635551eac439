"""Text off the wire, made harmless."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from dissectors.outputs.escape import readable, scalar, visible


@given(st.text())
def test_visible_text_is_printable_and_printable_text_is_left_alone(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable() and (shown == text) == text.isprintable()


@given(st.text(st.characters()))
def test_scalar_text_can_be_encoded(text: str) -> None:
    scalar(text).encode("utf-8")
    assert scalar(text) == text or re.search("[\ud800-\udfff]", text)


def test_escapes_are_the_ones_that_people_know() -> None:
    assert visible("a\tb\x1b\x7f\x9f\u202e\U000e0001\udcfe\ud800") == r"a\tb\x1b\x7f\x9f\u202e\U000e0001\xfe\ud800"


def test_readable_text_keeps_its_lines_and_nothing_else() -> None:
    assert readable("v=0\r\ns=\x1b[2J\r\n") == "v=0\ns=\\x1b[2J\n"
    assert readable("a\rb") == "a\\rb"
