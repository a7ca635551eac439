"""RTCP: every packet, feedback and extended reports, and where SRTCP begins."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.rtcp import Compound, Unknown, encrypted, ntp_nanoseconds, parse
from dissectors.protocols.rtcp_feedback import (
    Bitrate,
    Bitrates,
    CongestionControl,
    EstimatedBitrate,
    Feedback,
    Nack,
    ReferencePicture,
    Requests,
    Slices,
    TransportWide,
)
from dissectors.protocols.rtcp_reports import App, Bye, ReceiverReport, ReportBlock, SenderReport, SourceDescription
from dissectors.protocols.rtcp_xr import (
    Delays,
    Dlrr,
    ExtendedReport,
    ReceiverReferenceTime,
    StatisticsSummary,
    VoipMetrics,
)
from dissectors.wire.errors import Malformed

DATA = Path(__file__).resolve().parents[1] / "data" / "rtcp"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.bin"))}
INVALID = {
    "bye_invalid", "psfb_invalid", "rr_invalid", "rtpfb_invalid", "sdes_item_truncated", "sdes_source_truncated",
    "sr_invalid",
}
WHOLE = {name: payload for name, payload in SAMPLES.items() if name not in INVALID}
SSRC = bytes.fromhex("12345678")


def packet(packet_type: int, count: int, body: bytes, padding: bytes = b"") -> bytes:
    """One RTCP packet; `padding` is what stands at its end, its count included."""
    size = len(body + padding) // 4
    return bytes((0x80 | bool(padding) << 5 | count, packet_type)) + size.to_bytes(2, "big") + body + padding


def feedback(packet_type: int, format_: int, fci: str) -> Feedback:
    """A feedback message read back, about the source 1."""
    (only,) = parse(packet(packet_type, format_, SSRC + bytes.fromhex("00000001" + fci))).packets
    assert isinstance(only, Feedback)
    assert (only.ssrc, only.media_ssrc) == (0x12345678, 1)
    return only


def block(type_: int, specific: int, data: str) -> object:
    """What one block of an extended report means."""
    octets = bytes.fromhex(data)
    header = bytes((type_, specific)) + (len(octets) // 4).to_bytes(2, "big")
    (only,) = parse(packet(207, 0, SSRC + header + octets)).packets
    assert isinstance(only, ExtendedReport)
    return only.blocks[0].content


def test_a_sender_report_counts_what_was_sent() -> None:
    compound = parse(SAMPLES["sr"])
    (report,) = compound.packets
    assert isinstance(report, SenderReport)
    assert (report.ssrc, report.ntp, report.rtp_timestamp) == (1831097322, 16016567581311369308, 1722342718)
    assert (report.packets, report.octets, report.extension) == (269, 13557, b"")
    assert report.reports == (ReportBlock(2398654957, 0.0, 0, 246, 127, 0, 0.0),)
    assert (compound.ssrc, compound.encrypted, compound.packet_type) == (1831097322, False, 200)


def test_a_report_block_has_a_sign_a_fraction_and_seconds() -> None:
    body = SSRC + bytes.fromhex("0000000a" "40fffffe" "0001ffff" "00000007" "11112222" "00018000")
    (report,) = parse(packet(201, 1, body)).packets
    assert isinstance(report, ReceiverReport)
    assert report.reports == (ReportBlock(10, 0.25, -2, 0x1FFFF, 7, 0x11112222, 1.5),)
    assert report.text == "RR (1 report on 0x0000000A, 25.0% lost)"


def test_what_follows_the_report_blocks_is_the_extension() -> None:
    (report,) = parse(packet(201, 0, SSRC + b"more")).packets
    assert isinstance(report, ReceiverReport) and report.extension == b"more"


def test_a_compound_gives_all_its_packets() -> None:
    compound = parse(SAMPLES["rr-sdes-bye"])
    assert [each.name for each in compound.packets] == ["RR", "SDES", "BYE"]
    assert compound.summary == "RTCP RR, SDES (CNAME 'j1okRle4gSEIMwMO'), BYE of 0x1CA57379, SSRC 0x1CA57379"


def test_sdes_gives_the_items_of_every_chunk() -> None:
    body = SSRC + b"\x01\x03a@b\x08\x02\x01p" + b"\0\0\0" + b"\0\0\0\x09" + b"\x0f\x01\x1b" + b"\0"
    (description,) = parse(packet(202, 2, body)).packets
    assert isinstance(description, SourceDescription)
    assert [(each.ssrc, each.items) for each in description.chunks] == [
        (0x12345678, (("CNAME", "a@b"), ("PRIV", "\x01p"))),
        (9, (("MID", "\x1b"),)),
    ]
    assert description.text == "SDES (CNAME 'a@b', PRIV '\\x01p', MID '\\x1b')"


def test_a_chunk_without_its_nul_is_told() -> None:
    assert parse(SAMPLES["sdes_unterminated"]).deviations == ("no NUL ends the items of an SDES chunk",)


@pytest.mark.parametrize(
    ("body", "count", "sources", "reason"),
    [(SSRC, 1, (0x12345678,), ""), (SSRC + b"\x04gone\0\0\0", 1, (0x12345678,), "gone"), (b"", 0, (), "")],
)
def test_a_bye_gives_sources_and_reason(body: bytes, count: int, sources: tuple[int, ...], reason: str) -> None:
    assert parse(packet(203, count, body)).packets == (Bye(sources, reason),)


def test_an_app_packet_keeps_its_data() -> None:
    assert parse(packet(204, 5, SSRC + b"PoC1data")).packets == (App(0x12345678, 5, "PoC1", b"data"),)


def test_padding_is_taken_off_the_last_packet() -> None:
    assert parse(SAMPLES["bye_padding"]).packets == (Bye((), ""),)
    first = packet(203, 0, b"", padding=b"\0\0\0\x04")
    assert parse(first + packet(201, 0, SSRC)).deviations == ("a packet before the last has padding",)


@pytest.mark.parametrize("padding", [b"\0\0\0\0", b"\0\0\0\x09"])
def test_an_impossible_count_of_padding_is_malformed(padding: bytes) -> None:
    with pytest.raises(Malformed, match="bytes of padding"):
        parse(packet(201, 0, SSRC, padding))


def test_a_nack_lists_the_missing_sequence_numbers() -> None:
    (nack,) = parse(SAMPLES["nacks"]).packets
    assert isinstance(nack, Feedback) and nack.control == Nack((43087, 43091))
    assert feedback(205, 1, "ffff8001").control == Nack((65535, 0, 15))


def test_a_remb_gives_its_bitrate() -> None:
    (remb,) = parse(SAMPLES["remb"]).packets
    assert isinstance(remb, Feedback)
    assert (remb.name, remb.control) == ("REMB", EstimatedBitrate(128000, (0xF310A866,)))


def test_transport_wide_feedback_gives_runs_and_deltas() -> None:
    (only,) = parse(SAMPLES["twcc-feedback"]).packets
    assert isinstance(only, Feedback)
    assert only.control == TransportWide(
        2676, 10, 22009344, 187, ((1, 10),), (56000, 0, 1000, 0, 0, 0, 0, 0, 5000, 0)
    )


def test_transport_wide_vectors_and_negative_deltas_are_read() -> None:
    # One-bit vector 1 0 1, two-bit vector 2 0, run of two not received; times before zero.
    only = feedback(205, 15, "0005" "0017" "fffffe" "01" "a800" "e000" "0002" "04" "08" "fffc" "0000")
    assert isinstance(only.control, TransportWide)
    assert (only.control.reference_time_ms, only.control.deltas_us) == (-128, (1000, 2000, -1000))
    assert (only.control.received, only.control.lost) == (3, 20)


def test_transport_wide_feedback_about_many_packets_stays_small() -> None:
    only = feedback(205, 15, "0000" "ffff" "000000" "00" + "1fff" * 9 + "0000")
    assert isinstance(only.control, TransportWide)
    assert (only.control.lost, len(only.control.runs), only.control.deltas_us) == (65535, 9, ())


@pytest.mark.parametrize(
    ("packet_type", "format_", "fci", "control"),
    [
        (205, 3, "0000000a" "0861a8fe", Bitrates((Bitrate(10, 50_000, 254),))),
        (206, 2, "00088042", Slices(((1, 513, 2),))),
        (206, 3, "1062aabb", ReferencePicture(98, b"")),
        (206, 3, "0062aabb", ReferencePicture(98, b"\xaa\xbb")),
        (206, 4, "0000000a" "07000000", Requests(((10, 7),))),
        (205, 11, "0000000a" "00050003" "800100008002" "0000" "00000009",
         CongestionControl(((10, 5, (0x8001, 0, 0x8002)),), 9)),
        (206, 1, "", None),
        (206, 31, "01020304", None),
        (206, 15, "4e4f5045", None),
    ],
)
def test_control_information_is_read_by_its_format(
    packet_type: int, format_: int, fci: str, control: object
) -> None:
    read = feedback(packet_type, format_, fci)
    assert (read.control, read.misfit, read.fci) == (control, "", bytes.fromhex(fci))


@pytest.mark.parametrize(
    ("packet_type", "format_", "fci"),
    [
        (205, 3, "00000001"),
        (206, 4, "00000001"),
        (206, 3, "ff62aabb"),
        (206, 15, "52454d42" "02000001" "00000001"),
        (205, 15, "00000001"),
        (205, 15, "0000" "0008" "000000" "00" "4004" "0400"),
        (205, 15, "0000" "2001" "000000" "00" "1fff" "0001"),
        (205, 11, "0000000a" "00050003" "00000009"),
    ],
)
def test_control_information_that_does_not_fit_is_kept_and_told(packet_type: int, format_: int, fci: str) -> None:
    octets = bytes.fromhex(fci)
    compound = parse(packet(packet_type, format_, SSRC + SSRC + octets))
    (only,) = compound.packets
    assert isinstance(only, Feedback)
    assert (only.control, only.fci) == (None, octets)
    assert compound.deviations == (f"{only.name}: {only.misfit}",)
    assert only.misfit


def test_a_private_use_of_a_registered_format_is_told() -> None:
    assert parse(SAMPLES["line_format_11"]).deviations == ("CCFB: a report of 201 packets does not fit",)


def test_an_extended_report_names_its_blocks() -> None:
    (report,) = parse(SAMPLES["xr"]).packets
    assert isinstance(report, ExtendedReport)
    assert [each.name for each in report.blocks] == ["Receiver Reference Time", "DLRR", "VoIP Metrics"]


def test_reference_times_and_delays_are_read() -> None:
    assert block(4, 0, "0102030405060708") == ReceiverReferenceTime(0x0102030405060708)
    assert block(5, 0, "0000000a" "11112222" "00018000") == Delays((Dlrr(10, 0x11112222, 1.5),))


def test_a_statistics_summary_says_only_what_its_flags_cover() -> None:
    data = "0000000a" "00010065" "00000003" "00000002" "00000004" "00000005" "00000006" "00000007" "08090a0b"
    assert block(6, 0xE8, data) == StatisticsSummary(10, 1, 101, 3, 2, (4, 5, 6, 7), (8, 9, 10, 11))
    assert block(6, 0x80, data) == StatisticsSummary(10, 1, 101, 3, None, None, None)


def test_voip_metrics_are_read_and_127_is_no_value() -> None:
    data = "0000000a" "80400000" "00640032" "00140028" "ec7f7f10" "5d7f2a7f" "c1000028" "00500078"
    assert block(7, 0, data) == VoipMetrics(
        ssrc=10, loss_rate=0.5, discard_rate=0.25, burst_density=0.0, gap_density=0.0, burst_duration=100,
        gap_duration=50, round_trip_delay=20, end_system_delay=40, signal_level=-20, noise_level=None,
        residual_echo_return_loss=None, gmin=16, r_factor=93, external_r_factor=None, mos_lq=4.2, mos_cq=None,
        receiver_configuration=0xC1, jitter_buffer_nominal=40, jitter_buffer_maximum=80,
        jitter_buffer_absolute_maximum=120,
    )


def test_an_unknown_packet_type_is_kept() -> None:
    compound = parse(packet(209, 1, SSRC + b"data"))
    assert compound.packets == (Unknown(209, 1, 0x12345678, SSRC + b"data"),)
    assert compound.summary == "RTCP RSI, SSRC 0x12345678"


def test_srtcp_gives_the_first_type_and_source() -> None:
    compound = parse(packet(200, 1, SSRC + bytes(range(48))) + bytes(range(100, 114)))
    assert compound == Compound(200, 0x12345678, (), True, ())
    assert compound.summary == "SRTCP, first packet SR, SSRC 0x12345678"


def test_a_compound_that_was_cut_short_is_not_taken_for_srtcp() -> None:
    with pytest.raises(Malformed, match="cut short"):
        parse(packet(201, 0, SSRC) + packet(202, 1, SSRC + b"\x01\x0aalice@host\0\0\0\0")[:-4])


def test_the_time_of_a_sender_report_is_nanoseconds_since_the_epoch() -> None:
    assert ntp_nanoseconds(2_208_988_800 << 32) == 0
    assert ntp_nanoseconds((2_208_988_801 << 32) + (1 << 31)) == 1_500_000_000
    assert ntp_nanoseconds(0) is None
    assert ntp_nanoseconds(60 << 32) == (60 - 2_208_988_800) * 10**9


@pytest.mark.parametrize("name", sorted(INVALID))
def test_broken_samples_are_malformed(name: str) -> None:
    with pytest.raises(Malformed) as raised:
        parse(SAMPLES[name])
    assert raised.value.protocol == "RTCP"


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        (b"", 0),
        (b"\x80\xc9\x00", 3),
        (b"\x40\xc9\x00\x00", 0),
        (b"\x80\xbf\x00\x00", 1),
        (b"\x80\xe0\x00\x00", 1),
        (b"\x80\xc9\x00\x02" + SSRC, 2),
        (packet(201, 0, SSRC) + b"\x80\xc9\x00", 8),
        (packet(202, 1, b""), 4),
        (packet(203, 0, b"\x04abc"), 4),
        (packet(204, 0, SSRC), 4),
        (packet(207, 0, b""), 4),
        (packet(207, 0, SSRC + b"\x04\0\0\x02" + SSRC), 8),
        (packet(207, 0, SSRC + b"\x04\0\0\x01" + SSRC), 12),
        (packet(207, 0, SSRC + b"\x05\0\0\x01" + SSRC), 12),
    ],
)
def test_what_does_not_fit_is_malformed_and_says_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("RTCP", offset)


def read_or_refuse(payload: bytes) -> Compound | None:
    """The compound, whose summary is fit to print, or None where it is malformed."""
    try:
        compound = parse(payload)
    except Malformed as malformed:
        assert malformed.protocol == "RTCP"
        return None
    assert compound.summary.isprintable()
    assert compound.encrypted is (not compound.packets)
    return compound


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_real_packets_are_read_in_the_clear(name: str) -> None:
    compound = read_or_refuse(WHOLE[name])
    assert compound is not None and not compound.encrypted


@given(st.integers(0x80, 0xBF), st.integers(190, 225), st.binary(max_size=100))
def test_any_octets_parse_or_are_malformed(first: int, packet_type: int, rest: bytes) -> None:
    read_or_refuse(bytes((first, packet_type)) + rest)


@given(st.integers(200, 207), st.integers(0, 31), st.binary(max_size=100))
def test_any_body_parses_or_is_malformed(packet_type: int, count: int, body: bytes) -> None:
    read_or_refuse(packet(packet_type, count, body + bytes(-len(body) % 4)))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_prefix_parses_or_is_malformed(name: str) -> None:
    read = [size for size in range(len(SAMPLES[name])) if read_or_refuse(SAMPLES[name][:size]) is not None]
    assert all(size >= 4 for size in read)


@pytest.mark.parametrize("more", [b"\0", b"\0\0\0", b"ab"])
def test_one_to_three_octets_behind_a_compound_make_it_no_srtcp(more: bytes) -> None:
    compound = packet(201, 0, SSRC) + packet(203, 1, SSRC)
    message = parse(compound + more)
    assert ([each.name for each in message.packets], message.encrypted) == (["RR", "BYE"], False)
    assert message.deviations == (f"{len(more)} bytes follow the compound",)
    assert not encrypted(compound + more)
    assert encrypted(compound + bytes(8))


@pytest.mark.parametrize("packet_type, format_, control, text", [
    (205, 1, "012c0000", "NACK for 0xAABBCCDD: 300"),
    (206, 1, "", "PLI for 0xAABBCCDD"),
    (206, 4, "0000000b01000000", "FIR for 0x0000000B"),
    (206, 4, "", "FIR for 0xAABBCCDD"),
    (206, 15, "52454d4202" "047a12" "0000000b" "0000000c", "REMB for 0x0000000B 0x0000000C: 62500 bit/s"),
    (206, 4, "0000000b01000000" * 6, "FIR for 0x0000000B 0x0000000B 0x0000000B 0x0000000B and 2 more"),
])
def test_a_summary_names_the_source_that_feedback_is_about(
    packet_type: int, format_: int, control: str, text: str
) -> None:
    (only,) = parse(packet(packet_type, format_, SSRC + bytes.fromhex("aabbccdd" + control))).packets
    assert only.text == text
