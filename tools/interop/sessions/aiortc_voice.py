"""One end of a session of aiortc that says a file: `aiortc_voice.py offer|answer WAV KEYS`, with lines of JSON.

The callback of OpenSSL writes the secrets of its DTLS to KEYS, in the format of NSS.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole, MediaPlayer
from aiortc.rtcdtlstransport import RTCCertificate

SECONDS = 11.0


def log_keys(path: Path) -> None:
    """Give each context of OpenSSL a callback that writes its keys."""
    before = RTCCertificate._create_ssl_context

    def made(self: Any, *arguments: Any, **options: Any) -> Any:
        context = before(self, *arguments, **options)
        context.set_keylog_callback(lambda _, line: append(path, line))
        return context

    RTCCertificate._create_ssl_context = made


def append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line + b"\n")


async def session(role: str, said: str) -> None:
    """Set up the session, and say the file once."""
    peer, sink = RTCPeerConnection(), MediaBlackhole()
    peer.on("track", sink.addTrack)
    peer.addTrack(MediaPlayer(said).audio)
    if role == "offer":
        await peer.setLocalDescription(await peer.createOffer())
        tell({"type": "offer", "sdp": peer.localDescription.sdp})
        await peer.setRemoteDescription(await heard())
    else:
        await peer.setRemoteDescription(await heard())
        await peer.setLocalDescription(await peer.createAnswer())
        tell({"type": "answer", "sdp": peer.localDescription.sdp})
    await sink.start()
    await asyncio.sleep(SECONDS)
    tell({})
    await peer.close()


def tell(value: Any) -> None:
    print(json.dumps(value), flush=True)


async def heard() -> RTCSessionDescription:
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return RTCSessionDescription(**json.loads(line))


log_keys(Path(sys.argv[3]))
asyncio.run(session(sys.argv[1], sys.argv[2]))
