"""The result of the analysis: frozen values whose field names are the keys of the JSON document.

Times are seconds since the epoch, durations seconds, delays and jitter milliseconds where the name ends in `_ms`.
A `frame` counts from 1 within its `file`, and `file` from 0 in the order of `capture.files`. Ids (`flow`, `call`,
`stream`) are the positions in the lists of the same report, from 0. `certainty` is one of `certain`, `high`, `medium`,
`low`, `unknown`.
"""

from __future__ import annotations

from dissectors.report.call import (
    Call,
    CallOutcome,
    Description,
    Dialog,
    FaxParameters,
    Format,
    Key,
    Media,
    SourceGroup,
)
from dissectors.report.capture import Bitrate, Capture, CaptureFile, Flow, NotRead, Seen
from dissectors.report.connectivity import (
    Check,
    DataChannel,
    Grant,
    Handshake,
    Missing,
    Outage,
    Outcome,
    Protection,
    Username,
)
from dissectors.report.document import SCHEMA, Finding, Report, Totals
from dissectors.report.heard import Echo, Heard
from dissectors.report.legs import Legs
from dissectors.report.message import Body, Deviation, Header, Message, Sizes
from dissectors.report.place import Certainty, Place, Severity
from dissectors.report.randomness import Randomness
from dissectors.report.repair import Estimate, FeedbackView, Repair, RequestBurst, TransportNumbers, Unsent
from dissectors.report.secured import Certificate, KeySource, Tls, TlsAlert
from dissectors.report.security import Security
from dissectors.report.session import Pair, Session, Side
from dissectors.report.stream import (
    Decrypted,
    Digit,
    Gap,
    Mark,
    MarkKind,
    Moment,
    Payload,
    Phase,
    Quality,
    RtcpView,
    Scale,
    SenderClock,
    Stream,
    Timing,
)
from dissectors.report.video import (
    AudioLevels,
    Delay,
    ExtensionName,
    Freeze,
    HeaderExtension,
    KeyFrame,
    KeyFrames,
    LipSync,
    Orientation,
    Video,
)

__all__ = [
    "Decrypted",
    "SCHEMA",
    "AudioLevels",
    "Bitrate",
    "Body",
    "Call",
    "CallOutcome",
    "Capture",
    "CaptureFile",
    "Certainty",
    "Certificate",
    "Check",
    "Delay",
    "Description",
    "DataChannel",
    "Deviation",
    "Dialog",
    "Digit",
    "Echo",
    "Estimate",
    "ExtensionName",
    "FaxParameters",
    "FeedbackView",
    "Finding",
    "Flow",
    "Format",
    "Freeze",
    "Gap",
    "Grant",
    "Handshake",
    "Header",
    "HeaderExtension",
    "Heard",
    "Key",
    "KeyFrame",
    "KeyFrames",
    "KeySource",
    "Legs",
    "LipSync",
    "Mark",
    "MarkKind",
    "Media",
    "Message",
    "Missing",
    "Moment",
    "NotRead",
    "Orientation",
    "Outage",
    "Outcome",
    "Pair",
    "Payload",
    "Phase",
    "Place",
    "Protection",
    "Quality",
    "Randomness",
    "Repair",
    "Report",
    "RequestBurst",
    "RtcpView",
    "Scale",
    "Security",
    "Seen",
    "SenderClock",
    "Session",
    "Severity",
    "Side",
    "Sizes",
    "SourceGroup",
    "Stream",
    "Timing",
    "Tls",
    "TlsAlert",
    "Totals",
    "TransportNumbers",
    "Unsent",
    "Username",
    "Video",
]
