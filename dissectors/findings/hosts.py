"""Which addresses are good only where they were given."""

from __future__ import annotations

from functools import lru_cache

from dissectors.mux.flows import packed

PRIVATE_NETWORKS = (
    (bytes((10, 0, 0, 0)), bytes((10, 255, 255, 255))),
    (bytes((172, 16, 0, 0)), bytes((172, 31, 255, 255))),
    (bytes((192, 168, 0, 0)), bytes((192, 168, 255, 255))),
    (bytes((100, 64, 0, 0)), bytes((100, 127, 255, 255))),
    (b"\xfc" + bytes(15), b"\xfd" + b"\xff" * 15),
)
"""The first and the last address of each such network, as they stand on the wire."""

HOST_BITS = {4: 8, 6: 64}
"""By version: how many bits of an address name the host, as networks of one site usually have it."""

BEGINNINGS = ("10.", "172.", "192.168.", "100.", "fc", "fd")
"""How every address in them begins."""


@lru_cache(maxsize=4096)
def private(address: str | None) -> bool:
    """Whether an address is good within its own network only (RFC 1918, RFC 6598, RFC 4193)."""
    if not address or not address.lower().startswith(BEGINNINGS):
        return False
    octets = packed(address)
    if octets is None:
        return False
    for first, last in PRIVATE_NETWORKS:
        if len(octets) == len(first) and first <= octets <= last:
            return True
    return False


def loopback(address: str) -> bool:
    """Whether an address is that of the host itself (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3)."""
    return address.startswith("127.") or address == "::1"


@lru_cache(maxsize=4096)
def neighbours(one: str, other: str) -> bool:
    """Whether two hosts seem to be in one network, or are one: no router, and no path whose size is unknown, between.

    Private and link-local addresses of one /24 or /64 are, by what is usual.
    """
    from ipaddress import ip_address

    try:
        first, second = ip_address(one), ip_address(other)
    except ValueError:
        return False
    if first == second or first.is_loopback and second.is_loopback:
        return True
    if not all(private(str(each)) or each.is_link_local for each in (first, second)):
        return False
    host_bits = HOST_BITS[first.version]
    return first.version == second.version and int(first) >> host_bits == int(second) >> host_bits
