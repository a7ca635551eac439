"""The capture format of some octets, only by the first ones: a file's name says nothing."""
from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator

from dissectors.wire.captures import erf, pcap, pcapng, snoop
from dissectors.wire.captures.records import Walker
from dissectors.wire.errors import CaptureError

FORMATS: tuple[Callable[[bytes], Walker | None], ...] = (
    pcap.recognise,
    pcapng.recognise,
    snoop.recognise,
)
"""For each format that has a magic number: a walker for a capture that begins with these octets, if it is of that."""

MIN_MAGIC_OCTETS = 16
"""The octets that decide, for all but ERF: it has no magic number and is tried last."""

GZIP = b"\x1f\x8b\x08"

FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive: unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (0, b"BZh", "compressed by bzip2: unpack it first"),
    (0, b"\xfd7zXZ\0", "compressed by xz: unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it first"),
    (0, b"\x04\x22\x4d\x18", "compressed by lz4: unpack it first"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"RIFF", "a WAVE or AVI recording"),
    (0, b"OggS", "an Ogg recording"),
    (0, b".snd", "an AU recording"),
    (0, b"SQLite format 3", "an SQLite database"),
    (0, b"RTSS", "a Network Monitor capture: save it as pcapng with Wireshark"),
    (0, b"GMBU", "a Network Monitor capture: save it as pcapng with Wireshark"),
    (0, b"XCP\0", "a NetXray capture: save it as pcapng with Wireshark"),
    (0, b"TRSNIFF data", "a Sniffer capture: save it as pcapng with Wireshark"),
    (0, b"\xa1\xb2\xc3\xcd", "a pcap file of a dialect that is not read: save it as pcapng with Wireshark"),
    (0, b"\xcd\xc3\xb2\xa1", "a pcap file of a dialect that is not read: save it as pcapng with Wireshark"),
)

TEXT = frozenset(b"\t\n\r" + bytes(range(32, 127)))

def enough(start: bytes) -> int:
    """The octets needed to decide on `start`; call again once there are so many."""
    if len(start) < MIN_MAGIC_OCTETS or start.startswith(GZIP) or _known(start) or any(_foreign(start)):
        return MIN_MAGIC_OCTETS
    return max(MIN_MAGIC_OCTETS, erf.octets_to_know(start))


def walker(start: bytes) -> Walker:
    """A walker for the capture that begins with `start` (as much as is `enough`, or all of a shorter one).

    The walker has not been fed yet. Raises CaptureError, in words that complete «the file is …», for anything else.
    """
    known = _known(start)
    if known is not None:
        return known
    if not any(_foreign(start)) and not TEXT.issuperset(start) and erf.begins(start):
        return erf.ErfWalker()
    raise CaptureError(f"not a capture: it is {looks_like(start)}")


def has_magic(start: bytes) -> bool:
    """Whether these first octets are those of a capture of a format that has a magic number."""
    return _known(start) is not None


def _known(start: bytes) -> Walker | None:
    """A walker for a format that has a magic number."""
    return next((found for recognise in FORMATS if (found := recognise(start)) is not None), None)


def _foreign(start: bytes) -> Iterator[str]:
    return (name for offset, magic, name in FOREIGN if start.startswith(magic, offset))


def _is_text(start: bytes) -> bool:
    """Whether it is UTF-8, maybe cut within a character, without control characters."""
    try:
        text = getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return not any(letter < " " and letter not in "\t\n\r" for letter in text)


def looks_like(start: bytes) -> str:
    """A guess for people from the first octets of a file that is not a capture."""
    for name in _foreign(start):
        return name
    if start.startswith(GZIP):
        return "compressed: gunzip it on its way here"
    if not start:
        return "empty"
    if TEXT.issuperset(start) or _is_text(start):
        return "text"
    shown = start[:8].hex(" ")
    return f"of no known kind (it begins with {shown})"
