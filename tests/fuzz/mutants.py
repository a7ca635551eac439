"""What is tried: captures and payloads, damaged by `tests.mutations` after `lies` has had its turn."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from random import Random

from tests import capture_octets
from tests.fuzz import house, lies
from tests.made import ETHERNET, frame
from tests.mutations import DAMAGES, MOST_OCTETS, Base, bases, mutation
from tests.stories import Story

TESTS = Path(__file__).parent.parent
OURS = (TESTS / "data" / "captures", TESTS.parent / "pcaps")
TEXTS = ("SDP", "SIP")
SPOKEN = {*TEXTS, "STUN", "TURN", "RTP", "RTCP", "DTLS", "ZRTP"}
"""Protocols with something to lie about; the others are tried less often."""

MOST_OF_A_CAPTURE = 4
"""How many payloads of one protocol are taken from one capture."""

FIRST, MOST_TOLD = 16, 400
"""Of how many frames the most important are the first, and of how many the others are."""

LONGEST_FRAME = 65_000
"""What a record of ERF can hold, with some to spare."""

MOMENTS = (0, 1, 1 << 31, 1_700_000_000_000_000_000, house.MAX_TIME_NS)
Writer = Callable[[list[house.Record], int], bytes]
FORMATS: dict[str, tuple[str, lies.Order, Writer]] = {
    "pcap": ("pcap", "little", lambda records, link: pcap(records, link, "<", 0xA1B2C3D4)),
    "nanoseconds": ("pcap", "little", lambda records, link: pcap(records, link, "<", 0xA1B23C4D)),
    "modified": ("pcap", "little", lambda records, link: pcap(records, link, "<", 0xA1B2CD34)),
    "big-endian": ("pcap", "big", lambda records, link: pcap(records, link, ">", 0xA1B2C3D4)),
    "pcapng": ("pcapng", "little", lambda records, link: pcapng(records, link, "<")),
    "big-endian pcapng": ("pcapng", "big", lambda records, link: pcapng(records, link, ">")),
    "snoop": ("snoop", "big", lambda records, link: capture_octets.snoop(octets_of(records))),
    "erf": ("erf", "big", lambda records, link: capture_octets.erf(octets_of(records))),
}
"""By name: the shape of the headers, the order of octets in their lengths, and what writes frames of one link type."""


class Corpus:
    """The captures of the tests and of the folders that were named, what findings tell of, and samples of protocols."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self.folders = list(folders)

    @cached_property
    def captures(self) -> list[Base]:
        """What is damaged as a whole."""
        within = (one for folder in self.folders for one in (folder, *sorted(folder.rglob("*"))) if one.is_dir())
        return [*bases([*OURS, *within]), *stories()]

    @cached_property
    def calls(self) -> list[Base]:
        """The captures with signalling among their first frames."""
        return [base for base in self.captures if any(map(signalling, base.frames))]

    @cached_property
    def samples(self) -> dict[str, list[bytes]]:
        """Payloads by what the table says of them; descriptions and compressed bodies stand beside them."""
        found: dict[str, list[bytes]] = {}
        for path in sorted((TESTS / "data").glob("*/*.bin")):
            found.setdefault(house.protocol(path.read_bytes()), []).append(path.read_bytes())
        for single in json.loads((TESTS / "data" / "singles.json").read_text()):
            found.setdefault(single["protocol"], []).append(bytes.fromhex(single["payload"]))
        for base in self.captures:
            taken: dict[str, int] = {}
            names: dict[tuple[bytes, int], str] = {}
            for record in base.frames:
                for payload in house.payloads(record):
                    # What begins alike and is as long is of one protocol, nearly always: most of it is media.
                    alike = payload[:2], len(payload)
                    name = names[alike] = names.get(alike) or house.protocol(payload)
                    taken[name] = taken.get(name, 0) + 1
                    if taken[name] <= MOST_OF_A_CAPTURE:
                        found.setdefault(name, []).append(payload)
        bodies = [message.partition(b"\r\n\r\n")[2] for message in found["SIP"]]
        texts = [path.read_bytes() for path in sorted((TESTS / "data" / "sdp").iterdir())]
        found["SDP"] = [lies.unpacked(body) for body in [*bodies, *texts] if body]
        return found


def stories() -> Iterable[Base]:
    """The stories of the findings as captures: whole calls, and what may be wrong with them."""
    # To import them is to make them, which takes longer than a few cases.
    from tests.finding_cases import CASES

    for name, pair in CASES.items():
        for number, story in enumerate(pair):
            if isinstance(story, list):
                yield written(f"{name}, {number}", story)


def written(name: str, story: Story) -> Base:
    """The beginning of a story as a capture."""
    begin = sorted(story, key=lambda told: told[0])[:MOST_TOLD]
    frames = [
        house.Record(number, int(time * 1e6), ETHERNET, octets := frame(src, dst, payload), len(octets))
        for number, (time, src, dst, payload) in enumerate(begin, 1)
    ]
    return Base(name, pcap(frames, ETHERNET)[:MOST_OCTETS], ETHERNET, frames)


def signalling(record: house.Record) -> bool:
    """Whether a frame holds a message of SIP."""
    return any(house.protocol(payload) == "SIP" for payload in house.payloads(record))


def payload(dice: Random, corpus: Corpus) -> bytes:
    """A payload of some protocol with lies in it, damage, or both."""
    names = sorted(corpus.samples)
    name = dice.choice([name for name in names if name in SPOKEN] if dice.random() < 0.8 else names)
    octets = bytearray(dice.choice(corpus.samples[name]))
    for _ in range(dice.randint(1, 3)):
        if dice.random() < 0.7:
            octets = lied(dice, octets, name)
        else:
            damage(dice, octets)
    return bytes(octets)


def body(dice: Random, corpus: Corpus) -> bytes:
    """A body as somebody may have saved it: packed, damaged, or both."""
    octets = bytearray(dice.choice(corpus.samples["SDP"]))
    for _ in range(dice.randint(0, 2)):
        octets = bytearray(lies.PACKED[dice.choice(list(lies.PACKED))](bytes(octets)))
    for _ in range(dice.randint(0, 3)):
        damage(dice, octets)
    return bytes(octets)


def capture(dice: Random, corpus: Corpus) -> bytes:
    """A capture whose frames, headers or file lie, then damaged, perhaps spliced with one of the same link type."""
    base = changed(dice, dice.choice(dice.choice((corpus.captures, corpus.calls))))
    partners = [one for one in corpus.captures if one.link == base.link and one.frames]
    octets = mutation(dice.getrandbits(32), [base, base, dice.choice(partners) if partners else base])
    return lies.zipped(octets) if dice.random() < 0.03 else octets


def file(dice: Random, corpus: Corpus) -> bytes:
    """A file of any format of captures, or compressed, with damage anywhere."""
    base = changed(dice, dice.choice(corpus.captures))
    compressed = dice.random()
    if compressed < 0.1:
        base = base._replace(octets=lies.zipped(base.octets))
    octets = mutation(dice.getrandbits(32), [base._replace(frames=[])])
    return lies.zipped(octets) if compressed > 0.95 else octets


def changed(dice: Random, base: Base) -> Base:
    """The same capture after lies: in frames, in the order and the times of records, in the headers of its file."""
    frames = base.frames[:MOST_TOLD]
    for _ in range(dice.choice((0, 1, 2, 3, 8)) if frames else 0):
        at = dice.randrange(min(len(frames), dice.choice((FIRST, MOST_TOLD))))
        frames[at] = told(dice, frames[at])
    if frames and dice.random() < 0.2:
        at = dice.randrange(len(frames))
        frames[at:at] = frames[max(0, at - 8) : at] * dice.choice((1, 1, 3))
    octets = base.octets
    if frames and dice.random() < 0.7:
        shape, order, write = FORMATS[dice.choice(list(FORMATS))]
        made = bytearray(write(frames, base.link))
        for _ in range(dice.choice((0, 0, 1, 1, 3))):
            lies.lie(dice, made, lies.SHAPES[shape]._replace(order=order))
        octets = bytes(made)
    if dice.random() < 0.2:
        longer = bytearray(octets)
        lies.fill(dice, longer, dice.choice((len(longer), dice.randrange(len(longer) + 1))))
        octets = bytes(longer)
    return base._replace(octets=octets, frames=frames)


def told(dice: Random, record: house.Record) -> house.Record:
    """A record with a lie in front of its payload or in it, perhaps at another time."""
    frame = bytearray(record.octets)
    found = house.payloads(record)
    if not found or dice.random() < 0.4:
        lies.lie_before(dice, frame, found[0] if found else b"")
    else:
        inside = dice.choice(found)
        if inside in frame:
            lies.put(frame, inside, bytes(lied(dice, bytearray(inside), house.protocol(inside))))
    if dice.random() < 0.1:
        lies.fill(dice, frame, dice.randrange(len(frame) + 1))
    if dice.random() < 0.05:
        record = record._replace(time=dice.choice(MOMENTS))
    return record._replace(octets=bytes(frame))


def lied(dice: Random, octets: bytearray, name: str) -> bytearray:
    """Octets of a protocol with one lie in them; of one without fields, with damage."""
    if name in TEXTS:
        return bytearray((lies.lie_in_message if name == "SIP" else lies.lie_in_text)(dice, bytes(octets)))
    if name in lies.SHAPES:
        lies.lie(dice, octets, lies.SHAPES[name])
    else:
        damage(dice, octets)
    return octets


def damage(dice: Random, octets: bytearray) -> None:
    """Do one thing to octets, anywhere."""
    if octets:
        dice.choice((*DAMAGES, lies.fill))(dice, octets, dice.randrange(len(octets)))


def octets_of(records: Iterable[house.Record]) -> list[bytes]:
    """The octets of records, as many as each format can hold."""
    return [record.octets[:LONGEST_FRAME] for record in records]


def pcap(records: Iterable[house.Record], link: int, order: str = "<", magic: int = 0xA1B23C4D) -> bytes:
    """A pcap file of records at their times."""
    out = [capture_octets.pcap([], order, magic, link)]
    for record in records:
        seconds, fraction = divmod(record.time, 1_000_000_000)
        fraction //= 1 if magic == 0xA1B23C4D else 1000
        sizes = len(record.octets), max(record.original, len(record.octets)) & 0xFFFFFFFF
        out.append(struct.pack(order + "IIII", seconds & 0xFFFFFFFF, fraction, *sizes))
        out.append(bytes(8 if magic == 0xA1B2CD34 else 0) + record.octets)
    return b"".join(out)


def pcapng(records: Iterable[house.Record], link: int, order: str) -> bytes:
    """A pcapng file of records at their times, with a name, a clock and comments."""
    clock = capture_octets.option(2, b"eth0", order) + capture_octets.option(9, b"\x09", order)
    blocks = [capture_octets.section(order), capture_octets.interface(link, clock, order)]
    comment = capture_octets.option(1, b"said", order) + bytes(4)
    blocks += [
        capture_octets.enhanced(record.octets, record.time, 0, b"" if number % 5 else comment, order)
        for number, record in enumerate(records)
    ]
    return b"".join(blocks)
