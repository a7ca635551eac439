"""From batches to a report: calls, streams, checks, findings, and that cutting changes nothing."""

from __future__ import annotations

import gc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import offline
from dissectors.engine.engine import Engine
from dissectors.engine.reading import SignallingReader
from dissectors.engine.trackers import Trackers
from dissectors.mux.flows import written_out
from dissectors.mux.scan import Scanner
from dissectors.offline import analyze, rows
from dissectors.report import Report
from dissectors.sources.capture import open_capture
from dissectors.wire.inflate import Limits
from tests.made import A, B, Endpoint, Sent, report, rtcp, rtp, sip, stun

PCAPS = Path(__file__).resolve().parents[2] / "pcaps"
FACETIME = str(PCAPS / "facetime-2013.pcap")


def body(host: str, port: int, *lines: str, media: str = "RTP/AVP 0") -> bytes:
    head = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0", f"m=audio {port} {media}"]
    return "\r\n".join([*head, *lines, ""]).encode()


def request(method: str, *headers: str, body: bytes = b"", number: int = 1, tag: str = "", uri: str = "b") -> bytes:
    to = f";tag={tag}" if tag else ""
    common = [
        f"Via: SIP/2.0/UDP 192.0.2.1:16402;branch=z9hG4bK{method}{number}",
        "From: <sip:a@x>;tag=1", f"To: <sip:b@x>{to}",
        "Call-ID: one", f"CSeq: {number} {method}",
    ]
    return sip(f"{method} sip:{uri}@x SIP/2.0", *common, *headers, body=body)


def response(
    status: int, reason: str, method: str = "INVITE", *headers: str, body: bytes = b"", number: int = 1
) -> bytes:
    tag = "" if status == 100 else ";tag=2"
    common = [
        f"Via: SIP/2.0/UDP 192.0.2.1:16402;branch=z9hG4bK{method}{number}",
        "From: <sip:a@x>;tag=1", f"To: <sip:b@x>{tag}",
        "Call-ID: one", f"CSeq: {number} {method}",
    ]
    return sip(f"SIP/2.0 {status} {reason}", *common, *headers, body=body)


SDP = "Content-Type: application/sdp"
OFFER, ANSWER = body(A[0], A[1]), body(B[0], B[1])
INVITE: Sent = (A, B, request("INVITE", SDP, body=OFFER))
OK: Sent = (B, A, response(200, "OK", "INVITE", SDP, body=ANSWER))
ACK: Sent = (A, B, request("ACK", tag="2"))
BYE: list[Sent] = [(A, B, request("BYE", number=2, tag="2")), (B, A, response(200, "OK", "BYE", number=2))]
RINGING: Sent = (B, A, response(180, "Ringing"))


def media(src: Endpoint = A, dst: Endpoint = B, ssrc: int = 77, count: int = 60, first: int = 0) -> list[Sent]:
    return [(src, dst, rtp(n, ssrc, 0, 160 * n)) for n in range(first, first + count)]


def found(told: Report) -> set[str]:
    return {each.id for each in told.findings}


def test_the_facetime_call_is_told_whole() -> None:
    told = analyze([FACETIME])
    (call,) = told.calls
    invite = call.messages[0]
    assert invite.body is not None
    assert (invite.body.compressed_length, invite.body.inflated_length, invite.body.encoding) == (280, 449, "zlib")
    assert invite.body.text.startswith("v=0\r\no=GKVoiceChatService")
    assert [each.role for each in call.descriptions] == ["offer", "answer"]
    assert (call.outcome, len(call.streams), call.dialogs[0].state) == ("ended", 2, "terminated")
    ssrcs = {line.rtp_id for described in call.descriptions for line in described.media}
    assert {stream.ssrc for stream in told.streams} == ssrcs
    assert {(stream.codec, stream.clock, stream.certainty) for stream in told.streams} == {
        ("AAC-ELD with SBR", 24000, "high")
    }
    assert {"rtp-id-is-ssrc", "port-shared", "rtcp-mux-not-announced"} <= found(told)


def test_the_plain_twin_tells_the_same_call() -> None:
    compressed, plain = analyze([FACETIME]), analyze([str(PCAPS / "facetime-2013-plain.pcap")])
    assert [call.descriptions for call in compressed.calls] == [call.descriptions for call in plain.calls]
    assert [stream.packets for stream in compressed.streams] == [stream.packets for stream in plain.streams]
    assert [message.summary for message in compressed.calls[0].messages] == [
        message.summary for message in plain.calls[0].messages
    ]


@pytest.mark.parametrize("name", ["facetime-2013", "facetime-2013-plain", "rfc7983", "encodings"])
def test_every_datagram_of_the_samples_is_what_its_truth_says(name: str) -> None:
    path = PCAPS / f"{name}.pcap"
    truth = [line.split("\t") for line in path.with_suffix(".pcap.truth").read_text().splitlines()]
    told = {str(row.datagram.frame): name_of(row.protocol) for row in rows([str(path)])}
    expected = {frame: protocol for frame, protocol, *_ in truth if not frame.startswith("#")}
    assert told == {frame: ALIASES.get(protocol, protocol) for frame, protocol in expected.items()}


ALIASES = {"SRTCP": "RTCP", "SRTP": "RTP"}


def name_of(protocol: int) -> str:
    from dissectors.mux.table import PROTOCOLS

    return PROTOCOLS[protocol]


@pytest.mark.parametrize("name", ["facetime-2013", "rfc7983", "encodings"])
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_the_report_does_not_depend_on_how_the_capture_is_cut_into_batches(name: str, size: int) -> None:
    from dissectors.engine.engine import Engine

    def told(size: int) -> Report:
        scanner, engine = Scanner(), Engine()
        with open_capture(str(PCAPS / f"{name}.pcap")) as capture:
            for batch in scanner.scan(((0, record) for record in capture.records()), size):
                engine.feed(batch)
        engine.feed(scanner.finish())
        return engine.report(scanner, ())

    assert told(size) == told(4096)


def test_the_last_report_is_that_of_any_time_and_leaves_no_calls_behind() -> None:
    scanner, engine = Scanner(), Engine()
    with open_capture(FACETIME) as capture:
        for batch in scanner.scan((0, record) for record in capture.records()):
            engine.feed(batch)
    engine.feed(scanner.finish())
    asked = engine.report(scanner, ())
    assert engine.trackers.calls.calls
    assert engine.report(scanner, (), last=True) == asked
    assert not engine.trackers.calls.calls


CALL = [INVITE, RINGING, OK, ACK, *media(), *media(B, A, 78), *BYE]


@given(st.integers(1, len(CALL)), st.permutations(range(len(CALL))).map(lambda order: order[:40]))
@settings(max_examples=30, deadline=None)
def test_any_part_of_a_call_in_any_order_gives_the_same_report_in_any_batches(size: int, order: list[int]) -> None:
    sent = [CALL[place] for place in order]
    assert report(sent, size=size) == report(sent)


def test_an_answered_call_with_its_streams() -> None:
    told = report(CALL)
    (call,) = told.calls
    assert (call.outcome, call.ended_by, call.caller, call.callee) == ("ended", "caller", "sip:a@x", "sip:b@x")
    assert call.ringing is not None and call.answered is not None and call.ringing < call.answered
    assert {stream.codec for stream in told.streams} == {"PCMU"}
    assert {stream.call for stream in told.streams} == {0}
    assert not {"media-missing", "media-one-way", "stream-unsignalled"} & found(told)


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        ([INVITE], "ringing"),
        ([INVITE, RINGING], "ringing"),
        ([INVITE, OK, ACK], "established"),
        ([INVITE, (B, A, response(486, "Busy Here"))], "rejected"),
        ([INVITE, (A, B, request("CANCEL")), (B, A, response(487, "Request Terminated"))], "cancelled"),
        (BYE, "fragment"),
        ([INVITE, (B, A, response(407, "Proxy Authentication Required")), ACK], "rejected"),
    ],
)
def test_what_a_call_came_to(sent: list[Sent], outcome: str) -> None:
    assert report(sent).calls[0].outcome == outcome


def test_a_second_invite_with_credentials_goes_on_with_the_call() -> None:
    again = (A, B, request("INVITE", SDP, body=OFFER, number=2))
    answered = (B, A, response(200, "OK", "INVITE", SDP, body=ANSWER, number=2))
    told = report([INVITE, (B, A, response(407, "Proxy Authentication Required")), again, answered])
    assert told.calls[0].outcome == "established"
    assert "call-rejected" not in found(told)


def test_a_retransmission_is_marked_and_counted_once() -> None:
    told = report([INVITE, INVITE, RINGING, OK])
    assert [message.retransmission for message in told.calls[0].messages] == [False, True, False, False]
    assert [each.role for each in told.calls[0].descriptions] == ["offer", "answer"]


def test_a_hop_further_is_no_retransmission() -> None:
    told = report([INVITE, (B, ("192.0.2.9", 5060), INVITE[2]), OK])
    assert not any(message.retransmission for message in told.calls[0].messages)


def test_a_body_names_what_it_was_and_what_its_label_said() -> None:
    packed = zlib.compress(OFFER)
    told = report([(A, B, request("INVITE", SDP, "e: gzip", body=packed))])
    message = told.calls[0].messages[0]
    assert message.body is not None
    assert (message.body.encoding, message.body.label, message.body.text) == ("zlib", "gzip", OFFER.decode())
    assert "body-label-wrong" in found(told)


@pytest.mark.parametrize(
    ("packed", "label", "id"),
    [
        (zlib.compress(OFFER)[:-20], "e: deflate", "body-truncated"),
        (zlib.compress(OFFER)[:2] + b"\x07" * 40, "e: deflate", "body-corrupt"),
        (zlib.compress(OFFER), "Subject: none", "body-unlabelled"),
        (zlib.compress(bytes(100_000)), "e: deflate", "body-over-limit"),
    ],
)
def test_what_is_wrong_with_a_body_is_a_finding(packed: bytes, label: str, id: str) -> None:
    told = report([(A, B, request("INVITE", SDP, label, body=packed))], limits=Limits(octets=20_000))
    assert id in found(told)


def test_a_correct_label_is_no_finding() -> None:
    told = report([(A, B, request("INVITE", SDP, "e: deflate", body=zlib.compress(OFFER)))])
    assert not {"body-label-wrong", "body-unlabelled", "body-truncated", "body-corrupt"} & found(told)


def test_an_answer_that_is_repeated_stays_one_answer() -> None:
    early = (B, A, response(183, "Session Progress", "INVITE", SDP, body=ANSWER))
    relayed = (B, ("192.0.2.9", 5060), OK[2])
    told = report([INVITE, early, OK, relayed])
    assert [each.role for each in told.calls[0].descriptions] == ["offer", "answer"]


def test_what_a_message_carries_is_no_offer() -> None:
    told = report([INVITE, OK, (A, B, request("MESSAGE", SDP, body=OFFER, number=2, tag="2"))])
    assert [each.role for each in told.calls[0].descriptions] == ["offer", "answer"]


def test_a_new_offer_and_its_answer_follow_the_first() -> None:
    again = (B, A, request("INVITE", SDP, body=ANSWER, number=7, tag="1"))
    told = report([INVITE, OK, again, (A, B, response(200, "OK", "INVITE", SDP, body=OFFER, number=7))])
    assert [each.role for each in told.calls[0].descriptions] == ["offer", "answer", "offer", "answer"]


def test_session_progress_does_not_ring() -> None:
    early = (B, A, response(183, "Session Progress", "INVITE", SDP, body=ANSWER))
    assert report([INVITE, early, OK]).calls[0].ringing is None
    assert report([INVITE, early, RINGING, OK]).calls[0].ringing == pytest.approx(0.04)


def test_an_ipv6_address_may_be_written_in_any_form() -> None:
    ours, theirs = ("2001:db8::1", 6000), ("2001:db8::2", 6000)
    long = body("x", 6000).replace(b"IP4 x", b"IP6 2001:0DB8:0::1")
    told = report([(A, B, request("INVITE", SDP, body=long)), OK, *media(theirs, ours)])
    assert told.streams[0].joined_by == "sent to the announced address"


WIRE_TEXT = st.text(st.sampled_from("²³٣0123456789 :;=/,.-\r\nabmctvsorpf\0é\ud800"), max_size=40).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@given(WIRE_TEXT, WIRE_TEXT, WIRE_TEXT)
@settings(max_examples=150, deadline=None)
def test_whatever_a_description_says_there_is_a_report(port: bytes, formats: bytes, line: bytes) -> None:
    said = b"v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio " + port + b" RTP/AVP " + formats + b"\r\na=" + line + b"\r\n"
    told = report([(A, B, request("INVITE", SDP, body=said)), OK, *media(count=4)])
    assert told.calls[0].outcome == "established"


@pytest.mark.parametrize("formats", ["²", "٣", "0 ²", "999", "-1"])
def test_a_payload_type_that_is_no_number_is_no_rtp_format(formats: str) -> None:
    said = body(A[0], A[1], media=f"RTP/AVP {formats}")
    (line,) = report([(A, B, request("INVITE", SDP, body=said))]).calls[0].descriptions[0].media
    assert [each.payload_type for each in line.formats] == formats.split()
    assert all(each.codec is None for each in line.formats if each.payload_type != "0")


def test_a_channel_that_nothing_confirms_makes_no_flow() -> None:
    told = report([(A, B, bytes((0x40 + n % 16, n)) + b"\x00\x08" + bytes(range(n, n + 8))) for n in range(100)])
    assert len(told.flows) == 1


def test_media_behind_a_nat_joins_by_the_announced_port() -> None:
    private = body("10.0.0.5", 40000)
    invite, ok = request("INVITE", SDP, body=private), response(200, "OK", "INVITE", SDP, body=body(B[0], 50000))
    signalling: list[Sent] = [(A, B, invite), (B, A, ok)]
    told = report([*signalling, *media((A[0], 40000), (B[0], 50000)), *media((B[0], 50000), (A[0], 40000), 78)])
    assert [stream.call for stream in told.streams] == [0, 0]
    assert {stream.joined_by for stream in told.streams} == {
        "sent to the announced address", "sent from the announced address"
    }
    assert "media-address-differs" in found(told)


def test_media_joins_by_the_port_when_both_addresses_are_private() -> None:
    invite = request("INVITE", SDP, body=body("10.0.0.5", 40000))
    ok = response(200, "OK", "INVITE", SDP, body=body("10.9.9.9", 50000))
    told = report([(A, B, invite), (B, A, ok), *media((A[0], 40000), (B[0], 50000))])
    assert told.streams[0].joined_by == "announced port, on a host that signalled"


def test_media_on_the_signalling_port_joins_whatever_the_sdp_says() -> None:
    invite = request("INVITE", SDP, body=body("10.0.0.5", 9))
    ok = response(200, "OK", "INVITE", SDP, body=body("10.9.9.9", 9))
    told = report([(A, B, invite), (B, A, ok), *media()])
    assert told.streams[0].joined_by == "the signalling's own 5-tuple"


def test_media_joins_by_its_announced_ssrc_first() -> None:
    invite = request("INVITE", SDP, body=body("10.0.0.5", 9, "a=rtpID:77"))
    told = report([(A, B, invite), OK, *media(("203.0.113.1", 1), ("203.0.113.2", 2))])
    assert told.streams[0].joined_by == "SSRC announced"


def test_a_stream_of_no_call_is_told_apart() -> None:
    told = report([INVITE, OK, *media(), *media(("203.0.113.1", 1), ("203.0.113.2", 2), 99)])
    assert [stream.call for stream in told.streams] == [0, None]
    assert "stream-unsignalled" in found(told)


def test_an_answered_call_without_media_is_a_finding() -> None:
    assert "media-missing" in found(report([INVITE, OK, ACK], every=2000))


def test_rtcp_gives_the_receivers_view_and_the_round_trip() -> None:
    sender = bytes.fromhex("80c80006") + (77).to_bytes(4, "big") + bytes.fromhex("e000000080000000") + bytes(12)
    block = (77).to_bytes(4, "big") + bytes.fromhex("40000005") + bytes(4) + (16).to_bytes(4, "big")
    lsr, dlsr = bytes.fromhex("00008000"), (655).to_bytes(4, "big")
    receiver = bytes.fromhex("81c90007") + (78).to_bytes(4, "big") + block + lsr + dlsr
    told = report([*media(), (A, B, sender), *media(first=60, count=3), (B, A, receiver)])
    view = told.streams[0].rtcp
    assert view is not None
    assert (view.reports, view.fraction_lost, view.cumulative_lost, view.jitter_ms) == (1, 0.25, 5, 2.0)
    assert view.round_trip_ms == pytest.approx(80 - 1000 * 655 / 65536)


def test_stun_requests_are_paired_with_their_answers() -> None:
    mapped = b"\x00\x20\x00\x08\x00\x01\x61\x00\xe1\x12\xa6\x43"
    told = report([(A, B, stun()), (B, A, stun(0x0101, attributes=mapped)), (A, B, stun(transaction=b"mnopqrstuvwx"))])
    (check,) = told.checks
    assert (check.requests, check.answered, check.round_trip_ms) == (2, 1, 20.0)
    assert check.mapped == "192.0.2.1:16402"


def test_loss_is_a_finding_from_half_a_percent_on() -> None:
    kept = [sent for n, sent in enumerate(media(count=200)) if n not in (50, 51)]
    assert "stream-loss" in found(report(kept))
    assert "stream-loss" not in found(report(media(count=200)))


def test_a_malformed_message_is_a_finding_with_its_frame_and_the_rest_is_told() -> None:
    broken = stun(attributes=b"\x00\x06\xff\xff")
    told = report([(A, B, broken), *CALL])
    (finding,) = [each for each in told.findings if each.id == "message-malformed"]
    assert [place.frame for place in finding.places] == [1]
    assert told.calls[0].outcome == "ended"


def test_encrypted_media_keeps_its_name() -> None:
    finished = b"\x16\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x03abc"
    told = report([(A, B, finished), *media()])
    assert told.streams[0].encrypted
    assert told.flows[0].encrypted == 60


def test_findings_come_with_the_most_severe_first() -> None:
    told = report([INVITE, OK, (A, B, stun(attributes=b"\x00\x06\xff\xff")), *media()])
    order = {"error": 0, "warning": 1, "note": 2}
    ranks = [order[each.severity] for each in told.findings]
    assert ranks == sorted(ranks)
    assert all(each.what and each.why and each.fix for each in told.findings)


def test_a_clock_that_nobody_names_is_read_off_the_wire() -> None:
    sent = [(A, B, rtp(n, 5, 97, 960 * n)) for n in range(200)]
    (stream,) = report(sent).streams
    assert (stream.clock, stream.certainty, stream.codec) == (48000, "medium", None)


def test_several_files_are_one_timeline(tmp_path: Path) -> None:
    octets = Path(FACETIME).read_bytes()
    first, second = tmp_path / "one.pcap", tmp_path / "two.pcap"
    cut = 24
    for _ in range(500):
        cut += 16 + int.from_bytes(octets[cut + 8 : cut + 12], "little")
    first.write_bytes(octets[:cut])
    second.write_bytes(octets[:24] + octets[cut:])
    whole, parts = analyze([FACETIME]), analyze([str(second), str(first)])
    assert [stream.packets for stream in parts.streams] == [stream.packets for stream in whole.streams]
    assert [call.outcome for call in parts.calls] == [call.outcome for call in whole.calls]
    assert {message.place.file for message in parts.calls[0].messages} == {0, 1}


def test_a_cut_capture_gives_all_that_was_whole_and_a_finding(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(FACETIME).read_bytes()[:-5])
    whole, told = analyze([FACETIME]), analyze([str(cut)])
    assert told.capture.frames == whole.capture.frames - 1
    assert "capture-cut" in found(told) and "capture-cut" not in found(whole)
    assert found(analyze([str(cut)], judged=False)) == {"capture-cut"} != found(told)


def test_rows_come_in_the_order_of_the_capture_with_final_verdicts() -> None:
    told = list(rows([str(PCAPS / "rfc7983.pcap")]))
    assert [row.datagram.frame for row in told] == sorted(row.datagram.frame for row in told)
    assert {row.inside for row in told if name_of(row.protocol) == "TURN"} >= {"RTP"}


def test_rtcp_alone_is_no_stream() -> None:
    assert report([(A, B, rtcp())] * 5).streams == ()


def test_flows_of_little_share_what_they_carried() -> None:
    check = stun()
    there, back = report([(A, B, check), (B, A, check)]).flows
    assert there.protocols[0].count == 1 and there.protocols is back.protocols


def held() -> set[int]:
    """What reads a capture and is there; other tests may hold some, and let go of it."""
    gc.collect()
    return {id(each) for each in gc.get_objects() if isinstance(each, (Trackers, Engine, SignallingReader))}


def test_an_analysis_leaves_nothing_behind() -> None:
    """Whatever holds itself by a way round must be of a kind whose cycles Python finds."""
    before = held()
    analyze([FACETIME])
    assert held() <= before


@pytest.mark.parametrize("path", [*sorted(PCAPS.glob("*.pcap")), PCAPS.parent / "tests/data/tls/dtls_srtp_cm.pcap"])
def test_what_is_said_of_media_alone_is_what_the_report_says(path: Path) -> None:
    batches: list[object] = []
    said, whole = offline.media(str(path), batches.append), analyze([str(path)], everything=True)
    assert said.segments == whole.capture.tcp_segments and batches
    assert [each[1:3] for each in said.streams] == [(stream.ssrc, stream.encrypted) for stream in whole.streams]
    assert [bool(each.events) for each in said.streams if each.events] == [
        bool(stream.digits) for stream in whole.streams if stream.digits]
    flows = [[written_out(key) for key in keys] for keys, *_ in said.streams]
    assert [[(flow.src, flow.sport, flow.dst, flow.dport) for flow in each] for each in flows] == [
        [(flow.src, flow.sport, flow.dst, flow.dport) for flow in map(whole.flows.__getitem__, stream.flows)]
        for stream in whole.streams
    ]
