"""Ranges of ports as Wireshark reads and writes them."""

from __future__ import annotations

import pytest

from dissectors.wireshark.plugin import ports_of
from dissectors.wireshark.ports import written


@pytest.mark.parametrize("text", ["", "16402", "1-65535", "16402,16384-16387"])
def test_ranges_are_read_as_wireshark_writes_them(text: str) -> None:
    assert written(ports_of(text)) in (text, "16384-16387,16402")
