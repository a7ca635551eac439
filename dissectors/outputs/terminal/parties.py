"""Who calls whom, as people say it."""

from __future__ import annotations

SCHEME, PORT = "sip:", ":5060"
"""What stands in most addresses and says nothing."""


def party(address: str | None) -> str:
    """`alice@example.org` of `sip:alice@example.org:5060;transport=UDP`; another scheme or port stays."""
    if not address:
        return "somebody"
    return address.removeprefix(SCHEME).partition(";")[0].removesuffix(PORT)
