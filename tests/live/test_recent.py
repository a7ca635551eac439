"""To look at a session while it runs changes nothing."""

from __future__ import annotations

import pytest

from dissectors.live.session import Session
from dissectors.wire.captures.records import Record
from tests.icmp import refused
from tests.made import ETHERNET, A, B, frame, rtp, sip
from tests.sessions import CALL, fed, session
from tests.stories import GOOD, talk

SECOND = 1_000_000_000
DIALOG = (
    (A, B, "INVITE sip:b@x SIP/2.0", "INVITE", ""), (B, A, "SIP/2.0 200 OK", "INVITE", ";tag=2"),
    (A, B, "ACK sip:b@x SIP/2.0", "ACK", ";tag=2"),
)


def test_looking_while_it_runs_changes_nothing_in_the_report() -> None:
    octets = CALL.read_bytes()
    one, _ = session(octets)
    with fed(octets, 3000) as pipe:
        other = Session(pipe, watch=None)
        recent = other._recent
        while not pipe.ended:
            other._step(1.0)
            recent.report(other.scanner.last or 0, other._file(0))
        other.engine.feed(other.scanner.finish())
    assert other.report() == one.report()


def calls_with_media(calls: int, media: int | None = None) -> Session:
    """A session with answered calls that begin one after another; the first so many have media, both ways."""
    sent: list[tuple[int, bytes]] = []
    for number in range(calls):
        begin, port = number * SECOND // 10, 20_000 + 2 * number
        for src, dst, line, method, tag in DIALOG:
            names = (f"Call-ID: {number}", "From: <sip:a@x>;tag=1", f"To: <sip:b@x>{tag}", f"CSeq: 1 {method}")
            described = (f"c=IN IP4 {src[0]}", "t=0 0", f"m=audio {port} RTP/AVP 0", "")
            body = "\r\n".join(("v=0", f"o=- 1 1 IN IP4 {src[0]}", "s=-", *described)) if method == "INVITE" else ""
            more = (f"Via: SIP/2.0/UDP a;branch=z9hG4bK{number}{method}", "Content-Type: application/sdp")
            sent.append((begin, frame(src, dst, sip(line, *names, *more, body=body.encode()))))
            begin += SECOND // 1000
        for step in range(350 if media is None or number < media else 0):
            for ssrc, src, dst in ((2 * number + 1, A, B), (2 * number + 2, B, A)):
                packet = rtp(step, ssrc=ssrc, payload_type=0, timestamp=160 * step)
                sent.append((begin + step * SECOND // 50, frame((src[0], port), (dst[0], port), packet)))
    sent.sort(key=lambda one: one[0])
    with fed(b"") as pipe:
        one = Session(pipe, watch=None)
    records = [(0, Record(n, time, ETHERNET, octets, len(octets))) for n, (time, octets) in enumerate(sent, 1)]
    for batch in one.scanner.scan(records):
        one.engine.feed(batch)
    return one


def test_a_call_on_hold_keeps_its_streams_and_lacks_no_media() -> None:
    one = calls_with_media(2)
    recent, last = one._recent, one.scanner.last or 0
    for silent in (0, 4, 8, 12, 60):
        report = recent.report(last + silent * SECOND, one._file(0))
        assert [[report.streams[at].packets for at in call.streams] for call in report.calls] == [[350, 350]] * 2
        assert not [each.id for each in report.findings if each.id.startswith("media-missing")]


def test_what_icmp_says_is_found_while_it_runs() -> None:
    frames = [(time, frame(src, dst, payload)) for time, src, dst, payload in GOOD]
    frames = sorted([*frames, *refused(talk()[::50])], key=lambda one: one[0])
    sent = [(0, Record(n, int(1e6 * time), ETHERNET, each, len(each))) for n, (time, each) in enumerate(frames, 1)]
    with fed(b"") as pipe:
        one = Session(pipe, watch=None)
    for part, count in ((sent[: len(sent) // 2], 5), (sent[len(sent) // 2 :], 10)):
        for batch in one.scanner.scan(part):
            one.engine.feed(batch)
        report = one._recent.report(one.scanner.last or 0, one._file(0))
        (found,) = [each for each in report.findings if each.id == "media-unreachable"]
        assert f"({count} times in" in found.what and found.call == 0 and found.severity == "error"


def test_streams_without_a_call_go_when_they_are_silent() -> None:
    frames = [frame(A, B, rtp(number)) for number in range(1, 99)]
    sent = [(0, Record(n, n * SECOND // 50, ETHERNET, octets, len(octets))) for n, octets in enumerate(frames, 1)]
    with fed(b"") as pipe:
        one = Session(pipe, watch=None)
    for batch in one.scanner.scan(sent):
        one.engine.feed(batch)
    last = one.scanner.last or 0
    seen = [len(one._recent.report(last + silent * SECOND, one._file(0)).streams) for silent in (0, 4, 8, 12)]
    assert seen == [1, 1, 1, 0]


def test_nothing_is_found_about_calls_whose_streams_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    one = calls_with_media(6)
    for most in (12, 6):
        monkeypatch.setattr("dissectors.live.recent.MAX_STREAMS", most)
        report = one._recent.report(one.scanner.last or 0, one._file(0))
        assert (len(report.calls), len(report.streams)) == (6, most)
        assert not [finding for finding in report.findings if finding.call is not None]


def test_findings_stay_about_calls_that_are_younger_than_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dissectors.live.recent.MAX_STREAMS", 2)
    one = calls_with_media(6, media=3)
    report = one._recent.report(one.scanner.last or 0, one._file(0))
    assert [finding.call for finding in report.findings if finding.id == "media-missing"] == [3, 4, 5]
