"""Reports made by hand, for the renderers: small, with every kind of value in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dissectors.outputs.export import document
from dissectors.report import (
    SCHEMA,
    Body,
    Call,
    Capture,
    CaptureFile,
    Check,
    Description,
    Dialog,
    Finding,
    Flow,
    Format,
    Media,
    Message,
    Phase,
    Place,
    Report,
    RtcpView,
    Seen,
    Stream,
)
from dissectors.wire.values import replace

ROOT = Path(__file__).resolve().parents[1]
START = 1_379_000_000.0
SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 16402 RTP/AVP 104 0\r\n"
HOSTILE = "\x1b[31mred\x07\r\n\x9b2J\u202eevil\u2028[bold]x[/bold]\udcff"
"""What a sender could write to take over a terminal: escapes, C1, bidirectional controls, markup, a stray octet."""


def body(text: str = SDP) -> Body:
    return Body("application/sdp", 80, len(text), "zlib", "deflate", "complete", text, ())


def message(
    frame: int, method: str, status: int | None = None, reason: str | None = None, **changes: object
) -> Message:
    """A message from the caller when it is a request, else from the callee."""
    ends = ("192.0.2.1", 16402, "192.0.2.2", 16402) if status is None else ("192.0.2.2", 16402, "192.0.2.1", 16402)
    made = Message(
        Place(0, frame), START + frame, *ends, 500, method, status, reason, 1, method, True, False, None, None, ()
    )
    return replace(made, **({"side": "caller" if status is None else "callee"} | changes))  # type: ignore[arg-type]


def call(**changes: object) -> Call:
    """A call that was answered after two seconds and ended after ten."""
    formats = (
        Format("104", "AAC-ELD", 24000, None, "high", "a habit of FaceTime", False, None),
        Format("0", "PCMU", 8000, 1, "certain", "RFC 3551", True, None),
    )
    media = Media("audio", "192.0.2.1", 16402, "RTP/AVP", "sendrecv", formats, 16402, False, 7, (), None, 0)
    made = Call(
        "1@a", "call", "ended", "sip:a@192.0.2.1", "sip:b@192.0.2.2", START, START + 1, START + 2, START + 12, "caller",
        200,
        (Dialog("1@a", "x", "y", "terminated"),), ("Viceroy 1.5",),
        (message(1, "INVITE", body=body()), message(2, "INVITE", 200, "OK"), message(3, "BYE", retransmission=True)),
        (Description("offer", Place(0, 1), "192.0.2.1", "-", (media,), ()),), (0,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def stream(**changes: object) -> Stream:
    """A stream with a little loss."""
    made = Stream(
        0xBE22948D, (0,), "192.0.2.1", 16402, "192.0.2.2", 16402, "", 0, "rtpID", "audio", "AAC-ELD", 24000, "high",
        "a habit of FaceTime", "two in sequence on a media path", False, (Phase(104, START + 2, START + 12, 1000),),
        1000, 100_000, START + 2, START + 12, Place(0, 4), Place(0, 1004), 20, 0.0196, 1, 2, 0, 61.5, 2.25, 5.5,
        ("0xBEDE",), RtcpView(3, 0.02, 20, 54, 2.25, 41.0),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def finding(severity: str = "warning", **changes: object) -> Finding:
    made = Finding(
        "stream-loss", severity, "certain", "20 of 1,020 packets are lost",  # type: ignore[arg-type]
        "People hear gaps.", "Look at the path.", (Place(0, 17), Place(0, 99)), 0, 0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def report(**changes: object) -> Report:
    """One call with one stream on one port."""
    seen = (Seen("RTP", 1000, 100_000), Seen("SIP", 3, 1500))
    file = CaptureFile("some/where/call.pcap", "pcap, little-endian", ("Ethernet",), 1010, False, ("a comment",), None)
    capture = Capture((file,), 1010, 1003, 0, START, START + 13, 13.0, seen, (Seen("VLAN", 3),), (), 4, "interpreted")
    flow = Flow("192.0.2.1", 16402, "192.0.2.2", 16402, "", START, START + 13, 1003, 101_500, seen, 0)
    check = Check(
        "192.0.2.1", 16402, "192.0.2.2", 16402, "connectivity check", 4, 3, ("401 Unauthorized",), 1, START, START + 1,
        12.5, 20.0, "192.0.2.1:16402", "a:b", "controlling", True, None,
    )
    made = Report(SCHEMA, capture, (flow,), (call(),), (stream(),), (check,), (finding(),))
    return replace(made, **changes)  # type: ignore[arg-type]


def hostile() -> Report:
    """A report in which every text that a sender can choose is `HOSTILE`."""
    evil = replace(
        call(caller=HOSTILE, callee=HOSTILE, user_agents=(HOSTILE,)),
        messages=(message(1, HOSTILE, body=body(f"v=0\r\ns={HOSTILE}\r\n")), message(2, "INVITE", 200, HOSTILE)),
        call_id=HOSTILE,
        dialogs=(Dialog(HOSTILE, HOSTILE, HOSTILE, "early"),),
    )
    check = replace(report().checks[0], software=HOSTILE, username=HOSTILE, errors=(HOSTILE,))
    file = replace(report().capture.files[0], name=HOSTILE, comments=(HOSTILE,))
    return report(
        capture=replace(report().capture, files=(file,)),
        calls=(evil, replace(evil, kind="options")),
        streams=(stream(codec=HOSTILE, inside=HOSTILE),),
        checks=(check,),
        findings=(finding("error", what=HOSTILE, why=HOSTILE, fix=HOSTILE),),
    )


def read(made: Report) -> Any:
    """What a program reads of the document of a report."""
    return json.loads("".join(document(made)))
