"""The header extensions of RTP that SDP names by URI (a=extmap, RFC 8285), and what their octets mean."""

from __future__ import annotations

from dissectors.wire.values import Struct

IETF, GOOGLE = "urn:ietf:params:rtp-hdrext:", "http://www.webrtc.org/experiments/rtp-hdrext/"
AUDIO_LEVEL, SEND_TIME, ORIENTATION = "audio level", "absolute send time", "orientation"
TRANSPORT_NUMBER, MID, RID, REPAIRED_RID = "transport-wide number", "MID", "RID", "repaired RID"
DEPENDENCY_DESCRIPTOR = "dependency descriptor"

NAMES: dict[str, str] = {
    IETF + "ssrc-audio-level": AUDIO_LEVEL,
    IETF + "csrc-audio-level": "mixer's audio levels",
    IETF + "toffset": "transmission offset",
    IETF + "ntp-64": "NTP time",
    IETF + "ntp-56": "NTP time",
    IETF + "smpte-tc": "SMPTE time code",
    IETF + "framemarking": "frame marking",
    IETF + "splicing-interval": "splicing interval",
    IETF + "encrypt": "encrypted extension",
    IETF + "sdes:mid": MID,
    IETF + "sdes:rtp-stream-id": RID,
    IETF + "sdes:repaired-rtp-stream-id": REPAIRED_RID,
    IETF + "sdes:cname": "CNAME",
    "urn:3gpp:video-orientation": ORIENTATION,
    "urn:3gpp:video-orientation:6": ORIENTATION,
    GOOGLE + "abs-send-time": SEND_TIME,
    GOOGLE + "abs-capture-time": "absolute capture time",
    GOOGLE + "playout-delay": "playout delay",
    GOOGLE + "video-content-type": "content type",
    GOOGLE + "video-timing": "timing of a frame",
    GOOGLE + "color-space": "colour space",
    GOOGLE + "video-layers-allocation00": "allocation of layers",
    GOOGLE + "generic-frame-descriptor-00": "generic frame descriptor",
    GOOGLE + "corruption-detection": "corruption detection",
    GOOGLE + "inband-cn": "comfort noise",
    GOOGLE + "transport-wide-cc-02": TRANSPORT_NUMBER,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": TRANSPORT_NUMBER,
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": DEPENDENCY_DESCRIPTOR,
}
"""What is known of an extension by its URI."""

SEND_TIME_WRAP_NS = 64_000_000_000
"""The absolute send time begins anew so often, in nanoseconds."""


class Level(Struct, frozen=True):
    """The level of a datagram's sound in dBov, 0 at most and -127 for silence, and whether it is a voice (RFC 6464)."""

    dbov: int
    voice: bool


class Turned(Struct, frozen=True):
    """How a picture is to be turned: degrees clockwise, mirrored, from the camera that looks away from the user."""

    degrees: int
    mirrored: bool
    back_camera: bool


def level(data: bytes) -> Level | None:
    """RFC 6464 section 3; None where it has another size."""
    return Level(-(data[0] & 0x7F), data[0] >= 0x80) if 1 <= len(data) <= 2 else None


def turned(data: bytes) -> Turned | None:
    """3GPP TS 26.114 section 7.4.5: clockwise as it is written; None where it has another size."""
    return Turned(90 * (data[0] & 3), bool(data[0] & 4), bool(data[0] & 8)) if len(data) == 1 else None


def send_time(data: bytes) -> int | None:
    """The absolute send time in nanoseconds, modulo SEND_TIME_WRAP_NS; None where it has another size."""
    return (int.from_bytes(data, "big") * 1_000_000_000) >> 18 if len(data) == 3 else None


def frame_number(data: bytes) -> int | None:
    """The number of the frame that a dependency descriptor describes; None where it is too short."""
    return data[1] << 8 | data[2] if len(data) >= 3 else None


def text(data: bytes) -> str | None:
    """An identifier of RFC 8843 or RFC 8852; None where it is none."""
    return data.decode("ascii") if data.replace(b"-", b"").replace(b"_", b"").isalnum() else None
