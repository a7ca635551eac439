"""The interfaces of this machine: names, addresses, state, and the link layer of their frames."""
from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import ipaddress
import os
import socket
import struct
from collections.abc import Iterable, Iterator

from dissectors.wire.errors import CaptureError
from dissectors.wire.values import Struct

ANY = "any"
"""The name for all interfaces at once, on Linux."""

MOST_DIGITS = 9
ETHERNET, SLL2 = 1, 276
LINKS = {1: 1, 772: 1, 801: 105, 802: 119, 803: 127, 65534: 101}
"""LINKTYPE by ARPHRD number, if the kernel's frames have that LINKTYPE."""

UP, LOOPBACK, RUNNING = 0x1, 0x8, 0x40
SYSTEM = "/sys/class/net"


class Interface(Struct, frozen=True):
    """One interface; `hardware` is its ARPHRD number, `state` is up or down."""

    name: str
    index: int = 0
    hardware: int = 1
    loopback: bool = False
    state: str = ""
    addresses: tuple[str, ...] = ()


def interfaces() -> tuple[Interface, ...]:
    """Every interface in the order of the system, and on Linux `any` after them."""
    addresses = _addresses()
    found = tuple(_interface(index, name, tuple(addresses.get(name, ()))) for index, name in socket.if_nameindex())
    everywhere = (Interface(ANY, state="all of them"),) if os.path.isdir(SYSTEM) else ()
    return found + everywhere


def named(name: str) -> Interface:
    """The interface of that name; raises CaptureError with the existing names."""
    if name == ANY:
        return Interface(ANY, state="all of them")
    try:
        index = socket.if_nametoindex(name)
    except (OSError, UnicodeEncodeError, ValueError):
        known = ", ".join(interface.name for interface in interfaces())
        raise CaptureError(f"{name}: no such interface; there are {known}") from None
    return _interface(index, name, ())


def name_of(word: str) -> str:
    """The name of an interface from its name, or from its number, which `interfaces` counts from 1.

    Raises CaptureError for an unknown number; does not check a name.
    """
    if not word.isdecimal() or not word.isascii() or _is_there(word):
        return word
    found, number = interfaces(), int(word[:MOST_DIGITS])
    if not 0 < number <= len(found):
        known = ", ".join(f"{i} {interface.name}" for i, interface in enumerate(found, 1))
        raise CaptureError(f"{word}: no such interface; there are {known}")
    return found[number - 1].name


def link_of(interface: Interface) -> tuple[int, bool]:
    """The LINKTYPE of an interface's records, and whether the frames are unchanged: else they are cooked (SLL2)."""
    link = None if interface.name == ANY else LINKS.get(interface.hardware)
    return (SLL2, False) if link is None else (link, True)


def state_of(name: str) -> str:
    """`up`, `down` or `gone`."""
    return _state(int(_read(name, "flags", "0x41"), 16)) if _is_there(name) else "gone"


class Watched:
    """Watches the state of interfaces, with a sentence for each change."""

    def __init__(self, names: Iterable[str]) -> None:
        self._states = {name: "up" for name in names if name != ANY}

    def news(self) -> list[str]:
        """The changes since the last call; at first all interfaces are expected to be up."""
        changes = []
        for name, before in self._states.items():
            if (now := state_of(name)) != before:
                self._states[name] = now
                changes.append(CHANGES[now].format(name))
        return changes


CHANGES = {
    "up": "{0} is up again",
    "down": "{0} is down; waiting for it to come up (ip link set {0} up)",
    "gone": "{0} has disappeared",
    "away": "{0} has disappeared; waiting for it to return",
}


def traffic(name: str) -> int:
    """Packets that the interface has received and sent so far, by the system's count; 0 without a count."""
    return sum(int(_read(name, f"statistics/{way}_packets", "0")) for way in ("rx", "tx"))


def _is_there(name: str) -> bool:
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


def _interface(index: int, name: str, addresses: tuple[str, ...]) -> Interface:
    flags = int(_read(name, "flags", "0x41"), 16)
    return Interface(
        name, index, int(_read(name, "type", "1")), bool(flags & LOOPBACK), _state(flags), addresses
    )


def _state(flags: int) -> str:
    return "down" if not flags & UP else "up"


def _read(name: str, what: str, otherwise: str) -> str:
    with contextlib.suppress(OSError), open(os.path.join(SYSTEM, name, what), encoding="ascii") as file:
        return file.read().strip()
    return otherwise


# Addresses: getifaddrs(3), which the standard library does not offer.


class _Address(ctypes.Structure):
    pass


_Address._fields_ = [
    ("next", ctypes.POINTER(_Address)),
    ("name", ctypes.c_char_p),
    ("flags", ctypes.c_uint),
    ("address", ctypes.c_void_p),
]

FAMILIES = {int(socket.AF_INET): (4, 4), int(socket.AF_INET6): (8, 16)}
"""Where the address stands in a sockaddr, and how long it is."""


def _addresses() -> dict[str, list[str]]:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
    except (OSError, TypeError):
        # On Windows a program is no library of its own.
        return {}
    if not hasattr(libc, "getifaddrs"):
        return {}
    first = ctypes.POINTER(_Address)()
    if libc.getifaddrs(ctypes.byref(first)):
        return {}
    found: dict[str, list[str]] = {}
    try:
        for name, address in _walk(first):
            found.setdefault(name, []).append(address)
    finally:
        libc.freeifaddrs(first)
    return found


def _walk(entry: ctypes._Pointer[_Address]) -> Iterator[tuple[str, str]]:
    while entry:
        one = entry.contents
        if one.address:
            # BSD has the length before the family; there the family is the second octet.
            head = ctypes.string_at(one.address, 2)
            family = struct.unpack("=H", head)[0] if os.path.isdir(SYSTEM) else head[1]
            if place := FAMILIES.get(family):
                at, size = place
                yield os.fsdecode(one.name), str(ipaddress.ip_address(ctypes.string_at(one.address + at, size)))
        entry = one.next
