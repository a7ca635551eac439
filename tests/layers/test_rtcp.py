"""RTCP as Scapy layers, a packet each."""

from __future__ import annotations

import pytest
from scapy.all import Raw

from dissectors.layers import RTCP, ReceptionReport, SDESChunk, SDESItem, SenderInfo, XRBlock
from dissectors.protocols import rtcp
from tests import made
from tests.layered import sample


def test_each_packet_of_a_compound_is_a_layer() -> None:
    compound = RTCP(sample("scapy/rtcp_rr_sdes"))
    assert compound.layers() == [RTCP, RTCP]
    assert compound.report_blocks[0].highest_seqnum_recv == 22855
    assert compound.report_blocks[0].cumulative_lost == -1
    (chunk,) = compound.payload.sdes_chunks
    assert [(item.chunk_type, item.value) for item in chunk.items] == [
        (1, b"user1503488901@host-e72db43d"),
        (6, b"GStreamer"),
    ]
    assert RTCP(sample("scapy/rtcp_sr")).sender_info.ntp_timestamp == 0xE561E44B638A19C9


@pytest.mark.parametrize(
    "name", "sr rr sdes bye bye_padding psfb_pli fir nacks remb twcc-feedback xr rr-sdes-bye".split()
)
def test_what_our_layer_says_is_what_the_parser_says(name: str) -> None:
    octets = sample(f"rtcp/{name}")
    layer, packet = RTCP(octets), rtcp.parse(octets).packets[0]
    layer.clear_cache()
    assert bytes(layer) == octets and layer.message == rtcp.parse(octets)
    source = layer.sourcesync if "sourcesync" in layer.fields else None
    assert source is None or source == packet.ssrc
    if isinstance(packet, rtcp.Feedback):
        assert layer.control == packet.control and layer.media_sourcesync == packet.media_ssrc
    if isinstance(packet, rtcp.Bye):
        assert tuple(layer.sources) == packet.sources
    if isinstance(packet, rtcp.ExtendedReport):
        assert len(layer.blocks) == len(packet.blocks)


def test_srtcp_is_marked_and_its_packets_are_not_guessed() -> None:
    layer = RTCP(made.srtcp())
    assert layer.encrypted and layer.sourcesync == 0x11223344 and layer.layers() == [RTCP, Raw]
    assert not RTCP(made.rtcp()).encrypted


@pytest.mark.parametrize(
    "octets",
    [
        b"\x85\xc8\0\6" + bytes(24),
        b"\x9f\xc9\0\1\0\0\0\7",
        b"\x82\xca\0\3\0\0\0\7\1\xff\0\0\0\0\0\0",
        b"\x81\xcb\0\2\0\0\0\7\xff\0\0\0",
        b"\x80\xcc\0\0",
        b"\x81\xcd\0\1\0\0\0\7",
        b"\x80\xcf\0\2\0\0\0\7\4\0\xff\xff",
        b"\x80\xd3\0\0",
        b"\x80\xc8\0",
    ],
)
def test_counts_and_lengths_that_lie_lose_no_octet(octets: bytes) -> None:
    layer = RTCP(octets)
    layer.clear_cache()
    assert bytes(layer) == octets and layer.show(dump=True)


def test_a_crafted_compound_reads_back() -> None:
    info = SenderInfo(ntp_timestamp=1 << 32, rtp_timestamp=2, sender_packet_count=3, sender_octet_count=4)
    report = RTCP(packet_type="SR", sourcesync=7, sender_info=info, report_blocks=[ReceptionReport(cumulative_lost=-2)])
    items = [SDESItem(chunk_type="CNAME", value="a@b"), SDESItem(chunk_type="TOOL", value=b"xy")]
    names = RTCP(packet_type="SDES", sdes_chunks=[SDESChunk(sourcesync=7, items=items), SDESChunk(sourcesync=8)])
    nack = RTCP(packet_type=205, count=1, sourcesync=7, media_sourcesync=9, data=b"\0\5\0\1")
    extended = RTCP(packet_type="XR", sourcesync=7, blocks=[XRBlock(block_type=4, data=bytes(8))])
    leaves = RTCP(packet_type="BYE", sources=[7, 8], reason=b"over")
    compound = rtcp.parse(bytes(report / names / nack / extended / leaves))
    assert [packet.name for packet in compound.packets] == ["SR", "SDES", "NACK", "XR", "BYE"]
    sender, description, *_, bye = compound.packets
    assert isinstance(sender, rtcp.SenderReport) and sender.reports[0].cumulative_lost == -2
    assert isinstance(description, rtcp.SourceDescription)
    assert [len(chunk.items) for chunk in description.chunks] == [2, 0]
    assert isinstance(bye, rtcp.Bye) and (bye.sources, bye.reason) == ((7, 8), "over")
