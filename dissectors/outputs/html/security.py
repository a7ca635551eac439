"""What a listener on the path could have read or changed, as far as the report says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import NamedTuple

from dissectors.outputs.terminal.lines import count, listed
from dissectors.report import Report
from dissectors.wire.datagram import TLS, WSS, endpoint

MAX_NAMED = 6


class Remark(NamedTuple):
    """A sentence: `good`, `bad` or `plain`, with its frames if it has any."""

    style: str
    subject: str
    text: str


def remarks(report: Report) -> list[Remark]:
    """Media, control, signalling, credentials, keys and certificates, each in a sentence."""
    return [*_verdicts(report), *_media(report), *_signalling(report), *_handshakes(report), *_tls(report)]


def _verdicts(report: Report) -> Iterator[Remark]:
    """Whether calls are state of the art, in a sentence each."""
    styles = {"state of the art": "good", "weak": "bad", "open": "bad"}
    for each in report.security[:MAX_NAMED]:
        whose = f"Call {report.number_of(each.call)}" if each.call is not None else f"Session {(each.session or 0) + 1}"
        yield Remark(styles.get(each.verdict, "plain"), whose, each.sentence)


def _media(report: Report) -> Iterator[Remark]:
    streams = report.streams
    clear = [stream for stream in streams if not stream.encrypted]
    if clear:
        which = "all" if len(clear) == len(streams) else f"{len(clear):,} of {len(streams):,}"
        yield Remark("bad", "Media", f"{which} of the streams are in the clear: whoever is on the path can listen")
    elif streams:
        yield Remark("good", "Media", f"{count(len(streams), 'stream')}, encrypted (SRTP)")
    yield from _payloads(report)
    sealed = sum(each.encrypted for each in report.protection)
    open_ = sum(each.clear for each in report.protection)
    if sealed or open_:
        style = "good" if not open_ else "bad" if sealed else "plain"
        yield Remark(style, "RTCP", f"{sealed:,} datagrams encrypted, {open_:,} in the clear")


def _payloads(report: Report) -> Iterator[Remark]:
    """What the payloads themselves say, where they were read."""
    for stream in report.streams[:MAX_NAMED]:
        found = stream.randomness
        if found is None:
            continue
        style = "good" if found.verdict == "compatible with encryption" else "plain"
        style = "bad" if found.verdict == "not encrypted" and stream.encrypted else style
        figures = f"{found.octets:,} bytes, entropy {found.entropy:.2f} bits"
        yield Remark(style, f"Payloads of 0x{stream.ssrc:08X}", f"{found.verdict}: {found.why} ({figures})")


def _signalling(report: Report) -> Iterator[Remark]:
    messages = [message for call in report.calls for message in call.messages if not message.copy]
    if not messages:
        return
    carried = Counter(message.transport for message in messages)
    safe = carried[TLS] + carried[WSS]
    if safe == len(messages):
        yield Remark("good", "Signalling", f"{count(safe, 'message')} over TLS")
    else:
        yield Remark("bad", "Signalling", f"{len(messages) - safe:,} of {len(messages):,} messages went in the clear")
    shown = [m.place.frame for m in messages if m.credentials and m.transport not in (TLS, WSS)]
    if shown:
        yield Remark("bad", "Credentials", f"answers to challenges went in the clear: {_frames(shown)}")
    transports = {message.place: message.transport for message in messages}
    keys = [
        each.place.frame for call in report.calls for each in call.descriptions
        if any(media.keys for media in each.media) and transports.get(each.place) not in (TLS, WSS)
    ]
    if keys:
        yield Remark("bad", "Keys", f"keys of SRTP went in the clear with SDP: {_frames(keys)}")


def _frames(numbers: Sequence[int]) -> str:
    return f"{'frame' if len(numbers) == 1 else 'frames'} {listed(map(str, numbers), MAX_NAMED)}"


def _handshakes(report: Report) -> Iterator[Remark]:
    for one in report.handshakes[:MAX_NAMED]:
        what = ", ".join(filter(None, (one.version, one.srtp_profile, one.cipher_suite)))
        ends = f"{endpoint(one.src, one.sport)} → {endpoint(one.dst, one.dport)}"
        style = "good" if one.outcome == "complete" else "bad"
        yield Remark(style, "DTLS", f"{ends}: {one.outcome}{f' ({what})' if what else ''}")


def _tls(report: Report) -> Iterator[Remark]:
    for one in report.tls[:MAX_NAMED]:
        what = [one.server_name, one.version, one.cipher_suite]
        if one.certificate is not None:
            until = _day(one.certificate.ends)
            own = ", its own issuer" if one.certificate.own else ""
            what.append(f"certificate {one.certificate.subject} until {until}{own}")
        style = "good" if one.outcome == "complete" else "bad" if one.outcome == "failed" else "plain"
        yield Remark(style, "TLS", f"{endpoint(one.dst, one.dport)}: {', '.join(filter(None, [one.outcome, *what]))}")


def _day(time: float) -> str:
    try:
        return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):
        return "an impossible date"
