"""The payloads of one stream in the order of their numbers, as they were sent: nothing is decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dissectors.media import aac, latm
from dissectors.media.codecs import words
from dissectors.media.pcm import Sound
from dissectors.media.video.ordered import Gathered, Ordered
from dissectors.protocols import rtp
from dissectors.wire.errors import Malformed

AAC = ("AAC-ELD", "AAC-ELD WITH SBR", "MPEG4-GENERIC", "MP4A-LATM")
UNKNOWN = "no SDP has its configuration: the file says AAC-ELD without SBR, with {rate:,} samples a second"


class Payloads:
    """Hands on what is made of each payload of one type.

    `written` counts the payloads that were handed on, `octets` what was made of them, `other` datagrams of other types,
    `unread` payloads that are malformed. `ordered` knows what is missing, and what came again or too late.
    """

    def __init__(
        self, payload_type: int, made: Callable[[bytes], bytes], write: Callable[[bytes], None]
    ) -> None:
        self.ordered = Ordered()
        self.written = self.octets = self.other = self.unread = 0
        self._payload_type, self._made, self._write = payload_type, made, write

    def take(self, message: rtp.Message, time: int) -> None:
        """Take a datagram."""
        ours = message.payload_type == self._payload_type
        self.other += not ours
        # One of another type keeps its place.
        payload = message.payload if ours else b""
        self._lay(self.ordered.add(message.sequence, message.timestamp, time, True, payload))

    def finish(self) -> None:
        """Take what still waits."""
        self._lay(self.ordered.finish())

    def _lay(self, several: Iterable[Gathered]) -> None:
        for part in (part for gathered in several for part in gathered.parts if part.payload):
            try:
                octets = self._made(part.payload)
            except Malformed:
                self.unread += 1
                continue
            self.written += 1
            self.octets += len(octets)
            self._write(octets)


def framed(sound: Sound) -> tuple[Callable[[bytes], bytes], str | None]:
    """What makes frames of LATM of a payload of AAC, and what people should know of them; raises Malformed."""
    said = words(sound.parameters)
    config = aac.config(sound.codec, said, sound.clock or sound.rate)

    def made(payload: bytes) -> bytes:
        return b"".join(latm.element(config.said, unit) for unit in aac.units(payload, sound.codec, said))

    return made, UNKNOWN.format(rate=config.rate) if sound.codec == "AAC-ELD WITH SBR" else None
