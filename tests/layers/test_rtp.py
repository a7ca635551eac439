"""RTP as a Scapy layer."""

from __future__ import annotations

from scapy.all import IP, UDP, Raw
from scapy.layers.rtp import RTP as ScapyRTP
from scapy.layers.rtp import RTPExtension as ScapyRTPExtension

from dissectors.layers import RTP, RTPExtension
from dissectors.protocols import rtp
from tests.layered import sample


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
