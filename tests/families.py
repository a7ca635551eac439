"""Datagrams of protocols that a classifier takes for media, and of media that it misses: one function a family.

Each gives the payloads of one direction in order, made after the protocol's own description.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

COUNT = 60


def raknet(dice: random.Random) -> Iterator[bytes]:
    """RakNet datagrams: flags, a little-endian number of three octets, then unreliable frames of one size."""
    for number in range(COUNT * 8):
        yield b"\x84" + number.to_bytes(3, "little") + b"\x00\x01\x40\xfe" + dice.randbytes(40)


def raknet_acknowledgements(dice: random.Random) -> Iterator[bytes]:
    """RakNet acknowledgements: one range of numbers, little-endian."""
    for number in range(COUNT):
        yield b"\xa0\0\1\0" + number.to_bytes(3, "little") + (number + 4).to_bytes(3, "little") + b"\0\0"


def rdp_udp(dice: random.Random) -> Iterator[bytes]:
    """RDP-UDP acknowledgements: the number acknowledged, a window, flags and an empty vector never change otherwise."""
    start = 0x80630000 | dice.randrange(1 << 15)
    for number in range(COUNT):
        yield struct.pack("!IHHHH", start + number, 64, 0x0004, 0, 0)


def rdp_udp_data(dice: random.Random) -> Iterator[bytes]:
    """RDP-UDP source packets: the same header, then two counters."""
    for number in range(COUNT):
        head = struct.pack("!IHHHHII", 0x80630042 + number // 2, 64, 0x000C, 0, 0, 7000 + number, 9000 + number)
        yield head + dice.randbytes(300)


def srt(dice: random.Random) -> Iterator[bytes]:
    """SRT control: acknowledgements with their number, a clock and a socket."""
    for number in range(COUNT):
        yield struct.pack("!HHIII", 0x8002, 0, number, number * 10_000, 0x2C7A99B1) + struct.pack("!I", 5000 + number)


def srt_data(dice: random.Random) -> Iterator[bytes]:
    """SRT data: 31 bits of a number, message flags, a clock, a socket, MPEG-TS."""
    for number in range(COUNT):
        yield struct.pack("!IIII", 0x40FF0000 + number, 0xE0000000 + number, number * 3000, 0x2C7A99B1) + bytes(1316)


def mpeg_ts(dice: random.Random) -> Iterator[bytes]:
    """Seven MPEG transport stream packets in each datagram."""
    for number in range(COUNT):
        yield b"".join(struct.pack("!BHB", 0x47, 0x0100, 0x10 | (number + part) % 16) + bytes(184) for part in range(7))


def enet(dice: random.Random) -> Iterator[bytes]:
    """ENet: peer with the flag of a sent time, that time in milliseconds, a reliable command of one size."""
    for number in range(COUNT):
        clock = number * 16 + dice.randrange(3)
        yield struct.pack("!HHBBHH", 0x8001, clock & 0xFFFF, 0x86, 0, number, 20) + b"\1\2" + dice.randbytes(18)


def source_engine(dice: random.Random) -> Iterator[bytes]:
    """Source engine: two little-endian counters, flags, a checksum."""
    for number in range(128, 128 + COUNT):
        yield struct.pack("<IIBH", number, number - 3, 0, dice.randrange(1 << 16)) + dice.randbytes(60)


def quake(dice: random.Random) -> Iterator[bytes]:
    """Quake's net channel: little-endian numbers with the flag of reliability in the highest bit, and a port."""
    for number in range(COUNT):
        yield struct.pack("<IIH", 0x80 + number, 0x80000000 | number, 27001) + dice.randbytes(30)


def kcp(dice: random.Random) -> Iterator[bytes]:
    """KCP: a conversation, command, window, clock, counters, little-endian."""
    for number in range(COUNT):
        yield struct.pack("<IBBHIIII", 0x11228091, 81, 0, 128, number * 20, number, number, 40) + dice.randbytes(40)


def utp(dice: random.Random) -> Iterator[bytes]:
    """BitTorrent's uTP: type and version, a connection, clocks, a window, numbers."""
    for number in range(COUNT):
        clock = number * 20_000
        yield struct.pack("!BBHIIIHH", 0x41 if number % 9 == 0 else 0x01, 0, 1044, clock, 900, 1 << 20, number, 0) + (
            dice.randbytes(1024)
        )


def openvpn(dice: random.Random) -> Iterator[bytes]:
    """OpenVPN: a reset, a control packet, then data of version 2 with a peer and a counter."""
    session = dice.randbytes(8)
    yield b"\x38" + session + b"\0\0\0\0\0"
    for number in range(COUNT):
        yield b"\x20" + session + dice.randbytes(28) if number < 5 else b"\x48\0\0\2" + struct.pack("!I", number) + (
            dice.randbytes(100)
        )


def wireguard(dice: random.Random) -> Iterator[bytes]:
    """WireGuard: an initiation, then transport data."""
    yield b"\1\0\0\0" + dice.randbytes(144)
    for number in range(COUNT):
        yield b"\4\0\0\0\x91\2\3\4" + struct.pack("<Q", number) + dice.randbytes(96)


def dns(dice: random.Random) -> Iterator[bytes]:
    """DNS queries whose identifiers look like RTP or STUN, on any port."""
    for number in range(COUNT):
        identifier = dice.choice((0x8000 + number, 0x0001, 0x80C8, 0x80C9, 0x0101))
        yield struct.pack("!6H", identifier, 0x0100, 1, 0, 0, 0) + b"\7example\3com\0\0\1\0\1"


def dhcp(dice: random.Random) -> Iterator[bytes]:
    """DHCP, whose first octets are those of a STUN request."""
    for _ in range(4):
        yield b"\1\1\6\0" + dice.randbytes(4) + bytes(228) + b"\x63\x82\x53\x63\x35\1\1\xff"


def tftp(dice: random.Random) -> Iterator[bytes]:
    """TFTP: a request, acknowledgements."""
    yield b"\0\1firmware.bin\0octet\0"
    for number in range(COUNT):
        yield struct.pack("!HH", 4, number)


def iax2(dice: random.Random) -> Iterator[bytes]:
    """IAX2 full frames: two call numbers, a clock, counters of one octet."""
    for number in range(COUNT):
        yield struct.pack("!HHIBBBB", 0x8001, 0x0002, number * 20, number, number, 2, 4) + dice.randbytes(160)


def gtp_control(dice: random.Random) -> Iterator[bytes]:
    """GTP version 2, whose length is where ChannelData has its own."""
    for number in range(COUNT):
        body = struct.pack("!I", 99) + number.to_bytes(3, "big") + b"\0" + dice.randbytes(30)
        yield struct.pack("!BBH", 0x48, 34, len(body)) + body


def coap(dice: random.Random) -> Iterator[bytes]:
    """CoAP with its counter where ChannelData has its length."""
    for number in range(COUNT):
        yield struct.pack("!BBH", 0x44, 1, number) + b"tokn\xb7sensors"


def bacnet(dice: random.Random) -> Iterator[bytes]:
    """BACnet/IP: a length, then a header that never changes."""
    for _ in range(COUNT):
        size = dice.choice((0x1DC, 0x1DD, 0x1DE))
        yield b"\x81\x0a" + struct.pack("!H", size) + b"\1\x24\0\x0d\1\x3d\xff\0" + dice.randbytes(9)


def lengths(dice: random.Random) -> Iterator[bytes]:
    """A protocol of a constant header whose length grows and shrinks by one."""
    size = 400
    for _ in range(COUNT):
        size += dice.choice((-1, 0, 1))
        yield b"\x80\x60" + struct.pack("!H", size) + bytes(8) + dice.randbytes(30)


def block_transfer(dice: random.Random) -> Iterator[bytes]:
    """A number of 16 bits, then a checksum, then a file's identity: everything of RTP but a timestamp."""
    for number in range(COUNT):
        yield b"\x80\0" + struct.pack("!H", number) + dice.randbytes(4) + b"\0\1\x12\x34" + dice.randbytes(500)


def cipher(dice: random.Random) -> Iterator[bytes]:
    """Nothing but random octets, of any first one."""
    for _ in range(COUNT * 8):
        yield dice.randbytes(dice.choice((20, 60, 200)))


def message_counter(dice: random.Random) -> Iterator[bytes]:
    """Random octets behind a little-endian counter of eight, whose lowest octet passes through RTP's range."""
    for number in range(COUNT * 8):
        yield struct.pack("<Q", number) + dice.randbytes(60)


def quic_greased(dice: random.Random) -> Iterator[bytes]:
    """QUIC: a long header, then short ones whose fixed bit is greased (RFC 9287)."""
    yield b"\xc3\0\0\0\1\x08" + dice.randbytes(8) + b"\0\0\x44\x9e" + dice.randbytes(1180)
    for _ in range(COUNT * 4):
        yield bytes((dice.randrange(64) | dice.choice((0x40, 0, 0x80)),)) + b"connecti" + dice.randbytes(60)


OTHERS: dict[str, Callable[[random.Random], Iterator[bytes]]] = {
    family.__name__: family
    for family in (
        raknet, raknet_acknowledgements, rdp_udp, rdp_udp_data, srt, srt_data, mpeg_ts, enet, source_engine, quake, kcp,
        utp, openvpn, wireguard, dns, dhcp, tftp, iax2, gtp_control, coap, bacnet, lengths, block_transfer, cipher,
        message_counter, quic_greased,
    )
}
"""By name, what is no media."""


def stream(
    numbers: list[int], stamps: list[int], types: list[int] | None = None, size: int = 160, ssrc: int = 0x5A7B9C1D
) -> list[bytes]:
    """RTP datagrams with these sequence numbers, timestamps and second octets."""
    seconds = types or [0] * len(numbers)
    return [
        struct.pack("!BBHII", 0x80, second, number & 0xFFFF, stamp & 0xFFFFFFFF, ssrc) + bytes((number & 0xFF,)) * size
        for number, stamp, second in zip(numbers, stamps, seconds, strict=True)
    ]


def audio(numbers: list[int], size: int = 160, ssrc: int = 0x5A7B9C1D) -> list[bytes]:
    """Audio of 20 ms at 8 kHz."""
    return stream(numbers, [160 * number for number in numbers], size=size, ssrc=ssrc)


def every_other(dice: random.Random) -> list[bytes]:
    """Audio of which the capture holds every other datagram, as a balanced link gives."""
    return audio(list(range(65500, 65500 + 2 * COUNT, 2)))


def heavy_loss(dice: random.Random) -> list[bytes]:
    """Audio that lost seven datagrams of ten."""
    return audio(sorted(dice.sample(range(COUNT * 4), COUNT)))


def video_loss(dice: random.Random) -> list[bytes]:
    """Video in bursts of one timestamp that lost half of its datagrams."""
    numbers = sorted(dice.sample(range(COUNT * 2), COUNT))
    return stream(numbers, [3000 * (number // 9) for number in numbers], [96] * COUNT, 1100)


def reordered(dice: random.Random) -> list[bytes]:
    """Audio over two paths: every fourth datagram is overtaken."""
    numbers = list(range(COUNT))
    for place in range(0, COUNT - 1, 4):
        numbers[place], numbers[place + 1] = numbers[place + 1], numbers[place]
    return audio(numbers)


def copied(dice: random.Random) -> list[bytes]:
    """Audio of which the capture holds every datagram three times."""
    return [payload for payload in audio(list(range(COUNT))) for _ in range(3)]


def telephone_events(dice: random.Random) -> list[bytes]:
    """Nothing but one telephone event: its timestamp stands still while its duration grows."""
    return [
        struct.pack("!BBHII", 0x80, 101 | 0x80 * (n == 0), 900 + n, 17632, 0x5A7B9C1D) + bytes((1, 10))
        + struct.pack("!H", 160 * (n + 1))
        for n in range(7)
    ]


def comfort_noise(dice: random.Random) -> list[bytes]:
    """Comfort noise now and then: the number goes up by one, the timestamp with the clock."""
    return stream(list(range(9)), [1600 * n * n for n in range(9)], [13] * 9, 1)


def short(dice: random.Random) -> list[bytes]:
    """Three datagrams."""
    return audio([7, 8, 9])


def no_ssrc(dice: random.Random) -> list[bytes]:
    """A sender that writes zero for its SSRC."""
    return audio(list(range(COUNT)), ssrc=0)


def changing_types(dice: random.Random) -> list[bytes]:
    """Media and its correction by turns, of two payload types in one space of numbers."""
    return stream(list(range(COUNT)), [160 * (n // 2) for n in range(COUNT)], [0x60 + n % 2 for n in range(COUNT)])


def restarted(dice: random.Random) -> list[bytes]:
    """A sender that begins anew after two datagrams."""
    return stream([40000, 40001, *range(10, 20)], [1 << 31, (1 << 31) + 160, *range(0, 1600, 160)])


MEDIA: dict[str, Callable[[random.Random], list[bytes]]] = {
    family.__name__: family
    for family in (
        every_other, heavy_loss, video_loss, reordered, copied, telephone_events, comfort_noise, short, no_ssrc,
        changing_types, restarted,
    )
}
"""By name, what is RTP, each datagram of it."""
