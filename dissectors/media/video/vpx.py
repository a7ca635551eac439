"""VP8 (RFC 7741) and VP9 (RFC 9628) out of RTP payloads: a descriptor stands before each piece of a frame."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.media.video.frame import Frame
from dissectors.wire.errors import Malformed

VP8_EXTENDED, VP8_PICTURE, VP8_LAYER, VP8_TEMPORAL, VP8_KEY_INDEX = 0x80, 0x80, 0x40, 0x20, 0x10
VP8_STARTS, VP8_PARTITION = 0x10, 0x07
LONG_PICTURE = 0x80

PICTURE, PREDICTED, LAYERS, FLEXIBLE, BEGINS, ENDS, STRUCTURE = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02
MAX_REFERENCES = 3
MAX_INDEXED = 8


def vp8(payloads: Sequence[bytes]) -> Frame:
    """A frame of VP8; raises Malformed."""
    pieces = []
    for number, payload in enumerate(payloads):
        start = _vp8_descriptor(payload)
        begins = bool(payload[0] & VP8_STARTS) and not payload[0] & VP8_PARTITION
        if not number and not begins:
            raise Malformed("VP8", 0, "the beginning of the frame is missing")
        pieces.append(payload[start:])
    octets = b"".join(pieces)
    if not octets:
        raise Malformed("VP8", 0, "a frame without bytes")
    return Frame(octets, not octets[0] & 1)


def _vp8_descriptor(payload: bytes) -> int:
    """How long the descriptor is (RFC 7741 section 4.2)."""
    reader = _Octets("VP8", payload)
    if reader.take() & VP8_EXTENDED:
        said = reader.take()
        if said & VP8_PICTURE and reader.take() & LONG_PICTURE:
            reader.take()
        if said & VP8_LAYER:
            reader.take()
        if said & (VP8_TEMPORAL | VP8_KEY_INDEX):
            reader.take()
    return reader.at


def vp9(payloads: Sequence[bytes]) -> Frame:
    """A picture of VP9 with all its spatial layers; raises Malformed."""
    layers: list[list[bytes]] = []
    key, open_ = False, False
    for payload in payloads:
        start = _vp9_descriptor(payload)
        if payload[0] & BEGINS:
            if open_:
                raise Malformed("VP9", 0, "the end of a layer is missing")
            key |= not layers and not payload[0] & PREDICTED
            layers.append([])
            open_ = True
        elif not open_:
            raise Malformed("VP9", 0, "the beginning of a layer is missing")
        layers[-1].append(payload[start:])
        open_ = not payload[0] & ENDS
    if open_ or not layers:
        raise Malformed("VP9", 0, "the end of the picture is missing")
    return Frame(_superframe([b"".join(layer) for layer in layers]), key)


def _vp9_descriptor(payload: bytes) -> int:
    """How long the descriptor is (RFC 9628 section 4.2)."""
    reader = _Octets("VP9", payload)
    said = reader.take()
    if said & PICTURE and reader.take() & LONG_PICTURE:
        reader.take()
    if said & LAYERS:
        reader.take()
        if not said & FLEXIBLE:
            reader.take()
    if said & FLEXIBLE and said & PREDICTED:
        for _ in range(MAX_REFERENCES):
            if not reader.take() & 1:
                break
        else:
            raise Malformed("VP9", reader.at, f"more than {MAX_REFERENCES} references")
    if said & STRUCTURE:
        _structure(reader)
    return reader.at


def _structure(reader: _Octets) -> None:
    """Go past the sizes of the layers and what depends on what."""
    said = reader.take()
    if said & 0x10:
        reader.skip(4 * ((said >> 5) + 1))
    if said & 0x08:
        for _ in range(reader.take()):
            reader.skip(reader.take() >> 2 & 3)


def _superframe(layers: list[bytes]) -> bytes:
    """Layers one after the other, and where there are several, an index behind them (VP9 specification, annex B)."""
    if len(layers) == 1:
        return layers[0]
    if len(layers) > MAX_INDEXED:
        raise Malformed("VP9", 0, f"a picture with {len(layers)} layers")
    octets = (max(map(len, layers)).bit_length() + 7) // 8 or 1
    mark = bytes((0xC0 | octets - 1 << 3 | len(layers) - 1,))
    return b"".join([*layers, mark, *(len(layer).to_bytes(octets, "little") for layer in layers), mark])


class _Octets:
    """The octets of a descriptor, read one after the other."""

    def __init__(self, protocol: str, payload: bytes) -> None:
        self._protocol, self._payload, self.at = protocol, payload, 0

    def take(self) -> int:
        """The next one; raises Malformed at the end."""
        self.skip(1)
        return self._payload[self.at - 1]

    def skip(self, count: int) -> None:
        """Go on by so many; raises Malformed where fewer are left."""
        self.at += count
        if self.at > len(self._payload):
            raise Malformed(self._protocol, self.at, "the descriptor is longer than the payload")
