"""Capture filters: pcap-filter(7) expressions compiled by libpcap, through ctypes, to classic BPF."""
from __future__ import annotations

import ctypes
import ctypes.util
import re
from collections.abc import Iterable

from dissectors.wire.errors import CaptureError

LONGEST = 4096
OPTIMISE = 1
UNKNOWN_NETMASK = 0xFFFFFFFF
ERROR_BUFFER = 256
RAW = 12
"""DLT_RAW: on a cooked socket, the kernel's filter sees only the network layer."""

DLT = {1: 1, 101: RAW, 105: 105, 119: 119, 127: 127, 276: RAW}
"""By LINKTYPE, the link type that the kernel's filter sees."""

VLAN = re.compile(r"\bvlan\b")
LIBRARIES = ("libpcap.so.1", "libpcap.so.0.8", "libpcap.so", "libpcap.A.dylib")

Instruction = tuple[int, int, int, int]


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction))]


def available() -> bool:
    """Whether libpcap is installed."""
    return _library() is not None


def compile_filter(expression: str, link: int, snaplen: int, interface: str = "") -> tuple[Instruction, ...]:
    """The BPF program of an expression, for frames of a LINKTYPE; its result is `snaplen` octets or none.

    An expression with `vlan` needs `interface`: the kernel keeps tags beside the frame, and libpcap can test them only
    if it knows the interface. Raises CaptureError with libpcap's own message.
    """
    library = _library()
    if library is None:
        raise CaptureError("a capture filter needs libpcap (Debian: apt install libpcap0.8)")
    if len(expression) > LONGEST or "\0" in expression:
        raise CaptureError(f"capture filter: longer than {LONGEST} characters, or no text")
    handle = _handle(library, DLT.get(link, link), snaplen, interface if VLAN.search(expression) else "")
    try:
        program = _Program()
        words = expression.encode("utf-8", "surrogateescape")
        if library.pcap_compile(handle, ctypes.byref(program), words, OPTIMISE, UNKNOWN_NETMASK):
            reason = " ".join(library.pcap_geterr(handle).decode("utf-8", "replace").split())
            raise CaptureError(f"capture filter {expression!r}: {reason}")
        compiled = program.instructions[: program.length]
        instructions = tuple((int(one.code), int(one.jt), int(one.jf), int(one.k)) for one in compiled)
        library.pcap_freecode(ctypes.byref(program))
        return instructions
    finally:
        library.pcap_close(handle)


def for_ports(ports: Iterable[tuple[int, int]]) -> str:
    """An expression for UDP on these ports or ranges, and for fragments without a UDP header."""
    ranges = [f"udp port {low}" if low == high else f"udp portrange {low}-{high}" for low, high in ports]
    return f"({' or '.join(ranges)}) or (ip[6:2] & 0x1fff != 0) or (ip6 proto 44)"


def both(*expressions: str) -> str:
    """All expressions that are not empty, joined by and."""
    said = [expression for expression in expressions if expression.strip()]
    return said[0] if len(said) == 1 else " and ".join(f"({expression})" for expression in said)


def _handle(library: ctypes.CDLL, link: int, snaplen: int, interface: str) -> int:
    """A handle to compile on; the caller closes it."""
    if not interface:
        return int(library.pcap_open_dead(link, snaplen))
    errors = ctypes.create_string_buffer(ERROR_BUFFER)
    handle = library.pcap_open_live(interface.encode(), snaplen, 0, 0, errors)
    if not handle:
        raise CaptureError(f"capture filter: {errors.value.decode('utf-8', 'replace')}")
    return int(handle)


def _library() -> ctypes.CDLL | None:
    for name in (*LIBRARIES, ctypes.util.find_library("pcap") or ""):
        if not name:
            continue
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.pcap_open_dead.restype = library.pcap_open_live.restype = ctypes.c_void_p
        library.pcap_geterr.restype = ctypes.c_char_p
        library.pcap_geterr.argtypes = library.pcap_close.argtypes = [ctypes.c_void_p]
        library.pcap_compile.argtypes = [
            ctypes.c_void_p, ctypes.POINTER(_Program), ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32,
        ]
        library.pcap_open_live.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_char_p]
        return library
    return None
