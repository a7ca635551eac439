"""A call with one stream of known kind: how its SDP announces it, and what protects it."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from tests.protected import inline, master, protect
from tests.stories import A, B, Story, description, dialled, hung_up, rtp
from tests.verdicts.encoded import Kind

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80",
          "AES_256_CM_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
IDENTIFIERS = (b"", b"", b"\1", b"\0\0\0\1")
PACKETS = (4, 10, 20, 40, 100, 250, 600)
ANNOUNCED = {"as clear": 3, "as encrypted": 3, "by nobody": 2}
"""How SDP announces a stream, and how often; both liars are among them."""

CLEAR, ENCRYPTED = "in the clear", "encrypted"
SSRC = 0xCAFE


class Known(NamedTuple):
    """A stream whose kind is known, and the call that it is of."""

    name: str
    group: str
    encrypted: bool
    story: Story


def known(name: str, kind: Kind, encrypted: bool, chance: Random) -> Known:
    """A call with one such stream."""
    payloads = chance.choice(kind.recordings)
    count = min(chance.choice(PACKETS), len(payloads))
    begin = chance.randrange(len(payloads) - count + 1)
    key = master(chance.choice(SUITES), chance.randrange(256), chance.choice(IDENTIFIERS))
    announced = chance.choices([*ANNOUNCED], [*ANNOUNCED.values()])[0]
    first = chance.randrange(1 << 15)
    sent: Story = []
    for number, payload in enumerate(payloads[begin : begin + count]):
        octets = rtp(first + number, SSRC, kind.payload_type, kind.step * number, payload)
        time = 1020 + kind.step * number / (90 if kind.media == "video" else 8)
        sent.append((time, A, B, protect(key, octets) if encrypted else octets))
    profile = "RTP/SAVP" if announced == "as encrypted" else "RTP/AVP"
    lines = [f"a=rtpmap:{kind.payload_type} {kind.rtpmap}"]
    if announced == "as encrypted":
        lines.append(f"a=crypto:1 {inline(key)}{f'|1:{len(key.mki)}' if key.mki else ''}")
    offer, answer = (description(*side, *lines, media=f"{profile} {kind.payload_type}", kind=kind.media)
                     for side in (A, B))
    story = sent if announced == "by nobody" else [*dialled(offer, answer), *sent, *hung_up(sent[-1][0] + 20)]
    how = ENCRYPTED if encrypted else CLEAR
    return Known(f"{name}, {how}, {count} packets, announced {announced}", f"{kind.group}, {how}", encrypted, story)
