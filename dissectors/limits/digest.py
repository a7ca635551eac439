"""BLAKE2, by which names are known that are too long or too many to be kept.

Python has it itself; `hashlib` loads OpenSSL first, for all else that it offers, which takes a thirtieth of a start.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

__all__ = ["blake2b"]
