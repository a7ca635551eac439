"""A frame of video, and how a codec's payloads become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Frame(NamedTuple):
    """The octets of a frame as a file has them, and whether it needs no other one.

    `configuration` are the parameter sets in it that a decoder must have before anything else; `begins` is False where
    what it holds is not the beginning of a picture, and `empty` says that there is none in it.
    """

    octets: bytes
    key: bool
    configuration: bytes = b""
    begins: bool = True
    empty: bool = False


Assemble = Callable[[Sequence[bytes]], Frame]
"""The frame of all payloads with one timestamp, in their order; raises Malformed where they are not whole."""
