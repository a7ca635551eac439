"""Filters are compiled by libpcap, and its complaints are handed on."""

from __future__ import annotations

import pytest

from dissectors.sources.interface import bpf
from dissectors.wire.errors import CaptureError


@pytest.mark.skipif(not bpf.available(), reason="libpcap is not installed")
def test_a_filter_that_libpcap_does_not_understand_is_said_in_its_words() -> None:
    with pytest.raises(CaptureError, match="capture filter 'udp prt 1': can't parse filter expression"):
        bpf.compile_filter("udp prt 1", 1, 100)


@pytest.mark.skipif(not bpf.available(), reason="libpcap is not installed")
def test_a_compiled_filter_keeps_the_snaplen_or_nothing() -> None:
    program = bpf.compile_filter(bpf.both("host 192.0.2.1", bpf.for_ports([(5060, 5060)])), 1, 96)
    assert {k for code, _, _, k in program if code & 7 == 6} == {0, 96}
