"""Reading agrees with tshark on the committed captures, octet for octet; where it does not, the reason is known."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.against_tshark import BEYOND, QUOTED, SAME, differences, ours

DATA = Path(__file__).resolve().parents[1] / "data" / "captures"
CAPTURES = sorted(path for path in DATA.iterdir() if path.suffix not in (".md", ".csv"))

DIFFERENT = {
    "suricata-verify__udp-5379_udp-trailing-data_input.pcap": {BEYOND: 1},
    "zeek__icmp_icmp-timeexceeded.pcap": {QUOTED: 1},
    "zeek__ipv4_fragmented-1.pcap": {BEYOND: 1},
}

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_number_times_addresses_ports_lengths_and_octets_agree(path: Path) -> None:
    known = DIFFERENT.get(path.name, {})
    found = differences(path)
    same = found.pop(SAME, 0)
    assert found == known
    assert same == len(ours(path)) - known.get(BEYOND, 0)
