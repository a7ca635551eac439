"""A ring that the kernel fills and we read: AF_PACKET with TPACKET_V3 (packet(7)), with only the standard library.

Laws of this file:
1. A block belongs to the kernel or to us, never to both; it goes back as soon as its frames are copied out.
2. Times, lengths, VLAN tags and the direction of a frame come from the kernel.
3. The kernel's dropped frames come from the kernel, and are added up.
"""
from __future__ import annotations

import ctypes
import mmap
import os
import select
import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import ExitStack

from dissectors.sources.interface.interfaces import ANY, Interface, link_of
from dissectors.sources.interface.superframes import UDP_DATAGRAMS, apart
from dissectors.wire.captures.records import Record
from dissectors.wire.values import Struct

SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP, PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION = 1, 5, 6, 10
PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 15, 23
PACKET_MR_PROMISC = 1
TPACKET_V3 = 2
SO_ATTACH_FILTER = 26
ETH_P_ALL = 3
PACKET_OUTGOING = 4
ARPHRD_LOOPBACK = 772

BLOCK_OCTETS = 1 << 18
"""Octets of one block: the largest frame of the kernel must fit. With few frames, a block is delivered before it is
full: then the number of blocks says how many seconds the ring holds."""

FRAME_OCTETS = 2048
RETIRE_MS = 20
"""After so many milliseconds the kernel delivers a block that is not full."""

USER = 1
VLAN_VALID, VLAN_TPID_VALID = 0x10, 0x40
DEFAULT_TPID = 0x8100
MAX_SNAPLEN_OCTETS = 262_144

block_head = struct.Struct("=III").unpack_from
"""Of a block's head from octet 8: status, packets, offset of the first."""

block_length = struct.Struct("=I").unpack_from
moment = struct.Struct("=II").unpack_from
status = struct.Struct("=I")

frame_head = struct.Struct("=IIIII I HH I I H").unpack_from
"""tpacket3_hdr: next, sec, nsec, snaplen, len, status, mac, net, hash, VLAN TCI, VLAN TPID."""

sender = struct.Struct("=2s H i HBB 8s").unpack_from
"""sockaddr_ll behind a frame's head: family, protocol, interface, hardware, kind, length and octets of the address."""

sizes_head = struct.Struct("=BBHH").unpack_from
"""virtio_net_hdr before a frame: flags, kind of offload, length of the headers, size of a part."""

SIZES_OCTETS = 10
SENDER_AT = 48
SLOT_OCTETS = 96
"""What a frame takes beside its own octets, about."""

cooked = struct.Struct("!H 2x I H BB 8s").pack
"""LINUX_SLL2: protocol, interface, hardware, kind, length and octets of the address."""

SLL2 = 276
ACCEPT_ALL, ACCEPT_NONE = 0xFFFFFFFF, 0
LOAD_WORD, JUMP_EQUAL, INTERFACE_INDEX = 0x20, 0x15, 0xFFFFF008
"""Words of BPF; the last is where Linux keeps the index of a frame's interface (SKF_AD_IFINDEX)."""

EVERY_INTERFACE = 0

Instruction = tuple[int, int, int, int]


class Counted(Struct):
    """The kernel's counts for one ring so far: frames that passed the filter, frames without room."""

    passed: int = 0
    dropped: int = 0
    frozen: int = 0


class Ring:
    """One interface (or all of them) seen through one ring, or several that have one link layer and share it.

    With `sizes` the kernel says of frames that hold several datagrams how long these are, and they are taken apart.

    `numbers` are those of the interfaces that share it, by the kernel's index: each takes what room it needs.

    `joined` counts frames that held several datagrams. `link` is the LINKTYPE of the records. Raises OSError if raw
    sockets are not allowed or the interface does not exist. Close it, or the kernel continues to fill it.
    """

    def __init__(
        self, interface: Interface, *, size: int = 128 << 20, snaplen: int = MAX_SNAPLEN_OCTETS,
        program: tuple[Instruction, ...] = (), promiscuous: bool = False, numbers: dict[int, int] | None = None,
        sizes: bool = False,
    ) -> None:
        self.interface, self.numbers = interface, numbers
        self._program = program or accept(snaplen)
        self.link, raw = link_of(interface)
        self.counted = Counted()
        self.packets = self.joined = 0
        self.cooked = not raw
        self.sizes = sizes and raw
        self._promiscuous = promiscuous and interface.name != ANY
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW if raw else socket.SOCK_DGRAM, 0)
        with ExitStack() as unless_it_opens:
            unless_it_opens.callback(self._socket.close)
            self._open(max(2, size // BLOCK_OCTETS))
            unless_it_opens.pop_all()

    def _open(self, blocks: int) -> None:
        # The filter stands before the ring and the ring before the address, so nothing unwanted can come in between.
        attach(self._socket, among(self.numbers or (), self._program))
        ours = self._socket
        ours.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        if self.sizes:
            ours.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        while True:
            frames = BLOCK_OCTETS // FRAME_OCTETS * blocks
            ring = struct.pack("=7I", BLOCK_OCTETS, blocks, FRAME_OCTETS, frames, RETIRE_MS, 0, 0)
            try:
                ours.setsockopt(SOL_PACKET, PACKET_RX_RING, ring)
                break
            except OSError:
                # Memory that the kernel cannot spare in one piece: half of it may be had.
                if blocks <= 2:
                    raise
                blocks //= 2
        self.size = BLOCK_OCTETS * blocks
        self._map = mmap.mmap(ours.fileno(), self.size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        view = memoryview(self._map)
        self._blocks = [view[at : at + BLOCK_OCTETS] for at in range(0, self.size, BLOCK_OCTETS)]
        view.release()
        self._current = 0
        if self.interface.loopback:
            # A frame on the loopback passes twice, once out and once in.
            ours.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        if self.numbers is None:
            self.bind(self.interface)
            return
        self._bind(EVERY_INTERFACE)
        for index in self.numbers:
            self._also_for_others(index)

    def bind(self, interface: Interface) -> None:
        """Receive from this interface."""
        self.interface = interface
        self._bind(interface.index)
        self._also_for_others(interface.index)

    def rebind(self, index: int, number: int) -> None:
        """The interface of this number has another index now, for what shares a ring."""
        assert self.numbers is not None
        self.numbers = {**self.numbers, index: number}
        attach(self._socket, among(self.numbers, self._program))
        self._also_for_others(index)

    def _bind(self, index: int) -> None:
        """The socket module cannot name all interfaces at once, bind(2) can."""
        address = struct.pack("=HHiHBB8s", socket.AF_PACKET, socket.htons(ETH_P_ALL), index, 0, 0, 0, b"")
        if ctypes.CDLL(None, use_errno=True).bind(self._socket.fileno(), address, len(address)):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), self.interface.name)

    def _also_for_others(self, index: int) -> None:
        if self._promiscuous:
            request = struct.pack("=iHH8s", index, PACKET_MR_PROMISC, 0, b"")
            self._socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)

    def stop(self) -> None:
        """Receive no more frames; those in the ring can still be read."""
        attach(self._socket, accept(ACCEPT_NONE))

    def fileno(self) -> int:
        """For select and poll."""
        return self._socket.fileno()

    def fault(self) -> OSError | None:
        """The state of the interface that the kernel reports since the last call: down, or gone."""
        number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(number, "") if number else None

    def take(self) -> bytes:
        """A copy of the next block for us, whose place goes back to the kernel; empty if there is none."""
        block = self._blocks[self._current]
        if not block_head(block, 8)[0] & USER:
            return b""
        octets = bytes(block[: block_length(block, 20)[0]])
        status.pack_into(block, 8, 0)
        self._current = (self._current + 1) % len(self._blocks)
        return octets

    def records(self, block: bytes) -> list[Record]:
        """The frames of a block that `take` gave, in the order of their arrival."""
        _, packets, at = block_head(block, 8)
        link, frame, new = self.link, self.packets, tuple.__new__
        usual = not self.cooked
        found = []
        for _ in range(packets):
            step, sec, nsec, captured, original, state, mac, _, _, tci, tpid = frame_head(block, at)
            start = at + mac
            octets = block[start : start + captured]
            if self.sizes and block[start - SIZES_OCTETS + 1] == UDP_DATAGRAMS:
                tag = (tci, tpid if state & VLAN_TPID_VALID else 0) if state & VLAN_VALID else None
                for single, length in self.apart(octets, sizes_head(block, start - SIZES_OCTETS)[3], original, tag):
                    frame += 1
                    found.append(new(Record, (frame, sec * 1_000_000_000 + nsec, link, single, length)))
                at += step
                continue
            if not usual:
                head = self._sender(block, at)
                if head is None:
                    at += step
                    continue
                octets = head + octets
                original += len(head)
            if state & VLAN_VALID:
                octets, original = tagged(octets, tci, tpid if state & VLAN_TPID_VALID else 0, usual), original + 4
            frame += 1
            found.append(new(Record, (frame, sec * 1_000_000_000 + nsec, link, octets, original)))
            at += step
        self.packets = frame
        return found

    def apart(
        self, octets: bytes, size: int, original: int, tag: tuple[int, int] | None = None
    ) -> list[tuple[bytes, int]]:
        """The frames that stand for one with several datagrams, each with the VLAN `tag` of that, and their lengths."""
        frames = apart(octets, size, original)
        self.joined += len(frames) > 1
        if tag is None:
            return frames
        return [(tagged(each, *tag, ethernet=True), length + 4) for each, length in frames]

    def _sender(self, block: bytes, at: int) -> bytes | None:
        """The cooked header, in place of a link layer; None for the outgoing copy of a loopback frame."""
        _, protocol, index, hardware, kind, size, address = sender(block, at + SENDER_AT)
        if kind == PACKET_OUTGOING and hardware == ARPHRD_LOOPBACK:
            return None
        return cooked(socket.ntohs(protocol), index, hardware, kind, size, address)

    def count(self) -> Counted:
        """Read the kernel's counts; the kernel resets them at each call, so we add them up."""
        passed, dropped, frozen = struct.unpack("=III", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 12))
        counted = self.counted
        counted.passed += passed - dropped
        counted.dropped += dropped
        counted.frozen += frozen
        return counted

    def close(self) -> None:
        """Close the ring."""
        for block in self._blocks:
            block.release()
        self._map.close()
        self._socket.close()


def seconds(size: int, rate: float, frame: int) -> float:
    """How long a ring of so many octets holds so many frames a second, each of `frame` octets, while nobody reads."""
    blocks, taken = size // BLOCK_OCTETS, SLOT_OCTETS + (frame + 15 & ~15)
    return blocks * min(RETIRE_MS / 1000, BLOCK_OCTETS / (taken * rate))


def packets_in(block: bytes) -> int:
    """How many frames a block holds."""
    return int(block_head(block, 8)[1])


def oldest(block: bytes) -> int:
    """The time of the first frame of a block, in nanoseconds since the epoch."""
    return _moment(block, 32)


def newest(block: bytes) -> int:
    """The time of its last frame."""
    return _moment(block, 40)


def _moment(block: bytes, at: int) -> int:
    seconds, nanoseconds = moment(block, at)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def supported() -> bool:
    """Whether this system has such rings."""
    return sys.platform == "linux" and hasattr(socket, "AF_PACKET")


def attach(listening: socket.socket, program: tuple[Instruction, ...]) -> None:
    """Let the kernel filter by a classic BPF program; its result is the number of octets to keep of a frame."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    octets = ctypes.create_string_buffer(code, len(code))
    filtered = struct.pack("@HP", len(program), ctypes.addressof(octets))
    listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, filtered)


def accept(octets: int) -> tuple[Instruction, ...]:
    """A program that keeps so many octets of every frame."""
    return ((0x06, 0, 0, octets & ACCEPT_ALL),)


def among(indexes: Iterable[int], program: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """A program that keeps what another one does of the frames of these interfaces, and nothing of others."""
    known = tuple(indexes)
    if not known:
        return program
    last = len(known) - 1
    tests = ((JUMP_EQUAL, last - place + 1, 0, index) for place, index in enumerate(known))
    return ((LOAD_WORD, 0, 0, INTERFACE_INDEX), *tests, *accept(ACCEPT_NONE), *program)


def tagged(octets: bytes, tci: int, tpid: int, ethernet: bool) -> bytes:
    """A frame with its VLAN tag restored, if the hardware or the kernel removed it (IEEE 802.1Q)."""
    tag = (tpid or DEFAULT_TPID).to_bytes(2, "big")
    if ethernet:
        return b"".join((octets[:12], tag, tci.to_bytes(2, "big"), octets[12:]))
    # In a cooked header the protocol stands first; what it was before follows the tag.
    return b"".join((tag, octets[2:20], tci.to_bytes(2, "big"), octets[:2], octets[20:]))


def wait(rings: list[Ring], timeout: float) -> None:
    """Sleep until one of the rings has a block or an event, at most `timeout` seconds."""
    poll = select.poll()
    for ring in rings:
        poll.register(ring, select.POLLIN | select.POLLERR)
    poll.poll(timeout * 1000)
