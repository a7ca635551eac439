"""JSEP in JSON: Janus, mediasoup, socket.io, and what says `sdp` or `candidate` in other words."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dissectors.protocols import jsep_mediasoup
from dissectors.protocols.jsep_parts import MAX_CANDIDATES, SDP_BEGINS, Candidate, Message, Said, kind_of
from dissectors.wire import json_text
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

MAX_SAID, MAX_NESTED_TEXTS, MAX_WORD_LENGTH, MAX_SESSION_LENGTH = 16, 8, 64, 128

SOCKET_IO = re.compile(rb"[0-9]{1,2}(?:/[^,\[{]{0,128},)?[0-9]{0,9}(?=[\[{])")
"""What stands before the JSON of a packet of socket.io: its type, a namespace, the number of what it acknowledges."""

SESSIONS = ("callId", "call_id", "callID", "sessionId", "session_id", "conversationId", "peerId", "peer_id", "room")
"""Members that tell sessions apart, where an application has them."""

NAMING = ("type", "event", "action", "method", "kind", "cmd", "command", "request", "id")
"""Members whose text says what a message is about."""

_CANDIDATE = re.compile(r"(?:a=)?(candidate:[A-Za-z0-9+/]{1,32} [0-9]{1,5} \S+ [0-9]+ \S+ [0-9]{1,5} typ [^\r\n]+)")


class Words(Struct, frozen=True):
    """What is said around a value: the member that it is, what the object says it is, and the words around that."""

    member: str
    said: str
    around: Words | None

    def __str__(self) -> str:
        """All of them, from the nearest to the farthest."""
        texts: list[str] = []
        words: Words | None = self
        while words is not None:
            texts += [words.said, words.member]
            words = words.around
        return " ".join(texts).lower()


class Found(Struct, frozen=True):
    """A text or an object that was come across, and the words on the way to it."""

    value: Any
    words: Words | None


def parse(payload: bytes) -> Message:
    """Read one message; raises Malformed where it is no JSON, or says none of this."""
    before = SOCKET_IO.match(payload)
    value = json_text.parse(payload[before.end() :] if before else payload)
    dialect = "socket.io" if before else "JSON"
    said: list[Said] = []
    candidates: list[Candidate] = []
    transport = ""
    for found in _walk(value):
        if len(said) >= MAX_SAID:
            break
        if isinstance(found.value, str):
            said.append(Said(kind_of(found.value, str(found.words or "")), found.value))
        elif jsep_mediasoup.is_transport(found.value):
            # Nobody offers there: who asks for a transport is told of its server's end.
            dialect, transport = "mediasoup", json_text.text(found.value, "id") or transport
            said.append(Said("answer", jsep_mediasoup.description(found.value)))
        elif len(candidates) < MAX_CANDIDATES:
            candidates.append(found.value)
    if candidates:
        said.append(Said("candidates", "", tuple(candidates)))
    session = transport or next((own for name in SESSIONS if (own := _deep(value, name))), "")
    if json_text.text(value, "janus") is not None:
        dialect, session = "Janus", _janus(value)
        said += [Said("end")] if value["janus"] == "hangup" else []
    if not said:
        raise Malformed("JSEP", 0, "no offer, no answer, no candidates")
    return Message(dialect, session[:MAX_SESSION_LENGTH], tuple(said))


def _janus(value: Any) -> str:
    """The session and the handle of a plugin, which the server calls the sender."""
    handle = json_text.text(value, "handle_id") or json_text.text(value, "sender") or ""
    return "/".join(each for each in (json_text.text(value, "session_id"), handle) if each)


def _deep(value: Any, name: str) -> str:
    """A member of the message, or of an object within it; the first in a list counts too."""
    for each in (value, *(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())):
        if found := json_text.text(each, name):
            return found
    return ""


def _walk(value: Any) -> Iterator[Found]:
    """Descriptions as texts, candidates, and transports of mediasoup, in the order in which they stand."""
    waiting: list[Found] = [Found(value, None)]
    nested = 0
    while waiting:
        found = waiting.pop()
        value, words = found.value, found.words
        if isinstance(value, str):
            said = json_text.characters(value).lstrip()
            if said.startswith(SDP_BEGINS):
                yield Found(said, words)
            elif candidate := _CANDIDATE.match(said):
                yield Found(Candidate(candidate[1]), words)
            elif said[:1] in ("{", "[") and nested < MAX_NESTED_TEXTS and (SDP_BEGINS in said or "candidate:" in said):
                nested += 1
                waiting.append(Found(_inner(said), words))
        elif isinstance(value, list):
            texts = " ".join([each[:MAX_WORD_LENGTH] for each in value[:4] if isinstance(each, str)])
            within = Words("", texts, words)
            waiting += [Found(each, within) for each in reversed(value) if isinstance(each, (str, list, dict))]
        elif jsep_mediasoup.is_transport(value):
            yield found
        elif isinstance(value, dict):
            own = _candidate(value)
            if own is not None:
                yield Found(own, words)
                continue
            texts = " ".join([text[:MAX_WORD_LENGTH] for name in NAMING if isinstance(text := value.get(name), str)])
            waiting += [
                Found(each, Words(name[:MAX_WORD_LENGTH], texts, words))
                for name, each in reversed(value.items()) if isinstance(each, (str, list, dict))
            ]


def _inner(text: str) -> Any:
    """JSON within a text of JSON."""
    try:
        return json_text.parse(text.encode("utf-8", "replace"))
    except Malformed:
        return None


def _candidate(value: dict[str, Any]) -> Candidate | None:
    """An RTCIceCandidate."""
    found = _CANDIDATE.match(json_text.text(value, "candidate") or "")
    if found is None:
        return None
    return Candidate(found[1], json_text.text(value, "sdpMid"), json_text.number(value, "sdpMLineIndex"))
