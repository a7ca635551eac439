"""What is tried: captures and payloads, damaged by `tests.mutations` after `lies` has had its turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from random import Random

from tests import test_records
from tests.fuzz import house, lies
from tests.mutations import DAMAGES, MOST_FRAMES, Base, bases, mutation

TESTS = Path(__file__).parent.parent
OURS = (TESTS / "data" / "captures", TESTS.parent / "pcaps")
TEXTS = ("SDP", "SIP")
MOST_OF_A_CAPTURE = 4
"""How many payloads of one protocol are taken from one capture."""

LONGEST_FRAME = 65_000
"""What a record of ERF can hold, with some to spare."""

MOMENTS = (0, 1, 1 << 31, 1_700_000_000_000_000_000, (1 << 62) - 1)
Writer = Callable[[list[bytes], int], bytes]
FORMATS: dict[str, tuple[str, lies.Order, Writer]] = {
    "pcap": ("pcap", "little", lambda frames, link: test_records.pcap(frames, "<", 0xA1B2C3D4, link)),
    "nanoseconds": ("pcap", "little", lambda frames, link: test_records.pcap(frames, "<", 0xA1B23C4D, link)),
    "modified": ("pcap", "little", lambda frames, link: test_records.pcap(frames, "<", 0xA1B2CD34, link)),
    "big-endian": ("pcap", "big", lambda frames, link: test_records.pcap(frames, ">", 0xA1B2C3D4, link)),
    "pcapng": ("pcapng", "little", lambda frames, link: pcapng(frames, link, "<")),
    "big-endian pcapng": ("pcapng", "big", lambda frames, link: pcapng(frames, link, ">")),
    "snoop": ("snoop", "big", lambda frames, link: test_records.snoop(frames)),
    "erf": ("erf", "big", lambda frames, link: test_records.erf(frames)),
}
"""By name: the shape of the headers, the order of octets in their lengths, and what writes frames of one link type."""


class Corpus:
    """The captures of the tests and of the folders that were named, and samples of each protocol."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        within = (one for folder in folders for one in (folder, *sorted(folder.rglob("*"))) if one.is_dir())
        self.captures = bases([*OURS, *within])

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
            for record in base.frames:
                for payload in house.payloads(record):
                    name = house.protocol(payload)
                    taken[name] = taken.get(name, 0) + 1
                    if taken[name] <= MOST_OF_A_CAPTURE:
                        found.setdefault(name, []).append(payload)
        bodies = [message.partition(b"\r\n\r\n")[2] for message in found["SIP"]]
        texts = [path.read_bytes() for path in sorted((TESTS / "data" / "sdp").iterdir())]
        found["SDP"] = [lies.unpacked(body) for body in [*bodies, *texts] if body]
        return found


def signalling(record: house.Record) -> bool:
    """Whether a frame holds a message of SIP."""
    return any(house.protocol(payload) == "SIP" for payload in house.payloads(record))


def payload(dice: Random, corpus: Corpus) -> bytes:
    """A payload of some protocol with lies in it, damage, or both."""
    name = dice.choice(sorted(corpus.samples))
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
    first = dice.randrange(max(1, len(base.frames) - MOST_FRAMES))
    frames = [told(dice, record) for record in base.frames[first : first + MOST_FRAMES]]
    if frames and dice.random() < 0.2:
        at = dice.randrange(len(frames))
        frames[at:at] = frames[max(0, at - 8) : at] * dice.choice((1, 1, 3))
    octets = base.octets
    if frames and dice.random() < 0.7:
        shape, order, write = FORMATS[dice.choice(list(FORMATS))]
        made = bytearray(write([record.octets[:LONGEST_FRAME] for record in frames], base.link))
        for _ in range(dice.choice((0, 0, 1, 1, 3))):
            lies.lie(dice, made, lies.SHAPES[shape]._replace(order=order))
        octets = bytes(made)
    if dice.random() < 0.2:
        longer = bytearray(octets)
        lies.fill(dice, longer, dice.choice((len(longer), dice.randrange(len(longer) + 1))))
        octets = bytes(longer)
    return base._replace(octets=octets, frames=frames)


def told(dice: Random, record: house.Record) -> house.Record:
    """A record as it is, with lies in front of its payload or in it, or at another time."""
    if dice.random() < 0.7:
        return record
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


def pcapng(frames: Sequence[bytes], link: int, order: str) -> bytes:
    """A pcapng file with a name, a clock and a comment."""
    clock = test_records.option(2, b"eth0", order) + test_records.option(9, b"\x09", order)
    blocks = [test_records.section(order), test_records.interface(link, clock, order)]
    comment = test_records.option(1, b"said", order) + bytes(4)
    blocks += [
        test_records.enhanced(frame, 1_000_000_000 + number * 20_000_000, 0, b"" if number % 5 else comment, order)
        for number, frame in enumerate(frames)
    ]
    return b"".join(blocks)
