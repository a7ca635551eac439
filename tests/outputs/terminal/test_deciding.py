"""Which headers the ladder shows, and how often."""

from __future__ import annotations

import pytest

from dissectors.outputs.terminal.deciding import Deciding
from dissectors.report import Header
from dissectors.wire.values import replace
from tests.reports import body, message


def test_what_a_hop_repeats_is_said_once_and_by_each_side() -> None:
    deciding, asserted = Deciding(), (Header("P-Asserted-Identity", "<sip:a@x>"),)
    asked = message(1, "INVITE", deciding=asserted)
    assert deciding.of(asked) == ("P-Asserted-Identity: <sip:a@x>",)
    assert deciding.of(replace(asked, dst="192.0.2.9")) == ()
    assert deciding.of(message(2, "INVITE", 200, "OK", deciding=asserted)) == ("P-Asserted-Identity: <sip:a@x>",)


def test_a_repetition_says_nothing() -> None:
    assert Deciding().of(message(1, "BYE", retransmission=True, deciding=(Header("Reason", "SIP"),))) == ()


@pytest.mark.parametrize(
    ("method", "status", "contact", "said"),
    [
        ("INVITE", None, "<sip:a@10.0.0.1>", 1),
        ("INVITE", None, "<sip:a@192.0.2.1:5060>", 0),
        ("INVITE", 302, "<sip:c@198.51.100.7>", 1),
        ("INVITE", 180, "<sip:c@198.51.100.7>", 0),
        ("BYE", None, "<sip:a@10.0.0.1>", 0),
    ],
)
def test_a_contact_is_shown_where_it_opens_a_dialog_elsewhere(
    method: str, status: int | None, contact: str, said: int
) -> None:
    assert len(Deciding().of(message(1, method, status, deciding=(Header("Contact", contact),)))) == said


def test_what_became_of_a_transfer_is_shown() -> None:
    frag = replace(body("SIP/2.0 404 Not found\r\nx: y\r\n"), content_type="message/sipfrag")
    assert Deciding().of(message(1, "NOTIFY", body=frag)) == ("sipfrag: SIP/2.0 404 Not found",)


def test_headers_that_no_step_needs_are_left_to_the_document() -> None:
    assert Deciding().of(message(1, "INVITE", deciding=(Header("Route", "<sip:x>"), Header("Session-ID", "1")))) == ()
