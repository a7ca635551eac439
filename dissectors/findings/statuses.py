"""What a refusal says: its status in words, the headers that explain it, and where to look in common servers."""

from __future__ import annotations

from dissectors.report import Message
from dissectors.wire.values import Struct

EXPLAINING = ("Reason", "Warning", "Retry-After", "Min-SE", "Min-Expires", "Allow", "Accept", "Unsupported", "Require")
"""The headers of a refusal that say why, or what would be accepted; of a redirection Contact says where to."""

MAX_VALUE_LENGTH = 80


class Setting(Struct, frozen=True):
    """Where to look in a server: its refusals of these statuses, with that phrase if it names one, come from there."""

    product: str
    statuses: tuple[int, ...]
    advice: str
    phrase: str = ""


PRODUCTS = {"asterisk": "Asterisk", "fpbx": "Asterisk", "freeswitch": "FreeSWITCH", "kamailio": "Kamailio",
            "opensips": "OpenSIPS"}
"""What stands in User-Agent or Server, in lower case, and whose it is."""

SETTINGS = (
    Setting("Asterisk", (401, 407), "Asterisk: see username and password of type=auth, and whether an endpoint "
            "matches: an unknown one is asked too."),
    Setting("Asterisk", (403,), "Asterisk: see the password of type=auth, and acl, permit and deny of the endpoint."),
    Setting("Asterisk", (404,), "Asterisk: see the context of the endpoint in the dial plan; of a REGISTER, whether a "
            "type=aor has that name."),
    Setting("Asterisk", (480,), "Asterisk: pjsip show contacts says whether the callee is registered."),
    Setting("Asterisk", (488, 606), "Asterisk: see allow and media_encryption of the endpoint."),
    Setting("FreeSWITCH", (401, 403, 407), "FreeSWITCH: see user, password and domain in the directory, and "
            "apply-inbound-acl of the profile."),
    Setting("FreeSWITCH", (404,), "FreeSWITCH: no extension of the dial plan matches in the context of the call."),
    Setting("FreeSWITCH", (480,), "FreeSWITCH: sofia status profile NAME reg says whether the callee is registered."),
    Setting("FreeSWITCH", (488, 606), "FreeSWITCH: see inbound-codec-prefs and outbound-codec-prefs of the profile, "
            "inherit_codec, absolute_codec_string and rtp_secure_media."),
    Setting("FreeSWITCH", (502, 503), "FreeSWITCH: sofia status gateway NAME says whether the gateway is up."),
    Setting("Kamailio", (404,), "Kamailio: its usual script answers so to a request within a dialog that carries no "
            "Route of its own: see record_route() and whether the phone copies Record-Route.", "Not here"),
    Setting("OpenSIPS", (404,), "OpenSIPS: its usual script answers so to a request within a dialog that carries no "
            "Route of its own: see record_route() and whether the phone copies Record-Route.", "Not here"),
    Setting("Kamailio", (404,), "Kamailio: lookup(\"location\") found nobody: kamctl ul show says who is registered."),
    Setting("OpenSIPS", (404,), "OpenSIPS: lookup(\"location\") found nobody: see the registered contacts (ul_dump)."),
    Setting("Kamailio", (403,), "Kamailio: neither From nor the target is a domain of its own: see alias.",
            "Not relaying"),
    Setting("OpenSIPS", (403,), "OpenSIPS: neither From nor the target is a domain of its own: see alias.",
            "Relay Forbidden"),
    Setting("Kamailio", (401, 407), "Kamailio: see the row of the user in subscriber, and whether realm and use_domain "
            "fit."),
    Setting("OpenSIPS", (401, 407), "OpenSIPS: see the row of the user in subscriber, and whether realm and use_domain "
            "fit."),
    Setting("Kamailio", (482, 483), "Kamailio: see whether it sends to itself: alias must name all of its addresses."),
    Setting("OpenSIPS", (482, 483), "OpenSIPS: see whether it sends to itself: alias must name all of its addresses."),
    Setting("Kamailio", (408,), "Kamailio: fr_timer or fr_inv_timer ran out: the next hop did not answer."),
    Setting("OpenSIPS", (408,), "OpenSIPS: fr_timeout or fr_inv_timeout ran out: the next hop did not answer."),
    Setting("Kamailio", (477, 478), "Kamailio: the next hop cannot be resolved or sent to: see DNS and the socket."),
)
"""Of several that fit, the first one is told: those with a phrase stand first."""


def explained(message: Message) -> str:
    """A refusal with what explains it: `488 Not Acceptable Here (Warning: 304 Media type not available)`."""
    if not message.deciding:
        return message.summary
    names = ("Contact", *EXPLAINING) if 300 <= (message.status or 0) < 400 else EXPLAINING
    said = [f"{name}: {_cut(text)}" for name in names if (text := message.meaning(name))]
    return f"{message.summary} ({', '.join(said)})" if said else message.summary


def _cut(text: str) -> str:
    """Some servers tell their whole state in a Warning."""
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def setting(message: Message) -> str:
    """What to look at in the server that refused, if it is one of the common ones; else empty."""
    agent = (message.user_agent or "").lower()
    product = next((name for mark, name in PRODUCTS.items() if mark in agent), None)
    if product is None:
        return ""
    phrase = (message.reason or "").lower()
    fitting = (
        each.advice
        for each in SETTINGS
        if each.product == product and message.status in each.statuses and each.phrase.lower() in phrase
    )
    return next(fitting, "")
