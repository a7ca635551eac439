"""The codecs that PyAV decodes: their decoders in FFmpeg, and how their payloads are cut into frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from dissectors.media import aac, amr
from dissectors.media.pcm import Sound
from dissectors.wire.errors import Malformed

Words = Mapping[str, str]
"""Format parameters by their names in small letters."""

G723_OCTETS = (24, 20, 4, 1)
"""By the two low bits of a frame: 6.3 kbit/s, 5.3 kbit/s, comfort noise, nothing sent."""

SBR = "AAC-ELD with SBR: what SBR adds above the lower half of the band"
"""What FFmpeg does not decode."""

ILBC_OCTETS = {20: 38, 30: 50}
"""By the milliseconds of a frame (RFC 3952)."""


class Decoded(NamedTuple):
    """A codec: its RTP clock and samples a second (None: as SDP says), its decoder, the frames of a payload.

    `decoder` gives what the process that decodes is asked for: names in FFmpeg, the first one that is there is taken,
    and settings. `frames` raises Malformed.
    """

    clock: int | None
    rate: int | None
    decoder: Callable[[Sound, bytes], str]
    frames: Callable[[Sound, bytes], Sequence[bytes]]


def words(parameters: str | None) -> dict[str, str]:
    """The format parameters of an a=fmtp line."""
    parts = [each.partition("=") for each in (parameters or "").split(";")]
    return {name.strip().lower(): value.strip() for name, _, value in parts}


def _named(text: str) -> Callable[[Sound, bytes], str]:
    return lambda sound, frame: text


def _whole(sound: Sound, payload: bytes) -> list[bytes]:
    return [payload] if payload else []


def _of(octets: int) -> Callable[[Sound, bytes], list[bytes]]:
    """Frames of one length; comfort noise, which is shorter, ends them (RFC 3551 section 4.5.6)."""
    return lambda sound, payload: [payload[at : at + octets] for at in range(0, len(payload) - octets + 1, octets)]


def _g723(sound: Sound, payload: bytes) -> list[bytes]:
    at, found = 0, []
    while at < len(payload):
        octets = G723_OCTETS[payload[at] & 3]
        if at + octets <= len(payload):
            found.append(payload[at : at + octets])
        at += octets
    return found


def _ilbc(sound: Sound, payload: bytes) -> list[bytes]:
    """Frames of 20 or 30 ms: by SDP where the payload fits, else by its length."""
    mode = words(sound.parameters).get("mode", "30")
    likely = ILBC_OCTETS.get(int(mode) if mode.isdecimal() else 30, 50)
    fitting = [octets for octets in (likely, *ILBC_OCTETS.values()) if payload and not len(payload) % octets]
    if not fitting:
        raise Malformed("iLBC", 0, f"{len(payload)} bytes are no whole frames")
    return list(_of(fitting[0])(sound, payload))


def _ilbc_decoder(sound: Sound, frame: bytes) -> str:
    return f"ilbc rate=8000 block_align={len(frame)}"


def _amr(sizes: dict[int, int]) -> Callable[[Sound, bytes], list[bytes]]:
    def frames(sound: Sound, payload: bytes) -> list[bytes]:
        said = words(sound.parameters)
        checked = said.get("crc") == "1"
        aligned = None if sound.parameters is None else checked or said.get("octet-align") == "1"
        return amr.frames(payload, sizes, aligned, checked)

    return frames


def _aac(codec: str) -> Decoded:
    def decoder(sound: Sound, frame: bytes) -> str:
        config = aac.config(codec, words(sound.parameters), sound.clock or sound.rate)
        return f"aac rate={config.rate} extradata={config.octets.hex()}"

    return Decoded(None, None, decoder, lambda sound, payload: aac.units(payload, codec, words(sound.parameters)))


def _g726(bits: int, decoder: str) -> Decoded:
    return Decoded(8000, 8000, _named(f"{decoder} rate=8000 bits_per_coded_sample={bits}"), _whole)


DECODED = {
    "OPUS": Decoded(48000, 48000, _named("opus rate=48000"), _whole),
    "G722": Decoded(8000, 16000, _named("g722 rate=16000"), _whole),
    "GSM": Decoded(8000, 8000, _named("gsm rate=8000"), _of(33)),
    "G729": Decoded(8000, 8000, _named("g729 rate=8000"), _of(10)),
    "G723": Decoded(8000, 8000, _named("g723_1 rate=8000"), _g723),
    # Of the samples in an octet, the first one is in the low bits (RFC 3551 section 4.5.4), in AAL2 in the high ones.
    **{f"G726-{8 * bits}": _g726(bits, "g726le") for bits in (2, 3, 4, 5)},
    **{f"AAL2-G726-{8 * bits}": _g726(bits, "g726") for bits in (2, 3, 4, 5)},
    "ILBC": Decoded(8000, 8000, _ilbc_decoder, _ilbc),
    "SPEEX": Decoded(None, None, lambda sound, frame: f"speex rate={sound.clock or sound.rate}", _whole),
    # The decoders that FFmpeg has itself know no comfort noise.
    "AMR": Decoded(8000, 8000, _named("libopencore_amrnb|amrnb rate=8000"), _amr(amr.NARROW)),
    "AMR-WB": Decoded(16000, 16000, _named("libopencore_amrwb|amrwb rate=16000"), _amr(amr.WIDE)),
    "AAC-ELD": _aac("AAC-ELD"),
    "AAC-ELD WITH SBR": _aac("AAC-ELD"),
    "MPEG4-GENERIC": _aac("MPEG4-GENERIC"),
    "MP4A-LATM": _aac("MP4A-LATM"),
}


def refusal(sound: Sound) -> str | None:
    """Why the payloads of such a sound cannot be decoded, by their parameters; None where they can."""
    said = words(sound.parameters)
    if sound.codec in ("AMR", "AMR-WB"):
        if "interleaving" in said:
            return f"{sound.codec} with interleaving"
        if said.get("robust-sorting") == "1":
            return f"{sound.codec} with sorted bits"
        return f"{sound.codec} with {sound.channels} channels" if sound.channels > 1 else None
    if sound.codec in ("MPEG4-GENERIC", "MP4A-LATM"):
        if sound.codec == "MP4A-LATM" and said.get("cpresent", "1") == "1":
            return "MP4A-LATM whose configuration is in its payloads"
        try:
            aac.config(sound.codec, said, sound.rate)
        except Malformed as error:
            return f"{sound.codec}: {error.reason}"
    return None


def otherwise(sound: Sound) -> str | None:
    """The name of the codec with the other order of bits, which some phones send instead; None where there is none."""
    if not sound.codec.startswith(("G726-", "AAL2-G726-")):
        return None
    return sound.codec.removeprefix("AAL2-") if sound.codec.startswith("AAL2-") else f"AAL2-{sound.codec}"


def partly(sound: Sound) -> str | None:
    """What is not heard of a sound that is decoded; None where all is."""
    if sound.codec == "AAC-ELD WITH SBR":
        return SBR
    if sound.codec in ("MPEG4-GENERIC", "MP4A-LATM"):
        if aac.config(sound.codec, words(sound.parameters), sound.rate).replicated:
            return SBR
    return None
