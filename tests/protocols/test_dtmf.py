"""Keys in the bodies of INFO."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.dtmf import JSON, MAX_KEYS, TYPES, keys

RELAY, PLAIN, NORTEL = TYPES


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (RELAY, "Signal=9\r\nDuration=300\r\n", "9"),
        (RELAY, "Signal= *\r\nDuration= 160\r\n", "*"),
        (RELAY, "Duration=160\nSIGNAL=11", "#"),
        (RELAY + "; charset=utf-8", "Signal=a", "A"),
        (PLAIN, "5", "5"),
        (PLAIN, " 12# \r\n", "1 2 #"),
        (PLAIN, "16", "flash"),
        (RELAY, "Signal=hf", "flash"),
        (NORTEL, "p=Digit-Collection\r\ny=Digits\r\nd=Digits=7\r\n", "7"),
        (NORTEL, "p=Digit-Collection\r\ny=Digits\r\nd=0\r\n", "0"),
        (JSON, '{"dtmf": "10*a"}', "1 0 * A"),
        (JSON, '{"dtmf": "now"}', ""),
        (JSON, '{"dtmf": "1w2,W#@200"}', "1 2 #"),
        (JSON, '{"dtmf": "w@200"}', ""),
        ("application/sdp", "Signal=9", ""),
        (None, "5", ""),
        (RELAY, "Duration=300", ""),
        (PLAIN, "five", ""),
        (PLAIN, "", ""),
    ],
)
def test_the_keys_of_a_body(kind: str | None, text: str, told: str) -> None:
    assert " ".join(keys(kind, text)) == told


@given(st.sampled_from(TYPES), st.text())
def test_any_text_is_read(kind: str, text: str) -> None:
    assert len(keys(kind, text)) <= MAX_KEYS
