"""IP addresses between octets and text, held to the library's own."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.addresses import packed_address, written_address

GROUPS = st.lists(st.sampled_from((b"\0\0", b"\0\1", b"\x20\x01", b"\xab\xcd", b"\x0a\0")), min_size=8, max_size=8)


@given(st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16), GROUPS.map(b"".join)))
def test_an_address_is_written_and_read_as_the_library_does(octets: bytes) -> None:
    text = str(ip_address(octets))
    assert written_address(octets) == text
    assert packed_address(text) == packed_address(ip_address(octets).exploded) == octets


@pytest.mark.parametrize(
    "text",
    ["2001:db8::0a00:0002", "::", "::1", "1::", "::ffff:192.0.2.1", "fe80::1%eth0", "2001:DB8::A", "1:2:3:4:5:6:7::"],
)
def test_what_is_written_otherwise_is_read_too(text: str) -> None:
    assert packed_address(text) == ip_address(text).packed


@pytest.mark.parametrize(
    "text",
    ["", "192.0.2.256", "host.example", ":", ":::", "1:2", "1::2::3", "12345::", "::g", "1:2:3:4:5:6:7:8:9", ":1::2"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        packed_address(text)
    with pytest.raises(ValueError):
        written_address(b"\0" * 5)


def test_usual_addresses_do_without_the_library() -> None:
    code = (
        "import sys; before = 'ipaddress' in sys.modules;"
        "from dissectors.wire.addresses import packed_address, written_address;"
        "written_address(packed_address('2001:db8::1')); written_address(packed_address('192.0.2.1'));"
        # What an editable install imports by itself is none of ours.
        "print('ipaddress' in sys.modules and not before)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("text", ["10.0.0.5 ", "010.0.0.1", "10.0.0", "10.0.0.256", "10.0.0.x", "1٠.0.0.1"])
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        packed_address(text)
