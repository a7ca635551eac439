"""One end of a session of aiortc: `aiortc_peer.py offer|answer SECONDS`, signalling as lines of JSON.

It sends sound and a test picture, and in the end prints what it counted: getStats, and what passed each way by SSRC.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import vpx
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from av import VideoFrame

TAG_OCTETS = 16
"""What SRTP adds to each datagram with the suite that aiortc prefers (RFC 7714); it is taken off before we count."""

WIDTH, HEIGHT, MOVING_LINES = 320, 240, 8
counts: Counter[str] = Counter()
received: dict[int, list[int]] = {}
curves: dict[int, list[tuple[float, int]]] = {}


def counting(owner: Any, method: str, name: str) -> None:
    """Count the calls of a method of aiortc."""
    before = getattr(owner, method)

    async def wrapped(self: Any, *arguments: Any, **options: Any) -> Any:
        counts[name] += 1
        return await before(self, *arguments, **options)

    setattr(owner, method, wrapped)


def watch() -> None:
    """Count what getStats does not tell."""
    counting(RTCRtpSender, "_retransmit", "retransmitted")
    counting(RTCRtpReceiver, "_send_rtcp_nack", "nacks")
    counting(RTCRtpReceiver, "_send_rtcp_pli", "plis")
    handle, encode = RTCDtlsTransport._handle_rtp_data, vpx.Vp8Encoder.encode

    async def taken(self: Any, data: bytes, arrival_time_ms: int) -> None:
        known = received.setdefault(int.from_bytes(data[8:12], "big"), [0, 0])
        known[0] += 1
        known[1] += len(data) + TAG_OCTETS
        await handle(self, data, arrival_time_ms)

    def encoded(self: Any, frame: Any, force_keyframe: bool = False) -> Any:
        payloads, timestamp = encode(self, frame, force_keyframe)
        descriptor = vpx.VpxPayloadDescriptor.parse(payloads[0])
        counts["frames"] += 1
        counts["key frames"] += not descriptor[1][0] & 1
        return payloads, timestamp

    RTCDtlsTransport._handle_rtp_data = taken
    vpx.Vp8Encoder.encode = encoded


async def session(role: str, seconds: float) -> None:
    """Set up the session, let it run, and tell."""
    peer = RTCPeerConnection()
    sink = MediaBlackhole()
    peer.on("track", sink.addTrack)
    peer.addTrack(AudioStreamTrack())
    peer.addTrack(Noise())
    if role == "offer":
        await peer.setLocalDescription(await peer.createOffer())
        tell({"type": "offer", "sdp": peer.localDescription.sdp})
        await peer.setRemoteDescription(await heard())
    else:
        await peer.setRemoteDescription(await heard())
        await peer.setLocalDescription(await peer.createAnswer())
        tell({"type": "answer", "sdp": peer.localDescription.sdp})
    await sink.start()
    until = time.time() + seconds
    while time.time() < until:
        await asyncio.sleep(0.1)
        for ssrc, (_, octets) in received.items():
            curves.setdefault(ssrc, []).append((time.time(), octets))
    for sender in peer.getSenders():
        sender.replaceTrack(None)
    await asyncio.sleep(1.5)
    stats = [vars(each) for each in (await peer.getStats()).values()]
    plain = [{name: value for name, value in each.items() if isinstance(value, str | int | float)} for each in stats]
    tell({"stats": plain, "counts": counts, "received": received, "curves": curves})
    await peer.close()


class Noise(VideoStreamTrack):  # type: ignore[misc]  # aiortc is not installed where types are checked
    """Noise that stands still but for a few lines, so that key frames are large and others are of few datagrams."""

    def __init__(self) -> None:
        super().__init__()
        self.still = random.Random(3).randbytes(WIDTH * HEIGHT)

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame(width=WIDTH, height=HEIGHT, format="yuv420p")
        for plane in frame.planes:
            moving = MOVING_LINES * plane.line_size
            plane.update(random.randbytes(moving) + self.still[: plane.buffer_size - moving])
        frame.pts, frame.time_base = pts, time_base
        return frame


def tell(value: Any) -> None:
    print(json.dumps(value), flush=True)


async def heard() -> RTCSessionDescription:
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return RTCSessionDescription(**json.loads(line))


watch()
asyncio.run(session(sys.argv[1], float(sys.argv[2])))
