"""Verto over secure WebSocket: SignalWire's client in Chromium, with a small server of ours."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tools.interop.sessions.network import faults
from tools.interop.sessions.phones import SIGNALLING_PORT, Session, certify, digest, media, needs, same, session
from tools.interop.sessions.results import Row, facts

PACKAGE = "@signalwire/js@1.5.0"


def run(folder: Path, _: str) -> list[Row]:
    """Both phones log in, one calls the other, holds, dials a digit and hangs up."""
    served = needs(PACKAGE, folder / "npm")
    certify(folder)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = (sys.executable, "-m", "tools.interop.sessions.verto_server", SIGNALLING_PORT, certificate, key)
    return compared(session("verto", folder, served, [*map(str, words)], "websocket.payload.text"))


def compared(found: Session) -> list[Row]:
    """The messages of both ends as they said and heard them, and those of the report."""
    said = [json.loads(each["text"]) for each in found.page["said"]]
    calls = found.told["calls"]
    here = [each for call in calls for each in call["messages"] if each["transport"] == "wss"]
    protocols = {each["name"]: each["count"] for each in found.told["capture"]["protocols"]}
    inner = [each.get("params", {}) for each in said]
    called = {each.get("dialogParams", each)["callID"] for each in inner if _of(each)}
    theirs = Counter(f"{each['method']} {each['params'].get('action', '')}".rstrip() for each in said if _asks(each))
    ours = Counter(_asked(each) for each in here)
    descriptions = [each["sdp"].splitlines() for each in inner if "sdp" in each]
    bodies = [each["body"]["text"].splitlines() for each in here if each["body"] and each["method"] == "INVITE"]
    return [
        facts("verto: the page", "done", found.page.get("error", "done")),
        facts("verto: messages, as tshark counts them", found.judged, protocols.get("VERTO", 0)),
        facts("verto: messages, as the page counts them", len(said), protocols.get("VERTO", 0)),
        *same("verto", theirs, Counter({name: ours[name] for name in theirs})),
        facts("verto: descriptions, by their o=", *(digest(map(_owners, each)) for each in (descriptions, bodies))),
        facts("verto: calls", sorted(f"{each[:8]} ended" for each in called), sorted(map(_ended, calls))),
        facts("verto: who calls whom", {("1000", "1001")}, {(each["caller"], each["callee"]) for each in calls}),
        facts("verto: legs", [[0, 1]], [each["calls"] for each in found.told["legs"]]),
        *media("verto", found),
        facts("verto: faults", "none", faults(found.told)),
    ]


def _asks(message: dict[str, Any]) -> bool:
    return "method" in message and _of(message["params"])


def _of(params: dict[str, Any]) -> bool:
    """Whether a request is of a call."""
    return "dialogParams" in params or "callID" in params


def _asked(message: dict[str, Any]) -> str:
    """The request of Verto that a message of the report was: two of them are responses in SIP."""
    word = str(message["summary"])
    if message["status"] is None:
        return word
    return word.partition(" ")[2] if message["method"] == "INVITE" and message["status"] > 100 else ""


def _ended(call: dict[str, Any]) -> str:
    return f"{call['call_id'][:8]} {call['outcome']}"


def _owners(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("o=")]
