"""What could have been read on the path: said of what was in the clear, and of what was not."""

from __future__ import annotations

from dissectors.outputs.html.security import remarks
from dissectors.report import Key, Protection, Report
from dissectors.report.place import Place
from dissectors.wire.values import replace
from tests.reports import call, message, report, stream


def said(made: Report) -> dict[str, tuple[str, str]]:
    return {each.subject: (each.style, each.text) for each in remarks(made)}


def test_media_and_signalling_in_the_clear_are_said() -> None:
    told = said(report())
    assert told["Media"] == ("bad", "all of the streams are in the clear: whoever is on the path can listen")
    assert told["Signalling"] == ("bad", "3 of 3 messages went in the clear") and "Credentials" not in told


def test_what_is_encrypted_is_well() -> None:
    safe = call(messages=(message(1, "INVITE", transport="tls", credentials=True),))
    told = said(report(calls=(safe,), streams=(stream(encrypted=True),)))
    assert told["Media"][0] == told["Signalling"][0] == "good" and "Credentials" not in told


def test_credentials_and_keys_in_the_clear_are_said_with_their_frames() -> None:
    one = call(messages=(message(1, "INVITE", credentials=True),))
    media = replace(one.descriptions[0].media[0], keys=(Key(1, "AES_CM_128_HMAC_SHA1_80", 30),))
    one = replace(one, descriptions=(replace(one.descriptions[0], media=(media,)),))
    told = said(report(calls=(one,)))
    assert told["Credentials"][1].endswith(": frame 1") and told["Keys"][1].endswith(": frame 1")
    secure = replace(one, messages=(message(1, "INVITE", transport="wss"),))
    assert "Keys" not in said(report(calls=(secure,)))


def test_rtcp_that_is_encrypted_in_part_is_bad() -> None:
    there = Protection("192.0.2.1", 1, "192.0.2.2", 2, 5, 3, Place(0, 9))
    assert said(report(protection=(there,)))["RTCP"] == ("bad", "5 datagrams encrypted, 3 in the clear")
