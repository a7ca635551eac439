"""TLS as the report has it: what the handshakes say, certificates read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dissectors.mux.connections import Connections
from dissectors.mux.flows import written_out
from dissectors.mux.tls import CLIENT, SERVER, Session, fatal
from dissectors.mux.unread import secured
from dissectors.report import Certificate, Place, Tls, TlsAlert
from dissectors.wire import x509
from dissectors.wire.errors import Malformed
from dissectors.wire.tcp import Origin
from dissectors.wire.tls_hello import ServerHello
from dissectors.wire.tls_names import cipher_suite_name, version_name

SIDES: tuple[Literal["client"], Literal["server"]] = ("client", "server")


def connections_of_tls(connections: Connections) -> Iterator[Tls]:
    """Each connection of TLS, in the order in which they began."""
    sessions = sorted(connections.secured.values(), key=lambda each: each.first)
    with_keys = connections.secrets is not None and len(connections.secrets) > 0
    return (_to_report(session, with_keys) for session in sessions)


def _to_report(session: Session, with_keys: bool) -> Tls:
    flow, hello, server = written_out(session.key), session.hello, session.server
    alerts = [
        TlsAlert(SIDES[each.side], each.level, each.name, each.encrypted, each.origin.time / 1e9, _place(each.origin))
        for each in session.alerts
    ]
    hidden = session.refused
    if hidden is not None and not alerts:
        alerts.append(TlsAlert("client", None, None, True, hidden.time / 1e9, _place(hidden)))
    chosen = server if server is not None and not server.retry else None
    certificates = [_certificate(side.chain) for side in session.sides]
    return Tls(
        src=flow.src,
        sport=flow.sport,
        dst=flow.dst,
        dport=flow.dport,
        offered_version=None if hello is None else hello.version,
        version=None if chosen is None else version_name(chosen.version),
        cipher_suite=None if chosen is None else cipher_suite_name(chosen.suite),
        server_name=hello.server_name or None if hello is not None else None,
        offered_protocols=() if hello is None else hello.protocols,
        protocol=chosen.protocol or None if chosen is not None else None,
        certificate=certificates[SERVER],
        client_certificate=certificates[CLIENT],
        client_certificate_wanted=session.requested,
        resumed=session.resumed or _resumed(session),
        early_data=_early(session),
        outcome=_outcome(session, chosen),
        alerts=tuple(alerts),
        keys="none" if not with_keys and not session.opened else "found" if session.possible else "missing",
        records=sum(side.encrypted for side in session.sides),
        opened=session.opened,
        carries=session.carries or None,
        first=session.first.time / 1e9,
        last=session.last.time / 1e9,
        completed=None if session.complete is None else session.complete.time / 1e9,
        closed=None if session.closed is None else session.closed.time / 1e9,
        closed_by=None if session.closed_by is None else SIDES[session.closed_by],
        place=_place(session.first),
        last_place=_place(session.last),
        signalling=bool(session.carries) or hello is not None and secured(hello, flow.dport).signalling,
    )


def _resumed(session: Session) -> bool:
    """Whether a session before TLS 1.3 went on: nobody showed a certificate or exchanged keys."""
    return session.complete is not None and not session.newer and session.exchange is None and not _shown(session)


def _shown(session: Session) -> bool:
    return bool(session.sides[SERVER].chain)


def _early(session: Session) -> Literal["sent", "accepted", "rejected"] | None:
    if not session.early:
        return None
    return {None: "sent", True: "accepted", False: "rejected"}[session.early_accepted]  # type: ignore[return-value]


def _outcome(
    session: Session, chosen: ServerHello | None
) -> Literal["complete", "failed", "closed", "unanswered", "unfinished"]:
    if any(each.origin <= (session.settled or each.origin) for each in fatal(session.alerts)):
        return "failed"
    if session.refused is not None:
        return "failed"
    if session.complete is not None:
        return "complete"
    if session.closed is not None:
        # What the capture lacks of a side may have been its hello.
        lacks = session.hello is None and session.server is None or session.sides[SERVER].missing
        return "unfinished" if lacks else "closed"
    return "unanswered" if chosen is None else "unfinished"


def _certificate(chain: list[bytes]) -> Certificate | None:
    """The sender's own certificate, as far as it can be read."""
    try:
        found = x509.certificate(chain[0]) if chain else None
    except Malformed:
        found = None
    if found is None:
        return None
    return Certificate(found.subject, found.issuer, found.names, found.begins, found.ends, found.own, found.weak)


def _place(origin: Origin) -> Place:
    return Place(origin.file, origin.frame)
