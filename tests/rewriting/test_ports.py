"""Where protocols go that share a port."""

from __future__ import annotations

from dissectors.rewriting.ports import Ports
from tests.made import Endpoint
from tests.stories import GOOD, A, B, asked, conversation, report, request, sender_report, talk


def test_media_stay_on_an_even_port_and_the_others_go() -> None:
    ports = Ports(report([*GOOD, *asked(900), sender_report(5000)]))
    assert [ports.of(A, name) for name in ("SIP", "STUN", "RTP", "RTCP", "DTLS")] == [5060, 3478, 16402, 16403, 4433]
    assert ports.of_media(*A) == (16402, 16403)


def test_rules_say_where() -> None:
    ports = Ports(report([*GOOD, *asked(900)]), {"SIP": 5070})
    assert (ports.of(A, "SIP"), ports.of(A, "STUN")) == (5070, 3478)


def test_media_begin_where_that_is_asked_for() -> None:
    other = ("192.0.2.1", 20000)
    story = [*GOOD, *asked(900), *talk(other, B, 79)] if A[0] == other[0] else [*GOOD, *asked(900)]
    ports = Ports(report(story), {"RTP": 19999})
    assert ports.of(A, "RTP") % 2 == 0 and ports.of(A, "RTCP") == ports.of(A, "RTP") + 1
    assert ports.of_media(*A) == (ports.of(A, "RTP"), ports.of(A, "RTCP"))
    assert ports.of(A, "RTP") == (20002 if A[0] == other[0] else 20000)


def test_a_port_of_one_protocol_stays() -> None:
    ports = Ports(report([*conversation(), request(0, "OPTIONS")[:1] + (("192.0.2.5", 5080), ("192.0.2.6", 5081)) +
                          request(0, "OPTIONS")[3:]]))
    assert ports.ends == {} and ports.of(("192.0.2.5", 5080), "SIP") == 5080


def test_media_on_an_odd_port_or_before_one_that_is_used_move_to_the_next_free_pair() -> None:
    odd, other = ("192.0.2.5", 16403), ("192.0.2.5", 16405)
    story = [*talk(odd, B), *asked(10, src=odd, dst=B), *talk(other, B, 79)]
    assert Ports(report(story)).of(odd, "RTP") == 16406


def test_an_address_behind_nat_is_known_by_its_port() -> None:
    inside: Endpoint = ("10.0.0.5", A[1])
    ports = Ports(report([*GOOD, sender_report(5000)]))
    assert ports.of_media(*inside) == (16402, 16403) and ports.of_media("10.0.0.5", 9) is None
