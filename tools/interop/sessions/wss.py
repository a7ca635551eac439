"""SIP over secure WebSocket: SIP.js in Chromium, with Kamailio as registrar and proxy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tools.interop.sessions.network import Missing, faults
from tools.interop.sessions.phones import Session, certify, digest, media, needs, same, session
from tools.interop.sessions.results import Row, facts

PACKAGE = "sip.js@0.21.2"
MODULES = Path("/usr/lib/x86_64-linux-gnu/kamailio/modules")
CONFIG = """\
#!KAMAILIO
debug=0
log_stderror=yes
children=1
tcp_children=2
enable_tls=yes
tcp_accept_no_cl=yes
tcp_connection_lifetime=3605
listen=tls:127.0.0.1:7443
alias="example.com"
mpath="MODULES/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
loadmodule "xhttp.so"
loadmodule "websocket.so"
loadmodule "tls.so"
modparam("tls", "config", "FOLDER/tls.cfg")
modparam("nathelper|registrar", "received_avp", "$avp(RECEIVED)")
event_route[xhttp:request] {
    if ($hdr(Upgrade) =~ "websocket") {
        ws_handle_handshake();
    } else {
        xhttp_reply("404", "Not Found", "", "");
    }
}
request_route {
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("$fd", "swordfish", "0")) {
            www_challenge("$fd", "1");
            exit;
        }
        fix_nated_register();
        save("location");
        exit;
    }
    add_contact_alias();
    t_on_reply("BACK");
    if (has_totag()) {
        loose_route();
        handle_ruri_alias();
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) {
        t_relay();
        exit;
    }
    record_route();
    if (!lookup("location")) {
        sl_send_reply("404", "Not Found");
        exit;
    }
    t_relay();
}
onreply_route[BACK] {
    add_contact_alias();
}
"""
TLS_CONFIG = """\
[server:default]
method = TLSv1.2+
private_key = FOLDER/key.pem
certificate = FOLDER/certificate.pem
"""


def run(folder: Path, _: str) -> list[Row]:
    """Both phones register, one calls the other, holds, dials a digit and hangs up."""
    if not (MODULES / "websocket.so").exists():
        raise Missing("kamailio has no module for WebSocket (kamailio-websocket-modules)")
    served = needs(PACKAGE, folder / "npm", "kamailio")
    certify(folder)
    for name, text in (("kamailio.cfg", CONFIG), ("tls.cfg", TLS_CONFIG)):
        (folder / name).write_text(text.replace("FOLDER", str(folder)).replace("MODULES", str(MODULES)))
    config = str(folder / "kamailio.cfg")
    server = ("kamailio", "-f", config, "-DD", "-E", "-m", "64", "-Y", str(folder))
    return compared(session("wss", folder, served, server, "sip"))


def compared(found: Session) -> list[Row]:
    """The messages of both ends as they said and heard them, and those of the report."""
    said = [each["text"] for each in found.page["said"] if each["text"].strip()]
    messages = [(call, each) for call in found.told["calls"] for each in call["messages"] if each["transport"] == "wss"]
    ours = Counter(f"{each['method']} {each['status'] or ''}".rstrip() for _, each in messages)
    owners = [line for _, each in messages for line in _owners((each["body"] or {}).get("text") or "")]
    calls = {call["call_id"]: call["outcome"] for call, each in messages if each["method"] == "INVITE"}
    called = dict.fromkeys((_header(text, "Call-ID") for text in said if _kind(text) == "INVITE"), "ended")
    return [
        facts("wss: the page", "done", found.page.get("error", "done")),
        facts("wss: messages, as tshark counts them", found.judged, len(messages)),
        *same("wss", Counter(map(_kind, said)), ours),
        facts("wss: descriptions, by their o=", *(digest(each) for each in (map(_owners, said), [owners]))),
        facts("wss: calls", called, calls),
        *media("wss", found),
        facts("wss: faults", "none", faults(found.told)),
    ]


def _owners(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("o=")]


def _kind(text: str) -> str:
    """The method of a message, and its status."""
    method = _header(text, "CSeq").split()[-1:]
    status = text.split()[1:2] if text.startswith("SIP/2.0") else []
    return " ".join([*method, *status])


def _header(text: str, name: str) -> str:
    lines = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for key, _, value in lines if key.lower() == name.lower()), "")
