"""What codecs make of it: payloads as RTP carries them. PyAV encodes; what has no encoder comes from the tests' data.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

from dissectors.media.bits import Bits
from tests.clips import PACKERS
from tests.sounds import mu_law, tones
from tests.verdicts.sounds import SAID, samples

SECONDS = 12.0
PICTURES, WIDTH, HEIGHT = 120, 320, 240
VIDEO_PAYLOAD = 1100


class Kind(NamedTuple):
    """A codec: what it is to the verdict, its line of SDP, and its payloads, several recordings of it."""

    group: str
    rtpmap: str
    step: int
    recordings: list[list[bytes]]
    media: str = "audio"
    payload_type: int = 96


PCM, CODED, VIDEO, TEXT = "linear or companded sound (PCM)", "sound that a codec compressed", "video", "text (T.140)"


def kinds(chance: Random, seconds: float = SECONDS, encoders: bool = True) -> dict[str, Kind]:
    """All codecs at hand, each with recordings of so many seconds of each thing that may be said."""
    found = {**_pcm(chance, seconds), **_from_data(), "T.140": _text(chance)}
    if not encoders:
        return found
    try:
        import av
    except ImportError:
        return found
    return {**found, **_sound(av, chance, seconds), **_video(av, chance)}


def _cut(octets: bytes, size: int) -> list[bytes]:
    return [octets[at : at + size] for at in range(0, len(octets) - size + 1, size)]


def _pcm(chance: Random, seconds: float) -> dict[str, Kind]:
    said = [samples(name, chance, 8000, seconds) for name in SAID]
    linear = []
    for each in (samples(name, chance, 16000, seconds) for name in SAID):
        each.byteswap()
        linear.append(_cut(each.tobytes(), 640))
    companded = [mu_law(list(each)) for each in said]
    return {
        "PCMU": Kind(PCM, "PCMU/8000", 160, [_cut(each, 160) for each in companded], payload_type=0),
        "PCMU 30 ms": Kind(PCM, "PCMU/8000", 240, [_cut(each, 240) for each in companded], payload_type=0),
        "PCMA": Kind(PCM, "PCMA/8000", 160, [_cut(bytes(map(a_law, each)), 160) for each in said], payload_type=8),
        "L16": Kind(PCM, "L16/16000", 320, linear),
    }


def a_law(sample: int) -> int:
    """A sample as PCMA (ITU-T G.711)."""
    value, sign = (sample >> 3, 0xD5) if sample >= 0 else (~sample >> 3, 0x55)
    segment = max(0, value.bit_length() - 5)
    return (segment << 4 | value >> max(1, segment) & 0x0F) ^ sign


def _from_data() -> dict[str, Kind]:
    """Codecs without an encoder: short recordings, a fraction of a second each."""
    names = {"GSM": "GSM", "G729": "G729", "ILBC": "ILBC", "SPEEX": "SPEEX", "AMR-WB": "AMR-WB", "AAC-ELD": "AAC-ELD"}
    found = {}
    for name, (sound, payloads, _) in tones().items():
        if any(sound.codec == each for each in names.values()):
            found[name] = Kind(CODED, f"{sound.codec}/{sound.clock}", 160, [payloads])
    return found


def _text(chance: Random) -> Kind:
    words = "yes no perhaps hello I am here can you read me this takes a while ok \u2028 \b".split(" ")
    return Kind(TEXT, "t140/1000", 300, [[(chance.choice(words) + " ").encode() for _ in range(200)]], "text")


def _sound(av: Any, chance: Random, seconds: float) -> dict[str, Kind]:
    coders: list[tuple[str, str, str, int, int, dict[str, int], Callable[[list[bytes]], list[bytes]]]] = [
        ("G722", "G722/8000", "g722", 16000, 160, {}, lambda found: _cut(b"".join(found), 160)),
        ("G723", "G723/8000", "g723_1", 8000, 240, {"bit_rate": 6300}, list),
        *((f"G726-{8 * bits}", f"G726-{8 * bits}/8000", "g726le", 8000, 160, {"bit_rate": 8000 * bits},
           lambda found, size=20 * bits: _cut(b"".join(found), size)) for bits in (2, 3, 4, 5)),
        *((f"AMR at {rate}", "AMR/8000", "libopencore_amrnb", 8000, 160, {"bit_rate": rate}, aligned)
          for rate in (4750, 7950, 12200)),
        ("AMR, bandwidth-efficient", "AMR/8000", "libopencore_amrnb", 8000, 160, {"bit_rate": 12200}, efficient),
        *((f"Opus at {rate}", "opus/48000/2", "libopus", 48000, 960, {"bit_rate": rate}, list)
          for rate in (8000, 24000, 64000)),
        ("AAC", "MPEG4-GENERIC/16000", "aac", 16000, 1024, {"bit_rate": 48000},
         lambda found: [b"\0\x10" + (len(each) << 3).to_bytes(2, "big") + each for each in found]),
    ]
    return {
        name: Kind(CODED, rtpmap, step, [
            payloads(_encoded(av, codec, rate, settings, samples(said, chance, rate, seconds))) for said in SAID
        ])
        for name, rtpmap, codec, rate, step, settings, payloads in coders
    }


def _encoded(av: Any, codec: str, rate: int, settings: dict[str, int], said: array[int]) -> list[bytes]:
    """The packets of an encoder."""
    context = av.CodecContext.create(codec, "w")
    context.sample_rate, context.layout, context.format = rate, "mono", "fltp" if codec == "aac" else "s16"
    context.time_base = Fraction(1, rate)
    for name, value in settings.items():
        setattr(context, name, value)
    context.open()
    resampler = av.AudioResampler(
        format=context.format.name, layout="mono", rate=rate, frame_size=context.frame_size or rate // 50
    )
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(said))
    frame.planes[0].update(said.tobytes())
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return [bytes(packet) for made in resampler.resample(frame) for packet in context.encode(made)]


def aligned(frames: Sequence[bytes]) -> list[bytes]:
    """Frames of AMR in octet-aligned payloads (RFC 4867 section 4.4)."""
    return [b"\xf0" + frame for frame in frames]


def efficient(frames: Sequence[bytes]) -> list[bytes]:
    """The same in bandwidth-efficient ones, of 12.2 kbit/s."""
    found = []
    for frame in frames:
        bits = Bits(frame[1:], "AMR").take(244)
        found.append((((0xF << 6 | frame[0] >> 2 & 0x1F) << 244 | bits) << 2).to_bytes(32, "big"))
    return found


def _video(av: Any, chance: Random) -> dict[str, Kind]:
    codecs = {"H264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
              "H265": ("libx265", {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none"}),
              "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8"}),
              "VP9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"})}
    return {
        name: Kind(VIDEO, f"{name}/90000", 3000, [
            [payload for octets, key in _pictures(av, codec, options, chance, moving)
             for payload in PACKERS[name](octets, key, VIDEO_PAYLOAD)]
            for moving in (4, 60)
        ], "video")
        for name, (codec, options) in codecs.items()
    }


def _pictures(
    av: Any, codec: str, options: dict[str, str], chance: Random, moving: int
) -> Iterator[tuple[bytes, bool]]:
    """Noise that stands still but for some lines, encoded."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt, context.bit_rate = WIDTH, HEIGHT, "yuv420p", 400_000
    context.time_base, context.options = Fraction(1, 30), options
    still = bytes(value // 2 + 64 for value in chance.randbytes(WIDTH * HEIGHT))
    for number in range(PICTURES + 1):
        if number == PICTURES:
            # What the encoder holds back.
            yield from ((bytes(packet), bool(packet.is_keyframe)) for packet in context.encode(None))
            return
        frame = av.VideoFrame(width=WIDTH, height=HEIGHT, format="yuv420p")
        for plane in frame.planes:
            lines = moving * plane.line_size
            plane.update((chance.randbytes(lines) + still[: plane.buffer_size - lines])[: plane.buffer_size])
        frame.pts, frame.time_base = number, Fraction(1, 30)
        yield from ((bytes(packet), bool(packet.is_keyframe)) for packet in context.encode(frame))
