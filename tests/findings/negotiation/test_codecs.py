"""Keys that were sent by INFO."""

from __future__ import annotations

from tests.found import PROXY, found, frames
from tests.stories import GOOD, A, B, Story, Told, description, dialled, request, response, talk


def pressed(time: float, number: int, body: str, kind: str = "dtmf-relay", *, back: bool = False) -> Told:
    """An INFO with a key."""
    told = f"Content-Type: application/{kind}"
    return request(time, "INFO", told, body=body.encode(), number=number, tag="2", back=back)


def keyed(*told: Told) -> Story:
    return [*GOOD, *told]


def test_keys_by_info_are_told_in_order_of_each_side() -> None:
    caller = [pressed(3000 + 500 * n, 3 + n, f"Signal={key}\r\nDuration=160\r\n") for n, key in enumerate("12*")]
    callee = pressed(6000, 9, "11", "dtmf", back=True)
    (ours, theirs) = found(keyed(*caller, callee), "digits-sent")
    assert ours.what == "the caller sent by INFO (application/dtmf-relay): 1 2 *"
    assert theirs.what == "the callee sent by INFO (application/dtmf): #"
    assert (ours.severity, ours.call, len(frames(ours)), ours.time) == ("note", 0, 3, 3.0)


def test_a_key_that_is_sent_again_or_over_a_proxy_is_one_key() -> None:
    first = pressed(3000, 3, "Signal=5")
    again = [(3500, *first[1:]), (3001, A, PROXY, first[3]), (3002, PROXY, B, first[3])]
    (told,) = found(keyed(first, *again, response(3020, 200, "OK", "INFO", number=3)), "digits-sent")
    assert told.what.endswith("): 5")


def test_another_body_of_info_is_no_key() -> None:
    picture = pressed(3000, 3, "<media_control/>", "media_control+xml")
    assert not found(keyed(picture, pressed(4000, 4, "x")), "digits-sent")


def test_pictures_in_red_are_no_redundant_audio() -> None:
    lines = ("a=rtpmap:96 VP8/90000", "a=rtpmap:98 red/90000", "a=rtpmap:99 ulpfec/90000")
    ends = [description(*end, *lines, kind="video", media="RTP/AVPF 98 96 99") for end in (A, B)]
    (told,) = found([*dialled(*ends), *talk(payload_type=98, step=3000, every=100 / 3, size=900)], "redundancy-sent")
    assert "pictures, or of parity FEC for them, in RED (RFC 2198)" in told.what
