"""Which addresses are good only where they were given."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

PRIVATE_NETWORKS = tuple(
    (network.version, int(network[0]), int(network[-1]))
    for network in map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)
"""The version, the first and the last address of each such network."""


@lru_cache(maxsize=4096)
def private(address: str | None) -> bool:
    """Whether an address is good within its own network only (RFC 1918, RFC 6598, RFC 4193)."""
    try:
        number = ip_address(address or "")
    except ValueError:
        return False
    version, value = number.version, int(number)
    return any([version == kind and first <= value <= last for kind, first, last in PRIVATE_NETWORKS])
