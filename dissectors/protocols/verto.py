"""Verto: FreeSWITCH's signalling, JSON-RPC 2.0 in messages of WebSocket (mod_verto)."""

from __future__ import annotations

from typing import Any

from dissectors.wire import json_text
from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern
from dissectors.wire.spec import Spec, Streamed, certain
from dissectors.wire.values import Struct

PREFIX = "verto."
HOLD, UNHOLD = "verto.modify hold", "verto.modify unhold"
"""How requests that hold a call and release it are written."""

MAX_ID_LENGTH = 64

_SPEAKS = pattern(rb'"verto\.[a-z]|"(?:passwd|loginParams)"[ \t\r\n]*:')
_ANSWERS = pattern(rb'"(?:result|error)"[ \t\r\n]*:')


class Message(Struct, frozen=True):
    """A request, with its `method`, or what answers one: a result, or an error with its `code`.

    `id` is the request's, as JSON has it. `call_id`, `caller` and `callee` stand in `dialogParams` or beside it; `sdp`
    is an offer or an answer. `said` is what a result or an error says in words; `cause` and `cause_code` say why a call
    ended (Q.850). `action` is what `verto.modify` asks for, `digits` what `verto.info` dials.
    """

    id: str
    method: str
    call_id: str | None
    sdp: str | None
    caller: str | None
    callee: str | None
    said: str
    code: int | None
    cause: str
    cause_code: int | None
    action: str
    digits: str

    @property
    def is_request(self) -> bool:
        return self.method != ""

    @property
    def summary(self) -> str:
        """One line for a list of messages."""
        if self.is_request:
            first = f"{self.method} {self.action}".rstrip()
        else:
            first = f"{'result' if self.code is None else f'error {self.code}'} {self.said}".rstrip()
        parts = [first, f"id {self.id}"]
        parts += [f"{self.caller} to {self.callee}"] if self.caller and self.callee else []
        parts += ["SDP"] if self.sdp else []
        parts += [f"{self.cause} ({self.cause_code})"] if self.cause else []
        return ", ".join(parts)


def parse(payload: bytes) -> Message:
    """Read one message; raises Malformed where it is no JSON-RPC."""
    value = json_text.parse(payload)
    if json_text.member(value, "jsonrpc") is None:
        raise Malformed("VERTO", 0, "no JSON-RPC")
    method = json_text.text(value, "method") or ""
    error = json_text.member(value, "error")
    inner = json_text.member(value, "params") if method else error if error is not None else value.get("result")
    if not method and inner is None:
        raise Malformed("VERTO", 0, "neither a request nor its answer")
    dialog = json_text.member(inner, "dialogParams")
    sdp = json_text.text(inner, "sdp")
    return Message(
        id=_id(value),
        method=method,
        call_id=_text(dialog, "callID") or _text(inner, "callID") or None,
        sdp=sdp or None,
        caller=_text(dialog, "caller_id_number") or _text(inner, "caller_id_number") or None,
        callee=_text(dialog, "destination_number") or _text(inner, "callee_id_number") or None,
        said="" if method else _text(inner, "message") or _text(inner, "method"),
        code=(json_text.number(error, "code") or 0) if error is not None and not method else None,
        cause=_text(inner, "cause"),
        cause_code=json_text.number(inner, "causeCode"),
        action=_text(inner, "action"),
        digits=_text(inner, "dtmf"),
    )


def speaks(payload: bytes, before: bool) -> bool:
    """Whether a message of WebSocket is Verto's; `before` says that one was, which makes it of any JSON-RPC."""
    if payload[:1] not in (b"{", b" ", b"\n", b"\r") or b'"jsonrpc"' not in payload:
        return False
    return _SPEAKS().search(payload) is not None or (before and _ANSWERS().search(payload) is not None)


def _id(value: Any) -> str:
    found = json_text.member(value, "id")
    return "" if found is None else str(found)[:MAX_ID_LENGTH]


def _text(value: Any, name: str) -> str:
    return json_text.text(value, name) or ""


SPEC = Spec(
    name="VERTO",
    match=(certain("JSON-RPC of Verto in WebSocket", Streamed()),),
    parse=parse,
    role="signalling",
    reported=True,
    short="vrto",
    colour="bright_green",
    speaks=speaks,
)
