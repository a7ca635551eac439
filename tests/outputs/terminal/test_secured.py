"""The page says of TLS who spoke it, what was agreed and how it ended."""

from __future__ import annotations

from tests.finding_cases.tls import MADE, TLS_1_2, strangers, told
from tests.pages import piped
from tests.secured import secured, suite


def test_a_handshake_is_one_line() -> None:
    page = piped(told(secured([], suite("", TLS_1_2), both=strangers())))
    (row,) = [each for each in page.splitlines() if "192.0.2.1:40000" in each and "TLS 1.2" in each]
    for word in ("192.0.2.2:5060", "sip.example.com", "failed", "client: unknown_ca"):
        assert word in row


def test_keys_are_named_with_where_they_came_from() -> None:
    page = piped(told(MADE, keys=MADE.keys))
    assert "TLS_" not in page and "AES_256_GCM_SHA384" in page and "found" in page
    assert "keys: " in page
