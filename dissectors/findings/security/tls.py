"""Rules about TLS that carries signalling, or may: handshakes that fail and why, certificates, versions, keys."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import AT_ONCE, Facts, Found, counted, rule
from dissectors.report import Certificate, Tls, TlsAlert
from dissectors.wire.datagram import endpoint

SIGNALLING_PORTS = (5061, 5081, 5349, 7443, 8089)
"""Ports of SIP over TLS, of TURN over TLS, and of secure WebSocket as Asterisk and FreeSWITCH have it."""

OTHER_PORTS = (443, 465, 563, 587, 636, 853, 989, 990, 992, 993, 994, 995, 3389, 5223, 5228, 8443, 8883)
"""Ports of other services over TLS."""

OLD_VERSIONS = ("SSL 3.0", "TLS 1.0", "TLS 1.1")
NOT_TRUSTED = {
    "unknown_ca": "it does not know who issued the certificate",
    "bad_certificate": "it cannot use the certificate",
    "unsupported_certificate": "it does not take a certificate of this kind",
    "certificate_revoked": "the certificate was revoked",
    "certificate_expired": "the certificate is not valid at this time",
    "certificate_unknown": "it does not take the certificate",
}
"""What an alert says of the certificate of the other side."""

MIN_CLOCK = 1_000_000_000.0
"""Seconds since the epoch before which the clock of a capture was not set."""

NO_CERTIFICATE = ("certificate_required", "no_certificate")
REFUSED = {
    "handshake_failure": "both sides have nothing in common that each of them takes",
    "protocol_version": "it does not speak this version of TLS",
    "insufficient_security": "it takes no cipher suite as weak as these",
    "unrecognized_name": "it has no server of this name",
    "no_application_protocol": "it speaks none of these application protocols",
    "inappropriate_fallback": "the client came with an older version than it can",
    "decrypt_error": "a signature or a Finished was wrong",
    "internal_error": "it failed for a reason of its own",
}
"""What other alerts say, in words."""

SIP_SCHEMES = "sip:", "sips:"


def concerns(facts: Facts) -> list[Tls]:
    """The connections that carry signalling, by what is in them or said of them, or may, by where they lead."""
    if not facts.tls:
        return []
    hosts = {host for call in facts.calls for one in call.messages for host in (one.src, one.dst)}
    return [
        each for each in facts.tls
        if each.signalling or each.dport in SIGNALLING_PORTS
        or each.dport not in OTHER_PORTS and (not hosts or each.dst in hosts)
    ]


def _ends(each: Tls) -> str:
    """From whom to whom, without the client's port, which each attempt has anew."""
    name = f" ({each.server_name})" if each.server_name else ""
    return f"{each.src} to {endpoint(each.dst, each.dport)}{name}"


def _decisive(each: Tls) -> TlsAlert | None:
    """The alert that ended a handshake."""
    return next((alert for alert in each.alerts if alert.level != "warning" and each.outcome == "failed"), None)


def _who(each: Tls, alert: TlsAlert) -> str:
    return "the client" if alert.sender == "client" else "the server"


def _blames_client(each: Tls, alert: TlsAlert) -> bool:
    """Whether a server ends the handshake because of the client's certificate."""
    if alert.sender != "server":
        return False
    about = alert.name in NO_CERTIFICATE or alert.name in NOT_TRUSTED
    silent = alert.name == "handshake_failure" and each.client_certificate_wanted and each.client_certificate is None
    return about or silent and each.version is not None


@rule(
    "tls-untrusted", "error", "The client does not trust the server's certificate",
    scope="capture", confirm_seconds=AT_ONCE,
    why="The client ends the handshake, so there is no signalling: it cannot register, or cannot place a call.",
    fix="Give the server a certificate of an authority that the client knows, with the chain between them, or give "
    "the client that authority. Compare the name and the dates of the certificate, and the clock of the client.",
)
def tls_untrusted(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        alert = _decisive(each)
        if alert is not None and alert.sender == "client" and alert.name in NOT_TRUSTED:
            what = f"{_ends(each)}: the client ends the handshake with {alert.name}: {NOT_TRUSTED[alert.name]}"
            yield Found(what + _shown(each.certificate), (alert.place,), time=alert.time)


def _shown(certificate: Certificate | None) -> str:
    """The certificate that was shown."""
    if certificate is None:
        return ""
    issuer = "by itself" if certificate.own else f"by {certificate.issuer}"
    return f" (it is of {certificate.subject or 'no name'}, issued {issuer})"


@rule(
    "tls-client-certificate", "error", "The server does not accept the client's certificate, or got none",
    scope="capture", confirm_seconds=AT_ONCE,
    why="Mutual TLS: the server asks for a certificate of the client and ends the handshake without a good one.",
    fix="Install a certificate on the client, issued by an authority in the server's list, or let the server not ask "
    "for one.",
)
def tls_client_certificate(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        alert = _decisive(each)
        if alert is not None and _blames_client(each, alert):
            shows = "no certificate" if each.client_certificate is None else "a certificate"
            known = each.version is not None and (not alert.encrypted or each.opened)
            shows = f"the client shows {shows}{_shown(each.client_certificate)}, " if known else ""
            what = f"{_ends(each)}: {shows}the server ends the handshake with {alert.name}"
            yield Found(what, (alert.place,), time=alert.time)


@rule(
    "tls-refused", "error", "A TLS handshake was refused",
    scope="capture", confirm_seconds=AT_ONCE,
    why="Without TLS there is no signalling on this connection: no registration, no call.",
    fix="Compare what both sides can: versions, cipher suites, the name that the client asks for. The log of the side "
    "that refused says more.",
)
def tls_refused(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        alert = _decisive(each)
        if alert is None:
            continue
        if alert.name is None:
            what = f"{_ends(each)}: {_who(each, alert)} answers with nothing but an alert, which is encrypted"
            yield Found(what, (alert.place,), certainty="high", time=alert.time)
        elif not _blames_client(each, alert) and not (alert.sender == "client" and alert.name in NOT_TRUSTED):
            meaning = REFUSED.get(alert.name, "")
            what = f"{_ends(each)}: {_who(each, alert)} ends the handshake with {alert.name}"
            yield Found(what + (f": {meaning}" if meaning else "") + _offered(each), (alert.place,), time=alert.time)


def _offered(each: Tls) -> str:
    """What was asked for and is refused, where no version was chosen."""
    return f" (the client offers {each.offered_version})" if each.version is None and each.offered_version else ""


@rule(
    "tls-closed", "warning", "A server ends the connection within the TLS handshake",
    scope="capture", confirm_seconds=AT_ONCE,
    why="It gives no reason. Servers do this if they do not speak TLS on this port, if they want another name, or if "
    "something in front of them forbids it.",
    fix="See whether this port speaks TLS, and what the server's log says.",
)
def tls_closed(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        if each.outcome == "closed" and each.closed_by == "server":
            after = "the ClientHello" if each.version is None else "its ServerHello"
            what = f"{_ends(each)}: the server ends the connection after {after}"
            yield Found(what, (each.place, each.last_place), time=each.closed)


@rule(
    "tls-certificate-expired", "error", "A certificate is not valid at this time",
    scope="capture", confirm_seconds=AT_ONCE,
    why="Clients that check it end the handshake. Clients that do not check it accept anybody.",
    fix="Renew the certificate. If the dates are right, look at the clock of the machine that captured.",
)
def tls_certificate_expired(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        shown = (("server", each.certificate), ("client", each.client_certificate))
        for whose, certificate in shown:
            if certificate is None or certificate.begins <= each.first <= certificate.ends or each.first < MIN_CLOCK:
                continue
            late = each.first > certificate.ends
            days = int((each.first - certificate.ends if late else certificate.begins - each.first) // 86_400)
            state = f"expired {counted(days, 'day')} ago" if late else f"begins in {counted(days, 'day')}"
            what = f"{_ends(each)}: the {whose}'s certificate of {certificate.subject or 'no name'} {state}"
            yield Found(what, (each.place,), time=each.first)


@rule(
    "tls-certificate-name", "warning", "A certificate has another name than the client asks for",
    scope="capture", confirm_seconds=AT_ONCE,
    why="Clients that compare names end the handshake. Clients that do not would talk to anybody (RFC 5922).",
    fix="Put the name into the certificate (subjectAltName), or let the client ask for one of its names.",
)
def tls_certificate_name(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        certificate = each.certificate
        if certificate is None or not each.server_name or _is_of(certificate, each.server_name):
            continue
        names = ", ".join(certificate.names or (certificate.subject or "no name",))
        yield Found(f"{_ends(each)}: the certificate is of {names}", (each.place,), time=each.first)


@rule(
    "tls-certificate-weak", "warning", "A certificate has a key or a signature that is too weak",
    scope="capture", confirm_seconds=AT_ONCE,
    why="Keys of RSA need 2,048 bits, and signatures with MD5 or SHA-1 can be forged: whoever can, may pretend to be "
    "this server. Newer systems refuse such certificates (RFC 9325, RFC 9155).",
    fix="Make a new key (ECDSA with P-256, or RSA with 2,048 bits and more), and have it signed with SHA-256.",
)
def tls_certificate_weak(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        for whose, certificate in (("server", each.certificate), ("client", each.client_certificate)):
            if certificate is not None and certificate.weak:
                name = certificate.subject or "no name"
                what = f"{_ends(each)}: the {whose}'s certificate of {name} has {' and '.join(certificate.weak)}"
                yield Found(what, (each.place,), time=each.first)


def _is_of(certificate: Certificate, name: str) -> bool:
    """Whether a certificate is that of a server; a SIP domain may stand as a URI (RFC 5922 section 7.1)."""
    from dissectors.wire.x509 import fits

    names = [each.partition(":")[2] if each.startswith(SIP_SCHEMES) else each for each in certificate.names]
    return any(fits(each, name) for each in names or [certificate.subject])


@rule(
    "tls-old", "note", "An old version of TLS was agreed",
    scope="capture", confirm_seconds=AT_ONCE,
    why="TLS 1.0 and 1.1 are deprecated (RFC 8996): newer systems refuse them, and attacks on them are known.",
    fix="Update the side that cannot do TLS 1.2.",
)
def tls_old(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        if each.version in OLD_VERSIONS:
            older = each.offered_version == each.version
            whose = "the client can no newer one" if older else f"the client offers {each.offered_version}"
            yield Found(f"{_ends(each)}: {each.version}; {whose}", (each.place,), time=each.first)


@rule(
    "tls-keys-missing", "note", "The given keys do not open a TLS connection",
    scope="capture",
    why="The content of this connection is not in this report.",
    fix="A key log holds the keys of the program that wrote it, from the moment when it began to write: start both "
    "before the connection. A private RSA key opens only key exchanges by RSA, not TLS 1.3 and not (EC)DHE.",
)
def tls_keys_missing(facts: Facts) -> Iterator[Found]:
    for each in concerns(facts):
        if each.outcome == "complete" and not each.opened and each.keys == "missing":
            suite = f", {each.cipher_suite}" if each.cipher_suite else ""
            yield Found(f"{_ends(each)}: {each.version}{suite}", (each.place,), time=each.first)


RULES = (
    tls_untrusted, tls_client_certificate, tls_refused, tls_closed, tls_certificate_expired, tls_certificate_name,
    tls_certificate_weak, tls_old, tls_keys_missing,
)
