"""Where the rules are, by what they are about, and what a capture has where they are asked.

Most captures have little of what rules look at, and to load them all takes a tenth of a short run. So a file of rules
is asked where the capture has something of what stands beside its name here: a trait of a call (see `traits`), or what
else `Facts.present` names. One with nothing beside its name is always asked.
"""

from __future__ import annotations

from importlib import import_module

from dissectors.analysis.streams.clock import VIDEO_CLOCK
from dissectors.findings.media_traits import (
    ASTRAY,
    CROWDED,
    EARLY,
    INTRICATE,
    LATE,
    ONE_WAY,
    OUTLIVING,
    STOPPED,
    UNLISTED,
    UNNAMED,
)
from dissectors.findings.rule import Rule
from dissectors.findings.traits import (
    FRUITLESS,
    LARGE,
    LEAKING,
    REDESCRIBED,
    REFUSED,
    REPEATED,
    SILENT,
    UNACKNOWLEDGED,
    UNANSWERED,
    Trait,
)

FILES: dict[str, dict[str, tuple[Trait, ...]]] = {
    "Signalling": {
        "signalling.signalling": (),
        "signalling.acknowledgements": (REPEATED, REFUSED, UNACKNOWLEDGED, "Reason"),
        "signalling.provisional": ("RSeq",),
        "signalling.exchanges": (REPEATED, UNANSWERED),
        "signalling.registrations": (REFUSED,),
        "signalling.bindings": ("registration",),
        "signalling.scans": (FRUITLESS,),
    },
    "Within a call": {
        "signalling.within_calls": (REFUSED, UNANSWERED, "CANCEL"),
        "signalling.endings": ("REFER", "NOTIFY", "Session-Expires", "Reason"),
        "signalling.legs": (),
    },
    "Offer and answer": {
        "negotiation.negotiation": (INTRICATE, UNNAMED),
        "negotiation.holding": (INTRICATE, REDESCRIBED),
        "negotiation.fax": (INTRICATE,),
        "negotiation.webrtc": ("Reason",),
    },
    "Media": {
        "media.silence": (SILENT, ONE_WAY, LATE, "sessions"),
        "media.stopping": (STOPPED, "sessions"),
        "media.addresses": (ASTRAY, INTRICATE, REDESCRIBED),
        "media.moves": (ASTRAY,),
        "media.media": (EARLY, OUTLIVING, "striking"),
        "media.sources": (ASTRAY, CROWDED, OUTLIVING, "striking"),
        "media.forks": (INTRICATE,),
        "media.video": ("video",),
        "media.audible": ("heard",),
    },
    "Codecs and payload types": {
        "negotiation.payload_types": (UNLISTED,),
        "negotiation.codecs": ("INFO", "striking"),
        "negotiation.digits": ("digits",),
    },
    "Clocks and timestamps": {
        "timing.clocks": ("striking",),
        "timing.rhythm": (),
        "timing.sender_reports": ("striking",),
        "timing.lip_sync": ("lip_sync",),
    },
    "Delivery and quality": {
        "delivery.delivery": (),
        "delivery.unreachable": ("icmp",),
        "delivery.counting": ("striking",),
        "delivery.queues": ("striking",),
        "delivery.repair": ("striking",),
        "delivery.feedback": (VIDEO_CLOCK, "feedback", "numbering", "unsent", "video"),
    },
    "NAT, ICE and TURN": {
        "connectivity.ice": (INTRICATE, "checks", "sessions"),
        "connectivity.consent": ("sessions",),
        "connectivity.turn": ("checks",),
        "connectivity.relays": ("checks",),
        "connectivity.connectivity": ("checks",),
    },
    "Keys and secrets": {
        "security.tls": ("tls",),
        "security.dtls_roles": (INTRICATE, "handshakes", "sessions"),
        "security.dtls": ("handshakes", "sessions"),
        "security.keys": (INTRICATE,),
        "security.security": (INTRICATE, LEAKING, "handshakes", "protection", "striking"),
        "security.randomness": ("decrypted", "randomness"),
    },
    "Compressed bodies": {"capture.encoding": ()},
    "Size on the path": {"delivery.path_size": (LARGE,)},
    "One port for everything": {"capture.sharing": ()},
    "The capture itself": {"capture.capture": (), "capture.connections": ("damaged",)},
}
"""The files of rules in their order, by what they are about, each with what it looks at."""


def rules_in(file: str) -> tuple[Rule, ...]:
    """The rules of a file."""
    rules: tuple[Rule, ...] = import_module(f"dissectors.findings.{file}").RULES
    return rules
