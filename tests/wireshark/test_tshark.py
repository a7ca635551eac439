"""What tshark refuses is said in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dissectors.wireshark.tshark import NoWireshark, Tshark

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def test_what_tshark_refuses_is_one_line(tshark: Tshark, home: Path) -> None:
    with pytest.raises(NoWireshark, match="tshark failed"):
        list(tshark.fields(home / "nowhere.pcap", ("frame.number",), home=home))
