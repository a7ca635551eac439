"""The deviations of a SIP message: a kind for programs, a phrase for people."""
from __future__ import annotations

from typing import Literal

from dissectors.wire.values import Struct

Kind = Literal[
    "start line",
    "header missing",
    "header broken",
    "line ends",
    "length wrong",
    "octets follow",
    "headers compressed",
    "parts",
    "further message",
    "more",
]
"""Of the start line; a mandatory header that is not there; one that cannot be what it is meant to be; CR LF that is
missing or too much; a Content-Length of more than there is; less than there is; headers within the compressed body; a
multipart body; a further message in the same datagram; how many deviations are left out.
"""


class Deviation(Struct, frozen=True):
    """One deviation from RFC 3261 and its kin."""

    kind: Kind
    text: str
