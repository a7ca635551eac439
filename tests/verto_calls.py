"""Calls of Verto by hand: JSON-RPC in messages of WebSocket."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.tcp_frames import A, B, Endpoint, Sent, conversation, records, report
from tests.wire.test_websocket import REQUEST, SWITCHED
from tests.wire.test_websocket import framed as ws

CALL_ID = "8f1b2c00-0001"
DIALOG = {"callID": CALL_ID, "destination_number": "9196", "caller_id_number": "1000", "caller_id_name": "Ann"}
PASSWORD = "s3cret-of-1000"
EVERY_NS = 200_000_000


def sdp(host: str, port: int, setup: str = "actpass") -> str:
    """A description of sound as browsers and FreeSWITCH write it."""
    lines = (
        "v=0", f"o=- 1 2 IN IP4 {host}", "s=-", "t=0 0",
        f"m=audio {port} UDP/TLS/RTP/SAVPF 111 101", f"c=IN IP4 {host}", "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:101 telephone-event/48000", f"a=ice-ufrag:uf{port}", "a=ice-pwd:0123456789abcdef012345",
        "a=fingerprint:sha-256 " + ":".join(["AA"] * 32), f"a=setup:{setup}", "a=rtcp-mux", "a=sendrecv",
        f"a=candidate:1 1 udp 2122260223 {host} {port} typ host",
    )
    return "\r\n".join(lines) + "\r\n"


def hidden(text: str) -> str:
    """The same without the password of ICE."""
    return text.replace("0123456789abcdef012345", "*" * 22)


OFFER, ANSWER = sdp("192.0.2.1", 40_100), sdp("192.0.2.2", 20_100, "active")


def asks(src: Endpoint, id: int, method: str, **params: Any) -> Sent:
    """A request."""
    return src, json.dumps({"jsonrpc": "2.0", "method": method, "id": id, "params": params}).encode()


def gives(src: Endpoint, id: int, **result: Any) -> Sent:
    """A result."""
    return src, json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode()


def fails(src: Endpoint, id: int, code: int, message: str, **more: Any) -> Sent:
    """An error."""
    return src, json.dumps({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message, **more}}).encode()


def login() -> list[Sent]:
    """The client logs in."""
    return [
        asks(A, 1, "login", login="1000@example.com", passwd=PASSWORD, sessid="S"),
        gives(B, 1, message="logged in", sessid="S"), asks(B, 900, "verto.clientReady", reattached_sessions=[]),
    ]


def attempt() -> list[Sent]:
    """The client calls, and hears the server's early media."""
    return [
        asks(A, 2, "verto.invite", sdp=OFFER, dialogParams=DIALOG, sessid="S"),
        gives(B, 2, message="CALL CREATED", callID=CALL_ID, sessid="S"),
        asks(B, 901, "verto.media", callID=CALL_ID, sdp=ANSWER), gives(A, 901, method="verto.media"),
    ]


def answered() -> list[Sent]:
    """The same, and the server answers."""
    return [*attempt(), asks(B, 902, "verto.answer", callID=CALL_ID), gives(A, 902, method="verto.answer")]


def hung_up() -> list[Sent]:
    """The client hangs up."""
    return [
        asks(A, 9, "verto.bye", dialogParams=DIALOG, cause="NORMAL_CLEARING", causeCode=16, sessid="S"),
        gives(B, 9, message="CALL ENDED", callID=CALL_ID, cause="NORMAL_CLEARING", causeCode=16),
    ]


def over_websocket(sent: Iterable[Sent]) -> Iterator[Sent]:
    """Messages in WebSocket, behind its upgrade; those of the client are masked."""
    yield from ((A, REQUEST), (B, SWITCHED))
    for src, message in sent:
        yield src, ws(message, key=b"abcd" if src == A else b"")


def told(*sent: Sent, scanner: Any = None) -> Any:
    """The report on messages."""
    return report(records(conversation(over_websocket(sent)), EVERY_NS), scanner)
