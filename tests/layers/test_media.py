"""RTP, RTCP, STUN and the smaller layers: Scapy's fields where they are right, and what Scapy lacks."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest
from scapy.all import IP, UDP, Ether, Packet, Raw, bind_layers, conf, split_layers
from scapy.contrib import stun as scapy_stun
from scapy.contrib.rtcp import RTCP as ScapyRTCP
from scapy.layers.rtp import RTP as ScapyRTP
from scapy.layers.rtp import RTPExtension as ScapyRTPExtension

from dissectors.layers import (
    DTLS,
    QUIC,
    RTCP,
    RTP,
    STUN,
    TURN,
    ZRTP,
    Address,
    DTLSRecord,
    ErrorCode,
    Mux,
    ReceptionReport,
    RTPExtension,
    SDESChunk,
    SDESItem,
    SenderInfo,
    STUNAttribute,
    XRBlock,
    bind,
)
from dissectors.protocols import rtcp, rtp, stun
from tests import made

DATA = Path(__file__).resolve().parents[1] / "data"
THEIRS = {"rtp": ScapyRTP, "rtcp": ScapyRTCP, "stun": scapy_stun.STUN}


def sample(path: str) -> bytes:
    return (DATA / f"{path}.bin").read_bytes()


@pytest.fixture(autouse=True)
def bugs_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scapy turns an exception in a layer into Raw, unless it is told not to."""
    monkeypatch.setattr(conf, "debug_dissector", True)


def test_scapys_own_examples_are_the_same_with_ours_bound_and_after_the_undo() -> None:
    def views() -> list[object]:
        found: list[object] = []
        for path in sorted((DATA / "scapy").iterdir()):
            layer = THEIRS[path.stem.split("_")[0]](path.read_bytes())
            found += [layer.show(dump=True), layer.command(), bytes(layer), layer.summary(), layer.layers()]
        made_here = ScapyRTP(extension=1, payload_type="PCMA", sequence=4660) / ScapyRTPExtension(header=[0x11223344])
        found += [bytes(made_here), (UDP() / made_here).command(), (IP() / UDP() / scapy_stun.STUN()).command()]
        return [*found, scapy_stun.STUN in IP(bytes(IP() / UDP(sport=3478, dport=3478) / made.stun()))]

    before = views()
    with bind(ports=16402), bind(everywhere=True, plausible=False):
        during = views()
    assert during[:-1] == before[:-1]
    assert views() == before and before[-1] is True


def test_ours_win_over_scapys_stun_on_its_own_port_until_the_undo() -> None:
    datagram = bytes(IP() / UDP(sport=3478, dport=3478) / made.stun())
    assert scapy_stun.STUN in IP(datagram)
    with bind(ports=3478):
        assert STUN in IP(datagram) and scapy_stun.STUN not in IP(datagram)
    assert scapy_stun.STUN in IP(datagram)


def test_a_layer_that_a_user_bound_beside_ours_works() -> None:
    bind_layers(UDP, ScapyRTP, dport=9000)
    with bind(ports=16402):
        assert type(IP(bytes(IP() / UDP(sport=1, dport=9000) / made.rtp(1)))[UDP].payload) is ScapyRTP
    split_layers(UDP, ScapyRTP, dport=9000)


def test_scapys_classes_are_found_in_ours() -> None:
    with bind(ports=16402):
        media = Ether(made.frame(made.A, made.B, sample("scapy/rtp_extension")))
        control = Ether(made.frame(made.A, made.B, sample("scapy/rtcp_rr_sdes")))
    assert ScapyRTP in media and media[ScapyRTP] is media[RTP]
    assert media[ScapyRTPExtension].header == [0x16373131, 0x36363231, 0x20003000]
    assert ScapyRTCP in control and "RTCP" in control


def test_rtp_reads_as_scapys_does() -> None:
    ours, theirs = RTP(sample("scapy/rtp_extension")), ScapyRTP(sample("scapy/rtp_extension"))
    for field in ScapyRTP.fields_desc:
        assert getattr(ours, field.name) == getattr(theirs, field.name), field.name
    assert ours[RTPExtension].header_id == theirs[ScapyRTPExtension].header_id == 0x5548


def test_the_padding_of_rtp_is_no_payload() -> None:
    octets = rtp.build(0, 1, 160, 7, b"payload", padding_length=5)
    packet = RTP(octets)
    assert (packet[Raw].load, packet.padding_octets) == (b"payload", b"\0\0\0\0\5")
    packet[Raw].load = b"other"
    assert rtp.parse(bytes(packet)).payload == b"other" and rtp.parse(bytes(packet)).padding_length == 5


def test_padding_that_is_impossible_stays_payload() -> None:
    octets = rtp.build(0, 1, 160, 7, b"secret\xff")
    packet = RTP(bytes((octets[0] | 0x20,)) + octets[1:])
    assert packet[Raw].load == b"secret\xff" and packet.padding_octets is None


def test_padding_sets_its_bit_and_is_counted_by_udp() -> None:
    packet = IP(bytes(IP() / UDP(dport=16402) / RTP(padding_octets=b"\0\2") / b"abc"))
    assert packet[UDP].len == 8 + 12 + 5 and bytes(packet[UDP].payload)[0] == 0xA0


def test_contributing_sources_that_do_not_fit_are_payload() -> None:
    packet = RTP(bytes((0x83,)) + bytes(11) + b"\0\0\0\1" + b"ab")
    assert packet.sync == [1] and packet[Raw].load == b"ab"
    packet.clear_cache()
    assert bytes(packet) == bytes((0x83,)) + bytes(11) + b"\0\0\0\1ab"


def test_extension_elements_are_decoded() -> None:
    packet = RTP(sample("rtp/one_byte"))
    message = rtp.parse(sample("rtp/one_byte"))
    assert message.extension is not None and packet[RTPExtension].elements == message.extension.elements != ()


def test_a_crafted_rtp_reads_back() -> None:
    extension = RTPExtension(header_id=0xBEDE, header=[0x10AA0000])
    crafted = RTP(payload_type=96, marker=1, sourcesync=7, sync=[1, 2]) / extension / b"abc"
    message = rtp.parse(bytes(crafted))
    assert (message.csrc, message.payload, message.marker) == ((1, 2), b"abc", True)
    assert message.extension is not None and message.extension.elements == ((1, b"\xaa"),)


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


def test_stun_attributes_read_as_what_they_mean() -> None:
    request, response = STUN(sample("scapy/stun_request")), STUN(sample("scapy/stun_success"))
    assert request.get("USERNAME") == "oNph:Ht11MaRZHc4GOLJUsbu1R3YCs72HYN25"
    assert (request.get("PRIORITY"), request.get("USE-CANDIDATE")) == (1847591167, True)
    assert request.get("ICE-CONTROLLING") == 0x1B0AB98B6E8EFFA6 and request.get("LIFETIME") is None
    assert response.get("XOR-MAPPED-ADDRESS") == Address("172.20.0.42", 40480)
    assert response.answers(request) and not request.answers(response) and response.hashret() == request.hashret()
    theirs = scapy_stun.STUN(sample("scapy/stun_request"))
    for name in ("stun_message_type", "length", "magic_cookie", "transaction_id"):
        assert getattr(request, name) == getattr(theirs, name)


def test_a_changed_attribute_is_built_in_its_place() -> None:
    response = STUN(sample("scapy/stun_success"))
    response.attributes[0].value = ("2001:db8::1", 5)
    response.attributes[0].length = None
    response.length = None
    assert stun.parse(bytes(response)).mapped_address == Address("2001:db8::1", 5)


@pytest.mark.parametrize("transaction", [7, 1 << 95])
def test_a_crafted_message_is_signed_and_reads_back(transaction: int) -> None:
    attributes = [
        STUNAttribute(type="USERNAME", value="a:bcd"),
        STUNAttribute(type="XOR-MAPPED-ADDRESS", value=("192.0.2.1", 5000)),
        STUNAttribute(type="ERROR-CODE", value=(487, "Role Conflict")),
        STUNAttribute(type="PRIORITY", value=9),
        STUNAttribute(type="USE-CANDIDATE"),
        STUNAttribute(type=0x7777, value=b"odd"),
    ]
    crafted = STUN(stun_message_type="Binding error response", transaction_id=transaction, attributes=attributes)
    crafted.sign(b"password")
    message = stun.parse(bytes(crafted))
    assert message.fingerprint_ok and stun.check_integrity(bytes(crafted), b"password") and message.deviations == ()
    assert message.error == ErrorCode(487, "Role Conflict") and message.mapped_address == Address("192.0.2.1", 5000)
    assert message.transaction == transaction.to_bytes(12, "big") and message.class_ == "error"


@pytest.mark.parametrize("path", sorted((DATA / "stun").iterdir()), ids=lambda path: path.name)
def test_every_stun_sample_keeps_its_octets_and_its_attributes(path: Path) -> None:
    layer = STUN(path.read_bytes())
    layer.clear_cache()
    assert bytes(layer) == path.read_bytes()
    try:
        message = stun.parse(path.read_bytes())
    except stun.Malformed:
        return
    assert [each.type for each in layer.attributes] == [each.type for each in message.attributes]


def test_octets_beyond_a_stun_message_are_padding_and_odd_ones_within_it_raw() -> None:
    assert STUN(made.stun() + b"more").layers()[1].__name__ == "Padding"
    assert STUN(made.stun(attributes=b"\x80\x22\0\x09abcd")).layers() == [STUN, Raw]


def test_a_response_over_a_socket_answers_its_request() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as server, socket.socket(type=socket.SOCK_DGRAM) as client:
        server.bind(("127.0.0.1", 0))
        client.bind(("127.0.0.1", 0))
        client.settimeout(5)

        def answer() -> None:
            octets, peer = server.recvfrom(2048)
            mapped = STUNAttribute(type="XOR-MAPPED-ADDRESS", value=peer)
            response = STUN(
                stun_message_type="Binding success response",
                transaction_id=STUN(octets).transaction_id,
                attributes=[mapped],
            )
            server.sendto(bytes(response), peer)

        thread = threading.Thread(target=answer)
        thread.start()
        request = STUN(transaction_id=42)
        client.sendto(bytes(request), server.getsockname())
        response = Mux(client.recv(2048))
        thread.join()
        assert response.answers(request) and response.get("XOR-MAPPED-ADDRESS") == client.getsockname()


def test_the_smaller_layers_build_what_their_parsers_read() -> None:
    built: list[Packet] = [
        ZRTP(sequence=3, sourcesync=7),
        TURN(channel=0x4001) / RTP() / b"abc",
        DTLS(records=[DTLSRecord(content_type=21, fragment=b"\2\x28")]),
        QUIC(first=0xC3, version=1) / (b"\x04abcd\x00" + bytes(20)),
    ]
    for layer in built:
        assert type(Mux(bytes(layer))) is type(layer)
        assert layer.message.summary in layer.summary() or isinstance(layer, TURN)
    assert built[0].message.crc_ok


def test_a_summary_names_its_protocol_once() -> None:
    for octets in (made.stun(), made.rtp(1), made.rtcp(), made.srtcp(), sample("dtls/alert"), sample("zrtp/hello")):
        layer = Mux(octets)
        assert layer.summary().split(",")[0].count(layer.spec.name) == 1
    assert "malformed" in STUN(made.stun(attributes=b"\x80\x22\0\x09abcd")).summary()


def test_singles_of_media_protocols_come_back() -> None:
    for one in json.loads((DATA / "singles.json").read_text()):
        octets = bytes.fromhex(one["payload"])
        layer = {"RTP": RTP, "RTCP": RTCP, "STUN": STUN, "ZRTP": ZRTP}.get(one["protocol"], Mux)(octets)
        layer.clear_cache()
        assert bytes(layer) == octets, one["name"]
