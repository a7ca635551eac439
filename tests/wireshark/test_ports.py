"""Ranges of ports as Wireshark reads and writes them."""

from __future__ import annotations

import pytest

from dissectors.mux.scan import Scanner
from dissectors.mux.teller import Teller
from dissectors.wireshark.plugin import ports_of
from dissectors.wireshark.ports import of_udp, ports_in, written
from tests.mux.test_framings import OPTIONS
from tests.tcp_frames import A, conversation, records


@pytest.mark.parametrize("text", ["", "16402", "1-65535", "16402,16384-16387"])
def test_ranges_are_read_as_wireshark_writes_them(text: str) -> None:
    assert written(ports_of(text)) in (text, "16384-16387,16402")


def test_ports_of_tcp_are_none_for_the_plugin() -> None:
    told = Scanner()
    batches = [*told.scan(made := records(conversation([(A, OPTIONS)]))), told.finish()]
    (entry,) = [entry for batch in batches for entry in batch.entries]
    verdict = entry.protocol, entry.row, entry.strength, entry.evidence, entry.encrypted
    rows = [row for rows in Teller(iter([verdict])).scan(made) for row in rows]
    assert [row.datagram.payload for row in rows] == [OPTIONS]
    assert ports_in(rows) == ("", "") and not list(of_udp(rows))
