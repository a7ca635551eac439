"""Elements of header extensions by name, and telephone events."""

from __future__ import annotations

import pytest
from scapy.all import bind_layers, split_layers

from dissectors.layers import RTP, SDP, RTPExtension, SDPMedia, TelephoneEvent
from dissectors.protocols import rtp

MEDIA = SDPMedia(
    attributes=[
        "extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on",
        "extmap:3/sendonly urn:ietf:params:rtp-hdrext:sdes:mid",
        "extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "extmap:broken",
        "extmap:x urn:y",
    ]
)


def test_the_elements_of_an_extension_are_found_by_the_names_of_the_description() -> None:
    packet = RTP(bytes(RTP(payload_type=111) / RTPExtension.of({1: b"\x8c", 3: b"a0", 9: b"?"}) / b"sound"))
    extension = packet[RTPExtension]
    assert extension.named(MEDIA) == {
        "urn:ietf:params:rtp-hdrext:ssrc-audio-level": b"\x8c",
        "urn:ietf:params:rtp-hdrext:sdes:mid": b"a0",
    }
    assert extension.get("mid", MEDIA) == extension.get("urn:ietf:params:rtp-hdrext:sdes:mid", MEDIA) == b"a0"
    assert extension.get("abs-send-time", MEDIA) is None and extension.get("id", MEDIA) is None
    assert extension.get("mid", SDP(media=[MEDIA])) == b"a0" and extension.get("own", {9: "urn:own"}) == b"?"


@pytest.mark.parametrize(
    ("elements", "profile"),
    [
        ({1: b"a", 14: bytes(16)}, 0xBEDE),
        ({15: b"a"}, 0x1000),
        ({1: b""}, 0x1000),
        ({1: bytes(17), 255: bytes(255)}, 0x1000),
    ],
)
def test_elements_are_written_in_the_shorter_form_that_holds_them(elements: dict[int, bytes], profile: int) -> None:
    message = rtp.parse(bytes(RTP() / RTPExtension.of(elements) / b"x"))
    assert message.extension is not None and message.extension.profile == profile
    assert dict(message.extension.elements) == elements and message.payload == b"x" and not message.deviations


@pytest.mark.parametrize("elements", [{0: b"a"}, {256: b"a"}, {1: bytes(256)}])
def test_an_element_that_no_form_holds_is_refused(elements: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="an element has"):
        RTPExtension.of(elements)


def test_a_telephone_event_is_read_where_its_payload_type_is_bound() -> None:
    octets = bytes(RTP(payload_type=101, marker=1) / TelephoneEvent(event="#", end=1, volume=7, duration=1600))
    assert octets[12:] == b"\x0b\x87\x06\x40"
    bind_layers(RTP, TelephoneEvent, payload_type=101)
    try:
        event = RTP(octets)[TelephoneEvent]
    finally:
        split_layers(RTP, TelephoneEvent, payload_type=101)
    assert (event.event, event.end, event.volume, event.duration) == (11, 1, 7, 1600)
    assert event.sprintf("%event%") == "#" and event.summary() == "event # end"
    assert TelephoneEvent(octets[12:15]).cut == octets[12:15]
