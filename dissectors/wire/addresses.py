"""IP addresses between octets and text, as the library's `ipaddress` has them.

Its import takes as long as to read a call, and so do a few dozen addresses: only what is unusual is left to it.
"""

from __future__ import annotations

IPV4_OCTETS, IPV6_OCTETS, IPV6_GROUPS = 4, 16, 8
_OF_IPV4 = {str(octet): octet for octet in range(256)}
_WRITTEN = (*_OF_IPV4,)
_OF_IPV6 = frozenset("0123456789abcdefABCDEF:")
_ZEROS = tuple(":" + "0:" * count for count in range(IPV6_GROUPS, 1, -1))
"""Groups of zeros in a row, the longest first, with what stands around them."""


def written_address(octets: bytes) -> str:
    """An address as people write it (RFC 5952); raises ValueError where the octets are none."""
    if len(octets) == IPV4_OCTETS:
        one, two, three, four = octets
        return f"{_WRITTEN[one]}.{_WRITTEN[two]}.{_WRITTEN[three]}.{_WRITTEN[four]}"
    if len(octets) != IPV6_OCTETS:
        raise ValueError(f"{len(octets)} bytes are no address")
    groups = ":".join([group.lstrip("0") or "0" for group in octets.hex(":", 2).split(":")])
    around = f":{groups}:"
    for zeros in _ZEROS:
        before, found, after = around.partition(zeros)
        if found:
            return f"{before[1:]}::{after[:-1]}"
    return groups


def packed_address(text: str) -> bytes:
    """An address as it stands on the wire; raises ValueError where the text is none."""
    if ":" not in text:
        octets = bytes([_OF_IPV4.get(each, -1) for each in text.split(".")])
        if len(octets) == IPV4_OCTETS:
            return octets
        raise ValueError(f"{text} is no address")
    if _OF_IPV6.issuperset(text):
        head, gap, tail = text.partition("::")
        before, after = head.split(":") if head else [], tail.split(":") if tail else []
        left_out = IPV6_GROUPS - len(before) - len(after)
        groups = [*before, *["0"] * left_out, *after]
        if (left_out > 0) == bool(gap) and len(groups) == IPV6_GROUPS and all([0 < len(each) < 5 for each in groups]):
            return bytes.fromhex("".join([each.zfill(4) for each in groups]))
    from ipaddress import ip_address

    return ip_address(text).packed
